#!/usr/bin/env python3
# tests/kill/kill_loop.py -- SIGKILL in a loop: what was acknowledged is there exactly once.
"""Starts gongjid on one directory, drives deposits, transfers, payments, holds, captures, releases,
refunds, reversals and tombstones over a real socket, kills the server at a random moment, restarts
it, and compares with an account kept here:

 1. every acknowledged operation answers get_op with the same code, seq, balance and amount;
 2. every unacknowledged one is either executed or not; sent again with its rid it is executed now
    or replayed, as get_op said, and an acknowledged one sent again is always replayed;
 3. seqs of acknowledged operations are unique; balances are what the account says: nothing lost,
    nothing twice; the server's own recount (AUDIT) finds nothing; the digest survives a restart.

Prints its seed. Exit 0 only if every round held.
"""
import argparse
import collections
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "protocol"))
import gongji_wire as gj  # noqa: E402

PERSONS = 64
FRAME_OPERATIONS = 32
FRAMES_IN_FLIGHT = 8
OPENING_FEN = 10**12
READY_SECONDS_MAX = 60
OPEN_HOLDS_MAX = 400  # of all persons: below --holds-max, and below what one person may have
REMEMBERED = 3000     # of what can be undone; from many lives of the server
INSTITUTION = 7
EMPLOYEE, ACTIVE, SPOUSE, FACE, PERSONAL = 1, 1, 1, 1, 1
OK, TOMBSTONE, REPLAYED, EXECUTED, NOT_EXECUTED = 0, 3, 1, 1, 3
LOST = (gj.Closed, OSError)  # what was not answered may or may not have been executed

# An operation: its rid and bytes, its first person, what it must answer, and what it moves if it is
# executed: (name of a figure, person, fen).
Sent = collections.namedtuple("Sent", "request bytes person code amount moves")


class Server:
    """A gongjid process and where it listens."""

    def __init__(self, program, directory):
        self.begun = time.monotonic()
        self.log = open(os.path.join(directory, "..", "server.log"), "ab")
        self.process = subprocess.Popen(
            [program, "--data", directory, "--listen", "127.0.0.1:0", "--persons-max", "10000",
             "--rids-max", "4000000", "--log-prealloc", "256M"],
            stdout=subprocess.PIPE, stderr=self.log, stdin=subprocess.DEVNULL)
        late = threading.Timer(READY_SECONDS_MAX, self.process.kill)
        late.start()
        line = self.process.stdout.readline().decode()
        late.cancel()
        fields = dict(part.split("=", 1) for part in line.split()[1:]) if line else {}
        if not line.startswith("ready ") or "tcp" not in fields:
            raise RuntimeError(f"gongjid is not ready: {line!r}, exit {self.process.poll()}")
        host, port = fields["tcp"].rsplit(":", 1)
        self.address = (host, int(port))
        self.recovered = int(fields["recovered"])
        self.ready_seconds = time.monotonic() - self.begun

    def end(self, number):
        """Sends a signal and waits; returns the exit status."""
        self.process.send_signal(number)
        status = self.process.wait(timeout=60)
        self.process.stdout.close()
        self.log.close()
        return status


class Account:
    """What must be true, kept without looking at the server's code."""

    def __init__(self):
        self.figures = collections.Counter()  # (name, person) -> fen
        self.acknowledged = {}  # rid -> (operation, reply)
        self.seqs = set()
        self.problems = []

    def problem(self, text):
        self.problems.append(text)

    def acknowledge(self, sent, reply):
        """Notes a reply; it must be what was expected, and not noted before."""
        code, _, seq, _, amount, _ = reply
        if (code, amount) != (sent.code, sent.amount):
            self.problem(f"{sent.request.hex()}: code {code}, amount {amount}, not {sent.code}, "
                         f"{sent.amount}")
            return
        if seq in self.seqs:
            self.problem(f"seq {seq} was given twice")
        self.seqs.add(seq)
        for name, person, fen in sent.moves:
            self.figures[name, person] += fen
        self.acknowledged[sent.request] = (sent, reply)


