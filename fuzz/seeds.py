#!/usr/bin/env python3
# fuzz/seeds.py -- writes the inputs of fuzz/corpus that were made by hand, as programs.
"""seeds.py DIRECTORY: writes the files of DIRECTORY/history, recovery and table.

What fuzzing found lies beside them under other names and is left alone. Steps are those of
fuzz/program.h; history.c, fuzz_recovery.c and fuzz_table.c say what their fields mean."""
import os
import struct
import sys

VERBS = {name: number for number, name in enumerate(
    "advance region institution person update wallet bind unbind cap deposit transfer pay premium "
    "suspend resume accept return hold capture release refund reverse change_region close crash "
    "sweep retry policy spoil compare".split())}
UNIT = {"ms": 0, "s": 1, "min": 2, "h": 3, "day": 4, "midnight": 5, "year_end": 6, "due": 7}
PERSONAL, WALLET, RELATIVE = 1, 2, 3
FACE = 1  # also: compare with a dry run


def step(verb, person=0, other=0, kind=0, detail=0, flags=0, auth=0, back=0, amount=0, edge=0,
         age=0, arg=0):
    """One step of a program."""
    number = VERBS[verb] if isinstance(verb, str) else verb
    return struct.pack("<8Bi2BH", number, person, other, kind, detail, flags, auth, back, amount,
                       edge, age, arg)


def advance(unit, amount=0, beside=1, back=0):
    """Some time on; `beside` 0, 1, 2: a millisecond before, the instant, one after."""
    return step("advance", kind=UNIT[unit], detail=beside, back=back, amount=amount)


def policy(region, field, detail=0, amount=0, arg=0, **more):
    """SET_REGION with one field changed; the numbers of fields are those of change_policy()."""
    return step("policy", person=region, kind=field, detail=detail, amount=amount, arg=arg, **more)


def town(people=4):
    """Two regions, a hospital and a pharmacy, people with an account, a wallet and money."""
    out = [step("region", arg=0), step("region", arg=1),
           step("institution", other=0, kind=1, detail=31, flags=0x10, arg=0),
           step("institution", other=1, kind=2, detail=16, flags=0x10, arg=1)]
    for n in range(people):
        out += [step("person", person=n, kind=1, detail=1, arg=n % 2),
                step("wallet", person=n, other=n, auth=FACE, arg=n % 2),
                step("deposit", person=n, amount=100000 + n)]
    return out


def families():
    """Person 0 may pay for 1 and 2; 1 for 0."""
    return [step("bind", person=0, other=1, kind=1, auth=FACE, amount=50000),
            step("bind", person=0, other=2, kind=3, auth=FACE, amount=-1, edge=11),
            step("bind", person=1, other=0, kind=1, auth=FACE, amount=50000)]


def fill_wallet(amount=30000):
    """Of person 0, by person 1: transfers arrive there."""
    return step("transfer", person=1, other=0, kind=PERSONAL, auth=FACE, amount=amount)


def pay(person=0, institution=0, amount=500, kind=WALLET, **more):
    """An outpatient's payment."""
    return step("pay", person=person, other=institution, kind=kind, detail=1, auth=FACE,
                amount=amount, **more)


def hold(person=0, amount=700, **more):
    """Set aside at the hospital."""
    return step("hold", person=person, kind=WALLET, detail=1, auth=FACE, amount=amount, **more)


TRANSFER = {"verb": "transfer", "person": 0, "other": 1, "kind": PERSONAL, "auth": FACE}
ACCEPTING = [policy(n, 12 + 10, detail=1) for n in range(2)]  # receive_mode
# Fields of a policy that forbid something: (number, field of step, strict, lenient).
RULES = [(0, "amount", 100, 0), (1, "amount", 100, 0), (2, "amount", 4, 0), (3, "arg", 1, 7000),
         (4, "arg", 600, 0), (5, "arg", 400, 1440), (6, "arg", 0, 9), (10, "arg", 1, 0)] + [
             (12 + n, "detail", strict, lenient) for n, (strict, lenient) in enumerate([
                 (0, 1), (0, 1), (0, 1), (2, 255), (0, 1), (2, 3), (2, 3), (2, 7), (1, 0), (1, 0),
                 (1, 0), (2, 31), (2, 31), (2, 31), (0, 2), (0, 2), (0, 1), (4, 15), (4, 15),
                 (4, 15), (1, 0)])]


