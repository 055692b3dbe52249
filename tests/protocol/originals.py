"""tests/protocol/originals.py -- Undoing what was done long ago: the server has kept no record of
it, and reads it back from its log. Many at once, more than its cache of the log holds."""
import os
import signal
import sys
import threading

from fixture_people import *

CHUNK_OPS = 2048 # operations of 128 bytes fill one chunk of the server's cache of the log
PATIENTS = 96    # chunks it takes to hold what each needs: more than twice what the cache has
GREEDY_CHUNKS = 160
SETS = 32        # connections that gather old records at a time; the others queue


def filler(client):
    """Enough records that what was before and what comes are in different chunks of the log."""
    ms = int(time.time() * 1000)
    assert set(client.codes(*(op(DEPOSIT, 2, amount=1, id=rid(ms))
                              for _ in range(CHUNK_OPS)))) == {0}


def test_old_originals(d):
    with Server(d) as server:
        client = server.client(window=8192)
        build(client)
        patients = range(1000, 1000 + PATIENTS)
        ops = [one for p in patients for one in (*person(p), op(DEPOSIT, p, amount=1000))]
        assert set(client.codes(*ops)) == {0}
        paid, refunds = {}, {}
        for p in patients:
            paid[p] = rid()
            assert client.codes(pay(PAY, p, INSTITUTION, 300, id=paid[p])) == [0]
            filler(client)
        for p in patients:
            refunds[p] = rid()
            assert client.codes(on(REFUND, p, paid[p], amount=100, id=refunds[p])) == [0]
            filler(client)
        client.audit()
        server.kill()
    with Server(d) as server:
        client = server.client()
        digest = client.audit()
        codes, begun = {}, time.monotonic()
        barrier = threading.Barrier(PATIENTS)

        def undo(p):
            mine = server.client(window=16, timeout=60)
            barrier.wait()
            # The refund, its payment, what amended them, and the answer to the same rid: each
            # from another part of the log.
            codes[p] = mine.codes(on(REFUND, p, paid[p], amount=201), on(REVERSE, p, refunds[p]),
                                  on(REFUND, p, refunds[p], amount=1),
                                  on(REFUND, p, paid[p], amount=300), on(REVERSE, p, paid[p]))
            codes[p] += [state for state, _ in (mine.op_state(p, paid[p]),
                                                mine.op_state(p, refunds[p]))]
            mine.close()

        assert client.audit() == digest
        threads = [threading.Thread(target=undo, args=(p,)) for p in patients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert codes == {p: [163, 0, 111, 0, 112, 1, 1] for p in patients}, codes
        print(f'    {PATIENTS} connections, {5 * PATIENTS} operations on records of long ago in '
              f'{time.monotonic() - begun:.2f} s')
        stats = client.stats()
        assert stats['damaged_reads'] == 0
        assert client.payable(INSTITUTION) == 0
        assert {client.balance(p) for p in patients} == {1000}
        client.audit()
        # The connections end while their records are being read: nothing stays behind.
        for p in patients:
            mine = Client(server.address, window=16)
            mine.send_ops(on(REFUND, p, paid[p], amount=1))
            mine.close()
        last = server.client()
        assert last.codes(on(REFUND, patients[0], paid[patients[0]], amount=1)) == [163]
        last.audit()
        late = time.monotonic() + 10
        while last.stats()['connections'] > 2 and time.monotonic() < late:
            time.sleep(0.05)
        assert last.stats()['connections'] == 2
        assert server.stop() == 0


def test_below_the_floor(d):
    """An original whose rid is not remembered any more: 113, never a guess."""
    with Server(d, '--rids-max', '64') as server:
        client = server.client()
        build(client)
        ms = int(time.time() * 1000)
        paid, hold = rid(ms - 1000), rid(ms - 1000)
        assert client.codes(pay(PAY, 1, INSTITUTION, 300, id=paid),
                            pay(HOLD, 1, INSTITUTION, 300, id=hold)) == [0, 0]
        assert set(client.codes(*(op(DEPOSIT, 2, amount=1, id=rid(ms + i))
                                  for i in range(1000)))) == {0}
        assert client.stats()['rid_low_water_ms'] > ms - 1000
        assert client.op_state(1, paid)[0] == GONE
        assert client.codes(on(REFUND, 1, paid, amount=1, id=rid(ms + 2000)),
                            on(REVERSE, 1, paid, id=rid(ms + 2000)),
                            on(REVERSE, 1, rid(ms - 2000), id=rid(ms + 2000))) == [113] * 3
        # What is open is known without the log.
        assert client.codes(on(CAPTURE, 1, hold, amount=300, id=rid(ms + 2000)),
                            on(RELEASE, 1, hold, id=rid(ms + 2000))) == [0, 100]
        client.audit()


class stopped:
    """What is sent inside is all there when the server runs again."""
    def __init__(self, server):
        self.pid = server.process.pid

    def __enter__(self):
        os.kill(self.pid, signal.SIGSTOP)
        wait_until(self.is_stopped, 'it does not stop')

    def is_stopped(self):
        with open(f'/proc/{self.pid}/stat') as stat:
            return stat.read().rsplit(') ', 1)[1][0] == 'T'

    def __exit__(self, *_):
        time.sleep(0.1)
        os.kill(self.pid, signal.SIGCONT)


def test_forgotten_while_read(d):
    """Retries whose rids fall below the floor while their records are read need nothing any more:
    what was kept for them is free again."""
    small = '--rids-max', '64'
    ms = int(time.time() * 1000)
    old = [op(DEPOSIT, 4, amount=1, id=rid(ms - 60000 + i)) for i in range(SETS + 8)]
    with Server(d, *small) as server:
        client = server.client()
        build(client)
        assert set(client.codes(*old)) == {0}
        server.kill()
    with Server(d, *small) as server:
        flood = server.client()
        retries = [server.client(window=16) for _ in old]
        with stopped(server):
            for client, request in zip(retries, old):
                client.send_ops(request)
            time.sleep(0.1)
            ms = int(time.time() * 1000)
            flood.send_ops(*(op(DEPOSIT, 4, amount=1, id=rid(ms + i)) for i in range(400)))
        assert {reply[0] for reply in flood.replies()} <= {0, 32}
        codes = [client.replies()[0][0] for client in retries]
        assert set(codes) <= {0, 32} and codes.count(32) >= SETS, codes
        # One that is in no buffer of the log any more has to be read, with a set.
        late = [op(DEPOSIT, 4, amount=1, id=rid(ms + 1000 + i)) for i in range(20)]
        for request in late:
            assert flood.codes(request) == [0]
        for client in retries:
            assert client.ops(late[0])[0][:2] == (0, REPLAYED)
        assert server.stop() == 0


def greedy_town(d):
    """More than the cache holds; the requests."""
    with Server(d) as server:
        client = server.client(window=8192)
        build(client)
        old = [op(DEPOSIT, 4, amount=1) for _ in range(GREEDY_CHUNKS * CHUNK_OPS)]
        for at in range(0, len(old), client.batch_max):
            assert set(client.codes(*old[at:at + client.batch_max])) == {0}
        server.kill()
    return old


def test_large_frames_of_old_retries(d):
    """One retry beside many large frames of them waits for a few of theirs, not for all; a retry
    of what is still in memory waits for none; whoever ends in the queue holds up nobody."""
    old = greedy_town(d)
    with Server(d) as server:
        # Each request is in another chunk than the one before it.
        greedy = [server.client(window=1024, timeout=60) for _ in range(SETS + 8)]
        one, watch = server.client(window=16), server.client(window=64)
        many = min(500, greedy[-1].batch_max)
        for at, client in enumerate(greedy):
            client.send_ops(*(old[(at * 37 + i * 31) % GREEDY_CHUNKS * CHUNK_OPS + i]
                              for i in range(many)))
        whole = len(greedy) * many
        wait_until(lambda: watch.stats()['replays'] != 0, 'no retry is answered')
        counts = [watch.stats()['replays']]
        for at in range(4):
            assert one.ops(old[at * CHUNK_OPS])[0][:2] == (0, REPLAYED)
            counts.append(watch.stats()['replays'])
        waits = [b - a for a, b in zip(counts, counts[1:])]
        fresh = [op(DEPOSIT, 2, amount=1) for _ in range(16)]
        assert set(one.codes(*fresh)) == {0}
        before = watch.stats()['replays']
        assert {reply[:2] for reply in one.ops(*fresh)} == {(0, REPLAYED)}
        beside = watch.stats()['replays'] - before - len(fresh)
        # They end while they queue.
        dead = [Client(server.address, window=16) for _ in range(64)]
        for at, client in enumerate(dead):
            client.send_ops(old[at % GREEDY_CHUNKS * CHUNK_OPS + 1])
            client.close()
        assert one.ops(old[5 * CHUNK_OPS])[0][:2] == (0, REPLAYED)
        late = watch.stats()['replays']
        print(f'    of {whole} old retries {waits} before one of another client, {beside} beside '
              f'16 of what is in memory')
        assert late < whole, 'the large frames were done too early to show anything'
        assert max(waits) < whole // 10, waits
        assert beside < whole // 20, beside
        for client in greedy:
            assert {reply[:2] for reply in client.replies()} == {(0, REPLAYED)}
        patience = time.monotonic() + 10
        while watch.stats()['connections'] > len(greedy) + 2 and time.monotonic() < patience:
            time.sleep(0.05)
        assert watch.stats()['connections'] == len(greedy) + 2
        watch.audit()
        assert server.stop() == 0


if __name__ == '__main__':
    main(sys.modules[__name__])
