#!/usr/bin/env python3
# tests/tidy.py -- the style guide as a test: what no compiler or formatter checks.
"""Checks the files of the working tree (not git's idea of it); prints one line per fault. Before
that it checks itself: in a small tree with planted faults it must find each of them.
"""
import os
import re
import sys
import tempfile

import layers

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCES = ("core", "io", "cli", "clients", "bench", "fuzz", "tests")
TEXTS = SOURCES + ("docs", "data", ".ci")
TOP_ALLOWED = {"run", "test", "README.md", "LICENSE", "meson.build", ".clang-format", ".gitignore",
               ".git", ".ci", "core", "io", "cli", "clients", "bench", "fuzz", "tests", "docs",
               "data"}
WIDTH_MAX = 100
FAULTS_SHOWN = 50
BANNED_CALLS = ("strcpy", "strcat", "sprintf", "vsprintf", "gets", "alloca", "rand", "srand",
                "strtok", "atoi", "atol", "atoll", "system")
# An operation is asked what it is (core/format/op_traits.h): its number is compared with no other,
# and outside the rules themselves no list of operations says it once more.
OP_RANGE = re.compile(r"[<>]=?\s*GJ_OP_(?!TYPES\b|STATE_)[A-Z_]+\b")
OP_LIST = re.compile(r"\bcase GJ_OP_(?!STATE_)[A-Z_]+:")
OP_LISTS_BANNED = ("core/format/", "core/state/", "core/query/", "io/")
# Written in two parts so that this file does not hold what it looks for.
MARKERS = ("TO" + "DO", "FIX" + "ME", "XX" + "X")
FORBIDDEN = ("/wo" + "rk/", "/tmp/" + "bash", "issue" + " #", "this ses" + "sion",
             "previous ses" + "sion", "sub" + "agent", "/shared/" + "design")
EMBEDDED = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'", re.S)


class Tidy:
    """A tree and the faults found in it."""

    def __init__(self, root):
        self.root = root
        self.faults = []
        self.texts = {}  # path: text

    def fault(self, path, line, text):
        self.faults.append(f"{path}:{line}: {text}" if line else f"{path}: {text}")

    def exists(self, path):
        return os.path.exists(os.path.join(self.root, path))

    def walk(self, tops):
        """Relative paths of the regular files below the given directories."""
        for top in tops:
            for place, folders, names in os.walk(os.path.join(self.root, top)):
                folders[:] = sorted(f for f in folders if f != "__pycache__")
                for name in sorted(names):
                    yield os.path.relpath(os.path.join(place, name), self.root)

    def read(self, path):
        """Text of a file, or None if it is binary."""
        with open(os.path.join(self.root, path), "rb") as source:
            data = source.read()
        try:
            return data.decode("utf-8") if b"\0" not in data else None
        except UnicodeDecodeError:
            return None


def check_text(tidy, path, text):
    """Every text file: what nobody should have to see."""
    prose = path.endswith((".md", ".csv", ".patch", ".policy", ".txt"))
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > WIDTH_MAX and not prose and not line.startswith("relation_mask"):
            tidy.fault(path, number, f"{len(line)} columns, at most {WIDTH_MAX}")
        if "\t" in line:
            tidy.fault(path, number, "tab")
        if line != line.rstrip():
            tidy.fault(path, number, "space at the end of the line")
        for word in FORBIDDEN:
            if word in line.lower():
                tidy.fault(path, number, f"'{word}' says how this was made, not what it is")
        for marker in MARKERS:
            if re.search(rf"\b{marker}\b", line):
                tidy.fault(path, number, f"{marker}: do it or drop it")
    if text and not text.endswith("\n"):
        tidy.fault(path, 0, "no newline at the end")
    if text.endswith("\n\n"):
        tidy.fault(path, 0, "empty lines at the end")


def check_opening(tidy, path, text):
    """The first comment names the file."""
    if path.endswith((".c", ".h")):
        wanted = f"/* {path} -- "
        if not text.startswith(wanted):
            tidy.fault(path, 1, f"starts with '{wanted}what it is for'")
    elif path.endswith((".py", ".sh", ".policy")):
        name = re.escape(os.path.basename(path))
        if not re.search(rf'^(# |""")({re.escape(path)}|{name}) --', text[:300], re.M):
            tidy.fault(path, 1, f"starts with '# {path} -- what it is for'")


