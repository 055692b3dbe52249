"""tests/protocol/two_steps.py -- Holds, two-step transfers, refunds, reversals and tombstones over
real sockets: each step's reply, what it changed, and what GET_OP and the lists say."""
import sys

from fixture_people import *


def step(client, request, expected, changed, people=(1, 2, 3, 4)):
    """One operation: its reply (code, balance, amount, sources) and exactly what it changed."""
    before = figures(client, people)
    code, flags, seq, balance, amount, sources = client.ops(request)[0]
    assert (code, balance, amount, sources) == expected, (code, balance, amount, sources)
    found = changes(before, figures(client, people))
    assert found == changed, found
    assert client.op_state(int.from_bytes(request[16:24], 'little'), request[:16]) == (
        (EXECUTED if code < 10 else REFUSED) if code < 10 or code >= 40 else NOT_EXECUTED,
        code if code < 10 or code >= 40 else 0)
    again = client.ops(request)[0]
    if seq != 0:
        assert again == (code, flags | REPLAYED, seq, balance, amount, sources), again
    client.audit()
    return flags


def test_hold_capture_refund_reverse(d):
    with Server(d) as server:
        client = server.client()
        build(client)
        hold, first, last, refund, back = (rid() for _ in range(5))
        step(client, pay(HOLD, 1, INSTITUTION, 120000, OWN_AND_RELATIVE, 4, id=hold),
             (0, 100000, 120000, (100000, 20000, 0, 0)),
             {'1.personal_held': 100000, '4.personal_held': 20000, '4.used': 20000, '1.holds': 1,
              '4.holds': 1, 'holds': 1})
        one, = client.open_ones(LIST_HOLDS, 1)
        assert one == client.open_ones(LIST_HOLDS, 4)[0] and client.open_ones(LIST_PENDING, 1) == []
        assert (one['rid'], one['person'], one['other'], one['relative']) == (hold, 1, 10, 4)
        assert one['left'] == [100000, 20000, 0] and one['amount'] == 120000
        assert (one['type'], one['sources'], one['scenario']) == (HOLD, OWN_AND_RELATIVE, 1)
        # All of it is held: nothing else can take it.
        assert client.codes(op(TRANSFER, 1, 2, 1, sub=OWN, auth=1)) == [164]
        assert client.codes(op(UNBIND, 4, 1), op(CLOSE_PERSON, 1, detail=1)) == [85, 52]
        step(client, on(CAPTURE, 1, hold, amount=70000, id=first),
             (0, 30000, 70000, (70000, 0, 0, 50000)),
             {'1.personal': 30000, '1.personal_held': 30000, 'payable': 70000})
        assert client.open_ones(LIST_HOLDS, 4)[0]['left'] == [30000, 20000, 0]
        step(client, on(CAPTURE, 1, hold, amount=50001), (162, 0, 0, None), {})
        step(client, on(CAPTURE, 1, hold, amount=35000, flags=FINAL, id=last),
             (0, 0, 35000, (30000, 5000, 0, 0)),
             {'1.personal': 0, '1.personal_held': 0, '4.personal': 45000, '4.personal_held': 0,
              '4.used': 5000, '1.holds': 0, '4.holds': 0, 'holds': 0, 'payable': 105000})
        for request in (on(CAPTURE, 1, hold, amount=1), on(RELEASE, 1, hold)):
            step(client, request, (101, 0, 0, None), {})
        step(client, on(REFUND, 1, last, amount=6000, id=refund),
             (0, 1000, 6000, (1000, 5000, 0, 29000)),
             {'1.personal': 1000, '4.personal': 50000, '4.used': 0, 'payable': 99000})
        step(client, on(REFUND, 1, last, amount=29001), (163, 0, 0, None), {})
        step(client, on(REVERSE, 1, last), (112, 0, 0, None), {})
        step(client, on(REVERSE, 1, refund, id=back), (0, 0, 6000, (1000, 5000, 0, 0)),
             {'1.personal': 0, '4.personal': 45000, '4.used': 5000, 'payable': 105000})
        step(client, on(REVERSE, 1, refund), (111, 0, 0, None), {})
        step(client, on(REVERSE, 1, last), (0, 30000, 35000, (30000, 5000, 0, 0)),
             {'1.personal': 30000, '4.personal': 50000, '4.used': 0, 'payable': 70000})
        step(client, on(REFUND, 1, last, amount=1), (111, 0, 0, None), {})
        step(client, on(REFUND, 1, hold, amount=1), (112, 0, 0, None), {})
        step(client, on(REFUND, 1, rid(), amount=1), (110, 0, 0, None), {})
        step(client, on(REFUND, 1, first, amount=70000), (0, 100000, 70000, (70000, 0, 0, 0)),
             {'1.personal': 100000, 'payable': 0})


