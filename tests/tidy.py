#!/usr/bin/env python3
# tests/tidy.py -- the style guide as a test: what no compiler or formatter checks.
"""Checks the files of the working tree (not git's idea of it); prints one line per fault."""
import os
import re
import sys

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
# May include headers of: itself and these.
DIRECTIONS = {"core": (), "io": ("core",), "clients": ("core",),
              "cli": ("core", "io", "clients", "bench", "tests"),
              "bench": ("core", "io", "clients", "cli"),
              "fuzz": ("core", "io", "cli", "tests"),
              "tests": ("core", "io", "cli", "clients", "bench")}
# Written in two parts so that this file does not hold what it looks for.
MARKERS = ("TO" + "DO", "FIX" + "ME", "XX" + "X")
FORBIDDEN = ("/wo" + "rk/", "/tmp/" + "bash", "issue" + " #", "this ses" + "sion",
             "previous ses" + "sion", "sub" + "agent", "/shared/" + "design")
EMBEDDED = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'", re.S)


class Tidy:
    """Collects faults."""

    def __init__(self):
        self.faults = []
        self.files = 0

    def fault(self, path, line, text):
        self.faults.append(f"{path}:{line}: {text}" if line else f"{path}: {text}")


def walk(tops):
    """Relative paths of the regular files below the given directories."""
    for top in tops:
        for place, folders, names in os.walk(os.path.join(ROOT, top)):
            folders[:] = sorted(f for f in folders if f != "__pycache__")
            for name in sorted(names):
                yield os.path.relpath(os.path.join(place, name), ROOT)


def read(path):
    """Text of a file, or None if it is binary (fuzz corpora)."""
    with open(os.path.join(ROOT, path), "rb") as source:
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
    """Banned calls and the direction of includes, outside comments and strings."""
    top = path.split("/")[0]
    code = EMBEDDED.sub(lambda m: "\n" * m.group(0).count("\n"), text)
    for number, line in enumerate(code.split("\n"), 1):
        for call in BANNED_CALLS if top != "tests" else ():
            if re.search(rf"(?<![\w.>]){call}\s*\(", line):
                tidy.fault(path, number, f"{call}() is banned")
    allowed = (top,) + DIRECTIONS[top]
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
        if not match:
            continue
        target = find_include(match.group(1))
        if target is None:
            tidy.fault(path, number, f'"{match.group(1)}" is no file, seen from the root')
        elif target.split("/")[0] not in allowed:
            tidy.fault(path, number, f"{top}/ must not include {target}")


def find_include(header):
    """Where an include leads: every one names a file from the root of the project."""
    return header if os.path.isfile(os.path.join(ROOT, header)) else None


def check_built(tidy, paths):
    """Every source is named in a meson.build, every header is included by somebody."""
    builds = "\n".join(read(p) or "" for p in paths + ["meson.build"]
                       if os.path.basename(p) == "meson.build")
    includes = "\n".join(read(p) or "" for p in paths if p.endswith((".c", ".h")))
    for path in paths:
        name = os.path.basename(path)
        stem = re.escape(name[:-2])
        # Lists of tests name test_wire.c as 'wire'.
        short = re.escape(re.sub(r"^(test|fuzz)_", "", name[:-2]))
        if path.endswith(".c") and not re.search(rf"\b{stem}\.c\b|'{short}'", builds):
            tidy.fault(path, 0, "dead: no meson.build names it")
        if path.endswith(".h") and not re.search(rf'include\s*[<"](?:[^">]*/)?{stem}\.h[>"]',
                                                 includes):
            tidy.fault(path, 0, "dead: nothing includes it")


def check_links(tidy, path, text):
    """Relative links of a Markdown file lead somewhere."""
    outside = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", outside):
        if link.startswith(("http://", "https://", "#", "mailto:")):
            continue
        target = os.path.join(os.path.dirname(path), link.split("#")[0])
        if not os.path.exists(os.path.join(ROOT, target)):
            tidy.fault(path, 0, f"link to {link} leads nowhere")


def check_top(tidy):
    for name in sorted(os.listdir(ROOT)):
        if name not in TOP_ALLOWED and not name.startswith(("build", "gongji-data")):
            tidy.fault(name, 0, "does not belong at the top level")
    for top in SOURCES + ("docs", "data"):
        for place, folders, names in os.walk(os.path.join(ROOT, top)):
            if not folders and not names:
                tidy.fault(os.path.relpath(place, ROOT), 0, "empty directory")


def main():
    tidy = Tidy()
    check_top(tidy)
    paths = list(walk([top for top in TEXTS if os.path.isdir(os.path.join(ROOT, top))]))
    for path in paths + ["README.md", "meson.build", "run", "test"]:
        if not os.path.exists(os.path.join(ROOT, path)):
            tidy.fault(path, 0, "is missing")
            continue
        text = read(path)
        if text is None:
            if not path.startswith("fuzz/corpus/"):
                tidy.fault(path, 0, "is not text")
            continue
        if path.startswith("fuzz/corpus/"):
            continue  # any bytes, some of which happen to be text
        tidy.files += 1
        check_text(tidy, path, text)
        check_opening(tidy, path, text)
        if path.endswith((".c", ".h")):
            check_code(tidy, path, text)
        if path.endswith(".h"):
            check_header(tidy, path, text)
        if path.endswith(".md"):
            check_links(tidy, path, text)
    check_built(tidy, paths)
    for line in tidy.faults[:FAULTS_SHOWN]:
        print(f"not ok {line}")
    if len(tidy.faults) > FAULTS_SHOWN:
        print(f"not ok and {len(tidy.faults) - FAULTS_SHOWN} more")
    print(f"{tidy.files} files, {len(tidy.faults)} faults")
    return 1 if tidy.faults else 0


if __name__ == "__main__":
    sys.exit(main())
