#!/usr/bin/env python3
# tests/kill/kill_loop.py -- SIGKILL in a loop: what was acknowledged is there exactly once.
"""Starts gongjid on one directory, drives deposits and transfers over a real socket, kills the
server at a random moment, restarts it, and compares with an account kept here:

 1. every acknowledged operation answers get_op with the same code, seq, balance and amount;
 2. every unacknowledged one is either executed or not; sent again with its rid it is executed now
    or replayed, as get_op said, and an acknowledged one sent again is always replayed;
 3. seqs of acknowledged operations are unique; balances are what the account says: nothing lost,
    nothing twice; the server's own recount (AUDIT) finds nothing; the digest survives a restart.

Prints its seed. Exit 0 only if every round held.
"""
import argparse
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
EMPLOYEE, ACTIVE, SPOUSE, FACE, PERSONAL = 1, 1, 1, 1, 1
OK, REPLAYED, EXECUTED, NOT_EXECUTED = 0, 1, 1, 3
LOST = (gj.Closed, OSError)  # what was not answered may or may not have been executed


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
        self.personal = {}
        self.wallet = {}
        self.acknowledged = {}  # rid -> (operation, person, reply)
        self.seqs = set()
        self.problems = []

    def problem(self, text):
        self.problems.append(text)

    def apply(self, sent):
        """Books one executed operation (request, bytes, payer, payee or 0, amount)."""
        _, _, payer, payee, amount = sent
        if payee:
            self.personal[payer] -= amount
            self.wallet[payee] += amount
        else:
            self.personal[payer] += amount

    def acknowledge(self, sent, reply):
        """Notes a reply; it must be a success that was not noted before."""
        code, _, seq, _, amount, _ = reply
        if code != OK or amount != sent[4]:
            self.problem(f"{sent[0].hex()}: code {code}, amount {amount} of {sent[4]}")
            return
        if seq in self.seqs:
            self.problem(f"seq {seq} was given twice")
        self.seqs.add(seq)
        self.apply(sent)
        self.acknowledged[sent[0]] = (sent, reply)


def populate(connection, account):
    """One region, couples; the first of each pays into the wallet of the second."""
    setup = [gj.region(1, "市", quota_bp=10000)]
    for person in range(1, PERSONS + 1):
        setup.append(gj.op(gj.OPEN_PERSON, person=person, arg=1, sub=EMPLOYEE, detail=ACTIVE))
        setup.append(gj.op(gj.CONFIRM_WALLET, person=person, arg=1, auth=FACE))
        setup.append(gj.op(gj.DEPOSIT, person=person, amount=OPENING_FEN))
        account.personal[person] = OPENING_FEN
        account.wallet[person] = 0
    for person in range(1, PERSONS + 1, 2):
        setup.append(gj.op(gj.BIND, person=person, other=person + 1, amount=-1, sub=SPOUSE,
                           auth=FACE))
    for code in connection.codes(*setup):
        if code != OK:
            account.problem(f"set-up: code {code}")


def mint(chance):
    """One random deposit or transfer: (rid, bytes, payer, payee or 0, amount)."""
    request, amount = gj.rid(), chance.randint(1, 1000)
    if chance.random() < 0.3:
        person = chance.randint(1, PERSONS)
        return (request, gj.op(gj.DEPOSIT, person=person, amount=amount, id=request), person, 0,
                amount)
    payer = chance.randrange(1, PERSONS, 2)
    return (request, gj.op(gj.TRANSFER, person=payer, other=payer + 1, amount=amount, sub=PERSONAL,
                           auth=FACE, id=request), payer, payer + 1, amount)


def drive(connection, account, chance):
    """Sends frames until the connection is lost; returns what was sent and not answered."""
    waiting = []
    try:
        while True:
            while len(waiting) < FRAMES_IN_FLIGHT:
                frame = [mint(chance) for _ in range(chance.randint(1, FRAME_OPERATIONS))]
                waiting.append(frame)
                connection.send_ops(*(sent[1] for sent in frame))
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
        for code, *_, view in connection.reads(*(gj.read(gj.GET_OP, s[2], op_id=s[0])
                                                 for s in part)):
            if code != OK:
                found.append((0, None))
            else:
                found.append((view[0], (*struct.unpack_from("<BB6xQqq", view, 16), None)))
    return found


