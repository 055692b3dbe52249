"""tests/protocol/limits.py -- Window, slow and half-open clients, connection floods: the server
slows down or refuses, and never grows."""
import ctypes
import os
import re
import resource
import select
import sys

from fixture_people import build
from gongji_wire import *

SO_ATTACH_FILTER = 26


def test_window_overrun_is_overloaded(d):
    with Server(d) as server:
        client = server.client(window=16)
        assert client.window == 16 and client.batch_max == 16
        assert client.codes(region(1), op(OPEN_PERSON, 1, arg=1, sub=1, detail=1)) == [0, 0]
        frames = b''.join(frame(OPS, n, 16, b''.join(op(DEPOSIT, 1, amount=1) for _ in range(16)))
                          for n in range(8))
        client.send(frames)
        codes = [reply[0] for _ in range(8) for reply in client.replies()]
        assert codes[:16] == [0] * 16 and set(codes) <= {0, 20}, codes
        assert client.balance(1) == codes.count(0)
        # The rest of the frames was too much only if it was there before the first was durable.
        stats = client.stats()
        assert stats['overloaded'] == codes.count(20)


def test_memory_is_what_the_summary_says(d):
    """Resident from the start: the sum printed for the state and the log, within 5 %."""
    with Server(d, '--persons-max', '700K', '--families-max', '500K', '--rids-max', '8M') as server:
        with open(os.path.join(os.path.dirname(d), 'stderr')) as text:
            said = dict(re.findall(r' INFO memory: ([a-z, ]+?) +([0-9.]+) MiB', text.read(), re.M))
        parts = sum(float(said[name]) for name in ('persons', 'index', 'families', 'institutions',
                                                   'holds', 'regions', 'rids', 'rids ahead',
                                                   'other'))
        assert abs(parts - float(said['state'])) < 1, said
        printed = float(said['state']) + float(said['log, table'])
        resident = server.rss() / (1 << 20)
        assert 0.95 < resident / printed < 1.05, (resident, printed)


def test_the_allocator_is_jemalloc(d):
    with Server(d) as server:
        with open(f'/proc/{server.process.pid}/maps') as maps:
            assert 'libjemalloc' in maps.read()


def test_window_is_bounded_by_buffers(d):
    with Server(d, '--buffers-max', '1M') as server:
        client = server.client(window=65536)
        assert 16 <= client.window < 2048, client.window
        others = []
        refused = 0
        for _ in range(40):
            other = Client(server.address, greet=False)
            other.send(hello(16))
            kind, _, _, body = other.answer()
            refused += kind == ERROR and body[0] == 20
            others.append(other)
        assert refused > 0
        assert client.reads(read(PING))[0][0] == 0
        for other in others:
            other.close()
        server.admits(window=16).close()


def test_large_clients_leave_room_for_small_ones(d):
    with Server(d, '--buffers-max', '64M') as server:
        large = [server.client(window=65536) for _ in range(40)]
        assert large[0].window > 8192 and large[-1].window == 16
        small = [server.client(window=16) for _ in range(400)]
        assert all(client.reads(read(PING))[0][0] == 0 for client in small)
        for client in large + small:
            client.close()


def test_greedy_clients_share_half(d):
    """However much is asked for: the largest windows take half of the buffers together, and each
    one at most a quarter of what is left of it."""
    with Server(d, '--buffers-max', '32M') as server:
        greedy = [server.client(window=65536) for _ in range(5)]
        windows = [client.window for client in greedy]
        assert windows[0] <= 8192 and windows == sorted(windows, reverse=True), windows
        assert 16 < windows[3] < windows[0], windows
        small = [server.client(window=16) for _ in range(200)]
        assert all(client.reads(read(PING))[0][0] == 0 for client in greedy + small)
        for client in greedy + small:
            client.close()


def test_idle_clients_lend_their_buffers(d):
    """Idle clients with the largest windows do not keep others from them; and when they go on they
    have all that they were promised, though it may be somebody else's turn first."""
    with Server(d, '--buffers-max', '64M') as server:
        idle = [server.client(window=65536, timeout=60) for _ in range(49)]
        assert idle[0].codes(region(1), op(OPEN_PERSON, 1, arg=1, sub=1, detail=1)) == [0, 0]
        windows = {client.window for client in idle}
        assert min(windows) == 16 and max(windows) > 8192, windows

        def comes():
            client = server.client(window=65536)
            client.close()
            return client.window >= max(windows) // 2

        wait_until(comes, 'what is idle is not lent')
        for client in idle[:8]: # one frame as large as may be, from all of them at once
            batch = [op(DEPOSIT, 1, amount=1) for _ in range(client.batch_max)]
            client.send_ops(*batch)
        for client in idle[:8]:
            assert {reply[0] for reply in client.replies()} == {0}
        assert idle[-1].balance(1) == sum(client.batch_max for client in idle[:8])
        for client in idle:
            client.close()
        wait_until(lambda: server.client(window=65536).window == max(windows), 'some is lost')


