#!/usr/bin/env python3
# tests/scenario/coverage.py -- every verb and every result code is shown by some scenario file.
"""usage: coverage.py PROJECT_DIR

Fails if a verb of the scenario language stands in no file of tests/scenarios, if an operation is
nowhere accepted or nowhere refused, or if no line expects a result code of
core/format/codes.h. Codes that no scenario can show are listed here with the reason; one that is
shown must not be listed. Before that it checks itself: what is taken away must be missed.
"""
import glob
import os
import re
import sys

TYPED = "the language writes whole operations only, with known verbs and used fields"
NO_FRAMES = "the runner sends one operation at a time, after a handshake"
NO_SERVER = "a state of the server, not of what was asked"
UNSHOWN = {
    "MALFORMED": TYPED, "UNKNOWN_OP": TYPED, "RESERVED_NONZERO": TYPED,
    "UNSUPPORTED_VERSION": NO_FRAMES, "BATCH_TOO_LARGE": NO_FRAMES, "UNAUTHENTICATED": NO_FRAMES,
    "FORBIDDEN": NO_FRAMES, "OVERLOADED": NO_FRAMES,
    "READ_ONLY": NO_SERVER, "SHUTTING_DOWN": NO_SERVER, "OUTCOME_UNKNOWN": NO_SERVER,
    "RID_ZERO": "rids are minted from names, and never zero",
}
# What an operation that was carried out answers; anything else is a refusal.
ACCEPTED = {"OK", "OK_PARTIAL", "OK_NOOP", "OK_TOMBSTONED"}


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as source:
        return source.read()


def shown(texts, operations):
    """Pairs of verb and code: `=> CODE`, or OK for an operation without; None for other verbs."""
    pairs = set()
    for line in "\n".join(texts).splitlines():
        words = re.sub(r"(^|\s)#.*", "", line).split()
        words = words[1:] if words[:1] == ["dry_run"] else words
        if "=>" in words:
            pairs.add((words[0], words[words.index("=>") + 1]))
        elif words:
            pairs.add((words[0], "OK" if words[0] in operations else None))
    return pairs


def missing(pairs, verbs, operations, codes):
    used = {verb for verb, _ in pairs}
    found = [f"verb {verb}: in no file" for verb in verbs if verb not in used]
    for verb in operations:
        answers = {code for name, code in pairs if name == verb}
        found += [f"verb {verb}: accepted in no file"] if not answers & ACCEPTED else []
        found += [f"verb {verb}: refused in no file"] if not answers - ACCEPTED else []
    expected = {code for _, code in pairs}
    found += [f"code {code}: expected in no file" for code in codes
              if code not in expected and code not in UNSHOWN]
    found += [f"code {code}: listed as one that no scenario can show, but it is shown"
              for code in codes if code in expected and code in UNSHOWN]
    found += [f"code {code}: listed, but core/format/codes.h has none" for code in UNSHOWN
              if code not in codes]
    return found


def check_itself(pairs, verbs, operations, codes):
    """Each verb, answer or code taken away must be missed, and one too many seen."""
    def look(rest):
        return missing(rest, verbs, operations, codes)

    for verb in verbs:
        if f"verb {verb}: in no file" not in look({pair for pair in pairs if pair[0] != verb}):
            return f"verb {verb} is not missed"
    for verb in operations:
        for taken, word in (True, "accepted"), (False, "refused"):
            rest = {pair for pair in pairs if pair[0] != verb or (pair[1] in ACCEPTED) != taken}
            if f"verb {verb}: {word} in no file" not in look(rest):
                return f"{word} {verb} is not missed"
    for code in codes:
        if code not in UNSHOWN and f"code {code}: expected in no file" not in look(
                {pair for pair in pairs if pair[1] != code}):
            return f"code {code} is not missed"
    if not any("but it is shown" in line for line in look(pairs | {("pay", "RID_ZERO")})):
        return "a code that is listed and shown is not seen"
    texts = ["dry_run pay 1 => SELF_TRANSFER # => RID_ZERO\ncrash #x", "#at\nbind 1 2"]
    if shown(texts, ["pay", "bind"]) != {("pay", "SELF_TRANSFER"), ("crash", None), ("bind", "OK")}:
        return "lines are misread"
    return None


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 64
    codes = re.findall(r"^    X\((\w+), \d+,",
                       read(arguments[0], "core", "format", "codes.h"), re.M)
    table = re.findall(r'^    \{"(\w+)", (STATEMENT_\w+),',
                       read(arguments[0], "cli", "scenario", "verbs.c"), re.M)
    verbs = [verb for verb, _ in table]
    operations = [verb for verb, kind in table if kind == "STATEMENT_OPERATION"]
    files = glob.glob(os.path.join(arguments[0], "tests", "scenarios", "*.txt"))
    pairs = shown([read(file) for file in files], operations)
    if len(codes) < 80 or len(operations) < 23:
        blind = f"read only {len(codes)} codes and {len(operations)} operations"
    else:
        blind = check_itself(pairs, verbs, operations, codes)
    found = [f"checks itself: {blind}"] if blind else missing(pairs, verbs, operations, codes)
    for line in found:
        print(f"not ok {line}")
    if not found:
        print(f"ok {len(verbs)} verbs, {len(codes) - len(UNSHOWN)} of {len(codes)} codes, "
              f"{len(pairs)} pairs in {len(files)} files")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
