"""tests/client/test_installed.py -- what `meson install` leaves, used as a stranger uses it: a C99
and a C++ program are built against it with pkg-config, static and shared, and talk to the installed
server.

usage: test_installed.py BUILD_DIR SOURCE_DIR CC PROGRAM
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

BUILD, SOURCE, CC = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3].split()
os.environ["GONGJID"] = os.path.join(BUILD, "gongjid")
sys.path.insert(0, os.path.join(SOURCE, "tests", "protocol"))
from gongji_wire import Server # pylint: disable=wrong-import-position

PROGRAM = os.path.abspath(sys.argv[4])
STRICT = ["-pedantic-errors", "-Wall", "-Wextra", "-Werror"]
C_STANDARDS = ["c99", "c11", "c17"]
CXX_STANDARDS = ["c++11", "c++14", "c++17", "c++20"]
CXX = ["g++"]
passes = failures = 0


def check(name, good, detail=""):
    global passes, failures
    print(("ok " if good else "not ok ") + name, "" if good else detail, flush=True)
    passes += bool(good)
    failures += not good


def run(*words, env=None):
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, **(env or {})},
                          check=False)
    return done.returncode, done.stdout + done.stderr


def said_by(*words, env=None):
    """The output of a command that must succeed."""
    code, output = run(*words, env=env)
    check(" ".join(words[:3]), code == 0, output)
    return output


def only_standard(includes):
    """What the header includes is there in every C99 and C++11."""
    return includes and all(re.fullmatch(r"<std(bool|def|int)\.h>|<string\.h>", line)
                            for line in includes)


class Tree:
    """An installed tree below a directory of its own."""

    def __init__(self, root):
        self.root = root
        said_by("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", root)
        self.pc = self.only("**/gongji.pc")
        self.env = {"PKG_CONFIG_PATH": os.path.dirname(self.pc), "PKG_CONFIG_SYSROOT_DIR": root}

    def only(self, pattern):
        found = glob.glob(os.path.join(self.root, pattern), recursive=True)
        check(f"installed once: {pattern}", len(found) == 1, found)
        return found[0]

    def pkg_config(self, *words):
        return said_by("pkg-config", *words, "gongji", env=self.env).split()


def check_files(tree):
    """One public folder with one header that needs nothing else of ours."""
    header = tree.only("**/include/**/*.h")
    check("the header is gongji/gongji.h", header.endswith("/include/gongji/gongji.h"), header)
    with open(header, encoding="utf-8") as text:
        includes = re.findall(r"#\s*include\s*(.*)", text.read())
    check("it includes the system's headers only", only_standard(includes), includes)
    cflags = tree.pkg_config("--cflags")
    check("one include path, not that of the header itself",
          len(cflags) == 1 and cflags[0].endswith("/include"), cflags)
    for name in ("regions.csv", "gongjid", "gongji"):
        tree.only(f"**/{'share/gongji/' if '.' in name else 'bin/'}{name}")


def check_names(tree):
    """Every macro of the header and every symbol of the libraries has the prefix."""
    cflags = tree.pkg_config("--cflags")
    place = os.path.join(tree.root, "macros.c")

    def macros(text):
        with open(place, "w", encoding="utf-8") as out:
            out.write(text)
        return set(re.findall(r"^#define (\w+)", said_by(*CC, "-dM", "-E", *cflags, place), re.M))
    system = "#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n#include <string.h>\n"
    ours = macros(system + "#include <gongji/gongji.h>\n") - macros(system)
    strange = sorted(name for name in ours if not name.startswith(("GJ_", "GONGJI_")))
    check("macros begin with GJ_ or GONGJI_", len(ours) > 30 and not strange, strange)
    symbols = said_by("nm", "-g", "--defined-only", tree.only("**/libgongji.a"))
    names = re.findall(r"^[0-9a-f]+ [A-Z] (\w+)$", symbols, re.M)
    strange = sorted(name for name in names if not name.startswith("gj_"))
    check("symbols begin with gj_", len(names) > 50 and not strange, strange)


def build(tree, language, standard, linked):
    """The stranger's program, or None."""
    program = os.path.join(tree.root, f"stranger-{standard}-{linked}")
    flags = tree.pkg_config("--cflags")
    libraries = tree.pkg_config("--libs", *(["--static"] if linked == "static" else []))
    if linked == "static":
        libraries = [tree.only("**/libgongji.a") if word == "-lgongji" else word
                     for word in libraries]
    compiler = CC if language == "c" else CXX
    code, said = run(*compiler, f"-std={standard}", *STRICT, "-x", language,
                     PROGRAM, *flags, "-x", "none",
                     *libraries, "-o", program)
    check(f"builds as {standard}, {linked}", code == 0, said)
    return program if code == 0 else None


def check_programs(tree):
    os.environ["GONGJID"] = tree.only("**/bin/gongjid")
    library = {"LD_LIBRARY_PATH": os.path.dirname(tree.only("**/libgongji.a"))}
    for number, (language, standard, linked) in enumerate(
            [("c", standard, "shared") for standard in C_STANDARDS] + [("c", "c99", "static")] +
            [("c++", standard, "shared") for standard in CXX_STANDARDS] +
            [("c++", "c++11", "static")]):
        program = build(tree, language, standard, linked)
        if program is None or (standard not in ("c99", "c++11")):
            continue
        server = Server(os.path.join(tree.root, f"data{number}"))
        code, said = run(program, "{}:{}".format(*server.address), env=library)
        check(f"{standard}, {linked}, deposits and reads", code == 0 and "100 fen" in said, said)
        check(f"{standard}, {linked}: the server stops", server.stop() == 0)


def main():
    root = tempfile.mkdtemp(prefix="gongji-installed-", dir="/var/tmp")
    try:
        tree = Tree(root)
        check_files(tree)
        check_names(tree)
        check_programs(tree)
    finally:
        for server in Server.started:
            server.process.kill()
        shutil.rmtree(root, ignore_errors=True)
    print(f"{passes} passed, {failures} failed")
    return 1 if failures else 0


sys.exit(main())