def populate(connection, account):
    """One region, couples; the first of each pays into the wallet of the second."""
    setup = [gj.region(1, "市", quota_bp=10000),
             gj.op(gj.SET_INSTITUTION, other=INSTITUTION, arg=1, sub=1, detail=31, flags=0x10,
                   ext=bytes(64))]
    for person in range(1, PERSONS + 1):
        setup.append(gj.op(gj.OPEN_PERSON, person=person, arg=1, sub=EMPLOYEE, detail=ACTIVE))
        setup.append(gj.op(gj.CONFIRM_WALLET, person=person, arg=1, auth=FACE))
        setup.append(gj.op(gj.DEPOSIT, person=person, amount=OPENING_FEN))
        account.figures["personal", person] = OPENING_FEN
    for person in range(1, PERSONS + 1, 2):
        setup.append(gj.op(gj.BIND, person=person, other=person + 1, amount=-1, sub=SPOUSE,
                           auth=FACE))
    for code in connection.codes(*setup):
        if code != OK:
            account.problem(f"set-up: code {code}")


class Mint:
    """Makes random operations of which it knows the outcome. One connection sends all of them, so
    they are executed in this order, also over a kill: what a crash took was the end of it."""

    def __init__(self, chance):
        self.chance = chance
        self.holds = {}     # rid -> [person, fen left]
        self.payments = {}  # rid -> [person, fen, fen refunded]: payments and captures
        self.undoable = {}  # rid -> (person, moves, payment or None, fen): of all other kinds
        self.kinds = collections.Counter()

    def next(self):
        kinds = [self.deposit, self.transfer, self.pay, self.hold, self.tombstone]
        weights = [6, 10, 5, 5 if len(self.holds) < OPEN_HOLDS_MAX else 0, 1]
        for kind, weight, there in ((self.capture, 6, self.holds), (self.release, 2, self.holds),
                                    (self.refund, 4, self.payments),
                                    (self.reverse_payment, 1, self.payments),
                                    (self.reverse, 3, self.undoable)):
            kinds.append(kind)
            weights.append(weight if there else 0)
        kind = self.chance.choices(kinds, weights)[0]
        sent = kind(gj.rid(), self.chance.randint(1, 1000)) or self.deposit(gj.rid(), 1)
        self.kinds[sent.bytes[56]] += 1
        for known in (self.payments, self.undoable):
            while len(known) > REMEMBERED:
                del known[self.chance.choice(list(known)[:100])]
        return sent

    def some(self, known):
        return self.chance.choice(list(known))

    def payer(self):
        return self.chance.randrange(1, PERSONS, 2)

    def remember(self, sent, payment=None):
        self.undoable[sent.request] = (sent.person, sent.moves, payment, sent.amount)
        return sent

    def deposit(self, request, fen):
        person = self.chance.randint(1, PERSONS)
        return self.remember(Sent(
            request, gj.op(gj.DEPOSIT, person, amount=fen, id=request), person, OK, fen,
            [("personal", person, fen)]))

    def transfer(self, request, fen):
        payer = self.payer()
        return self.remember(Sent(
            request, gj.op(gj.TRANSFER, payer, payer + 1, fen, sub=PERSONAL, auth=FACE,
                           id=request), payer, OK, fen,
            [("personal", payer, -fen), ("wallet", payer + 1, fen)]))

    def pay(self, request, fen):
        person = self.payer()
        self.payments[request] = [person, fen, 0]
        return Sent(request, gj.pay(gj.PAY, person, INSTITUTION, fen, id=request), person, OK, fen,
                    [("personal", person, -fen), ("payable", 0, fen)])

    def hold(self, request, fen):
        person = self.payer()
        self.holds[request] = [person, fen]
        return Sent(request, gj.pay(gj.HOLD, person, INSTITUTION, fen, id=request), person, OK,
                    fen, [("held", person, fen)])

    def capture(self, request, fen):
        hold = self.some(self.holds)
        person, left = self.holds[hold]
        fen = min(fen, left)
        final = fen == left or self.chance.random() < 0.5
        self.holds[hold][1] -= fen
        if final:
            del self.holds[hold]
        self.payments[request] = [person, fen, 0]
        return Sent(request, gj.on(gj.CAPTURE, person, hold, amount=fen,
                                   flags=gj.FINAL if final else 0, id=request), person, OK, fen,
                    [("personal", person, -fen), ("held", person, -(left if final else fen)),
                     ("payable", 0, fen)])

    def release(self, request, _):
        hold = self.some(self.holds)
        person, left = self.holds.pop(hold)
        return Sent(request, gj.on(gj.RELEASE, person, hold, id=request), person, OK, left,
                    [("held", person, -left)])

    def refund(self, request, fen):
        payment = self.some(self.payments)
        person, paid, refunded = self.payments[payment]
        fen = min(fen, paid - refunded)
        if fen == 0:
            return None
        self.payments[payment][2] += fen
        return self.remember(Sent(
            request, gj.on(gj.REFUND, person, payment, amount=fen, id=request), person, OK, fen,
            [("personal", person, fen), ("payable", 0, -fen)]), payment)

    def reverse_payment(self, request, _):
        payment = self.some(self.payments)
        person, paid, refunded = self.payments[payment]
        if refunded != 0:
            return None
        del self.payments[payment]
        return Sent(request, gj.on(gj.REVERSE, person, payment, id=request), person, OK, paid,
                    [("personal", person, paid), ("payable", 0, -paid)])

    def reverse(self, request, _):
        """Of a deposit, a transfer or a refund: everything moves back."""
        original = self.some(self.undoable)
        person, moves, payment, fen = self.undoable.pop(original)
        if payment is not None and payment in self.payments:
            self.payments[payment][2] -= fen
        return Sent(request, gj.on(gj.REVERSE, person, original, id=request), person, OK, fen,
                    [(name, who, -moved) for name, who, moved in moves])

    def tombstone(self, request, _):
        person = self.payer()
        return Sent(request, gj.on(gj.REVERSE, person, gj.rid(), id=request), person, TOMBSTONE, 0,
                    [])


