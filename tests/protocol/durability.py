"""tests/protocol/durability.py -- Stop, kill and restart of a real server: what was acknowledged
stays, the rest is said."""
import re
import select
import sys

from fixture_people import INSTITUTION, build, pay
from gongji_wire import *
from load import Load, under_way


def fill(client, persons=100):
    assert client.codes(region(1)) == [0]
    ops = [op(OPEN_PERSON, 1 + i, arg=1, sub=1, detail=1) for i in range(persons)]
    assert set(client.codes(*ops)) == {0}


def check(server, loads):
    client = server.client(window=8192)
    for load in loads:
        executed = 0
        for at in range(0, len(load.sent), 4096):
            part = load.sent[at:at + 4096]
            answers = client.reads(*(read(GET_OP, load.person, op_id=i) for i in part))
            states = [answer[5][0] for answer in answers]
            assert set(states) <= {1, 3}, set(states)
            executed += states.count(1)
            known = {i for i, state in zip(part, states) if state == 1}
            assert known >= set(load.acknowledged) & set(part), 'an acknowledged operation is lost'
        assert client.balance(load.person) == executed
    assert client.reads(read(AUDIT))[0][5] == bytes(64)


def test_sigkill_keeps_what_was_acknowledged(d):
    loads = []
    for turn in range(4):
        with Server(d) as server:
            if turn == 0:
                fill(server.client())
            check(server, loads)
            now = [Load(server, 1 + 4 * turn + n) for n in range(4)]
            under_way(now)
            server.kill()
            for load in now:
                load.join(10)
            assert all(load.acknowledged for load in now)
            loads += now
    with Server(d) as server:
        check(server, loads)


def test_sigterm_drains_under_load(d):
    with Server(d) as server:
        fill(server.client())
        loads = [Load(server, 1 + n) for n in range(4)]
        idle = server.client()
        under_way(loads)
        start = time.time()
        assert server.stop() == 0
        assert time.time() - start < 10
        for load in loads:
            load.join(10)
            assert set(load.codes.values()) <= {0, 23}, set(load.codes.values())
            assert load.acknowledged
        idle.close()
    with Server(d) as server:
        check(server, loads)


def unread(server, client):
    """Bytes that lie in the server's socket of this connection."""
    ports = server.address[1], client.s.getsockname()[1]
    with open('/proc/net/tcp') as table:
        for line in table.readlines()[1:]:
            words = line.split()
            if tuple(int(end.split(':')[1], 16) for end in words[1:3]) == ports:
                return int(words[4].split(':')[1], 16)
    raise AssertionError('no such connection')


def test_sigterm_finishes_what_was_received(d):
    """The frame that is being executed and the one behind it are done and answered. (Where the
    signal comes before them or after them nothing is shown, so there are several tries.)"""
    reads, shown, balance = 1500, False, 100000
    with Server(d) as server:
        client = server.client()
        build(client) # reads of somebody with many holds take a while
        assert set(client.codes(*(pay(HOLD, 1, INSTITUTION, 1) for _ in range(900)))) == {0}
        client.close()
        assert server.stop() == 0
    for _ in range(40):
        with Server(d) as server:
            client = server.client(window=8192, timeout=60)
            client.send(frame(READS, 7, reads, read(GET_PERSON, 1) * reads) +
                        frame(OPS, 8, 1, op(DEPOSIT, 1, amount=1)))
            while unread(server, client) != 0:
                pass
            early = select.select([client.s], [], [], 0)[0] != []
            server.process.send_signal(signal.SIGTERM)
            kind, tag, count, body = client.answer()
            assert (kind, tag, count) == (READS | ANSWER, 7, reads)
            shown = not early and body[0] == 0
            code = client.replies()[0][0]
            assert code == 0 if shown else code in (0, 23), code
            balance += code == 0
            client.close()
            assert server.process.wait(30) == 0
        if shown:
            break
    assert shown, 'the signal never came in between'
    with Server(d) as server:
        assert server.client().balance(1) == balance


def test_second_signal_stops_at_once(d):
    with Server(d) as server:
        client = server.client() # holds the drain open for seconds
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: server.said('stopping'), 'it does not stop')
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(15) == 128 + signal.SIGINT
        client.close()


