"""tests/blackbox/meddling.py -- What somebody may do to the files of a server at work: a limit on
their size, their permissions taken away, all of them removed. It stops with 74, or goes on with
what it has open."""
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


def test_directory_removed(d):
    """rm -rf under a running server: it goes on with what it has open, and stops as asked. What it
    was told is lost with the directory, and the next start begins a new log."""
    with Server(d) as server:
        client = server.client()
        fill(client, 2)
        settle(d)
        load = Load(server, 1)
        under_way([load])
        shutil.rmtree(d)
        goes_on(load, IN_FLIGHT)
        client.audit()
        client.close()
        assert server.stop() == 0
        load.join(10)
        assert set(load.codes.values()) <= {0, 23}
    with Server(d) as server:
        assert server.ready['recovered'] == '0'


if __name__ == '__main__':
    main(sys.modules[__name__])