def test_lenders_wait_for_one_another(d):
    """More was promised to idle clients than there is, and all of them go on at once: each gets its
    turn, and small ones do not notice."""
    with Server(d, '--buffers-max', '32M') as server:
        small = server.client(window=16)
        assert small.codes(region(1), op(OPEN_PERSON, 1, arg=1, sub=1, detail=1)) == [0, 0]
        first = server.client(window=65536).window

        def lent():
            client = server.client(window=65536)
            client.close()
            return client.window >= first // 2

        clients = []
        for _ in range(4):
            clients += [server.client(window=65536, timeout=60) for _ in range(6)]
            wait_until(lent, 'what is idle is not lent')
        frames = [frame(OPS, 1, client.batch_max,
                        b''.join(op(DEPOSIT, 1, amount=1) for _ in range(client.batch_max)))
                  for client in clients]
        for client, data in zip(clients, frames): # those that have buffers keep them for now
            client.send(data[:100])
        assert small.reads(read(PING))[0][0] == 0
        assert server.client(window=16).reads(read(PING))[0][0] == 0
        for client, data in zip(clients, frames):
            client.send(data[100:])
        for client in clients:
            assert {reply[0] for reply in client.replies()} == {0}
        assert small.balance(1) == sum(client.batch_max for client in clients)


def test_little_is_read_after_an_error(d):
    """Who goes on sending after the last word is cut when a bound is reached."""
    with Server(d, '--unix', d + '.socket') as server:
        other = server.client()
        rude = Client(server.unix, greet=False)
        rude.send(b'x' * 48)
        assert rude.answer()[0] == ERROR
        rude.s.settimeout(10)
        sent, piece = 0, b'x' * 65536
        try:
            while sent < 64 << 20:
                sent += rude.s.send(piece)
        except (ConnectionResetError, BrokenPipeError):
            pass
        # What was read, and what the kernel holds in between.
        assert sent < 4 << 20, sent
        assert other.reads(read(PING))[0][0] == 0


def test_window_edges(d):
    with Server(d) as server:
        for asked, granted in ((0, 16), (1, 1), (15, 15), (16, 16), (17, 17), (8192, 8192),
                               (8193, 8193)):
            client = server.client(window=asked)
            assert (client.window, client.batch_max) == (granted, min(granted, 8192)), asked
            assert len(client.reads(*[read(PING)] * client.batch_max)) == client.batch_max
            client.close()
        for asked in (65536, 65537, 2**32 - 1):
            client = server.client(window=asked)
            assert 8192 < client.window <= 65536, (asked, client.window)
            client.close()


def test_whole_window_of_batches(d):
    with Server(d, '--persons-max', '100K') as server:
        client = server.client(window=32768)
        assert client.batch_max == 8192 and client.window == 32768
        assert client.codes(region(1)) == [0]
        for start in range(0, 4 * 8192, 8192):
            client.send_ops(*(op(OPEN_PERSON, 1 + start + i, arg=1, sub=1, detail=1)
                              for i in range(8192)))
        for _ in range(4):
            assert {reply[0] for reply in client.replies()} == {0}
        answers = client.reads(*(read(GET_PERSON, 1 + i) for i in range(8192)))
        assert {a[0] for a in answers} == {0}


def test_reads_beyond_the_output_are_overloaded(d):
    """Answers of one frame that do not fit are refused one by one, never buffered."""
    with Server(d) as server:
        client = server.client(window=8192)
        regions = [region(1 + i, f'region {i}') for i in range(64)]
        assert set(client.codes(*regions)) == {0}
        answers = client.reads(*(read(GET_REGION, region=1 + i % 64) for i in range(8192)))
        codes = [a[0] for a in answers]
        assert set(codes) == {0, 20}, set(codes)
        assert codes == sorted(codes) and codes.count(0) > 1000
        assert all(len(a[5]) == (664 if a[0] == 0 else 0) for a in answers)


def test_slow_reader_is_closed_and_bounded(d):
    # On a Unix socket, where the kernel gives nobody up.
    with Server(d, '--unix', d + '.socket') as server:
        other = server.client()
        client = Client(server.unix, window=1024)
        before = server.rss()
        client.s.settimeout(0.5)
        request = frame(READS, 1, 64, read(GET_REGION, region=1) * 64)
        sent, start = 0, time.time()
        assert other.codes(region(1)) == [0]
        try:
            while time.time() - start < 40:
                try:
                    sent += client.s.send(request)
                except TimeoutError:
                    other.reads(read(PING))
        except (ConnectionResetError, BrokenPipeError):
            pass
        assert 9 < time.time() - start < 40, 'not closed 10 seconds after the output stalled'
        assert server.rss() - before < 16 << 20
        assert other.reads(read(PING))[0][0] == 0


