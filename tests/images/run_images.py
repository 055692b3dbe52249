#!/usr/bin/env python3
# tests/images/run_images.py -- records what a real server does to its disk, then builds the images.
"""Starts gongjid --io-trace on a real directory, four times: mixed operations from several
connections, so that several small groups are on their way at once, over the end of a segment; ended
by SIGKILL in the middle of it, or by SIGTERM. Then runs `images` over the traces, which stay in
BUILD/images-trace: a failure names the command that repeats it. All of it again, with new traces,
until there are as many images as wanted.

    run_images.py --build BUILD [--images N] [--seed N] [--seconds S]
    run_images.py --build BUILD --only-trace
"""
import argparse
import collections
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "protocol"))
import gongji_wire as gj  # noqa: E402

PERSONS = 24
INSTITUTION = 7
CONNECTIONS = 6
LIVES = 4
SEGMENT = 1 << 20
END = SEGMENT + SEGMENT // 16 # the log gets so long, in all lives
LOAD_SECONDS_MAX = 60
AMBIGUOUS = 65                # the kill fell between a step and its note: `images` says so
ATTEMPTS = 3
FEW = ["--persons-max", "200", "--families-max", "100", "--institutions-max", "10", "--holds-max",
       "500", "--rids-max", "16K", "--log-prealloc", "1M", "--log-low-water", "0",
       "--test-segment", "1M"]
EMPLOYEE, ACTIVE, SPOUSE, FACE, PERSONAL = 1, 1, 1, 1, 1


def populate(client):
    """One region, an institution, couples with money."""
    setup = [gj.region(1, "市", quota_bp=10000),
             gj.op(gj.SET_INSTITUTION, other=INSTITUTION, arg=1, sub=1, detail=31, flags=0x10,
                   ext=bytes(64))]
    for person in range(1, PERSONS + 1):
        setup.append(gj.op(gj.OPEN_PERSON, person=person, arg=1, sub=EMPLOYEE, detail=ACTIVE))
        setup.append(gj.op(gj.CONFIRM_WALLET, person=person, arg=1, auth=FACE))
        setup.append(gj.op(gj.DEPOSIT, person=person, amount=10**10))
    for person in range(1, PERSONS + 1, 2):
        setup.append(gj.op(gj.BIND, person=person, other=person + 1, amount=-1, sub=SPOUSE,
                           auth=FACE))
    codes = client.codes(*setup)
    assert not any(codes), codes


class Load:
    """What one connection sends: payments, transfers, holds and what becomes of them."""

    def __init__(self, rng):
        self.rng = rng
        self.paid, self.held = collections.deque(maxlen=20), collections.deque(maxlen=20)

    def operation(self):
        """One operation."""
        rng, id_ = self.rng, gj.rid()
        person = 1 + rng.randrange(PERSONS)
        amount = 1 + rng.randrange(1000)
        choice = rng.randrange(9)
        if choice < 2:
            return gj.op(gj.DEPOSIT, person=person, amount=amount, id=id_)
        if choice < 4:
            giver = person - 1 if person % 2 == 0 else person
            return gj.op(gj.TRANSFER, person=giver, other=giver + 1, amount=amount, sub=PERSONAL,
                         auth=FACE, id=id_)
        if choice == 4 and self.paid:
            person, original = self.paid.popleft()
            return gj.on(gj.REFUND, person, original, amount=1, id=id_)
        if choice in (5, 8) and self.held: # fewer stay open than one state may have
            person, original = self.held.popleft()
            return gj.on(gj.RELEASE, person, original, id=id_)
        kind, kept = (gj.PAY, self.paid) if choice < 7 else (gj.HOLD, self.held)
        kept.append((person, id_))
        return gj.pay(kind, person, INSTITUTION, amount, id=id_)

    def frame(self):
        """One operation, or some: a group has one sector to tear, or many."""
        return [self.operation() for _ in range(self.rng.choice((1, 1, 2, 5, 12, 24)))]


def drive(server, rng, end):
    """Keeps some connections busy until the log ends beyond `end`; returns codes by count."""
    loads = [(Load(rng), server.client()) for _ in range(CONNECTIONS)]
    watcher = server.client()
    codes = collections.Counter()
    stop = time.monotonic() + LOAD_SECONDS_MAX
    for load, client in loads:
        client.send_ops(*load.frame())
        client.send_ops(*load.frame())
    while watcher.stats()["log_position"] < end:
        assert time.monotonic() < stop, "the log does not grow"
        for load, client in loads:
            codes.update(reply[0] for reply in client.replies())
            client.send_ops(*load.frame())
    return codes


def record(directory, traces, rng):
    """All lives of the server; the paths of their traces."""
    paths, codes = [], collections.Counter()
    for life in range(LIVES):
        paths.append(os.path.join(traces, f"life-{life + 1}.trace"))
        with gj.Server(directory, *FEW, "--io-trace", paths[-1]) as server:
            if life == 0:
                populate(server.client())
            codes += drive(server, rng, END * (life + 1) // LIVES)
            if life == 1:
                assert server.stop() == 0
    assert codes[0] > sum(codes.values()) * 3 // 4, codes
    return paths


def make_traces(build, rng):
    """A fresh set of traces in the build directory."""
    traces = os.path.join(build, "images-trace")
    shutil.rmtree(traces, ignore_errors=True)
    os.mkdir(traces)
    top = tempfile.mkdtemp(prefix="gongji-images-", dir="/var/tmp")
    try:
        return record(os.path.join(top, "data"), traces, rng)
    finally:
        shutil.rmtree(top)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True)
    parser.add_argument("--images", type=int, default=100000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("--only-trace", action="store_true")
    options = parser.parse_args()
    os.environ["GONGJID"] = os.path.join(options.build, "gongjid")
    rng, begun = random.Random(options.seed), time.monotonic()
    images = ambiguous = 0
    while True:
        paths = make_traces(options.build, rng)
        left = max(0, begun + options.seconds - time.monotonic())
        command = [os.path.join(options.build, "tests", "images"), *paths, "--images",
                   str(max(1, options.images - images)), "--seed", str(options.seed), "--seconds",
                   str(int(left))]
        print(" ".join(command), flush=True)
        if options.only_trace:
            return 0
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
        print(done.stdout, end="", flush=True)
        ambiguous += done.returncode == AMBIGUOUS
        if done.returncode != 0 and (done.returncode != AMBIGUOUS or ambiguous == ATTEMPTS):
            return done.returncode
        images += sum(map(int, re.findall(r"^(\d+) different images", done.stdout, re.M)))
        if images >= options.images and time.monotonic() - begun >= options.seconds:
            print(f"{images} different images in all, none wrong")
            return 0


if __name__ == "__main__":
    sys.exit(main())