def strictly(rules):
    """Each rule alone: what it forbids is tried, then it is lifted again."""
    out = town(2) + families() + [fill_wallet()]
    for number, field, strict, free in rules:
        out += [advance("midnight"), advance("h", 9),
                policy(0, number, **{field: strict}), step(**TRANSFER, amount=5),
                step(**TRANSFER, amount=5), pay(kind=WALLET | PERSONAL << 2, amount=101),
                pay(kind=WALLET, amount=2), policy(0, number, **{field: free})]
    return out + [step("crash")]


HISTORIES = {
    "town": town() + families() + [step("compare"), step("crash"), step("compare")],
    "transfers": town() + families() + [
        step(**TRANSFER, amount=100), step(**TRANSFER, amount=1, edge=3),
        step(**TRANSFER, amount=0, edge=4), step("cap", person=0, other=1, amount=200),
        step(**TRANSFER, amount=0, edge=1), fill_wallet(), step("unbind", person=0, other=1),
        step(**TRANSFER, amount=5), step("retry", back=3), step("reverse", back=5)],
    "payments": town() + families() + [
        fill_wallet(), pay(), pay(edge=2, amount=1), pay(edge=2), pay(kind=PERSONAL, institution=1),
        pay(kind=WALLET | PERSONAL << 2, amount=80000), pay(kind=PERSONAL, flags=1, edge=8),
        pay(person=1, kind=WALLET | RELATIVE << 2, back=0xC0, amount=900),
        step("refund", back=5, amount=0, edge=7), step("refund", back=2, amount=10),
        step("reverse", back=0), step("reverse", back=4), step("crash"), step("retry", back=2)],
    "holds": town() + families() + [
        fill_wallet(), hold(), hold(back=0x90, arg=3600),
        step("capture", back=1, amount=100), step("capture", back=2, amount=0, edge=6, flags=0x40),
        step("release", back=2), hold(amount=900), advance("due", beside=0), hold(),
        advance("due", beside=1), step("sweep", amount=2), step("capture", back=2, amount=1),
        advance("due", beside=2), step("crash"), step("refund", back=5, amount=5),
        step("reverse", back=0), step("reverse", back=7)],
    "pending": town() + families() + ACCEPTING + [
        step(**TRANSFER, amount=100), step("accept", person=0, other=1, back=0),
        step(**TRANSFER, amount=200), step("return", person=0, other=1, back=0),
        step(**TRANSFER, amount=300), step("reverse", back=0), step(**TRANSFER, amount=400),
        advance("due", beside=0), step("crash"), advance("due"),
        step("accept", person=0, other=1, back=0), step("sweep", amount=5), step("compare"),
        step("reverse", back=6)],
    "premiums": town() + families() + [
        policy(0, 36, detail=1, amount=400, edge=30), policy(1, 37, detail=2, amount=300, edge=2),
        step("person", person=4, kind=2, detail=1, arg=0),
        step("bind", person=0, other=4, kind=3, auth=FACE, amount=-1, edge=11),
        step("premium", person=0, other=4, kind=PERSONAL, detail=1, amount=400, arg=1),
        step("premium", person=0, other=4, kind=PERSONAL, detail=1, amount=400, arg=1),
        step("reverse", back=1), advance("year_end"),
        step("premium", person=0, other=4, kind=PERSONAL, detail=1, amount=400, arg=1)],
    "years": town() + families() + [
        step(**TRANSFER, amount=0, edge=3), step(**TRANSFER, amount=1, edge=3),
        advance("year_end", beside=0), step(**TRANSFER, amount=0, edge=3), advance("year_end"),
        step(**TRANSFER, amount=0, edge=3), step("reverse", back=1), advance("midnight"),
        step("deposit", person=0, amount=1, edge=8), step("crash")],
    "people": town() + [
        step("update", person=0, other=9, kind=2, detail=2, flags=0x0E, arg=3),
        step("suspend", person=1, detail=15), step("resume", person=1, detail=1),
        step("change_region", person=2, auth=FACE, arg=1),
        step("change_region", person=3, auth=FACE, arg=0), step("close", person=3, detail=1),
        step("close", person=3), step("close", person=1), step("deposit", person=3, amount=1),
        step("person", person=3, kind=1, detail=1, arg=1), step("compare"), step("crash")],
    "rules_1": strictly(RULES[:16]),
    "rules_2": strictly(RULES[16:]),
    "scheduled": town(2) + families() + [
        policy(0, 10, arg=1, auth=3, amount=60000), policy(1, 12, detail=0, auth=3, amount=90000),
        step(**TRANSFER, amount=5), step(**TRANSFER, amount=5), advance("min", 1),
        step(**TRANSFER, amount=5), advance("h", 2), step(**TRANSFER, amount=5), step("crash"),
        policy(0, 40, detail=1, arg=70), policy(0, 3, arg=10001), step("compare")],
    "requests": town(2) + families() + [
        step(**TRANSFER, amount=5), step("retry"), step("retry", kind=4, detail=1),
        step("retry", kind=1, detail=1), step(**TRANSFER, amount=6, age=0xC1),
        step(**TRANSFER, amount=6, age=0xD9), step(**TRANSFER, amount=6, age=0xE8),
        step(**TRANSFER, amount=6, age=0xE9), step(**TRANSFER, amount=6, age=0xF1),
        step(**TRANSFER, amount=6, age=0xFF), step("reverse", person=0, back=129),
        step(**TRANSFER, amount=7), step(**TRANSFER, amount=8, age=0xFE),
        step("spoil", arg=63, detail=1), step("spoil", arg=56, detail=7),
        step("spoil", back=4, arg=24, detail=90), step("crash")],
}
TABLES = {
    "index": [step(0, arg=n * 7, edge=n % 3) for n in range(60)],
    "rids": [step(1, person=n, kind=7, detail=n, age=n // 2, edge=n, arg=n, flags=15)
             for n in range(40)],
    "holds": [step(3 + (n % 5 == 4) * 2 + n % 2, person=n, edge=(n * 37) % 11, arg=n % 6, back=n,
                   flags=n, detail=15) for n in range(80)],
}
SEAL, START = step(0), step(0, flags=1)
LOG = [step(1, detail=30, arg=5), step(1, kind=1, detail=20, arg=5), step(1, kind=3, detail=9),
       SEAL, START, step(1, detail=40, arg=7), step(1, kind=2, detail=3), step(1, kind=3, detail=5)]
RECOVERIES = {
    "clean": LOG + [SEAL],
    "empty": [],
    "segments": [step(1, detail=47), step(0, edge=232), step(1, detail=250),
                 step(1, detail=9), SEAL, START, step(0, edge=240), step(1, detail=3)],
    "torn_tail": LOG + [step(7, kind=1)],
    "torn_in_flight": LOG + [step(7, back=1, kind=1), step(7, kind=0, flags=1)],
    "middle_missing": LOG + [step(7, back=4, flags=3)],
    "byte": LOG + [step(5, back=2, arg=700, detail=4)],
    "header_byte": LOG + [step(5, back=2, flags=1, arg=9, detail=1)],
    "newer": LOG + [step(10, kind=7, detail=3)],
    "foreign": LOG + [step(10, kind=8, detail=3)],
    "generation": LOG + [step(10, kind=0, back=1, amount=1)],
    "chained": LOG + [step(10, kind=4, back=3, amount=2, flags=1)],
    "durable": LOG + [step(10, kind=4, amount=6), step(7, back=1, kind=2)],
    "shorter": LOG + [step(10, kind=9, back=2)],
    "record": LOG + [step(12, back=2, arg=200, detail=2)],
    "time": LOG + [step(13, back=2, flags=1, amount=1000000)],
    "misplaced": LOG + [step(9, back=2, kind=3)],
    "meta": LOG + [step(14, arg=70, detail=1)],
    "meta_signed": LOG + [step(14, arg=41, detail=1, flags=1)],
    "no_segment": LOG + [step(15, kind=0, detail=0)],
    "no_meta": LOG + [step(15, kind=1)],
    "newest_missing": [step(1, detail=47), step(0, edge=225), step(1, detail=90),
                       step(15, detail=1)],
}


def main(arguments):
    """Writes every program as one file."""
    if len(arguments) != 1:
        print("seeds: give the directory to write to, say fuzz/corpus", file=sys.stderr)
        return 64
    for target, programs in (("history", HISTORIES), ("recovery", RECOVERIES),
                             ("table", TABLES)):
        directory = os.path.join(arguments[0], target)
        os.makedirs(directory, exist_ok=True)
        for name, steps in programs.items():
            with open(os.path.join(directory, name + ".bin"), "wb") as out:
                out.write(b"".join(steps))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
