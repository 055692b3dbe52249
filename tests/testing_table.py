#!/usr/bin/env python3
# tests/testing_table.py -- docs/TESTING.md names tests that exist and are run.
"""testing_table.py SOURCE_DIRECTORY

Every row of the catalogue is there once and in order, and names a test or says `not yet`. A test
is `FILE` or `FILE: NAME`, below tests/ or the top; the file must be part of the build and, with a
name, have a test of that name that is run.
"""
import os
import re
import sys

ROWS = {"W": 15, "D": 12, "T": 6, "N": 19, "R": 9, "S": 6, "X": 5, "O": 13}


class Tree:
    """The files of the project, and what the builds run of them."""

    def __init__(self, top):
        self.top = top
        self.builds = {}
        for place, folders, names in os.walk(top):
            folders[:] = [f for f in folders if not f.startswith((".", "build"))]
            if "meson.build" in names:
                self.builds[os.path.relpath(place, top)] = self.read(
                    os.path.join(place, "meson.build"))

    def read(self, path):
        with open(os.path.join(self.top, path), encoding="utf-8") as file:
            return file.read()

    def find(self, path):
        for place in ("tests", "."):
            found = os.path.normpath(os.path.join(place, path))
            if os.path.isfile(os.path.join(self.top, found)):
                return found
        return None

    def is_built(self, path):
        """Some meson.build names it: as it is, or a test_NAME.c or NAME.txt by NAME in a list."""
        name = os.path.basename(path)
        short = re.sub(r"^(test|fuzz)_", "", os.path.splitext(name)[0])
        pattern = rf"[/']{re.escape(name)}'|'{re.escape(short)}'"
        return any(re.search(pattern, text) for text in self.builds.values())

    def selections(self, path):
        """The lists of tests a program of tests/protocol is run with; [] is all of them."""
        runs = re.findall(rf"\[files\('{re.escape(os.path.relpath(path, 'tests'))}'\)([^\]]*)\]",
                          self.builds["tests"])
        return [re.findall(r"'(test_\w+)'", run) for run in runs]


def is_called(tree, path, name):
    """Whether more is said of a function than what it is: in its file, or in C in one beside it."""
    folder = os.path.dirname(path)
    beside = [os.path.join(folder, found) for found in os.listdir(os.path.join(tree.top, folder))
              if found.endswith(".c") and path.endswith(".c")]
    uses = sum(len(re.findall(rf"\b{name}\b", tree.read(file))) for file in beside or [path])
    return uses > 1


def fault_of(tree, span):
    """Why `span` names no test, or None."""
    path, _, name = span.partition(": ")
    found = tree.find(path)
    if found is None:
        return f"there is no {path}"
    if not tree.is_built(found):
        return f"no meson.build names {path}"
    if not name:
        return None
    text = tree.read(found)
    if path.endswith(".py"):
        if not re.search(rf"^def {name}\(", text, re.M):
            return f"{path} has no {name}"
        if not name.startswith("test_") and not is_called(tree, found, name):
            return f"{name} of {path} is never called"
        runs = tree.selections(found)
        if runs and not any(run == [] or name in run for run in runs):
            return f"{path} is never run with {name}"
        return None
    if re.search(rf"^TEST\({name}\)", text, re.M):
        return None if re.search(rf"\bT\({name}\)", text) else f"{name} of {path} is never run"
    if not re.search(rf"^[\w ]+\b{name}\(", text, re.M):
        return f"{path} has no {name}"
    return None if is_called(tree, found, name) else f"{name} of {path} is never called"


def check_rows(tree, text):
    faults = []
    rows = re.findall(r"^\| ([WDTNRSXO]\d+) \|(.*)\|$", text, re.M)
    wanted = [f"{letter}{n + 1}" for letter, count in ROWS.items() for n in range(count)]
    if [row for row, _ in rows] != wanted:
        missing = sorted(set(wanted) - {row for row, _ in rows})
        faults.append(f"the rows are not W1 to O13 in order, each once; missing: {missing}")
    for row, cells in rows:
        spans = re.findall(r"`([^`]+)`", cells.split("|")[-1])
        if not spans and "not yet" not in cells:
            faults.append(f"{row}: neither a test nor `not yet`")
        faults += [f"{row}: {fault}" for fault in (fault_of(tree, span) for span in spans) if fault]
    return faults, len(rows)


def check_checker(tree):
    """What is wrong must be found."""
    for span in ("log/test_nothing.c", "log/test_log.c: no_such_test", "test.h",
                 "protocol/limits.py: test_nothing", "kill/kill_loop.py: nothing",
                 "images/images.c: main", "../docs/TESTING.md"):
        if fault_of(tree, span) is None:
            yield f"this would not be noticed: {span}"


def main():
    tree = Tree(sys.argv[1])
    faults, count = check_rows(tree, tree.read("docs/TESTING.md"))
    faults += check_checker(tree)
    for fault in faults:
        print(f"not ok {fault}")
    print(f"{count} rows, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
