"""tests/protocol/delivery.py -- What a network does to requests: they come late, twice, in another
order, or their connection is gone and another one has its place. Nothing is done twice, nothing is
told to somebody else."""
import struct
import sys
import threading
import time

from fixture_people import *


def test_an_hour_late(d):
    """Sent at nine, delivered at ten: executed once, unless its sender said by when; and whoever
    did get through is answered again, whatever the deadline says by then."""
    with Server(d, '--test-clock') as server:
        client = server.client()
        now = morning()
        client.clock(now)
        build(client)
        late = transfer(1, 2, 500, id=rid(now))
        minute = op(DEPOSIT, 1, amount=7, id=rid(now), deadline=60000)
        hour = op(DEPOSIT, 1, amount=11, id=rid(now), deadline=HOUR // 1000 * 1000)
        in_time = op(DEPOSIT, 1, amount=13, id=rid(now), deadline=60000)
        first = client.ops(in_time)[0]
        before = client.person(1)
        client.clock(now + HOUR)
        other = server.client()
        assert other.codes(late, minute, hour) == [0, 21, 0]
        assert other.ops(in_time) == [(first[0], first[1] | REPLAYED, *first[2:])]
        client.clock(now + HOUR + 1)
        replies = client.ops(late, minute, hour, in_time)
        assert [(reply[0], reply[1]) for reply in replies] == [
            (0, REPLAYED), (21, 0), (0, REPLAYED), (0, REPLAYED)], replies
        after = client.person(1)
        assert after['personal'] == before['personal'] - 500 + 11
        assert client.person(2)['wallet'] == 500
        client.audit()


def test_later_than_can_be_known(d):
    """What is older than everything that is remembered is refused, not executed on a guess."""
    with Server(d, '--test-clock', '--rids-max', '1000') as server:
        client = server.client()
        now = morning()
        client.clock(now)
        build(client)
        known, unknown = (op(DEPOSIT, 1, amount=9, id=rid(now)) for _ in range(2))
        assert client.codes(known) == [0]
        client.clock(now + HOUR)
        for n in range(2000): # each in a millisecond of its own, so that the floor rises slowly
            assert client.codes(op(DEPOSIT, 1, amount=1, id=rid(now + HOUR + n))) == [0]
            if client.stats()['rid_low_water_ms'] > now:
                break
        balance = client.balance(1)
        assert client.codes(known, unknown) == [32, 32]
        assert client.balance(1) == balance


def test_in_another_order(d):
    """On connections of their own, steps arrive backwards: each is judged as it comes, and the same
    bytes in the right order are then what they would have been."""
    with Server(d) as server:
        client = server.client()
        build(client)
        hold, sent, paid, gone = rid(), rid(), rid(), rid()
        steps = [pay(HOLD, 1, INSTITUTION, 400, id=hold), on(CAPTURE, 1, hold, amount=300),
                 transfer(1, 3, 50, id=sent), on(ACCEPT, 1, sent, other=3),
                 pay(PAY, 1, INSTITUTION, 200, id=paid), on(REFUND, 1, paid, amount=80)]
        backwards = [server.client().codes(step)[0] for step in reversed(steps)]
        # An outcome is an outcome: the step that came too early stays refused under its rid.
        assert backwards == [110, 0, 90, 0, 100, 0], backwards
        assert client.codes(*steps) == [0, 100, 0, 90, 0, 110]
        again = [on(CAPTURE, 1, hold, amount=300), on(ACCEPT, 1, sent, other=3),
                 on(REFUND, 1, paid, amount=80)]
        assert client.codes(*again) == [0, 0, 0]
        # The reversal overtook what it reverses: that never happens any more.
        assert server.client().codes(on(REVERSE, 1, gone)) == [3]
        assert client.codes(pay(PAY, 1, INSTITUTION, 5, id=gone)) == [33]
        view = client.person(1)
        assert (view['personal'], view['personal_held']) == (100000 - 300 - 50 - 200 + 80, 100)
        client.audit()


def test_duplicated_frames(d):
    """Every frame comes twice, the second time on another connection, while the first is being
    executed: one of the two replies is the other's replay, nothing moves twice."""
    with Server(d) as server:
        client, twins = server.client(), [server.client() for _ in range(2)]
        build(client)
        for turn in range(200):
            data = frame(OPS, turn, 2, op(DEPOSIT, 1, amount=3) + transfer(1, 2, 2))
            for twin in twins:
                twin.send(data)
            first, second = (twin.replies() for twin in twins)
            for a, b in zip(first, second):
                assert (a[0], b[0]) == (0, 0) and {a[1], b[1]} == {0, REPLAYED}, (a, b)
                assert a[2:] == b[2:]
        assert client.balance(1) == 100000 + 200 and client.person(2)['wallet'] == 400
        client.audit()


def abandon(client):
    """The connection is gone at once, with a reset: what was under way has nobody to go to."""
    client.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    client.close()


def churn(server, person, turns, found):
    """Asks for what only this person has, on ever new connections that take each other's slots;
    most are dropped with answers on their way."""
    try:
        for turn in range(turns):
            client = server.client(window=64)
            tags = [person << 32 | turn << 8 | n for n in range(6)]
            client.send(b''.join(
                frame(OPS, tag, 1, op(DEPOSIT, person, amount=1)) if tag % 2 == 0 else
                frame(READS, tag, 1, read(GET_PERSON, person)) for tag in tags))
            for tag in tags[:1 + turn % 6]:
                kind, answered, count, body = client.answer()
                assert (answered, count) == (tag, 1), (answered, tag)
                if kind == READS | ANSWER:
                    assert struct.unpack_from('<Q', body, 24) == (person,), body[:32]
                else:
                    assert kind == OPS | ANSWER and body[0] == 0, body
                    # The balance after: of this person, who has its own million.
                    balance, = struct.unpack_from('<q', body, 16)
                    assert balance // 1000000 == person, balance
            abandon(client)
            found.append(turn)
    except Exception as error: # shown by who started the thread
        found.append(error)


def test_a_slot_that_changes_hands(d):
    """Many short lives, of which each takes the slot that was freed last: nobody gets an answer
    that was for the one before, or its end."""
    with Server(d) as server:
        people = range(1, 6)
        client = server.client()
        assert set(client.codes(region(1), *(op(OPEN_PERSON, n, arg=1, sub=1, detail=1)
                                             for n in people),
                                *(op(DEPOSIT, n, amount=n * 1000000) for n in people))) == {0}
        client.close()
        lists = [[] for _ in people]
        threads = [threading.Thread(target=churn, args=(server, n, 150, found))
                   for n, found in zip(people, lists)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for found in lists:
            assert found and not isinstance(found[-1], Exception), found[-1:]
        assert [len(found) for found in lists] == [150] * 5
        for _ in range(100): # the resets arrive
            client = server.client()
            connections = client.stats()['connections']
            if connections == 1:
                break
            client.close()
            time.sleep(0.02)
        assert connections == 1
        client.audit()


def test_answers_in_pieces(d):
    """Answers that no socket takes at once come whole and in order, however late they are read."""
    frames, people = 24, 1000
    with Server(d) as server:
        client = server.client(window=frames * people)
        assert client.batch_max >= people and client.window >= frames * people
        assert set(client.codes(region(1), *(op(OPEN_PERSON, n + 1, arg=1, sub=1, detail=1)
                                             for n in range(people - 1)))) == {0}
        wanted = b''.join(read(GET_PERSON, n + 1) for n in range(people))
        sender = threading.Thread(target=lambda: [
            client.send(frame(READS, tag, people, wanted)) for tag in range(frames)])
        sender.start()
        time.sleep(1) # the sockets fill
        for tag in range(frames):
            kind, seen, count, body = client.answer()
            assert (kind, seen, count) == (READS | ANSWER, tag, people)
            at = 0
            for n in range(people):
                code, size = struct.unpack_from('<B3xI', body, at)
                person = struct.unpack_from('<Q', body, at + 24)[0] if size else n + 1
                assert (code, person) == (40 if n == people - 1 else 0, n + 1), (tag, n, code)
                at += 24 + size
            assert at == len(body)
        sender.join()
        client.audit()


def test_answers_in_pieces_while_the_log_is_written(d):
    """Answers that fill the output, and between them some that wait for the disk, come whole and in
    order, also where they are moved to the front of it meanwhile."""
    turns, under_way, reads = 600, 4, 200
    with Server(d) as server:
        client = server.client(window=under_way * (reads + 1))
        assert client.codes(region(1), op(OPEN_PERSON, 1, arg=1, sub=1, detail=1)) == [0, 0]
        room = threading.Semaphore(under_way)

        def send():
            for n in range(turns):
                room.acquire()
                client.send(frame(OPS, 2 * n, 1, op(DEPOSIT, 1, amount=1)) +
                            frame(READS, 2 * n + 1, reads, read(GET_REGION, region=1) * reads))

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        for n in range(turns):
            kind, tag, count, body = client.answer()
            assert (kind, tag, count, body[0]) == (OPS | ANSWER, 2 * n, 1, 0), (kind, tag, n)
            kind, tag, count, body = client.answer()
            assert (kind, tag, count) == (READS | ANSWER, 2 * n + 1, reads), (kind, tag, n)
            room.release()
        sender.join()
        assert client.balance(1) == turns
        client.audit()


if __name__ == '__main__':
    main(sys.modules[__name__])
