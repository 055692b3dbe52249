"""tests/client/test_exports.py -- libgongji.so exports what its headers declare, and nothing else.

usage: test_exports.py LIBRARY HEADER...
"""
import re
import subprocess
import sys


def declared(path):
    """Names of the functions a header declares and does not define."""
    with open(path, encoding="utf-8") as source:
        text = re.sub(r"/\*.*?\*/", " ", source.read(), flags=re.S)
    text = re.sub(r"#(?:[^\n]*\\\n)*[^\n]*", " ", text)
    text = re.sub(r"static inline[^{]*\{[^}]*\}", " ", text)
    return set(re.findall(r"\b(gj_\w+)\([^;{]*;", text))


def main(library, *headers):
    wanted = set().union(*map(declared, headers))
    output = subprocess.run(["nm", "-D", "--defined-only", library], check=True,
                            stdout=subprocess.PIPE, text=True).stdout
    exported = {line.split()[2] for line in output.splitlines() if line.split()[1] in "TW"}
    for name in sorted(wanted - exported):
        print(f"not ok {name} is declared and not exported")
    for name in sorted(exported - wanted):
        print(f"not ok {name} is exported and in no header")
    print(f"{len(wanted)} functions declared, {len(exported)} exported")
    return 1 if wanted != exported or not wanted else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
