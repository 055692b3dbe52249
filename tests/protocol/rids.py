"""tests/protocol/rids.py -- Request ids of wrong clocks, and how far the server remembers: what it
refused once stays refused, and one client's clock is nobody else's trouble."""
import sys

from fixture_people import *

EXPIRED, IN_FUTURE = 32, 34
FLOOD = 1500


def flood(client, ms, count=FLOOD):
    """Requests of `ms` and after: each moves the window on."""
    for begin in range(0, count, 250):
        codes = client.codes(*(op(DEPOSIT, 2, amount=1, id=rid(ms + begin + i))
                               for i in range(250)))
        assert set(codes) == {0}, set(codes)


def test_the_mark_never_falls(d):
    """With few ids remembered the mark rises behind a flood; killed there and started with room for
    many, the server still refuses what it refused."""
    with Server(d, '--rids-max', '64') as server:
        client = server.client()
        build(client)
        ms = int(time.time() * 1000)
        late = [op(DEPOSIT, 1, amount=1, id=rid(ms - 1000)) for _ in range(3)]
        flood(client, ms)
        mark = client.stats()['rid_low_water_ms']
        assert mark > ms
        assert server.said('--rids-max 64 holds') == 1
        assert server.said('requests made before') == 0
        assert client.codes(late[0]) == [EXPIRED]
        server.kill()
    for flags in (('--rids-max', '1M'), ('--rids-max', '1M'), ('--rids-max', '16')):
        with Server(d, *flags) as server:
            client = server.client()
            assert client.stats()['rid_low_water_ms'] >= mark
            assert server.said(f'requests made before Unix time {mark // 1000}') > 0
            mark = client.stats()['rid_low_water_ms']
            assert client.codes(*late) == [EXPIRED] * 3
            client.audit()
            server.kill()


def test_fewer_for_one_start(d):
    """Redo with room for fewer lifts the mark; no record is written, and it stays."""
    with Server(d, '--rids-max', '1M') as server:
        client = server.client()
        build(client)
        ms = int(time.time() * 1000)
        late = op(DEPOSIT, 1, amount=1, id=rid(ms - 1000))
        flood(client, ms)
        assert client.stats()['rid_low_water_ms'] == 0
        server.kill()
    for flags in (('--rids-max', '64'), ('--rids-max', '1M'), ('--rids-max', '1M')):
        with Server(d, *flags) as server:
            assert server.client().codes(late) == [EXPIRED], flags
            server.kill()


def test_one_clock_ahead(d):
    """A client 299 s ahead is served, once; a flood then moves the window over its request, and the
    others are served as before, also after a kill."""
    with Server(d, '--rids-max', '1000') as server:
        client = server.client()
        build(client)
        now = int(time.time() * 1000)
        ahead = op(DEPOSIT, 1, amount=7, id=rid(now + 299000))
        assert client.codes(ahead) == [0]
        flood(client, now, 5000)
        mark = client.stats()['rid_low_water_ms']
        assert 0 < mark < now + 10000, (mark, now)
        assert client.codes(op(DEPOSIT, 1, amount=1, id=rid(now + 6000))) == [0]
        assert client.ops(ahead)[0][:2] == (0, REPLAYED)
        server.kill()
    with Server(d, '--rids-max', '1000') as server:
        client = server.client()
        assert client.ops(ahead)[0][:2] == (0, REPLAYED)
        assert client.codes(op(DEPOSIT, 1, amount=1, id=rid(now + 6000))) == [0]
        client.audit()
        assert server.stop() == 0


def test_too_many_ahead(d):
    """The table of ids ahead is full: 34 for one more, and for nobody else."""
    with Server(d, '--rids-ahead-max', '8') as server:
        client = server.client()
        build(client)
        now = int(time.time() * 1000)
        codes = client.codes(*(op(DEPOSIT, 1, amount=1, id=rid(now + 100000)) for _ in range(10)))
        assert codes == [0] * 8 + [IN_FUTURE] * 2
        assert client.codes(op(DEPOSIT, 1, amount=1, id=rid(now))) == [0]
        assert server.stop() == 0


if __name__ == '__main__':
    main(sys.modules[__name__])
