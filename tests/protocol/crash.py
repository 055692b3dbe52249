"""tests/protocol/crash.py -- SIGKILL after every step of a hold, a two-step transfer, a refund, a
reversal and an expiry: the server that starts again has exactly the state before the kill, knows
every operation, and answers each of them again as before."""
import sys

from fixture_people import *


class Life:
    """A server that is killed after every step, and what it has said so far."""

    def __init__(self, directory):
        self.directory = directory
        self.said = [] # (request, reply)
        self.start()

    def start(self):
        self.server = Server(self.directory, '--test-clock', '--persons-max', '1000')
        self.client = self.server.client()

    def clock(self, time_ms):
        self.client.clock(time_ms)

    def kill(self):
        """What was there before is there after it."""
        before, digest = figures(self.client), self.client.audit()
        self.client.close()
        self.server.__exit__()
        self.start()
        after = figures(self.client)
        assert after == before, [(k, before[k], after[k]) for k in before if before[k] != after[k]]
        assert self.client.audit() == digest
        for request, reply in self.said:
            code, flags, *rest = reply
            person = int.from_bytes(request[16:24], 'little')
            assert self.client.op_state(person, request[:16]) == (
                EXECUTED if code < 10 else REFUSED, code)
            again = self.client.ops(request)[0]
            assert again == (code, flags | REPLAYED, *rest), (again, reply)
        assert self.client.audit() == digest

    def step(self, request, code, **changed):
        """One operation, what it changes (a figure `person.name` as name_person), and a kill."""
        before = figures(self.client)
        reply = self.client.ops(request)[0]
        assert reply[0] == code, reply
        found = changes(before, figures(self.client))
        wanted = {('.'.join(reversed(k.rsplit('_', 1))) if k[-1].isdigit() else k): v
                  for k, v in changed.items()}
        assert found == wanted, found
        self.said.append((request, reply))
        self.kill()

    def end(self):
        self.client.close()
        self.server.__exit__()


def test_hold(d):
    life = Life(d)
    life.clock(morning())
    build(life.client)
    hold, capture, last = rid(), rid(), rid()
    life.step(pay(HOLD, 1, INSTITUTION, 120000, OWN_AND_RELATIVE, 4, id=hold), 0,
              personal_held_1=100000, personal_held_4=20000, used_4=20000, holds_1=1, holds_4=1,
              holds=1)
    life.step(on(CAPTURE, 1, hold, amount=110000, id=capture), 0, personal_1=0, personal_held_1=0,
              personal_4=40000, personal_held_4=10000, payable=110000)
    life.step(on(REFUND, 1, capture, amount=15000), 0, personal_1=5000, personal_4=50000,
              used_4=10000, payable=95000)
    life.step(on(CAPTURE, 1, hold, amount=4000, flags=FINAL, id=last), 0, personal_4=46000,
              personal_held_4=0, used_4=4000, holds_1=0, holds_4=0, holds=0, payable=99000)
    life.step(on(RELEASE, 1, hold), 101)
    life.step(on(REVERSE, 1, last), 0, personal_4=50000, used_4=0, payable=95000)
    life.step(on(REVERSE, 1, last), 111)
    life.end()


def test_transfer(d):
    life = Life(d)
    life.clock(morning())
    build(life.client)
    one, two = rid(), rid()
    life.step(transfer(1, 3, 10000, id=one), 0, personal_held_1=10000, used_1=10000, out_1=1,
              in_3=1, holds=1)
    life.step(on(ACCEPT, 1, one, other=3), 0, personal_1=90000, personal_held_1=0, wallet_3=10000,
              out_1=0, in_3=0, holds=0)
    life.step(on(RETURN, 1, one, other=1), 92)
    life.step(on(REVERSE, 1, one), 0, personal_1=100000, used_1=0, wallet_3=0)
    life.step(transfer(1, 3, 20000, id=two), 0, personal_held_1=20000, used_1=20000, out_1=1,
              in_3=1, holds=1)
    life.step(on(RETURN, 1, two, other=3), 0, personal_held_1=0, used_1=0, out_1=0, in_3=0,
              holds=0)
    life.step(on(ACCEPT, 1, two, other=3), 92)
    life.end()


def test_reversal(d):
    life = Life(d)
    life.clock(morning())
    build(life.client)
    paid, refund, unknown = rid(), rid(), rid()
    life.step(pay(PAY, 1, INSTITUTION, 30000, id=paid), 0, personal_1=70000, payable=30000)
    life.step(on(REFUND, 1, paid, amount=10000, id=refund), 0, personal_1=80000, payable=20000)
    life.step(on(REVERSE, 1, paid), 112)
    life.step(on(REVERSE, 1, refund), 0, personal_1=70000, payable=30000)
    life.step(on(REVERSE, 1, paid), 0, personal_1=100000, payable=0)
    life.step(on(REFUND, 1, paid, amount=1), 111)
    life.step(on(REVERSE, 1, unknown), 3)
    assert life.client.op_state(1, unknown) == (TOMBSTONED, 0)
    assert life.client.codes(pay(PAY, 1, INSTITUTION, 1, id=unknown)) == [33]
    life.kill()
    assert life.client.codes(pay(PAY, 1, INSTITUTION, 1, id=unknown)) == [33]
    life.end()


def test_expiry(d):
    """The clock passes the due times of a hold and a transfer; each kill comes at another moment:
    before, when only reads have seen it, and after an operation."""
    life = Life(d)
    now = morning()
    life.clock(now)
    build(life.client)
    hold, one = rid(), rid()
    life.step(pay(HOLD, 1, INSTITUTION, 30000, timeout=HOUR // 1000, id=hold), 0,
              personal_held_1=30000, holds_1=1, holds=1)
    life.step(transfer(1, 3, 10000, id=one), 0, personal_held_1=40000, used_1=10000, out_1=1,
              in_3=1, holds=2)
    life.clock(now + HOUR - 1)
    assert life.client.person(1)['personal_held'] == 40000
    life.kill()
    life.clock(now + HOUR)
    assert life.client.person(1)['personal_held'] == 10000
    assert life.client.stats()['holds'] == 1
    life.kill()
    life.step(on(CAPTURE, 1, hold, amount=1), 103)
    life.clock(due_of_transfers(now) - 1)
    assert life.client.person(3)['in'] == 1
    # In one piece: the clock, and an operation that needs the money before anything is swept.
    client = life.client
    client.send(frame(CLOCK, 1, body=struct.pack('<Q', due_of_transfers(now))) +
                frame(OPS, 2, 1, pay(PAY, 1, INSTITUTION, 100000)))
    assert client.answer()[0] == CLOCK | ANSWER and client.replies()[0][0] == 0
    assert client.person(1)['personal'] == 0
    life.kill()
    life.step(on(ACCEPT, 1, one, other=3), 91)
    life.end()


if __name__ == '__main__':
    main(sys.modules[__name__])