def check_acknowledged(connection, account, wanted):
    """Point 1: get_op knows each with the reply it had."""
    sents = [account.acknowledged[request][0] for request in wanted]
    for sent, (state, reply) in zip(sents, states(connection, sents)):
        noted = account.acknowledged[sent[0]][1]
        if state != EXECUTED:
            account.problem(f"{sent[0].hex()} was acknowledged and is lost (state {state})")
        elif (reply[0], *reply[2:]) != (noted[0], *noted[2:]):
            account.problem(f"{sent[0].hex()}: {reply} is not the reply {noted}")


def check_unanswered(connection, account, unanswered):
    """Point 2: each is executed or not, and a retry with its rid settles it. Returns how many of
    them had been executed."""
    executed = 0
    known = states(connection, unanswered)
    for part in chunks(list(zip(unanswered, known)), 256):
        replies = connection.ops(*(sent[1] for sent, _ in part))
        for (sent, (state, _)), reply in zip(part, replies):
            if state not in (EXECUTED, NOT_EXECUTED):
                account.problem(f"{sent[0].hex()}: get_op says state {state}")
            if (state == EXECUTED) != bool(reply[1] & REPLAYED):
                account.problem(f"{sent[0].hex()}: state {state}, but the retry gave {reply}")
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
    replies = connection.ops(*(account.acknowledged[request][0][1] for request in some))
    for request, reply in zip(some, replies):
        noted = account.acknowledged[request][1]
        if not reply[1] & REPLAYED or reply[2:] != noted[2:]:
            account.problem(f"{request.hex()}: sent again gave {reply}, was {noted}")


def check_books(connection, account):
    """Point 3: balances, and the server's own recount."""
    people = sorted(account.personal)
    answers = connection.reads(*(gj.read(gj.GET_PERSON, person) for person in people))
    for person, (code, *_, view) in zip(people, answers):
        personal, _, wallet = struct.unpack_from("<qqq", view, 8) if code == OK else (0, 0, 0)
        if (personal, wallet) != (account.personal[person], account.wallet[person]):
            account.problem(f"person {person} has {personal} and {wallet}, not "
                            f"{account.personal[person]} and {account.wallet[person]}")
    (code, *_, view), (*_, digest) = connection.reads(gj.read(gj.AUDIT), gj.read(gj.STATE_DIGEST))
    broken = view.rstrip(bytes(1)).decode() if code == OK else f"code {code}"
    if broken:
        account.problem(f"the server's recount: {broken}")
    return digest


def run_round(number, program, directory, account, chance, last):
    """One life of the server: check what the last one left, drive, kill. Returns what it left."""
    server = Server(program, directory)
    connection = gj.Client(server.address, credit=4096, timeout=60)
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
    left = drive(connection, account, chance)
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
    connection = gj.Client(server.address, credit=4096, timeout=60)
    check_last_life(connection, account, {"unanswered": last["unanswered"], "since": 0})
    check_replays(connection, account, chance)
    digest = check_books(connection, account)
    connection.close()
    status = server.end(signal.SIGTERM)
    if status != 0:
        account.problem(f"SIGTERM: exit {status}")
    server = Server(program, directory)
    connection = gj.Client(server.address, credit=4096, timeout=60)
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
    print(f"    seed {options.seed}, {options.rounds} rounds in {place}", flush=True)
    last = {"unanswered": [], "since": 0}
    try:
        for number in range(options.rounds):
            last = run_round(number, program, directory, account, chance, last)
        finish(program, directory, account, chance, last)
    except (RuntimeError, AssertionError, *LOST) as error:
        account.problem(f"{type(error).__name__}: {error}")
    for text in account.problems[:20]:
        print(f"not ok {text}")
    if account.problems:
        print(f"not ok {len(account.problems)} problems; kept {place}")
        return 1
    print(f"    {len(account.acknowledged)} operations acknowledged, each there exactly once")
    if not options.keep:
        shutil.rmtree(place)
    return 0


if __name__ == "__main__":
    sys.exit(main())
