# tests/mutants/patches.py -- planted bugs as files: read, checked, applied to a tree, taken back.
"""A mutant is a file NAME.patch: prose (what is broken, why somebody could have written it, which
kind of check must find it), then

    Class: one of CLASSES
    Checks: suites of meson of which at least one must find it
    First: SUITE/CHECK[/CASE]    (if the suite is slow) the check that finds it, or the one test of
                                 it, tried before others

then a unified diff against the top of the tree. Hunks are found by their text, not by their line
numbers, so a patch stays good until the lines it changes, or the three around them, change.
"""
import collections
import glob
import os
import re

PLACE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(PLACE))
CLASSES = ("money rule", "request id", "time", "table", "durability", "recovery", "disk fault",
           "connection", "client", "checker")
SUITES = ("unit", "tables", "model", "scenario", "log", "sim", "blackbox", "server",
          "integration", "scenario-server")
TOPS = ("core/", "io/", "clients/", "cli/", "bench/")
PROSE_MIN = 3  # paragraphs

Mutant = collections.namedtuple("Mutant", "name prose kind checks first hunks")
Hunk = collections.namedtuple("Hunk", "path old new")


class Broken(Exception):
    """A patch that cannot be used; the message is one line that says what to do."""


def names():
    return sorted(os.path.basename(path)[:-len(".patch")]
                  for path in glob.glob(os.path.join(PLACE, "*.patch")))


def field(name, prose, label, allowed):
    """The words behind `label`, each one of those allowed."""
    found = re.findall(rf"^{label}: (.*)$", prose, re.M)
    if len(found) != 1:
        raise Broken(f"{name}: needs one line `{label}: ...`")
    words = [found[0]] if label == "Class" else found[0].split()
    for word in words:
        if word not in allowed:
            raise Broken(f"{name}: {label} `{word}` is none of: {', '.join(allowed)}")
    return words


def first_check(name, prose, checks):
    """(suite, check, case or None) of the line `First:`; None without one."""
    found = re.findall(r"^First: (.*)$", prose, re.M)
    if not found:
        return None
    words = re.fullmatch(r"([\w-]+)/(\w+)(?:/(\w+))?", found[0])
    if len(found) > 1 or words is None or words.group(1) not in checks:
        raise Broken(f"{name}: `First:` is one SUITE/CHECK or SUITE/CHECK/CASE, of a suite that "
                     "`Checks:` names")
    return words.groups()


def read(name):
    """The mutant of this name; Broken if its file is not as the text above says."""
    with open(os.path.join(PLACE, name + ".patch"), encoding="utf-8") as source:
        text = source.read()
    start = text.find("\n--- a/")
    if start < 0:
        raise Broken(f"{name}: holds no unified diff")
    prose, diff = text[:start].rstrip("\n"), text[start + 1:]
    kind = field(name, prose, "Class", CLASSES)[0]
    checks = field(name, prose, "Checks", SUITES)
    if len(re.split(r"\n\s*\n", prose)) < PROSE_MIN + 1:
        raise Broken(f"{name}: begins with {PROSE_MIN} paragraphs: what is broken, why somebody "
                     "could have written it, which kind of check must find it")
    first = first_check(name, prose, checks)
    return Mutant(name, prose, kind, checks, first, hunks_of(name, diff))


def write_first(name, finder):
    """Adds `First:` to a patch that has none: (suite, check, case or None) of a suite it names."""
    mutant, path = read(name), os.path.join(PLACE, name + ".patch")
    if mutant.first is not None or finder is None or finder[0] not in mutant.checks:
        return
    with open(path, encoding="utf-8") as source:
        text = source.read()
    line = "First: " + "/".join(filter(None, finder))
    with open(path, "w", encoding="utf-8") as out:
        out.write(re.sub(r"^(Checks: .*)$", rf"\1\n{line}", text, count=1, flags=re.M))


def hunks_of(name, diff):
    hunks, path = [], None
    for line in diff.split("\n")[:-1]:
        if line.startswith("--- a/"):
            path = line[len("--- a/"):]
            if not path.startswith(TOPS):
                raise Broken(f"{name}: changes {path}; mutants live in {', '.join(TOPS)}")
        elif line.startswith("+++ b/"):
            continue
        elif line.startswith("@@ "):
            hunks.append(Hunk(path, [], []))
        elif not hunks or line[:1] not in ("", " ", "-", "+"):
            raise Broken(f"{name}: not a line of a unified diff: {line}")
        else:
            if line[:1] != "+":
                hunks[-1].old.append(line[1:])
            if line[:1] != "-":
                hunks[-1].new.append(line[1:])
    if not hunks or any(hunk.old == hunk.new for hunk in hunks):
        raise Broken(f"{name}: a hunk that changes nothing")
    return hunks


def changed(root, mutant):
    """{path: (text, text with the bug)} of the files the mutant changes; Broken if it no longer
    applies."""
    files = {}
    for hunk in mutant.hunks:
        if hunk.path not in files:
            try:
                with open(os.path.join(root, hunk.path), encoding="utf-8") as source:
                    text = source.read()
            except FileNotFoundError:
                raise Broken(f"{mutant.name}: {hunk.path} does not exist: renew it") from None
            files[hunk.path] = [text, text]
        old = "".join("\n" + line for line in hunk.old) + "\n"
        new = "".join("\n" + line for line in hunk.new) + "\n"
        before = "\n" + files[hunk.path][1]
        if before.count(old) != 1:
            why = "does not apply" if old not in before else "fits in more than one place"
            raise Broken(f"{mutant.name}: {why} in {hunk.path}: renew it")
        files[hunk.path][1] = before.replace(old, new)[1:]
    return files


def write(root, texts):
    for path, text in texts.items():
        with open(os.path.join(root, path), "w", encoding="utf-8") as out:
            out.write(text)