def check_header(tidy, path, text):
    """Include guard of the whole path; clients/ may use the short form (GONGJI_H)."""
    guard = re.sub(r"[^A-Z0-9]", "_", path.upper())
    short = re.sub(r"[^A-Z0-9]", "_", os.path.basename(path).upper())
    found = re.search(r"^#ifndef (\w+)\n#define (\w+)$", text, re.M)
    if not found or found.group(1) != found.group(2) or found.group(1) not in (guard, short):
        tidy.fault(path, 1, f"needs the include guard {guard}")
    if found and found.group(1) == short != guard and not path.startswith("clients/"):
        tidy.fault(path, 1, f"needs the include guard {guard}")


def check_code(tidy, path, text):
    """Banned calls, and operations told by number, outside comments and strings."""
    code = EMBEDDED.sub(lambda m: "\n" * m.group(0).count("\n"), text)
    for number, line in enumerate(code.split("\n"), 1):
        for call in BANNED_CALLS if not path.startswith("tests/") else ():
            if re.search(rf"(?<![\w.>]){call}\s*\(", line):
                tidy.fault(path, number, f"{call}() is banned")
        if OP_RANGE.search(line):
            tidy.fault(path, number, "a range of operations: ask op_traits")
        if OP_LIST.search(line) and path.startswith(OP_LISTS_BANNED):
            tidy.fault(path, number, "a list of operations: ask op_traits")


def check_includes(tidy, code, exceptions, circles):
    """Every include names a file from the root, in the direction of the layers."""
    for path, number, target in layers.includes_of(code):
        if not os.path.isfile(os.path.join(tidy.root, target)):
            tidy.fault(path, number, f'"{target}" is no file, seen from the root')
    for path, number, text in layers.faults(code, exceptions, circles):
        tidy.fault(path, number, text)


def named_sources(path, text):
    """The paths that a meson.build may mean: 'a/b.c', and 'a/test_' + name + '.c' for every quoted
    word of the file."""
    here = os.path.dirname(path)
    words = set(re.findall(r"'([^'\n]*)'", text))
    names = {word for word in words if word.endswith(".c")}
    for before, after in re.findall(r"'([\w./]*)' \+ \w+ \+ '([\w./]*\.c)'", text):
        names |= {before + word + after for word in words}
    return {os.path.normpath(os.path.join(here, name)) for name in names}


def check_built(tidy, code):
    """Every source is named in a meson.build, every header is included by somebody."""
    named = set()
    for path, text in tidy.texts.items():
        if os.path.basename(path) == "meson.build":
            named |= named_sources(path, text)
    included = {target for path, _, target in layers.includes_of(code) if path != target}
    for path in code:
        if path.endswith(".c") and path not in named | included:
            tidy.fault(path, 0, "dead: no meson.build names it")
        if path.endswith(".h") and path not in included:
            tidy.fault(path, 0, "dead: nothing includes it")


def check_links(tidy, path, text):
    """Relative links of a Markdown file lead somewhere."""
    outside = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", outside):
        if link.startswith(("http://", "https://", "#", "mailto:")):
            continue
        target = os.path.join(os.path.dirname(path), link.split("#")[0])
        if not tidy.exists(target):
            tidy.fault(path, 0, f"link to {link} leads nowhere")


def check_top(tidy):
    for name in sorted(os.listdir(tidy.root)):
        if name not in TOP_ALLOWED and not name.startswith(("build", "gongji-data")):
            tidy.fault(name, 0, "does not belong at the top level")
    for top in SOURCES + ("docs", "data"):
        for place, folders, names in os.walk(os.path.join(tidy.root, top)):
            if not folders and not names:
                tidy.fault(os.path.relpath(place, tidy.root), 0, "empty directory")


def check_file(tidy, path):
    """One file by itself."""
    text = tidy.read(path)
    if text is None:
        tidy.fault(path, 0, "is not text")
        return
    tidy.texts[path] = text
    check_text(tidy, path, text)
    check_opening(tidy, path, text)
    if path.endswith((".c", ".h")):
        check_code(tidy, path, text)
    if path.endswith(".h"):
        check_header(tidy, path, text)
    if path.endswith(".md"):
        check_links(tidy, path, text)


def check_tree(root, exceptions, circles):
    """All checks of the tree at `root`."""
    tidy = Tidy(root)
    check_top(tidy)
    for path in [*tidy.walk(TEXTS), "README.md", "meson.build", "run", "test"]:
        if path.startswith("fuzz/corpus/"):
            continue  # any bytes, some of which happen to be text
        if tidy.exists(path):
            check_file(tidy, path)
        else:
            tidy.fault(path, 0, "is missing")
    code = {path: text for path, text in tidy.texts.items() if path.endswith((".c", ".h"))}
    check_includes(tidy, code, exceptions, circles)
    check_built(tidy, code)
    return tidy


