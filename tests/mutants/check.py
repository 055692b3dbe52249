#!/usr/bin/env python3
# tests/mutants/check.py -- every planted bug still applies to the tree and says what it is.
"""Builds nothing; that the suite finds the bugs is the work of tests/mutants/run."""
import collections
import os
import sys

import patches

COUNT_MIN = 30


def runs(check):
    """Whether the build has a test of this name: in a list of names, or by itself."""
    for folder in ("tests", "fuzz"):
        with open(os.path.join(patches.ROOT, folder, "meson.build"), encoding="utf-8") as build:
            text = build.read()
        if f"'{check}'" in text or f"'{check.removeprefix('fuzz_')}':" in text:
            return True
    return False


def main():
    faults, kinds = [], collections.Counter()
    for name in patches.names():
        try:
            mutant = patches.read(name)
            patches.changed(patches.ROOT, mutant)
            if mutant.first is not None and not runs(mutant.first[1]):
                raise patches.Broken(f"{name}: `First:` names no test")
            kinds[mutant.kind] += 1
        except patches.Broken as broken:
            faults.append(str(broken))
    for kind in patches.CLASSES:
        if kinds[kind] == 0:
            faults.append(f"no mutant of class {kind}")
    if sum(kinds.values()) + len(faults) < COUNT_MIN:
        faults.append(f"{sum(kinds.values())} mutants, at least {COUNT_MIN} are wanted")
    for fault in faults:
        print(f"not ok {fault}")
    print(", ".join(f"{count} {kind}" for kind, count in kinds.items()))
    print(f"{sum(kinds.values())} passed, {len(faults)} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
