"""tests/protocol/old_log.py -- Logs of each format, as a server of its time left them when it was
killed (tests/log/format_N.txt, by make_old_log.py): today's server knows everything that was said,
and goes on. So a format cannot change without a new number. Argument: the source directory."""
import sys

import make_old_log
from fixture_people import *

SEGMENT_SIZE = 256 << 20


def unpack(name, directory):
    """Writes the log's files; ({request: reply}, {person: figures}, payable, records)."""
    said, people, payable, records = {}, {}, None, None
    os.mkdir(directory, 0o700)
    with open(os.path.join(SOURCE, 'tests/log', name)) as text, \
            open(os.path.join(directory, 'log.meta'), 'wb') as meta, \
            open(os.path.join(directory, 'log-0000000000000000.seg'), 'wb') as segment:
        meta.truncate(4096)
        segment.truncate(SEGMENT_SIZE)
        for line in text:
            kind, *words = line.split()
            if kind in ('meta', 'segment'):
                file = meta if kind == 'meta' else segment
                file.seek(int(words[0]))
                file.write(bytes.fromhex(words[1]))
            elif kind == 'said':
                code, flags, seq, balance, amount, *sources = map(int, words[1:])
                said[bytes.fromhex(words[0])] = (code, flags, seq, balance, amount,
                                                 tuple(sources) or None)
            elif kind == 'person':
                people[int(words[0])] = tuple(map(int, words[1:]))
            elif kind == 'institution':
                payable = int(words[1])
            elif kind == 'records':
                records = words[0]
    return said, people, payable, records


def shown(client, people):
    names = ('personal', 'personal_held', 'wallet', 'wallet_held', 'used')
    return {number: tuple(client.person(number)[name] for name in names) for number in people}


def verify(directory):
    tool = os.path.join(os.path.dirname(os.environ['GONGJID']), 'gongji')
    done = subprocess.run([tool, 'log', 'verify', directory], capture_output=True, timeout=60)
    assert done.returncode == 0, done
    return done.stdout


def test_format_1_is_read_and_goes_on(d):
    said = goes_on(d, 'format_1.txt')
    assert {request[56] for request in said} == set(range(SET_REGION, ACCEPT))


def test_format_2_is_read_and_goes_on(d):
    said = goes_on(d, 'format_2.txt')
    assert {request[56] for request in said} == set(range(SET_REGION, EXPIRE))


def test_what_rules_of_before_did_stays(d):
    """Redo decides nothing anew; rules of today begin with what comes now."""
    said, people, payable, records = unpack('format_2_relatives.txt', d)
    listed, both = (request[:16] for request in said if request[56] == HOLD)
    with Server(d, '--test-clock') as server:
        assert server.ready['recovered'] == records
        client = server.client()
        assert shown(client, people) == people and client.payable(INSTITUTION) == payable
        assert people[4][4] == 800 and client.person(1)['holds'] == 2
        # Of neither hold anything of person 4's is held: they are not in 4's list.
        assert client.person(4)['holds'] == 0 and client.open_ones(LIST_HOLDS, 4) == []
        before = client.audit()
        server.kill()
    with Server(d, '--test-clock') as server:
        client = server.client()
        assert client.audit() == before
        # 600 were drawn over the relation that is there now; they count on from here.
        again = op(BIND, 4, 1, 700, sub=1, auth=1)
        assert client.codes(pay(PAY, 1, INSTITUTION, 1, RELATIVE, 4), op(UNBIND, 4, 1), again,
                            pay(PAY, 1, INSTITUTION, 101, RELATIVE, 4),
                            pay(PAY, 1, INSTITUTION, 100, RELATIVE, 4)) == [160, 0, 0, 160, 0]
        assert client.codes(on(CAPTURE, 1, both, amount=100), on(RELEASE, 1, listed)) == [0, 0]
        assert client.person(1)['holds'] == 0 and client.person(4)['used'] == 900
        before = client.audit()
        server.kill()
    verify(d)
    with Server(d, '--test-clock') as server:
        assert server.client().audit() == before


def test_todays_log_can_be_written_down(d):
    text = os.path.join(os.path.dirname(d), 'today.txt')
    make_old_log.run(text)
    goes_on(d, text)


def goes_on(d, name):
    """Everything that was said is said again, nothing is done again; what comes now works on what
    was there. The requests."""
    said, people, payable, records = unpack(name, d)
    with Server(d, '--test-clock') as server:
        assert server.ready['recovered'] == records
        client = server.client()
        assert shown(client, people) == people and client.payable(INSTITUTION) == payable
        # Every request has its answer again, none is executed; with another body it is refused.
        replies = client.ops(*said)
        assert replies == [(code, flags | REPLAYED, *rest)
                           for code, flags, *rest in said.values()]
        other = [request[:40] + bytes([request[40] ^ 1]) + request[41:] for request in said]
        assert set(client.codes(*other)) == {31}
        for request, reply in said.items():
            person = int.from_bytes(request[16:24], 'little')
            assert client.op_state(person, request[:16]) == (
                EXECUTED if reply[0] < 10 else REFUSED, reply[0])
        assert shown(client, people) == people
        before = client.audit()
        server.kill()
    with Server(d, '--test-clock') as server: # now with groups of today's format
        client = server.client()
        assert client.audit() == before
        # What came later works on what was there: an old payment is refunded, another reversed.
        old = {request[56]: request[:16] for request, reply in said.items()
               if reply[0] == 0 and int.from_bytes(request[16:24], 'little') == 1}
        now = client.time_ms
        assert client.codes(on(REFUND, 1, old[PAY], amount=2000, id=rid(now)),
                            on(REVERSE, 1, old[PAY_PREMIUM], id=rid(now)),
                            pay(HOLD, 1, INSTITUTION, 500, id=rid(now))) == [0, 0, 0]
        view = client.person(1)
        assert view['personal'] == people[1][0] + 2000 + 38000 and view['personal_held'] == 500
        assert client.payable(INSTITUTION) == payable - 2000
        before = client.audit()
        server.kill()
    verify(d)
    with Server(d, '--test-clock') as server:
        client = server.client()
        assert client.audit() == before
        assert client.ops(*said) == replies
    return said


if __name__ == '__main__':
    SOURCE = sys.argv.pop(1)
    main(sys.modules[__name__])
