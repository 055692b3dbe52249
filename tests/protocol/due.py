"""tests/protocol/due.py -- Holds and transfers that fall due in a real server: how soon they are
written down changes no answer, and thousands due at one instant hold up nobody."""
import signal
import sys

from fixture_people import *

MANY = 20000
PAYERS = 100


def crowd(client, first=100):
    """MANY pending transfers of 1 fen, all due at the same instant; the payers."""
    payers = range(first, first + 2 * PAYERS, 2)
    ops = []
    for payer in payers:
        ops += person(payer) + person(payer + 1, home=2)
        ops += [bind(payer, payer + 1), op(DEPOSIT, payer, amount=MANY // PAYERS)]
    assert set(client.codes(*ops)) == {0}
    transfers = [transfer(payer, payer + 1, 1) for payer in payers for _ in range(MANY // PAYERS)]
    for at in range(0, MANY, client.batch_max):
        replies = client.ops(*transfers[at:at + client.batch_max])
        assert {reply[:2] for reply in replies} == {(0, IS_PENDING)}
    assert client.stats()['holds'] == MANY
    assert all(client.person(payer)['personal_held'] == MANY // PAYERS for payer in payers)
    return payers


def clock_and(client, time_ms, *reads):
    """Sets the clock and reads in one piece: in the same turn, before any sweep."""
    client.send(frame(CLOCK, 1, body=struct.pack('<Q', time_ms)) +
                frame(READS, 2, len(reads), b''.join(reads)))
    assert client.answer()[0] == CLOCK | ANSWER
    kind, _, _, body = client.answer()
    assert kind == READS | ANSWER
    found, at = [], 0
    while at < len(body):
        size = int.from_bytes(body[at + 4:at + 8], 'little')
        assert body[at] == 0
        found.append(body[at + 24:at + 24 + size])
        at += 24 + size
    return found


def wait_expired(client, wanted, seconds=30):
    late = time.monotonic() + seconds
    while client.stats()['expired'] < wanted and time.monotonic() < late:
        time.sleep(0.01)
    assert client.stats()['expired'] == wanted, client.stats()['expired']


def test_thousands_due_at_once(d):
    """What is due shows as ended at once; other clients are served while it is written down: the
    first transfer sent into the sweep is not behind all of it. (A test process that is not
    scheduled for a while misses the sweep, so there are several tries.)"""
    with Server(d, '--test-clock', '--holds-max', '30000') as server:
        client, other = server.client(window=8192), server.client()
        now = morning()
        client.clock(now)
        build(client, quota_bp=10000)
        payers = crowd(client)
        served = False
        for attempt in range(5):
            due = due_of_transfers(now)
            before = other.stats()
            figures = clock_and(client, due, read(STATS), *(read(GET_PERSON, p) for p in payers))
            # Not one of them is written down yet, and all have ended.
            assert struct.unpack_from('<Q', figures[0], 216)[0] == before['expired']
            for view in figures[1:]:
                assert struct.unpack_from('<q', view, 16)[0] == 0
                assert struct.unpack_from('<3H', view, 114) == (0, 0, 0)
            begun = time.monotonic()
            code, _, seq, *_ = other.ops(transfer(1, 2, 1))[0]
            first = time.monotonic() - begun
            assert code == 0
            waits = 0
            while other.stats()['expired'] < before['expired'] + MANY:
                assert other.codes(transfer(1, 2, 1)) == [0]
                assert time.monotonic() - begun < 30, 'what is due is never written down'
                waits += 1
            whole = time.monotonic() - begun
            ahead = seq - before['durable_seq']
            print(f'    {MANY} due: {ahead} ended before the first transfer of another client '
                  f'({1000 * first:.1f} ms), all in {1000 * whole:.0f} ms, {waits} more meanwhile')
            assert other.stats()['holds'] == 0
            for payer in payers:
                assert client.person(payer)['personal'] == MANY // PAYERS
                assert client.open_ones(LIST_PENDING, payer) == []
            client.audit()
            served = ahead < MANY // 2
            if served:
                break
            now = due + 3 * HOUR
            client.clock(now)
            for payer in payers:
                assert set(client.codes(*(transfer(payer, payer + 1, 1)
                                          for _ in range(MANY // PAYERS)))) == {0}
        assert served, 'a client waits until everything due is written down'
        # The year's and the day's figures too are those of a world where it was never sent.
        assert client.person(payers[0])['used'] == 0


def test_operations_do_not_wait_for_the_sweep(d):
    """Behind the clock, in the same piece: every payer spends what a transfer held."""
    with Server(d, '--test-clock', '--holds-max', '30000') as server:
        client = server.client(window=8192)
        now = morning()
        client.clock(now)
        build(client, quota_bp=10000)
        payers = crowd(client)
        spend = [pay(PAY, payer, INSTITUTION, MANY // PAYERS) for payer in payers]
        client.send(frame(CLOCK, 1, body=struct.pack('<Q', due_of_transfers(now))) +
                    frame(OPS, 2, len(spend), b''.join(spend)))
        assert client.answer()[0] == CLOCK | ANSWER
        assert {reply[0] for reply in client.replies()} == {0}
        wait_expired(client, MANY)
        assert client.payable(INSTITUTION) == MANY
        digest = client.audit()
        server.kill()
        with Server(d, '--test-clock', '--holds-max', '30000') as again:
            client = again.client()
            assert client.audit() == digest and client.stats()['holds'] == 0


def test_the_server_wakes_by_itself(d):
    """By the real clock, without any client doing anything: and it sleeps until then."""
    with Server(d) as server:
        client = server.client()
        build(client)
        assert server.rests(0.5)
        assert client.codes(pay(HOLD, 1, INSTITUTION, 700, timeout=5),
                            pay(HOLD, 1, INSTITUTION, 11, timeout=3600)) == [0, 0]
        begun = time.monotonic()
        assert server.rests(within=4), 'spins before anything is due'
        assert client.person(1)['personal_held'] == 711
        groups = client.stats()['groups']
        time.sleep(max(0, 5.2 - (time.monotonic() - begun)))
        assert server.rests(0.5)
        # Its group, and the SEAL after 50 ms: it was written long before anybody asked.
        stats = client.stats()
        assert (stats['expired'], stats['groups']) == (1, groups + 2), stats
        assert client.person(1)['personal_held'] == 11
        assert server.rests(), 'spins after the sweep'


def test_a_test_clock_sleeps(d):
    """With a test clock nothing falls due by itself, and nothing spins."""
    with Server(d, '--test-clock') as server:
        client = server.client()
        client.clock(morning())
        build(client)
        assert client.codes(pay(HOLD, 1, INSTITUTION, 700, timeout=1)) == [0]
        assert server.rests(1.5), 'spins'
        assert client.person(1)['personal_held'] == 700


def fill_log(client):
    """Refused changes of a region, 512 bytes each, until the log takes no more."""
    body = region(1, 'one')[16:]
    while True:
        codes = set(client.codes(*(rid() + body for _ in range(2048))))
        assert codes <= {67, 22}, codes
        if 22 in codes:
            return


def test_read_only_log(d):
    """Nothing can be written down any more: what is due shows as ended all the same, and the
    server neither spins nor refuses to answer. With room again it goes on."""
    with Server(d, '--test-clock', '--log-low-water', '1048576G') as server:
        client = server.client(window=8192, timeout=60)
        now = morning()
        client.clock(now)
        build(client)
        hold = rid()
        assert client.codes(pay(HOLD, 1, INSTITUTION, 700, timeout=3600, id=hold)) == [0]
        fill_log(client)
        assert client.codes(on(RELEASE, 1, hold)) == [22]
        assert server.said('READ_ONLY begins') == 1
        assert client.person(1)['personal_held'] == 700
        client.clock(now + HOUR)
        assert client.person(1)['personal_held'] == 0 and client.open_ones(LIST_HOLDS, 1) == []
        assert client.codes(on(RELEASE, 1, hold)) == [22]
        assert server.rests(1.5), 'spins'
        stats = client.stats()
        assert (stats['holds'], stats['expired']) == (1, 0)
        client.audit()
        assert server.said('READ_ONLY') == 1, 'a state that stays is said once'
        server.kill()
    with Server(d, '--test-clock') as server:
        client = server.client()
        client.clock(now + HOUR)
        wait_expired(client, 1)
        assert client.codes(on(RELEASE, 1, hold)) == [103]
        client.audit()


def test_a_read_while_the_server_stops(d):
    """A server that stops writes down nothing that falls due: it shows it as open, since a start
    with a clock that is behind would have it open again. Reads that take a while are under way when
    the signal comes and when the hold falls due. (On a slow machine they are not, so there are
    several tries.)"""
    frames, reads = 8, 4000
    asked = read(GET_PERSON, 1) * reads
    shown = set()
    with Server(d) as server:
        client = server.client()
        build(client)
        assert set(client.codes(*(pay(HOLD, 1, INSTITUTION, 1) for _ in range(900)))) == {0}
        client.close()
        server.kill()
    for attempt in range(12):
        with Server(d) as server:
            client = server.client(window=frames * reads)
            assert client.codes(pay(HOLD, 1, INSTITUTION, 700, timeout=1)) == [0]
            due_ms = min(one['due_ms'] for one in client.open_ones(LIST_HOLDS, 1))
            time.sleep(max(0, due_ms / 1000 - 0.1 - time.time()))
            for n in range(frames):
                client.send(frame(READS, n, reads, asked))
            time.sleep(max(0, due_ms / 1000 - 0.02 * (1 + attempt % 4) - time.time()))
            server.process.send_signal(signal.SIGTERM)
            for _ in range(frames):
                kind, _, _, body = client.answer()
                assert kind == READS | ANSWER
                at = 0
                while at < len(body) and body[at] == 0: # the others are 23, without a view
                    size, _, time_ms = struct.unpack_from('<IQQ', body, at + 4)
                    held, = struct.unpack_from('<q', body, at + 24 + 16)
                    shown.add((time_ms - due_ms, held))
                    at += 24 + size
            assert server.process.wait(30) == 0
        if any(late >= -1 for late, _ in shown):
            break
    assert max(late for late, _ in shown) == -1, shown
    assert {held for _, held in shown} == {1600}, shown


def test_open_ones_beyond_the_limit(d):
    with Server(d, '--holds-max', '3') as server:
        client = server.client()
        build(client)
        held = [rid() for _ in range(3)]
        assert client.codes(*(pay(HOLD, 1, INSTITUTION, 1, id=i) for i in held)) == [0, 0, 0]
        assert client.codes(pay(HOLD, 1, INSTITUTION, 1), transfer(1, 3, 1)) == [25, 25]
        assert client.codes(on(RELEASE, 1, held[0]), transfer(1, 3, 1)) == [0, 0]
        assert (client.stats()['holds'], client.stats()['holds_max']) == (3, 3)
    code, out, err = run_to_end('--data', d, '--listen', '127.0.0.1:0', *SMALL, '--holds-max', '2')
    assert code == 78 and out == '' and '--holds-max' in err.splitlines()[-1], (code, err)
    with Server(d, '--holds-max', '5') as server:
        client = server.client()
        assert client.stats()['holds'] == 3 and client.stats()['holds_max'] == 5
        client.audit()


if __name__ == '__main__':
    main(sys.modules[__name__])