def planted_header(path, *includes, guard=None):
    guard = guard or re.sub(r"[^A-Z0-9]", "_", path.upper())
    lines = [f"/* {path} -- planted. */", f"#ifndef {guard}", f"#define {guard}",
             *(f'#include "{target}"' for target in includes), "#endif", ""]
    return path, "\n".join(lines)


def planted_source(path, code=""):
    return path, f"/* {path} -- planted. */\n{code}"


PLANTED = dict((
    ("README.md", "[away](nowhere.md)\n"), ("run", ""),
    ("meson.build", "a = ['core/base/a.c', 'io/net/pay.c']\nforeach name : ['b']\n"
                    "  c = 'io/net/test_' + name + '.c'\nendforeach\n"),
    planted_header("core/base/a.h"), planted_source("core/base/a.c", '#include "core/base/a.h"\n'),
    planted_header("core/base/up.h", "core/format/f.h"),
    planted_header("core/format/f.h", "core/base/a.h", "core/base/nowhere.h"),
    planted_header("core/state/s.h", "core/query/q.h"),
    planted_header("core/query/q.h", "core/commit/c.h"),
    planted_header("core/commit/c.h", "core/state/s.h"),
    planted_header("core/extra/e.h", "core/base/up.h"),
    planted_source("io/net/pay.c", 'int a(void) { return atoi("1"); } // gets()\n'),
    planted_source("io/log/pay.c", "if (a >= GJ_OP_B) {}\ncase GJ_OP_C: // GJ_OP_TYPES\n"),
    planted_source("io/net/test_b.c"),
    planted_header("io/log/guard.h", guard="GUARD_H"),
    ("docs/wide.md", "space \n\ttab\nTO" + "DO\n\n"),
    ("data/nothing.py", "import os\n" + "#" * 101), ("other/file", ""),
))
PLANTED_EXCEPTIONS = {("core/state", "core/query/q.h"), ("io/log", "core/core.h")}
PLANTED_CIRCLES = {("cli/scenario",)}
PLANTED_FAULTS = """
other: does not belong at the top level
test: is missing
README.md: link to nowhere.md leads nowhere
core/base/up.h:4: core/base/ must not include core/format/f.h
core/format/f.h:5: "core/base/nowhere.h" is no file, seen from the root
core/query/q.h:4: core/query/ must not include core/commit/c.h
core/commit/c.h: a circle of includes: core/commit/c, core/query/q, core/state/s
core/extra/e.h: core/extra/ is no layer of tests/layers.py
core/extra/e.h: dead: nothing includes it
io/net/pay.c:2: atoi() is banned
io/log/pay.c:2: a range of operations: ask op_traits
io/log/pay.c:3: a list of operations: ask op_traits
io/log/pay.c: dead: no meson.build names it
io/log/guard.h:1: needs the include guard IO_LOG_GUARD_H
io/log/guard.h: dead: nothing includes it
docs/wide.md:1: space at the end of the line
docs/wide.md:2: tab
docs/wide.md:3: TO""" + """DO: do it or drop it
docs/wide.md: empty lines at the end
data/nothing.py:1: starts with '# data/nothing.py -- what it is for'
data/nothing.py:2: 101 columns, at most 100
data/nothing.py: no newline at the end
tests/layers.py: io/log/ no longer includes core/core.h: drop the exception
tests/layers.py: no longer a circle in cli/scenario: drop the entry
"""


def check_itself():
    """The faults planted and not found, and those found and not planted."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in PLANTED.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as out:
                out.write(text)
        found = set(check_tree(root, PLANTED_EXCEPTIONS, PLANTED_CIRCLES).faults)
    planted = set(PLANTED_FAULTS.strip("\n").split("\n"))
    return ([f"planted and not found: {fault}" for fault in sorted(planted - found)] +
            [f"found and not planted: {fault}" for fault in sorted(found - planted)])


def main():
    blind = check_itself()
    for line in blind:
        print(f"not ok tidy checks itself: {line}")
    if blind:
        return 1
    tidy = check_tree(ROOT, layers.EXCEPTIONS, layers.CIRCLES)
    for line in tidy.faults[:FAULTS_SHOWN]:
        print(f"not ok {line}")
    if len(tidy.faults) > FAULTS_SHOWN:
        print(f"not ok and {len(tidy.faults) - FAULTS_SHOWN} more")
    print(f"{len(tidy.texts)} files, {len(tidy.faults)} faults")
    return 1 if tidy.faults else 0


if __name__ == "__main__":
    sys.exit(main())