def deaf(client):
    """From now on nothing reaches it, not even what the kernel would have confirmed for it: a peer
    that is gone without a word. (A filter on its socket drops all that comes.)"""
    program = ctypes.create_string_buffer(struct.pack('HBBI', 6, 0, 0, 0)) # return 0 bytes
    client.s.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                        struct.pack('HP', 1, ctypes.addressof(program)))


def keepalive_in(server):
    """Seconds until the server's end of each idle connection asks whether somebody is there."""
    with open('/proc/net/tcp') as table:
        rows = [line.split() for line in table][1:]
    port = f'{server.address[1]:04X}'
    return [int(row[5].split(':')[1], 16) / os.sysconf('SC_CLK_TCK') for row in rows
            if row[1].endswith(port) and row[3] == '01' and row[5].startswith('02')]


def test_half_open_and_slow_frames(d):
    """Silent, slow, vanished: each is closed at its time, with many of them at once, and nobody
    else notices."""
    with Server(d) as server:
        opened = time.time()
        silent = Client(server.address, greet=False)
        idle = server.client()
        slow = server.client()
        gone = server.client()
        crowd = [Client(server.address, greet=False) for _ in range(200)]
        frames = [server.client(window=16) for _ in range(200)]
        data = frame(OPS, 1, 1, op(DEPOSIT, 1, amount=1))
        start = time.time()
        slow.send(data[:20])
        deaf(gone)
        gone.send(frame(READS, 1, 1, read(PING)))
        slowest = 0

        def drip(which, n):
            nonlocal slowest
            for client in which:
                client.send(data[n:n + 1] if which is frames else hello()[n:n + 1])
            asked = time.time()
            assert idle.reads(read(PING))[0][0] == 0
            slowest = max(slowest, time.time() - asked)

        for n in range(6):
            drip(frames, n)
            if n < 4:
                drip(crowd, n)
            time.sleep(0.5)
        assert silent.error() == 16
        assert 4.9 < time.time() - opened < 12
        assert {client.error() for client in crowd} == {16}
        while time.time() - start < 8:
            slow.send(b'\0')
            drip(frames, 6)
            time.sleep(1)
        assert slow.error() == 10
        assert 9.9 < time.time() - start < 20
        assert {client.error() for client in frames} == {10}
        assert slowest < 4, slowest
        assert idle.reads(read(PING))[0][0] == 0 # idle between frames is fine
        # What was sent to it is never confirmed: after 15 seconds it is given up.
        assert idle.stats()['connections'] == 2
        while idle.stats()['connections'] == 2 and time.time() - start < 40:
            time.sleep(0.25)
        assert idle.stats()['connections'] == 1
        assert 12 < time.time() - start < 35
        # Once the last answer is confirmed.
        wait_until(lambda: len(keepalive_in(server)) == 1, 'nobody asks whether it is there')
        assert keepalive_in(server)[0] <= 60


def test_connection_flood(d):
    with Server(d, '--connections-max', '50') as server:
        first = server.client()
        flood = [Client(server.address, greet=False) for _ in range(200)]
        refused = 0
        for client in flood[-100:]:
            refused += client.error() == 20
        assert refused == 100
        assert first.reads(read(PING))[0][0] == 0
        for client in flood:
            client.close()
        assert server.admits().reads(read(PING))[0][0] == 0


def test_out_of_descriptors(d):
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
    with Server(d, limits=few) as server:
        first = server.client()
        # Those that it takes say HELLO, so that they may stay: the others wait all the time.
        flood = [Client(server.address, greet=False) for _ in range(60)]
        for client in flood:
            client.send(hello())
        assert server.rests(wakes=20), 'spins' # it tries again four times a second
        answered = select.select([client.s for client in flood], [], [], 0)[0]
        assert 0 < len(answered) < 40, len(answered)
        assert server.said('no descriptor') == 1
        assert first.reads(read(PING))[0][0] == 0
        for client in flood:
            client.close()
        assert server.admits().reads(read(PING))[0][0] == 0


def test_states_of_the_server_are_said_once(d):
    """A table that is full, and request ids that are remembered for a moment only."""
    with Server(d, '--institutions-max', '2', '--rids-max', '1000') as server:
        client = server.client(window=8192)
        build(client)
        institutions = [op(SET_INSTITUTION, other=n, arg=1, sub=1, detail=31, flags=0x10,
                           ext=bytes(64)) for n in range(1, 4)]
        assert client.codes(*institutions)[-1] in (24, 25)
        for _ in range(4):
            assert set(client.codes(*(op(DEPOSIT, 1, amount=1) for _ in range(1000)))) == {0}
        wait_until(lambda: server.said('the table of institutions is full: 2') == 1, 'table')
        wait_until(lambda: server.said('requests are remembered for') == 1, 'request ids')
        time.sleep(2.5) # two more looks: a state that stays is said once
        client.codes(op(DEPOSIT, 1, amount=1))
        assert server.said('the table of') == server.said('requests are remembered for') == 1


if __name__ == '__main__':
    main(sys.modules[__name__])