def test_release_and_what_never_was(d):
    with Server(d) as server:
        client = server.client()
        build(client)
        hold, refused, unknown = rid(), rid(), rid()
        step(client, pay(HOLD, 1, INSTITUTION, 100001, id=refused), (164, 0, 0, None), {})
        step(client, on(CAPTURE, 1, refused, amount=1), (100, 0, 0, None), {})
        step(client, pay(HOLD, 1, INSTITUTION, 400, timeout=86401), (105, 0, 0, None), {})
        step(client, pay(HOLD, 1, INSTITUTION, 400, id=hold), (0, 100000, 400, None),
             {'1.personal_held': 400, '1.holds': 1, 'holds': 1})
        step(client, on(REVERSE, 1, hold), (112, 0, 0, None), {})
        step(client, on(RELEASE, 1, hold), (0, 100000, 400, None),
             {'1.personal_held': 0, '1.holds': 0, 'holds': 0})
        step(client, on(RELEASE, 1, hold), (102, 0, 0, None), {})
        step(client, on(CAPTURE, 1, hold, amount=1), (102, 0, 0, None), {})
        # Reversed before it came: it is refused for ever, also after a restart.
        step(client, on(REVERSE, 1, unknown), (3, 0, 0, None), {})
        step(client, on(REVERSE, 1, unknown), (3, 0, 0, None), {})
        assert client.op_state(1, unknown) == (TOMBSTONED, 0)
        late = pay(PAY, 1, INSTITUTION, 400, id=unknown)
        assert client.codes(late) == [33]
        assert client.codes(on(REVERSE, 1, refused)) == [2]
        server.kill()
    with Server(d) as server:
        client = server.client()
        assert client.codes(late) == [33] and client.person(1)['personal'] == 100000
        assert client.op_state(1, unknown) == (TOMBSTONED, 0)


def test_two_step_transfers(d):
    with Server(d) as server:
        client = server.client()
        build(client)
        one, two, three = rid(), rid(), rid()
        flags = step(client, transfer(1, 3, 10000, id=one), (0, 100000, 10000, None),
                     {'1.personal_held': 10000, '1.used': 10000, '1.out': 1, '3.in': 1,
                      'holds': 1})
        assert flags & IS_PENDING
        pending, = client.open_ones(LIST_PENDING, 3)
        assert pending == client.open_ones(LIST_PENDING, 1)[0]
        assert (pending['person'], pending['other'], pending['amount']) == (1, 3, 10000)
        assert pending['type'] == TRANSFER and client.open_ones(LIST_HOLDS, 1) == []
        step(client, on(REVERSE, 1, one), (112, 0, 0, None), {})
        step(client, on(ACCEPT, 1, one, other=2), (93, 0, 0, None), {})
        step(client, on(ACCEPT, 1, one, other=3), (0, 90000, 10000, None),
             {'1.personal': 90000, '1.personal_held': 0, '3.wallet': 10000, '1.out': 0, '3.in': 0,
              'holds': 0})
        step(client, on(ACCEPT, 1, one, other=3), (92, 0, 0, None), {})
        step(client, on(RETURN, 1, one, other=1), (92, 0, 0, None), {})
        step(client, on(REVERSE, 1, one), (0, 100000, 10000, None),
             {'1.personal': 100000, '1.used': 0, '3.wallet': 0})
        for request, who in ((two, 1), (three, 3)): # cancelled, declined
            step(client, transfer(1, 3, 500, id=request), (0, 100000, 500, None),
                 {'1.personal_held': 500, '1.used': 500, '1.out': 1, '3.in': 1, 'holds': 1})
            step(client, on(RETURN, 1, request, other=2), (93, 0, 0, None), {})
            step(client, on(RETURN, 1, request, other=who), (0, 100000, 500, None),
                 {'1.personal_held': 0, '1.used': 0, '1.out': 0, '3.in': 0, 'holds': 0})
        # Settled at once: nothing to accept.
        now = rid()
        step(client, transfer(1, 2, 700, id=now), (0, 99300, 700, None),
             {'1.personal': 99300, '1.used': 700, '2.wallet': 700})
        step(client, on(ACCEPT, 1, now, other=2), (92, 0, 0, None), {})
        step(client, on(ACCEPT, 1, rid(), other=2), (90, 0, 0, None), {})