def drive(connection, account, chance, mint):
    """Sends frames until the connection is lost; returns what was sent and not answered."""
    waiting = []
    try:
        while True:
            while len(waiting) < FRAMES_IN_FLIGHT:
                frame = [mint.next() for _ in range(chance.randint(1, FRAME_OPERATIONS))]
                waiting.append(frame)
                connection.send_ops(*(sent.bytes for sent in frame))
            replies = connection.replies()
            frame = waiting.pop(0)
            if len(replies) != len(frame):
                account.problem(f"{len(replies)} replies to {len(frame)} operations")
            for sent, reply in zip(frame, replies):
                account.acknowledge(sent, reply)
    except LOST:
        return [sent for frame in waiting for sent in frame]


def chunks(items, size):
    for start in range(0, len(items), size):
        yield items[start:start + size]


def states(connection, sents):
    """(state, reply) of each operation by get_op."""
    found = []
    for part in chunks(sents, 256):
        for code, *_, view in connection.reads(*(gj.read(gj.GET_OP, s.person,
                                                         op_id=s.request) for s in part)):
            if code != OK:
                found.append((0, None))
            else:
                reply = struct.unpack_from("<BB6xQqq", view, 16)
                sources = struct.unpack_from("<qqqq", view, 48) if reply[1] & gj.SOURCES else None
                found.append((view[0], (*reply, sources)))
    return found


def check_acknowledged(connection, account, wanted):
    """Point 1: get_op knows each with the reply it had."""
    sents = [account.acknowledged[request][0] for request in wanted]
    for sent, (state, reply) in zip(sents, states(connection, sents)):
        noted = account.acknowledged[sent.request][1]
        if state != EXECUTED:
            account.problem(f"{sent.request.hex()} was acknowledged and is lost (state {state})")
        elif (reply[0], *reply[2:]) != (noted[0], *noted[2:]):
            account.problem(f"{sent.request.hex()}: {reply} is not the reply {noted}")


def check_unanswered(connection, account, unanswered):
    """Point 2: each is executed or not, and a retry with its rid settles it. Returns how many of
    them had been executed."""
    executed = 0
    known = states(connection, unanswered)
    for part in chunks(list(zip(unanswered, known)), 256):
        replies = connection.ops(*(sent.bytes for sent, _ in part))
        for (sent, (state, _)), reply in zip(part, replies):
            if state not in (EXECUTED, NOT_EXECUTED):
                account.problem(f"{sent.request.hex()}: get_op says state {state}")
            if (state == EXECUTED) != bool(reply[1] & REPLAYED):
                account.problem(f"{sent.request.hex()}: state {state}, but the retry gave {reply}")
            executed += state == EXECUTED
            account.acknowledge(sent, reply)
    return executed


def check_last_life(connection, account, last):
    """What the last life acknowledged first, then what it left open."""
    check_acknowledged(connection, account, list(account.acknowledged)[last["since"]:])
    return check_unanswered(connection, account, last["unanswered"])


def check_replays(connection, account, chance):
    """Some acknowledged operations again: replayed, not executed."""
    some = chance.sample(sorted(account.acknowledged), min(64, len(account.acknowledged)))
    if not some:
        return
    replies = connection.ops(*(account.acknowledged[request][0].bytes for request in some))
    for request, reply in zip(some, replies):
        noted = account.acknowledged[request][1]
        if not reply[1] & REPLAYED or reply[2:] != noted[2:]:
            account.problem(f"{request.hex()}: sent again gave {reply}, was {noted}")


