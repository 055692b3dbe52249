#!/usr/bin/env python3
# tests/purity.py -- core/ is pure: what its library links to and what its files include.
"""usage: purity.py LIBRARY CORE_DIR CC…

Fails if the static library needs a symbol outside the allow-list, or if a file of core/ includes
anything but core/, a freestanding header or xxhash. Before that it checks itself: a planted object
that calls malloc and a planted file that includes <stdio.h> must both be found.
"""
import os
import re
import subprocess
import sys
import tempfile

SYMBOLS = {"memcpy", "memset", "memcmp", "memmove", "gj_assert_fail",
           "bcmp"}  # what clang makes of a memcmp that is only compared with 0
# What the compiler itself asks for: position independence and 128-bit arithmetic.
COMPILER = {"_GLOBAL_OFFSET_TABLE_", "__multi3", "__divti3", "__udivti3", "__modti3", "__umodti3",
            "__stack_chk_fail", "__mulodi4", "__muloti4"}
HEADERS = {"assert.h", "inttypes.h", "limits.h", "stdalign.h", "stdbool.h", "stddef.h", "stdint.h",
           "string.h", "emmintrin.h", "immintrin.h", "arm_neon.h", "xxhash.h"}


def undefined(library):
    """Symbols the library needs from elsewhere, with the object that needs them."""
    output = subprocess.run(["nm", "--undefined-only", "--print-file-name", library],
                            stdout=subprocess.PIPE, text=True, check=True).stdout
    defined = subprocess.run(["nm", "--defined-only", library], stdout=subprocess.PIPE, text=True,
                             check=True).stdout
    inside = {line.split()[-1] for line in defined.splitlines() if len(line.split()) == 3}
    needed = {}
    for line in output.splitlines():
        place, _, rest = line.rpartition(": ") if ": " in line else ("", "", line)
        symbol = rest.split()[-1].split("@")[0]
        if symbol not in inside:
            needed.setdefault(symbol, place)
    return needed


def impure_symbols(library):
    return [f"{place}: needs {symbol}" for symbol, place in sorted(undefined(library).items())
            if symbol not in SYMBOLS | COMPILER]


def impure_includes(root, top):
    """Includes of the files below root/top that lead out of it."""
    found = []
    for place, folders, names in os.walk(os.path.join(root, top)):
        folders.sort()
        for name in sorted(n for n in names if n.endswith((".c", ".h"))):
            path = os.path.join(place, name)
            shown = os.path.relpath(path, root)
            with open(path, encoding="utf-8") as lines:
                for number, line in enumerate(lines, 1):
                    match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
                    if not match:
                        continue
                    kind, header = match.groups()
                    if kind == "<" and header not in HEADERS:
                        found.append(f"{shown}:{number}: includes <{header}>")
                    if kind == '"' and not (header.startswith(top + "/") and
                                            os.path.isfile(os.path.join(root, header))):
                        found.append(f'{shown}:{number}: includes "{header}", not of {top}/')
    return found


def check_itself(compiler):
    """Both checks must find what is planted for them."""
    with tempfile.TemporaryDirectory() as place:
        folder = os.path.join(place, "core", "folder")
        os.makedirs(folder)
        source = os.path.join(folder, "planted.c")
        with open(source, "w", encoding="utf-8") as out:
            out.write("#include <stdio.h>\n#include <stdlib.h>\n#include \"io/log/writer.h\"\n"
                      "void *planted(unsigned long n);\n"
                      "void *planted(unsigned long n) { return malloc(n); }\n")
        with open(os.path.join(place, "object.c"), "w", encoding="utf-8") as out:
            out.write("extern void *malloc(unsigned long);\n"
                      "void *planted(unsigned long n);\n"
                      "void *planted(unsigned long n) { return malloc(n); }\n")
        planted = os.path.join(place, "planted.o")
        subprocess.run([*compiler, "-fno-builtin", "-c", os.path.join(place, "object.c"), "-o",
                        planted], check=True)
        library = os.path.join(place, "libplanted.a")
        subprocess.run(["ar", "rcs", library, planted], check=True)
        symbols, includes = impure_symbols(library), impure_includes(place, "core")
        if not any("malloc" in line for line in symbols):
            return "a planted call of malloc was not found"
        if len(includes) != 3:
            return f"3 planted includes, found {includes}"
    return None


def main(arguments):
    if len(arguments) < 3:
        print(__doc__, file=sys.stderr)
        return 64
    library, directory, compiler = arguments[0], arguments[1], arguments[2:]
    blind = check_itself(compiler)
    if blind:
        print(f"not ok purity checks itself: {blind}")
        return 1
    root, top = os.path.split(directory)
    broken = impure_symbols(library) + impure_includes(root, top)
    for line in broken:
        print(f"not ok {line}")
    print(f"needs: {' '.join(sorted(undefined(library)))}")
    print(f"{0 if broken else 1} passed, {len(broken)} failed")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