def test_second_server_is_refused(d):
    with Server(d) as server:
        code, out, err = run_to_end('--data', d, '--listen', '127.0.0.1:0', *SMALL)
        assert code == 75 and out == '', (code, out)
        assert LINE.match(err.strip().splitlines()[-1]), err
        assert server.client().reads(read(PING))[0][0] == 0


def test_address_in_use(d):
    with Server(d) as server:
        code, out, err = run_to_end('--data', d + '2', '--listen', server.ready['tcp'], *SMALL)
        assert code == 75 and out == '' and 'in use' in err, (code, err)
        assert not os.path.exists(d + '2')


def test_reads_do_not_keep_the_log_unsealed(d):
    with Server(d) as server:
        client = server.client()
        fill(client, 1)
        assert server.rests(0.3)
        groups = client.stats()['groups']
        assert client.codes(op(DEPOSIT, 1, amount=1)) == [0]
        late = time.monotonic() + 15
        while client.stats()['groups'] < groups + 2: # its own and the SEAL
            assert time.monotonic() < late, 'never sealed'
        start = time.monotonic()
        while time.monotonic() - start < 0.3:
            client.reads(read(PING))
        assert client.stats()['groups'] == groups + 2


def test_every_flag_is_in_the_help_and_checked(d):
    _, text, _ = run_to_end('--help')
    flags = set(re.findall(r'^  (--[a-z-]+) [A-Z]', text, re.M))
    assert len(flags) == 18, flags
    for flag in flags - {'--data', '--unix', '--io-trace'}: # which are paths
        for value in ('x', '', '-1', '1:1:1x', '18446744073709551616', '99999999999G', '0x10'):
            code, out, err = run_to_end('--data', d, flag, value)
            assert code == 64 and out == '' and err.count('\n') == 1, (flag, value, code, err)
            assert flag in err and '--help' in err, err
        code, out, err = run_to_end('--data', d, flag)
        assert code == 64 and err.count('\n') == 1 and flag in err, (flag, err)
    for flag in ('--unix', '--io-trace'):
        code, _, err = run_to_end('--data', d, flag, '')
        assert code == 64 and flag in err and '--help' in err, err