def check_books(connection, account):
    """Point 3: balances, and the server's own recount."""
    people = range(1, PERSONS + 1)
    answers = connection.reads(*(gj.read(gj.GET_PERSON, person) for person in people))
    for person, (code, *_, view) in zip(people, answers):
        found = struct.unpack_from("<qqq", view, 8) if code == OK else (0, 0, 0)
        wanted = tuple(account.figures[name, person] for name in ("personal", "held", "wallet"))
        if found != wanted:
            account.problem(f"person {person} has {found}, not {wanted}")
    if connection.payable(INSTITUTION) != account.figures["payable", 0]:
        account.problem(f"the institution's payable is {connection.payable(INSTITUTION)}, not "
                        f"{account.figures['payable', 0]}")
    (code, *_, view), (*_, digest) = connection.reads(gj.read(gj.AUDIT), gj.read(gj.STATE_DIGEST))
    broken = view.rstrip(bytes(1)).decode() if code == OK else f"code {code}"
    if broken:
        account.problem(f"the server's recount: {broken}")
    return digest


def run_round(number, program, directory, account, chance, mint, last):
    """One life of the server: check what the last one left, drive, kill. Returns what it left."""
    server = Server(program, directory)
    connection = gj.Client(server.address, window=4096, timeout=60)
    if number == 0:
        populate(connection, account)
    unanswered = last["unanswered"]
    executed = check_last_life(connection, account, last)
    check_replays(connection, account, chance)
    check_books(connection, account)
    before = len(account.acknowledged)
    delay = chance.uniform(0.02, 0.8)
    killer = threading.Timer(delay, server.process.send_signal, [signal.SIGKILL])
    killer.start()
    left = drive(connection, account, chance, mint)
    killer.join()
    connection.close()
    status = server.end(signal.SIGKILL)
    if status != -signal.SIGKILL:
        account.problem(f"round {number}: the server ended by itself with {status}")
    print(f"    round {number}: recovered {server.recovered} in {server.ready_seconds:.2f} s, "
          f"{executed} of {len(unanswered)} unanswered had been executed; "
          f"{len(account.acknowledged) - before} acknowledged in {delay:.2f} s", flush=True)
    return {"unanswered": left, "since": before}


def finish(program, directory, account, chance, last):
    """After the last kill: everything once more, then a clean stop and the same digest."""
    server = Server(program, directory)
    connection = gj.Client(server.address, window=4096, timeout=60)
    check_last_life(connection, account, {"unanswered": last["unanswered"], "since": 0})
    check_replays(connection, account, chance)
    digest = check_books(connection, account)
    connection.close()
    status = server.end(signal.SIGTERM)
    if status != 0:
        account.problem(f"SIGTERM: exit {status}")
    server = Server(program, directory)
    connection = gj.Client(server.address, window=4096, timeout=60)
    if check_books(connection, account) != digest:
        account.problem("the digest changed over a clean restart")
    connection.close()
    server.end(signal.SIGTERM)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build", help="where gongjid is")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--dir", help="a directory on a real disk (default: beside the build)")
    parser.add_argument("--keep", action="store_true", help="keep the directory")
    options = parser.parse_args()
    program = os.path.abspath(os.path.join(options.build, "gongjid"))
    if not os.access(program, os.X_OK):
        print(f"kill: there is no {program}; build first", file=sys.stderr)
        return 64
    place = tempfile.mkdtemp(prefix="kill-", dir=options.dir or options.build)
    directory = os.path.join(place, "data")
    os.mkdir(directory, 0o700)
    chance, account = random.Random(options.seed), Account()
    mint = Mint(chance)
    print(f"    seed {options.seed}, {options.rounds} rounds in {place}", flush=True)
    last = {"unanswered": [], "since": 0}
    try:
        for number in range(options.rounds):
            last = run_round(number, program, directory, account, chance, mint, last)
        finish(program, directory, account, chance, last)
    except (RuntimeError, AssertionError, *LOST) as error:
        account.problem(f"{type(error).__name__}: {error}")
    if not account.acknowledged:
        account.problem("nothing was ever acknowledged: this showed nothing")
    for text in account.problems[:20]:
        print(f"not ok {text}")
    if account.problems:
        print(f"not ok {len(account.problems)} problems; kept {place}")
        return 1
    print(f"    {len(account.acknowledged)} operations acknowledged, each there exactly once; "
          "sent: " + ", ".join(f"{count} of type {kind}"
                               for kind, count in sorted(mint.kinds.items())))
    if not options.keep:
        shutil.rmtree(place)
    return 0


if __name__ == "__main__":
    sys.exit(main())
