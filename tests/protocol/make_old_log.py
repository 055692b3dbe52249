"""tests/protocol/make_old_log.py -- Writes down a log of today for the servers to come: every
operation, accepted and refused, what the server said and what it showed. Run it before the format's
number is raised, and add its file to old_log.py. Environment: GONGJID. Arguments: the file to
write, and `relatives` for the shorter life of that name."""
import sys
import tempfile

from fixture_people import *

BLOCK = 4096
LOG_MAX = 1 << 20 # it ends before this
HEAD = '''\
# A log as a server left it that was killed, and what it had said (tests/protocol/old_log.py).
# meta, segment: offset and bytes, all others zero. said: request and reply (code, flags, seq,
# balance, amount, and of several sources what each gave and the remainder). person: personal,
# held, wallet, held, used. institution: payable. records: in the log, with the server's own.
'''


class Noting(Client):
    """Remembers what it asked and was told."""

    def __init__(self, address):
        super().__init__(address)
        self.said = []

    def ops(self, *ops):
        replies = super().ops(*ops)
        self.said += zip(ops, replies)
        return replies


def live(client):
    """A life in which everything happens once: 2000 of the last payment and the premium of person 1
    can be undone at its end, and 500 be held."""
    now = morning()
    client.clock(now)
    build(client, quota_bp=10000, region_change=1)
    paid, part, hold, lost, one, two, three = (rid() for _ in range(7))
    premium = struct.pack('<qHBxHH', 38000, 2026, 1, 0, 65535)
    priced = bytearray(region(1, 'one', 2, quota_bp=10000, region_change=1))
    priced[320:336] = premium
    steps = [(op(SET_CAP, 1, 2, 70000), 0), (op(UPDATE_PERSON, 2, sub=2), 0),
             (op(SUSPEND, 2, detail=1), 0), (pay(PAY, 2, INSTITUTION, 5, 2), 43),
             (op(RESUME, 2, detail=1), 0), (op(UNBIND, 1, 4), 80), (bytes(priced), 0),
             (op(PAY_PREMIUM, 1, 2, 38000, arg=2026, sub=1, detail=1), 0),
             (transfer(1, 2, 700), 0), (transfer(1, 3, 900, id=one), 0),
             (on(ACCEPT, 1, one, other=3), 0), (transfer(1, 3, 800, id=two), 0),
             (on(RETURN, 1, two, other=1), 0), (transfer(1, 3, 30, id=three), 0),
             (pay(HOLD, 1, INSTITUTION, 9000, OWN_AND_RELATIVE, 4, id=hold), 0),
             (on(CAPTURE, 1, hold, amount=4000, id=part), 0), (on(REFUND, 1, part, amount=100), 0),
             (on(CAPTURE, 1, hold, amount=9999), 162), (on(RELEASE, 1, hold), 0),
             (on(RELEASE, 1, hold), 102), (pay(HOLD, 4, INSTITUTION, 60, timeout=60), 0),
             (pay(PAY, 1, INSTITUTION, 200000, OWN_AND_RELATIVE, 4, flags=PARTIAL), 1),
             (op(DEPOSIT, 1, amount=50000), 0), (pay(PAY, 1, INSTITUTION, 3000, id=paid), 0),
             (on(REFUND, 1, paid, amount=1000), 0), (on(REVERSE, 1, part), 112),
             (on(REVERSE, 1, lost), 3), (op(CHANGE_REGION, 2, arg=2, auth=1), 0),
             (op(CLOSE_PERSON, 2, detail=1), 0), (op(DEPOSIT, 2, amount=1), 44),
             (op(DEPOSIT, 9, amount=1), 40)]
    for request, wanted in steps:
        code, = client.codes(request)
        assert code == wanted, (request[56], code, wanted)
    client.clock(due_of_transfers(now)) # the transfer and the hold that are left end by themselves
    while client.stats()['holds'] != 0:
        time.sleep(0.01)
    assert {request[56] for request, _ in client.said} == set(range(1, EXPIRE))


def relatives(client):
    """Person 4's family, and two holds that are still open: one lists 4, who gives nothing; of the
    other 4 gave 400, which are captured. What a later server counts otherwise: person 1 drew 300,
    was unbound and bound again, drew 200, and 100 of the 300 came back; the cap was raised without
    authentication; the policy's version jumped."""
    client.clock(morning())
    build(client, quota_bp=10000)
    first, listed, both = rid(), rid(), rid()
    steps = [(pay(PAY, 1, INSTITUTION, 300, RELATIVE, 4, id=first), 0), (op(UNBIND, 4, 1), 0),
             (op(BIND, 4, 1, 500, sub=1, auth=1), 0),
             (pay(PAY, 1, INSTITUTION, 200, RELATIVE, 4), 0),
             (on(REFUND, 1, first, amount=100), 0), (op(SET_CAP, 4, 1, 600), 0),
             (region(2, 'two', 4000000000, receive=1, quota_bp=10000), 0),
             (pay(HOLD, 1, INSTITUTION, 10, OWN_AND_RELATIVE, 4, id=listed), 0),
             (pay(HOLD, 1, INSTITUTION, 500, RELATIVE | OWN << 2, 4, id=both), 0),
             (on(CAPTURE, 1, both, amount=400), 0)]
    for request, wanted in steps:
        code, = client.codes(request)
        assert code == wanted, (request[56], code, wanted)


def lines(kind, data, base=0):
    for at in range(0, len(data), 64):
        part = data[at:at + 64]
        if part.strip(b'\0'):
            yield f'{kind} {base + at} {part.hex()}\n'


def write(directory, client, path):
    with open(path, 'w') as out:
        out.write(HEAD)
        with open(os.path.join(directory, 'log.meta'), 'rb') as meta:
            out.writelines(lines('meta', meta.read()))
        with open(os.path.join(directory, 'log-0000000000000000.seg'), 'rb') as segment:
            for at in range(0, LOG_MAX, BLOCK):
                out.writelines(lines('segment', segment.read(BLOCK), at))
        for request, (*reply, sources) in client.said:
            words = ' '.join(map(str, (*reply, *(sources or ()))))
            out.write(f'said {request.hex()} {words}\n')
        for number in (1, 2, 3, 4):
            view = client.person(number)
            words = ' '.join(str(view[name]) for name in (
                'personal', 'personal_held', 'wallet', 'wallet_held', 'used'))
            out.write(f'person {number} {words}\n')
        out.write(f'institution {INSTITUTION} {client.payable(INSTITUTION)}\n')
        out.write(f"records {client.stats()['durable_seq']}\n")


def run(path, life=live):
    with tempfile.TemporaryDirectory(prefix='gongji-', dir='/var/tmp') as top:
        directory = os.path.join(top, 'data')
        with Server(directory, '--test-clock') as server:
            client = Noting(server.address)
            life(client)
            client.audit()
            assert client.stats()['log_position'] < LOG_MAX
            time.sleep(0.3) # the SEAL too
            write(directory, client, path)
            server.kill()


if __name__ == '__main__':
    run(sys.argv[1], relatives if sys.argv[2:] == ['relatives'] else live)
