"""tests/protocol/malformed.py -- Every malformed input and its defined answer (docs/PROTOCOL.md,
"Malformed input")."""
import os
import random
import sys
import struct
import subprocess
import time

from gongji_wire import *

HELLO_BYTES = hello()


def started(d):
    server = Server(d, '--test-clock')
    client = server.client()
    # A new log's test clock begins at 1970.
    client.send(frame(CLOCK, 1, body=struct.pack('<Q', time.time_ns() // 1000000)))
    client.answer()
    assert client.codes(region(1), op(OPEN_PERSON, 1, arg=1, sub=1, detail=1)) == [0, 0]
    client.close()
    return server


def raw(server, data):
    client = Client(server.address, greet=False)
    client.send(data)
    return client


def after_hello(server, data, window=1024):
    client = server.client(window=window)
    client.send(data)
    return client


def settled(server, connections=1):
    """Waits until the server holds only the asking connection: nothing leaked."""
    client = server.client()
    for _ in range(100):
        if client.stats()['connections'] == connections:
            client.close()
            return
        time.sleep(0.05)
    raise AssertionError(f"{client.stats()['connections']} connections are left")


def valid_frames(client_time_ms):
    deposit = op(DEPOSIT, 1, amount=1)
    return [frame(OPS, 1, 2, deposit + op(DEPOSIT, 1, amount=1)),
            frame(OPS, 2, 1, region(2)),
            frame(READS, 3, 2, read(PING) + read(GET_PERSON, 1)),
            frame(CLOCK, 4, 0, struct.pack('<Q', client_time_ms))]


def test_cut_at_every_byte_then_closed(d):
    with started(d) as server:
        before = server.client().balance(1)
        for cut in range(len(HELLO_BYTES)):
            raw(server, HELLO_BYTES[:cut]).close()
        for data in valid_frames(server.client().time_ms):
            for cut in range(len(data)):
                after_hello(server, data[:cut]).close()
        settled(server)
        assert server.client().balance(1) == before


def test_cut_at_every_byte_then_reset(d):
    """The same, and the connection ends with a reset: also while the answer is on its way."""
    with started(d) as server:
        frames = valid_frames(server.client().time_ms)
        for data in frames:
            for cut in (*range(1, len(data), 3), len(data)):
                client = after_hello(server, data[:cut])
                client.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
                client.close()
        settled(server)
        # Whole frames may have been executed: all of one, or nothing of it.
        assert server.client().balance(1) in (0, 2)


def test_one_byte_at_a_time(d):
    with started(d) as server:
        time_ms = server.client().time_ms
        client = Client(server.address, greet=False)
        client.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        kinds = []
        for data in [HELLO_BYTES, *valid_frames(time_ms)]:
            for at in range(len(data)):
                client.send(data[at:at + 1])
            kinds.append(client.answer()[0])
        assert kinds == [HELLO | ANSWER, OPS | ANSWER, OPS | ANSWER, READS | ANSWER,
                         CLOCK | ANSWER]
        assert server.client().balance(1) == 2


def test_first_frame(d):
    with started(d) as server:
        ops = frame(OPS, 1, 1, op(DEPOSIT, 1, amount=1))
        cases = [(ops, 16), (frame(READS, 1, 1, read(PING)), 16),
                 (b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', 16),
                 (b'*1\r\n$4\r\nPING\r\n    ', 16),
                 (bytes.fromhex('16030100c8010000c40303') + bytes(64), 16), (bytes(64), 16),
                 (b'\xff' * 64, 16), (hello(magic=b'gongji\n\n'), 10), (hello(low=2, high=9), 12),
                 (hello(low=0, high=0), 12), (hello(low=3, high=1), 12),
                 (hello(reserved=bytes(15) + b'\1'), 14), (frame(HELLO, 1, 0, bytes(31)), 10),
                 (frame(HELLO, 1, 0, bytes(33)), 10), (frame(HELLO, 1, 1, HELLO_BYTES[16:]), 10),
                 (frame(HELLO, 1, 0, HELLO_BYTES[16:], flags=1), 14)]
        for data, code in cases:
            got = raw(server, data).error()
            assert got == code, (data[:20], got, code)
        assert server.client().balance(1) == 0


def test_bad_frames(d):
    with started(d) as server:
        deposit = op(DEPOSIT, 1, amount=1)
        header = struct.Struct('<IBBHQ')
        cases = [(frame(0, 1), 11), (frame(5, 1, 1, deposit), 11), (frame(0x82, 1, 1, deposit), 11),
                 (frame(0xFF, 1), 11), (frame(OPS, 1, 1, deposit, flags=0x80), 14),
                 (frame(READS, 1, 1, read(PING), flags=1), 14), (frame(OPS, 1, 0), 10),
                 (frame(OPS, 1, 0, deposit), 10), (frame(OPS, 1, 2, deposit), 10),
                 (frame(OPS, 1, 1, deposit + deposit), 10), (frame(OPS, 1, 1, deposit[:63]), 10),
                 (frame(OPS, 1, 1, deposit + b'\0'), 10), (frame(READS, 1, 0), 10),
                 (frame(OPS, 1, 1, op(DEPOSIT, 1, amount=1, ext_count=1)), 10),
                 (frame(OPS, 1, 1, op(DEPOSIT, 1, amount=1, ext_count=255)), 10),
                 (frame(OPS, 1, 2, op(DEPOSIT, 1, amount=1, ext_count=1) + deposit), 10),
                 (frame(READS, 1, 1, read(PING, ext_count=7)), 10),
                 (frame(OPS, 1, 1025, deposit * 1025), 15), (header.pack(64, OPS, 0, 65535, 1), 15),
                 (header.pack(0xFFFFFFFF, OPS, 0, 1, 1), 15),
                 (header.pack(0x80000000, READS, 0, 1, 1), 15),
                 (header.pack(1024 * 512 + 64, OPS, 0, 1, 1), 15),
                 (header.pack(0xFFFFFFFF, CLOCK, 0, 0, 1), 10), (frame(CLOCK, 1, 0, bytes(9)), 10),
                 (frame(CLOCK, 1, 1, bytes(8)), 10), (frame(CLOCK, 1, 0, bytes(8)), 13),
                 (frame(CLOCK, 1, 0, b'\xff' * 8), 13), (HELLO_BYTES, 17)]
        for data, code in cases:
            got = after_hello(server, data).error()
            assert got == code, (data[:20], got, code)
        assert server.client().balance(1) == 0
        settled(server)


def test_sizes_take_no_memory(d):
    """A size is compared before anything is reserved for it: whatever a header says, a thousand
    times, the server stays as large as it was."""
    with started(d) as server:
        header = struct.Struct('<IBBHQ')
        sizes = (2**16 + 1, 2**20 + 64, 2**31 - 1, 2**31, 2**32 - 64, 2**32 - 1)
        before, mapped, wrong = server.rss(), server.mapped(), set()
        for size in sizes:
            for kind in (OPS, READS):
                for count in (1, 2, 8193, 65535):
                    for _ in range(20):
                        wrong.add(after_hello(server, header.pack(size, kind, 0, count, 1)).error())
            wrong.add(raw(server, header.pack(size, HELLO, 0, 0, 1) + HELLO_BYTES[16:]).error())
        assert wrong <= {10, 15}, wrong
        settled(server)
        assert server.rss() - before < 8 << 20, server.rss() - before
        assert server.mapped() - mapped < 64 << 20, server.mapped() - mapped


def test_no_bytes_of_clients_in_what_the_server_says(d):
    """Names with line ends, escapes and half characters: refused, remembered as refused, and
    neither in the server's lines nor in the dump of its log."""
    with started(d) as server:
        client = server.client()
        good = region(7, 'seven')
        names = [b'a\ngongjid: forged', b'a\rgongjid: forged', b'\x1b[31mforged', b'forged\x7f',
                 b'forged\x00forged', b'forged\xff', b'\xc3', b'\xed\xa0\x80forged', b'forged' * 11]
        for name in names:
            for at, size in ((64, 48), (64 + 48, 64)): # the province, the name
                bad = rid() + good[16:at] + name[:size].ljust(size, b'\0') + good[at + size:]
                assert client.codes(bad) == [68], (name, at)
        for code in (b'for ged', b'forged\n', b'\x1bforged', b'f\0orged', b'forged\x80'):
            assert client.codes(op(SET_INSTITUTION, other=9, arg=1, sub=1, detail=31,
                                   ext=code.ljust(64, b'\0'))) == [13], code
        for data in (b'forged\ngongjid: forged\n' * 10, frame(OPS, 1, 1, b'forged\n\n' * 8)):
            assert raw(server, data).error() in (10, 11, 13, 16, 17)
        assert client.codes(good) == [0]
        server.kill()
        with open(os.path.join(os.path.dirname(d), 'stderr'), 'rb') as file:
            said = file.read()
        assert all(LINE.match(line.decode()) for line in said.splitlines()), said
        tool = os.path.join(os.path.dirname(os.environ['GONGJID']), 'gongji')
        dump = subprocess.run([tool, 'log', 'dump', d], capture_output=True, timeout=60)
        assert dump.returncode == 0 and b'68 POLICY_INVALID' in dump.stdout, dump
        for text in (said, dump.stdout, dump.stderr):
            assert b'forged' not in text and b'\x1b' not in text and text.isascii()


def test_clock_needs_the_flag(d):
    with Server(d) as server:
        client = server.client()
        client.send(frame(CLOCK, 1, 0, struct.pack('<Q', client.time_ms + 1000)))
        assert client.error() == 17


def test_clock_sets_log_time(d):
    with started(d) as server:
        client = server.client()
        for step in (0, 1000, 86400_000):
            time_ms = client.time_ms + step
            client.send(frame(CLOCK, 1, 0, struct.pack('<Q', time_ms)))
            assert client.answer() == (CLOCK | ANSWER, 1, 0, struct.pack('<Q', time_ms))
            early = rid(time_ms - 1000)
            assert client.codes(op(DEPOSIT, 1, amount=1, id=early)) == [0]
            assert client.reads(read(PING))[0][4] == time_ms
        late = rid(time_ms)
        assert client.codes(op(DEPOSIT, 1, amount=1, id=late, deadline=1)) == [0]
        client.send(frame(CLOCK, 1, 0, struct.pack('<Q', time_ms + 60000)))
        client.answer()
        expired = op(DEPOSIT, 1, amount=1, id=rid(time_ms), deadline=1)
        assert client.codes(expired) == [21]


def test_half_closed_client_gets_its_answers(d):
    with started(d) as server:
        client = server.client()
        for _ in range(5):
            client.send_ops(op(DEPOSIT, 1, amount=1), op(DEPOSIT, 1, amount=1))
        client.send(frame(OPS, 9, 1, op(DEPOSIT, 1, amount=1))[:40])
        client.s.shutdown(socket.SHUT_WR)
        assert [len(client.replies()) for _ in range(5)] == [2] * 5
        client.ended()
        assert server.client().balance(1) == 10


def test_answers_before_an_error_come_first(d):
    with started(d) as server:
        client = after_hello(server, frame(OPS, 1, 1, op(DEPOSIT, 1, amount=1)) + frame(99, 2))
        assert client.replies()[0][0] == 0
        assert client.error() == 11
        assert server.client().balance(1) == 1


def test_bad_fields(d):
    """Fields of an operation are answered per operation; the others of its frame go on."""
    with started(d) as server:
        client = server.client()
        now = int(time.time() * 1000)
        own = rid()
        cases = [(op(0, 1), 11), (op(25, 1, amount=1), 11), (op(255, 1, amount=1), 11),
                 (on(EXPIRE, 1, rid()), 11), (on(EXPIRE, 1, rid(), id=bytes(16)), 11),
                 (op(ACCEPT, 1, 2), 10), (op(REVERSE, 1, ext=bytes(128)), 10),
                 (on(CAPTURE, 1, bytes(16), amount=1), 13), (on(CAPTURE, 1, own, 0, 1, id=own), 13),
                 (on(REFUND, 1, rid(), amount=0), 35), (on(REFUND, 1, rid(), amount=10**16), 36),
                 (on(REFUND, 1, rid(), amount=1, flags=FINAL), 14),
                 (on(RELEASE, 1, rid(), amount=1), 14), (on(ACCEPT, 1, rid()), 13),
                 (op(REVERSE, 1, ext=rid() + bytes(47) + b'\1'), 14),
                 (on(REVERSE, 1, rid(now + 3600_000)), 34), (on(REVERSE, 0, rid()), 13),
                 (op(CHANGE_REGION, 1, arg=0, auth=1), 13), (op(CLOSE_PERSON, 1, detail=2), 13),
                 (op(CLOSE_PERSON, 1, auth=1), 14), (op(CHANGE_REGION, 1, arg=1, amount=1), 14),
                 (pay(PAY, 1, 10, 1, timeout=1), 14), (pay(HOLD, 1, 10, 1, part=-1), 13),
                 (pay(HOLD, 1, 10, 1, flags=FINAL), 14),
                 (op(DEPOSIT, 1, amount=0), 35), (op(DEPOSIT, 1, amount=-1), 35),
                 (op(DEPOSIT, 1, amount=-2**63), 35), (op(DEPOSIT, 1, amount=10**16), 36),
                 (op(DEPOSIT, 1, amount=2**63 - 1), 36), (op(DEPOSIT, 1, amount=1, other=7), 14),
                 (op(DEPOSIT, 1, amount=1, flags=0x80), 14), (op(DEPOSIT, 1, amount=1, arg=9), 14),
                 (op(DEPOSIT, 1, amount=1, id=bytes(16)), 30),
                 (op(DEPOSIT, 1, amount=1, id=rid(now + 3600_000)), 34),
                 (op(DEPOSIT, 9, amount=1), 40),
                 (op(TRANSFER, 1, 1, amount=1, sub=1, auth=1), 37)]
        got = client.codes(*(o for o, _ in cases), op(DEPOSIT, 1, amount=3))
        assert got == [code for _, code in cases] + [0], got
        assert client.balance(1) == 3
        reads = [(read(0), 11), (read(99), 11), (read(16), 11), (read(LIST_HOLDS, 1), 0),
                 (read(LIST_PENDING, 9), 40), (read(LIST_HOLDS, 1, region=1), 14),
                 (read(LIST_HOLDS, 1, after=(0, 1)), 0), (read(GET_PERSON, 1, after=(1, 0)), 14),
                 (read(GET_PERSON, 1, after=(0, 1)), 14), (read(GET_PERSON, 1, day=1), 14),
                 (read(INSTITUTION_DAY, 10, day=day_of(now)), 70), (read(DRY_RUN, ext=b''), 13),
                 (read(LIST_PENDING, 1, ext=bytes(64)), 13)]
        assert [r[0] for r in client.reads(*(r for r, _ in reads))] == [code for _, code in reads]


def test_random_bytes(d):
    with started(d) as server:
        seed = random.SystemRandom().randrange(2**32)
        print(f'    seed {seed}')
        rng = random.Random(seed)
        for i in range(300):
            data = bytearray(rng.randbytes(rng.randrange(1, 400)))
            if i % 3 == 0:
                client = raw(server, data)
            elif i % 3 == 1:
                client = after_hello(server, data)
            else: # A valid frame with a few bytes changed.
                data = bytearray(rng.choice(valid_frames(0)[:3]))
                for _ in range(3):
                    data[rng.randrange(len(data))] = rng.randrange(256)
                client = after_hello(server, data)
            client.close()
        settled(server)
        assert server.process.poll() is None
        assert server.client().reads(read(AUDIT))[0][5] == bytes(64)


if __name__ == '__main__':
    main(sys.modules[__name__])
