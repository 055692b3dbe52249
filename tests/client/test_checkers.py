"""tests/client/test_checkers.py -- what `gongji check` finds when a server's answers are false: one
falsified value at a time, and answers of different moments.

usage: test_checkers.py GONGJI
"""
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile

import false_server
from false_server import FalseServer

GONGJI = os.path.abspath(sys.argv[1])
COLUMNS = ("fund", "personal", "wallet", "institution", "premium", "clearing")
TRUE_BOOKS = {3: dict(personal=10 ** 20, wallet=700, institution=-50, premium=40, clearing=-999),
              8: dict(personal=5, wallet=6, institution=7, premium=8, clearing=1999),
              1023: dict(personal=0, wallet=1, institution=0, premium=0, clearing=-1000)}
failures = 0


def check(name, good, detail=""):
    global failures
    print(("ok " if good else "not ok ") + name, "" if good else detail, flush=True)
    failures += not good


def wide(value):
    return (value & (2 ** 128 - 1)).to_bytes(16, "little")


class Books:
    """A server of three regions. `falsify` is {(region, column): amount to add}; `seq` gives the
    moment of an answer about a region."""

    def __init__(self, falsify=None, seq=None, broken=b"", refuse=0, drift=None):
        self.falsify, self.broken, self.refuse = falsify or {}, broken, refuse
        self.seq = seq or (lambda read: 77)
        self.drift = drift or (lambda read: 0)

    def book(self, read):
        book = dict(TRUE_BOOKS[read.region])
        book["fund"] = sum(book.values())
        for column in ("clearing", "fund"):
            book[column] += self.drift(read)
        for (region, column), more in self.falsify.items():
            if region == read.region:
                book[column] += more
        return b"".join(wide(book[column]) for column in COLUMNS) + struct.pack("<QQ", 4, 2)

    def __call__(self, read):
        if read.type == false_server.AUDIT:
            return 0, self.broken.ljust(64, b"\0"), 77
        if read.type == false_server.STATE_DIGEST:
            return 0, bytes(16), 77
        if read.type == false_server.STATS:
            return 0, bytes(224), 77
        if read.region not in TRUE_BOOKS:
            return false_server.REGION_NOT_FOUND, b"", self.seq(read)
        if read.type == false_server.GET_REGION:
            return 0, bytes(24 + 48) + b"name".ljust(592, b"\0"), 77
        if self.refuse:
            return self.refuse, b"", self.seq(read)
        return 0, self.book(read), self.seq(read)


def run(books, *options, window=32768):
    directory = tempfile.mkdtemp(prefix="gongji-false-")
    try:
        with FalseServer(os.path.join(directory, "s"), books, window=window) as server:
            return subprocess.run([GONGJI, "check", "--connect", server.address, *options],
                                  capture_output=True, text=True, timeout=60)
    finally:
        shutil.rmtree(directory)


def expect(name, books, code, *words, **more):
    done = run(books, **more)
    said = done.stdout + done.stderr
    check(name, done.returncode == code and all(word in said for word in words),
          f"exit {done.returncode}, want {code}: {said}")


def falsified_books():
    expect("true books", Books(), 0, "conserved: every fen is there (seq 77)")
    for region in TRUE_BOOKS:
        for column in COLUMNS:
            for more in (1, -1, 2 ** 64):
                expect(f"region {region}: {column} {more:+}", Books({(region, column): more}), 1,
                       "NOT CONSERVED", "1 regions do not balance")
        expect(f"region {region}: fund and clearing", Books({(region, "fund"): 1,
                                                             (region, "clearing"): 1}), 1,
               "NOT CONSERVED", "clearing: 0.01 yuan over all regions, must be 0.00")
    expect("the recount", Books(broken=b"a wallet is below zero"), 1, "NOT CONSERVED",
           "invariant broken: a wallet is below zero")
    done = run(Books({(8, "wallet"): 1}), "--json")
    check("false in JSON", json.loads(done.stdout)["conserved"] is False, done.stdout)


def moving_server():
    """Two answers of a frame of different moments; the money between two regions moves too."""
    def cut(until):
        return lambda read: 100 + (read.frame if read.region > 5 and read.frame < until else 0)

    def drift(until):
        return lambda read: 500 if read.region == 8 and read.frame < until else 0

    expect("moving, then still", Books(seq=cut(6), drift=drift(6)), 0, "conserved")
    expect("moving for ever", Books(seq=cut(9999), drift=drift(9999)), 75, "the server moved",
           "ask again")
    done = run(Books(seq=cut(9999), drift=drift(9999)), "--json")
    result = json.loads(done.stdout)
    check("null in JSON", done.returncode == 75 and result["conserved"] is None and
          result["moved"] is True, done.stdout)
    expect("moving, and a book does not balance", Books({(3, "wallet"): 1}, seq=cut(9999)), 1,
           "NOT CONSERVED")
    expect("moving, and the recount fails", Books(seq=cut(9999), broken=b"x"), 1, "NOT CONSERVED")
    expect("not moving, and clearing is off", Books(drift=drift(9999)), 1, "NOT CONSERVED",
           "clearing: 5.00 yuan")
    expect("a small window", Books(), 0, "conserved", window=100)
    expect("a read that is refused is no missing region", Books(refuse=20), 69,
           "the books could not be read: 20 OVERLOADED")


if __name__ == "__main__":
    falsified_books()
    moving_server()
    print(f"{failures} failed")
    sys.exit(failures > 0)