def test_lists_are_in_order_and_in_pages(d):
    """600 holds of one person, of all kinds of timeouts: three pages, earliest due first."""
    with Server(d, '--test-clock') as server:
        client = server.client()
        now = morning()
        client.clock(now)
        build(client)
        timeouts = [1 + 7919 * i % 3600 for i in range(600)]
        holds = {rid(): timeout for timeout in timeouts}
        replies = client.ops(*(pay(HOLD, 1, INSTITUTION, 1, timeout=t, id=i)
                               for i, t in holds.items()))
        assert {reply[0] for reply in replies} == {0}
        seqs = {i: reply[2] for i, reply in zip(holds, replies)}
        pages, after = [], (0, 0)
        while not pages or len(pages[-1]) == 256:
            pages.append(client.open_ones(LIST_HOLDS, 1, after))
            after = (pages[-1][-1]['due_ms'], pages[-1][-1]['seq'])
        assert [len(page) for page in pages] == [256, 256, 88]
        listed = [hold for page in pages for hold in page]
        assert [(h['due_ms'], h['seq'], h['rid']) for h in listed] == sorted(
            (now + 1000 * t, seqs[i], i) for i, t in holds.items())
        # Time goes by: what is due is not listed any more, and nothing else is missing.
        client.clock(now + 1800 * 1000)
        left = sum(t > 1800 for t in timeouts)
        assert client.person(1)['holds'] == left == client.person(1)['personal_held']
        first = client.open_ones(LIST_HOLDS, 1)[0]
        assert first['due_ms'] == min(now + 1000 * t for t in timeouts if t > 1800)
        # 1024 at once, then no more.
        more = client.codes(*(pay(HOLD, 1, INSTITUTION, 1) for _ in range(1024 - left + 1)))
        assert more == [0] * (1024 - left) + [25]
        client.audit()


def test_institution_days(d):
    with Server(d, '--test-clock') as server:
        client = server.client()
        start = morning()
        client.clock(start)
        build(client)

        def totals(day):
            code, *_, payload = client.reads(read(INSTITUTION_DAY, INSTITUTION, day=day))[0]
            if code != 0:
                return code
            credits, debits = struct.unpack_from('<QQ', payload, 16)
            return (credits, debits, *(int.from_bytes(payload[at:at + 16], 'little', signed=True)
                                       for at in (32, 48)))

        today = day_of(start)
        assert totals(today) == (0, 0, 0, 0)
        paid = rid()
        assert client.codes(pay(PAY, 1, INSTITUTION, 500, id=paid), pay(PAY, 1, INSTITUTION, 300),
                            on(REFUND, 1, paid, amount=200)) == [0, 0, 0]
        assert totals(today) == (2, 1, 800, 200)
        client.clock(start + DAY)
        assert client.codes(on(REFUND, 1, paid, amount=100)) == [0]
        assert (totals(today), totals(today + 1)) == ((2, 1, 800, 200), (0, 1, 0, 100))
        assert totals(today + 2) == 13 and totals(today - 7) == 13
        client.clock(start + 8 * DAY)
        assert totals(today) == 13 and totals(today + 1) == (0, 1, 0, 100)


def test_nobody_sends_an_expiry(d):
    with Server(d) as server:
        client = server.client()
        build(client)
        hold = rid()
        assert client.codes(pay(HOLD, 1, INSTITUTION, 5, id=hold)) == [0]
        assert client.codes(on(EXPIRE, 1, hold), on(EXPIRE, 1, hold, id=bytes(16))) == [11, 11]
        assert client.person(1)['personal_held'] == 5


def test_region_change_and_closing(d):
    with Server(d) as server:
        client = server.client()
        build(client, region_change=1)
        assert client.codes(transfer(1, 2, 5000)) == [0]
        step(client, op(CHANGE_REGION, 2, arg=2, auth=1), (0, 5000, 5000, None), {})
        _, _, entries, _, _, row = client.reads(read(NETTING_ROW, region=1))[0]
        assert entries == 1 and row[0] == 2 and int.from_bytes(row[8:24], 'little') == 5000
        step(client, op(CHANGE_REGION, 2, arg=2, auth=1), (64, 0, 0, None), {})
        step(client, op(CLOSE_PERSON, 2), (51, 0, 0, None), {})
        step(client, op(CLOSE_PERSON, 2, detail=1), (0, 0, 5000, None), {'2.wallet': 0})
        step(client, op(DEPOSIT, 2, amount=1), (44, 0, 0, None), {})


def test_dry_runs(d):
    """A dry run of each answers what the operation answers then, and changes nothing."""
    with Server(d) as server:
        client = server.client()
        build(client)
        hold = rid()
        for request in (transfer(1, 3, 10), transfer(1, 3, 10**9),
                        pay(HOLD, 1, INSTITUTION, 120000, OWN_AND_RELATIVE, 4, id=hold),
                        on(CAPTURE, 1, hold, amount=70000), on(RELEASE, 1, hold),
                        pay(PAY, 1, INSTITUTION, 100), on(REVERSE, 1, rid())):
            code, *_, payload = client.reads(read(DRY_RUN, ext=request))[0]
            before = client.audit()
            assert code == 0 and client.audit() == before
            said = struct.unpack_from('<BB6x8xqqqqqq', payload)
            reply = client.ops(request)[0]
            expected = (*reply[:2], *reply[3:5], *(reply[5] or (0, 0, 0, 0)))
            assert said == expected, (said, expected)


if __name__ == '__main__':
    main(sys.modules[__name__])