def test_data_does_not_pass_for_the_log(d):
    """A region's lines that spell the header of a group of another log, or of a newer one, exactly
    where a block of the log begins; and a crash that tore the group around them."""
    block = 4096
    for version, own, line in ((2, False, 0), (3, True, 2)):
        with Server(d) as server:
            client = server.client()
            wait_until(lambda: server.rests(0.2), 'the log is not sealed')
            end = client.stats()['log_position']
            header = struct.pack('<8sII16sQQQ', b'gnjilog1', version, 2,
                                 client.log_id if own else bytes(16), 1, 1, end + block)
            lines = [bytes(64)] * 6
            lines[line] = header + bytes(64 - len(header))
            # 128 bytes of header, records of 128 and 192 bytes, and the lines before this one
            fill = (block - 128 - 64 * (line + 1)) // 64
            ops = [op(SET_INSTITUTION, other=5, arg=77, sub=1, detail=31, ext=bytes(64))
                   for _ in range(fill % 2)]
            ops += [op(DEPOSIT, 999, amount=1) for _ in range((fill - 3 * len(ops)) // 2)]
            codes = client.codes(*ops, op(SET_REGION, amount=1, arg=8, ext=b''.join(lines)),
                                 *[op(DEPOSIT, 999, amount=1) for _ in range(40)])
            assert codes[len(ops)] == 13, codes
            server.kill()
        with open(os.path.join(d, 'log-0000000000000000.seg'), 'r+b') as file:
            for at, size in ((end, block), (end + 2 * block, 4 * block)): # its header is lost
                file.seek(at)
                file.write(bytes(size))
        with Server(d) as server:
            server.kill()


def test_a_trace_is_no_part_of_the_log(d):
    """A trace among the log's files could take the place of one of them, and be seen as damage."""
    def refused(path, **options):
        code, out, err = run_to_end('--data', d, '--listen', '127.0.0.1:0', *SMALL, '--io-trace',
                                    path, **options)
        assert code == 78 and out == '' and err.count('\n') == 1, (path, err)
        assert '--io-trace' in err, (path, err)
    os.mkdir(d)
    refused(os.path.join(d, 'log.meta'))
    assert os.listdir(d) == []
    with Server(d) as server:
        fill(server.client())
        assert server.stop() == 0
    before = sorted(os.listdir(d))
    link = os.path.join(os.path.dirname(d), 'link')
    os.symlink(d, link)
    for name in ('trace', 'segment.tmp', 'log.meta', 'log-0000000000000009.seg', '../data/./trace'):
        refused(os.path.join(d, name))
        refused(os.path.join(link, os.path.basename(name)))
        refused(os.path.basename(name), cwd=d)
    assert sorted(os.listdir(d)) == before
    with Server(d, '--io-trace', os.path.join(os.path.dirname(d), 'trace')) as server:
        assert server.ready['recovered'] == '101'
        assert server.stop() == 0


def test_unusable_directories(d):
    with open(d, 'w') as file:
        file.write('not a directory')
    for path in (d, os.path.join(d, 'below'), '/proc/gongji'):
        code, out, err = run_to_end('--data', path, '--listen', '127.0.0.1:0', *SMALL)
        last = err.strip().splitlines()[-1]
        assert code in (74, 75, 77, 78) and out == '' and LINE.match(last), (code, err)
        assert path in last, last


def test_usage(d):
    cases = [[], ['--data'], ['--data', ''], ['--data', d, '--shards', '2'],
             ['--data', d, '--shards', '0'], ['--data', d, '--persons-max', '0'],
             ['--data', d, '--persons-max', '1x'], ['--data', d, '--persons-max', '99999999999G'],
             ['--data', d, '--listen', '7272'], ['--data', d, '--listen', 'example.org:1'],
             ['--data', d, '--listen', '127.0.0.1:65536'], ['--data', d, '--nonsense'],
             ['--data', d, 'extra'], ['--data', d, '--unix', 'x' * 108],
             ['--data', d, '--buffers-max', '-1']]
    for flags in cases:
        code, out, err = run_to_end(*flags)
        assert code == 64 and out == '', (flags, code, out)
        last = err.splitlines()[-1]
        assert '--help' in last, (flags, err)
        assert LINE.match(last) or last.startswith('gongjid: '), (flags, err)
    for flags in (['--data', d, '--listen', '0.0.0.0:0'], ['--data', d, '--listen', '[::]:0']):
        code, out, err = run_to_end(*flags, *SMALL)
        assert code == 78 and 'loopback' in err, (code, err)
    code, out, err = run_to_end('--data', d, '--listen', '127.0.0.1:0', '--persons-max', '4000M')
    assert code == 78 and 'lower' in err, (code, err)
    assert not os.path.exists(d)
    for flag in ('--help', '--version'):
        code, out, err = run_to_end(flag)
        assert code == 0 and out.startswith('gongjid') and err == ''


def test_unix_socket(d):
    path = os.path.join(os.path.dirname(d), 'socket')
    with Server(d, '--unix', path) as server:
        assert server.ready['unix'] == path and os.stat(path).st_mode & 0o777 == 0o600
        client = Client(path)
        fill(client)
        server.kill()
        with Server(d, '--unix', path) as second: # the file was left behind
            assert second.ready['recovered'] == '101'
            assert Client(path).balance(1) == 0
            assert second.stop() == 0
        assert not os.path.exists(path)


def test_replies_survive_a_restart(d):
    with Server(d) as server:
        client = server.client()
        fill(client)
        deposit = op(DEPOSIT, 1, amount=5)
        refused = op(DEPOSIT, 999, amount=5)
        first = client.ops(deposit, refused)
        again = server.client().ops(deposit, refused)
        assert [r[0] for r in first] == [0, 40]
        assert again == [(r[0], r[1] | 1, *r[2:]) for r in first]
        other = deposit[:32] + struct.pack('<q', 6) + deposit[40:]
        assert client.codes(other) == [31]
        server.kill()
    with Server(d) as server:
        client = server.client()
        assert client.ops(deposit, refused) == again
        assert client.codes(other) == [31]
        assert client.balance(1) == 5


def test_idle_server_rests(d):
    with Server(d) as server:
        client = server.client()
        fill(client)
        assert server.rests(2)
        client.close()


if __name__ == '__main__':
    main(sys.modules[__name__])
