"""tests/protocol/races.py -- Several connections do the same thing to the same money at the same
moment: it happens once, nothing is lost, nothing is below zero."""
import sys
import threading

from fixture_people import *

CONNECTIONS = 8


def together(server, *jobs):
    """Runs each job(client) on a connection of its own, all at once; what they return."""
    found, barrier = [None] * len(jobs), threading.Barrier(len(jobs))

    def run(i, job):
        client = server.client(timeout=60)
        barrier.wait()
        found[i] = job(client)
        client.close()

    threads = [threading.Thread(target=run, args=(i, job)) for i, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert None not in found, 'a connection was lost'
    return found


def world(d):
    server = Server(d)
    client = server.client()
    build(client, quota_bp=10000)
    return server, client


def test_retry_is_applied_once(d):
    server, client = world(d)
    paid, hold, sent = rid(), rid(), rid()
    assert client.codes(pay(PAY, 1, INSTITUTION, 1000, id=paid),
                        pay(HOLD, 1, INSTITUTION, 1000, id=hold), transfer(1, 3, 100, id=sent)
                        ) == [0, 0, 0]
    requests = [op(DEPOSIT, 1, amount=7), pay(PAY, 1, INSTITUTION, 7),
                pay(HOLD, 1, INSTITUTION, 7), on(CAPTURE, 1, hold, amount=7),
                on(REFUND, 1, paid, amount=7), transfer(1, 2, 7), on(ACCEPT, 1, sent, other=3),
                on(RELEASE, 1, hold), on(REVERSE, 1, rid())]
    for request in requests:
        before = figures(client)
        replies = [reply for found in together(server, *[lambda c: c.ops(request, request)] *
                                               CONNECTIONS) for reply in found]
        assert len({(r[0], *r[2:]) for r in replies}) == 1 and replies[0][0] in (0, 3), replies
        assert sum(r[1] & REPLAYED == 0 for r in replies) == 1
        moved = changes(before, figures(client))
        for name in ('1.personal', '2.wallet', 'payable'):
            if name in moved:
                assert abs(moved[name] - before[name]) in (7, 100), (request[56], moved)
    client.audit()
    server.__exit__()


def test_no_window_is_lost(d):
    server, client = world(d)
    together(server, *[lambda c: [c.codes(op(DEPOSIT, 1, amount=1)) for _ in range(100)] +
                       [c.codes(*(op(DEPOSIT, 1, amount=1) for _ in range(400)))]] * CONNECTIONS)
    assert client.balance(1) == 100000 + CONNECTIONS * 500
    together(server, *[lambda c: c.codes(*(transfer(1, 2, 1) for _ in range(250)))] * CONNECTIONS)
    assert client.person(2)['wallet'] == CONNECTIONS * 250
    assert client.balance(1) == 100000 + CONNECTIONS * 250
    client.audit()
    server.__exit__()


def test_no_balance_below_zero(d):
    """Payments, holds and transfers of far more than there is; holds count as spent."""
    server, client = world(d)
    assert client.codes(pay(PAY, 1, INSTITUTION, 100000 - 600)) == [0]
    kinds = [lambda: pay(PAY, 1, INSTITUTION, 1), lambda: pay(HOLD, 1, INSTITUTION, 1),
             lambda: transfer(1, 2, 1), lambda: transfer(1, 3, 1)]
    found = together(server, *(lambda c, kind=kinds[i % 4]: [
        c.codes(kind())[0] for _ in range(50)] + c.codes(*(kind() for _ in range(150)))
        for i in range(CONNECTIONS)))
    codes = [code for part in found for code in part]
    assert set(codes) == {0, 164} and codes.count(0) == 600, codes.count(0)
    view = client.person(1)
    assert view['personal'] == view['personal_held'] > 0
    assert view['personal'] == view['holds'] + view['out']
    client.audit()
    server.__exit__()


def test_refund_is_accepted_once(d):
    server, client = world(d)
    for _ in range(20):
        paid = rid()
        before = client.balance(1)
        assert client.codes(pay(PAY, 1, INSTITUTION, 900, id=paid)) == [0]
        codes = sorted(found[0] for found in together(
            server, *(lambda c, r=on(REFUND, 1, paid, amount=900): c.codes(r)
                      for _ in range(4))))
        assert codes == [0, 163, 163, 163], codes
        assert client.balance(1) == before and client.payable(INSTITUTION) == 0
    # Many small ones, of which nine fit.
    paid = rid()
    assert client.codes(pay(PAY, 1, INSTITUTION, 900, id=paid)) == [0]
    codes = [code for found in together(server, *[
        lambda c: [c.codes(on(REFUND, 1, paid, amount=100))[0] for _ in range(4)]] * CONNECTIONS)
        for code in found]
    assert codes.count(0) == 9 and set(codes) == {0, 163}
    assert client.payable(INSTITUTION) == 0
    client.audit()
    server.__exit__()


def test_one_end_only(d):
    """Capture or release, accept or return, refund or reverse: one of them, and the money of one
    of them."""
    server, client = world(d)
    for _ in range(15):
        hold, sent, paid = rid(), rid(), rid()
        assert client.codes(pay(HOLD, 1, INSTITUTION, 50, id=hold), transfer(1, 3, 40, id=sent),
                            pay(PAY, 1, INSTITUTION, 30, id=paid)) == [0, 0, 0]
        before, payable = client.person(1), client.payable(INSTITUTION)
        received = client.person(3)['wallet']
        capture, release, accept, back, refund, reverse = (found[0] for found in together(
            server, lambda c: c.codes(on(CAPTURE, 1, hold, amount=50)),
            lambda c: c.codes(on(RELEASE, 1, hold)),
            lambda c: c.codes(on(ACCEPT, 1, sent, other=3)),
            lambda c: c.codes(on(RETURN, 1, sent, other=1)),
            lambda c: c.codes(on(REFUND, 1, paid, amount=1)),
            lambda c: c.codes(on(REVERSE, 1, paid))))
        assert (capture, release) in ((0, 101), (102, 0)), (capture, release)
        assert (accept, back) in ((0, 92), (92, 0)), (accept, back)
        assert (refund, reverse) in ((0, 112), (111, 0)), (refund, reverse)
        after = client.person(1)
        undone = 1 if refund == 0 else 30
        assert after['personal_held'] == 0 and before['personal_held'] == 90
        assert client.payable(INSTITUTION) == payable + (50 if capture == 0 else 0) - undone
        assert client.person(3)['wallet'] == received + (40 if accept == 0 else 0)
        assert after['personal'] == before['personal'] + undone - (
            50 if capture == 0 else 0) - (40 if accept == 0 else 0)
        # And never again.
        assert client.codes(on(RELEASE, 1, hold), on(CAPTURE, 1, hold, amount=50)) in (
            [101, 101], [102, 102])
    client.audit()
    server.__exit__()


if __name__ == '__main__':
    main(sys.modules[__name__])
