"""tests/protocol/originals.py -- Undoing what was done long ago: the server has kept no record of
it, and reads it back from its log. Many at once, more than its cache of the log holds."""
import sys
import threading

from town import *

CHUNK_OPS = 2048 # operations of 128 bytes fill one chunk of the server's cache of the log
PATIENTS = 96    # chunks it takes to hold what each needs: more than twice what the cache has


def filler(client):
    """Enough records that what was before and what comes are in different chunks of the log."""
    ms = int(time.time() * 1000)
    assert set(client.codes(*(op(DEPOSIT, 2, amount=1, id=rid(ms))
                              for _ in range(CHUNK_OPS)))) == {0}


def test_old_originals(d):
    with Server(d) as server:
        client = server.client(credit=8192)
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
            mine = server.client(credit=16, timeout=60)
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
            mine = Client(server.address, credit=16)
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
        assert client.stats()['rid_floor_ms'] > ms - 1000
        assert client.op_state(1, paid)[0] == GONE
        assert client.codes(on(REFUND, 1, paid, amount=1, id=rid(ms + 2000)),
                            on(REVERSE, 1, paid, id=rid(ms + 2000)),
                            on(REVERSE, 1, rid(ms - 2000), id=rid(ms + 2000))) == [113] * 3
        # What is open is known without the log.
        assert client.codes(on(CAPTURE, 1, hold, amount=300, id=rid(ms + 2000)),
                            on(RELEASE, 1, hold, id=rid(ms + 2000))) == [0, 100]
        client.audit()


if __name__ == '__main__':
    main(sys.modules[__name__])
