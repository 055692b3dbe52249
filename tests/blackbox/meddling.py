"""tests/blackbox/meddling.py -- What somebody may do to the files of a server at work: a limit on
their size, their permissions taken away, some or all of them removed or replaced, its socket's path
taken over. It stops with 74, or goes on with what it has open."""
import ctypes
import resource
import shutil
import sys

from fixture import *

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2


def test_short_write(d):
    """The last write of a file that may not grow comes back short: a failure like any other."""
    with Server(d) as server:
        client = server.client(window=8192, timeout=30)
        fill(client, 2)
        assert client.codes(op(DEPOSIT, 1, amount=3)) == [0]
        settle(d)
        limit = client.stats()['log_position'] + 3 * 4096
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (limit, limit))
        ids = [rid() for _ in range(4096)] # 512 KiB of log
        client.send_ops(*(op(DEPOSIT, 2, amount=1, id=i) for i in ids))
        try:
            assert {reply[0] for reply in client.replies()} == {26}
        except (Closed, ConnectionResetError):
            pass
        assert server.process.wait(10) == 74
    with Server(d) as server:
        client = server.client(window=8192)
        assert client.balance(1) == 3
        client.audit()
        states = {answer[5][0] for answer in client.reads(*(read(GET_OP, 2, op_id=i)
                                                            for i in ids))}
        assert states == {NOT_EXECUTED} and client.balance(2) == 0, states


def without_override():
    """Root without the right to ignore permissions: any other user of its own files."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def test_permission_taken_away(d):
    """chmod 0 of the directory and the files: what is open stays open. Not started again so."""
    with Server(d, limits=without_override) as server:
        client = server.client()
        fill(client, 2)
        settle(d)
        load = Load(server, 1)
        under_way([load])
        for name in os.listdir(d):
            os.chmod(os.path.join(d, name), 0)
        os.chmod(d, 0)
        goes_on(load, IN_FLIGHT)
        client.close()
        assert server.stop() == 0
        load.join(10)
        assert set(load.codes.values()) <= {0, 23}
    again = start(d, limits=without_override)
    refused(again, 77, 'ermission')
    os.chmod(d, 0o700)
    for name in os.listdir(d):
        os.chmod(os.path.join(d, name), 0o600)
    with Server(d, limits=without_override) as server:
        check(server, [load])


def stops(server, load, seconds=20):
    """With 74, and nobody is told anything more than that the outcome is unknown."""
    assert server.process.wait(seconds) == 74
    load.join(10)
    assert set(load.codes.values()) <= {0, 26}, load.codes


def test_directory_removed(d):
    """rm -rf under load is noticed within a second or two: what would be acknowledged is lost."""
    with Server(d) as server:
        fill(server.client(), 2)
        settle(d)
        load = Load(server, 1)
        under_way([load])
        shutil.rmtree(d)
        stops(server, load)
        assert server.said(f'the data directory {d} was removed') + server.said(f'{d}/log-') == 1
    with Server(d) as server:
        assert server.ready['recovered'] == '0'


def test_segment_replaced(d):
    """A copy put in the place of the segment that is written."""
    with Server(d) as server:
        fill(server.client(), 2)
        settle(d)
        load = Load(server, 1)
        under_way([load])
        segment = os.path.join(d, 'log-0000000000000000.seg')
        shutil.copy(segment, d + '.copy')
        os.rename(d + '.copy', segment)
        stops(server, load)


def test_moved_at_rest(d):
    """Nobody writes, so nobody looks; the stop does, and does not say that all is on disk."""
    with Server(d) as server:
        fill(server.client(), 2)
        settle(d)
        os.rename(d, d + '.moved')
        assert server.stop() == 74
        assert server.said('stopped; everything') == 0
    os.rename(d + '.moved', d)
    with Server(d) as server:
        assert int(server.ready['recovered']) > 0
        assert server.stop() == 0


def test_socket_of_another_server(d):
    """A path that another server has bound since is left alone."""
    path = d + '.socket'
    with Server(d, '--unix', path) as server:
        os.unlink(path)
        with Server(d + '.other', '--unix', path) as other:
            assert server.stop() == 0
            client = Client(path)
            fill(client, 1)
            client.close()
            assert other.stop() == 0
        assert not os.path.exists(path)


if __name__ == '__main__':
    main(sys.modules[__name__])
