"""tests/protocol/machine.py -- The machine under a real server: memory that is short or refused,
clocks that are set, offset or stand still, signals. What needs root or a control group is skipped,
with the reason, where there is none. Environment: PRELOAD is the library built from
tests/protocol/preload.c; without it (sanitizers) its tests are skipped."""
import contextlib
import re
import sys
import threading

from due import wait_expired
from durability import check, fill
from load import Load, under_way
from fixture_people import *

FLAGS = ('--listen', '127.0.0.1:0', *SMALL)


def skipped(why):
    print(f'    skipped: {why}')


def said(d):
    with open(os.path.join(os.path.dirname(d), 'stderr')) as text:
        return text.read()


class MemoryGroup:
    """A control group of this test's own, below the one it runs in; OSError without the right."""

    def __init__(self):
        with open('/proc/self/cgroup') as groups:
            found = dict(line.strip().split(':', 2)[1:] for line in groups)
        old = 'memory' in found # version 1
        top = '/sys/fs/cgroup/memory' + found['memory'] if old else '/sys/fs/cgroup' + found['']
        self.path = os.path.join(top, f'gongji-test-{os.getpid()}')
        self.names = (('memory.limit_in_bytes', 'memory.usage_in_bytes') if old else
                      ('memory.max', 'memory.current'))
        os.mkdir(self.path)
        try:
            self.limit(1 << 30)
        except OSError:
            os.rmdir(self.path)
            raise

    def limit(self, size):
        with open(os.path.join(self.path, self.names[0]), 'w') as file:
            file.write(str(size))

    def used(self):
        with open(os.path.join(self.path, self.names[1])) as file:
            return int(file.read())

    def join(self):
        with open(os.path.join(self.path, 'cgroup.procs'), 'w') as file:
            file.write(str(os.getpid()))

    @contextlib.contextmanager
    def kept(self):
        try:
            yield self
        finally:
            for _ in range(100): # until the last process is gone
                try:
                    os.rmdir(self.path)
                    break
                except OSError:
                    time.sleep(0.05)


def test_memory_limit_below_the_formula(d):
    """The limit of the control group is part of what there is: refused before anything is made."""
    try:
        group = MemoryGroup()
    except OSError as error:
        return skipped(f'no control group for memory here ({error})')
    with group.kept():
        group.limit(150 << 20)
        code, out, err = run_to_end('--data', d, *FLAGS, preexec_fn=group.join)
        last = err.splitlines()[-1]
        assert code == 78 and out == '' and not os.path.exists(d), (code, err)
        total = re.search(r' INFO memory: sum +([0-9]+)', err, re.M)[1]
        assert f'needs {total} MiB' in last and 'lower --persons-max' in last, last
        group.limit(1 << 30)
        with Server(d, limits=group.join) as server:
            assert server.client().reads(read(PING))[0][0] == 0


HOG = """import sys
kept = bytearray(b'x') * int(sys.argv[1])
sys.stdin.read()"""


def test_killed_for_memory(d):
    """Another process takes the memory, and the kernel ends the server in the middle of its work:
    the same as any SIGKILL."""
    try:
        group = MemoryGroup()
    except OSError as error:
        return skipped(f'no control group for memory here ({error})')
    with group.kept():
        with Server(d, limits=group.join) as server:
            fill(server.client())
            with open(f'/proc/{server.process.pid}/oom_score_adj', 'w') as file:
                file.write('1000') # it is the first to go
            loads = [Load(server, 1 + n) for n in range(4)]
            under_way(loads)
            used = group.used()
            group.limit(used + (16 << 20))
            hog = subprocess.Popen([sys.executable, '-c', HOG, str(64 << 20)],
                                   preexec_fn=group.join, stdin=subprocess.PIPE)
            try:
                assert server.process.wait(20) == -signal.SIGKILL
            finally:
                hog.kill()
                hog.communicate()
            for load in loads:
                load.join(10)
                assert load.acknowledged
    with Server(d) as server:
        check(server, loads)


def one_start(d, n):
    """Starts with the n-th request for memory refused: 0 when it serves, else its exit code; and
    whether there were as many requests as that."""
    env = os.environ | {'LD_PRELOAD': os.environ['PRELOAD'], 'REFUSE_MEMORY': str(n)}
    with subprocess.Popen([os.environ['GONGJID'], '--data', d, *FLAGS], env=env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        code = 0
        if process.stdout.readline().startswith('ready'):
            process.kill()
            _, err = process.communicate()
        else:
            _, err = process.communicate(timeout=30)
            code, last = process.returncode, err.splitlines()[-1]
            # Retry, disk or configuration; never a signal, an assertion or a wrong command line.
            assert code in (74, 75, 78) and LINE.match(last), (n, code, err)
    return code, 'preload: refused' in err


def test_every_request_for_memory_is_refused_once(d):
    """A start to which the n-th request for memory is refused, for every n: it does without, or
    says so and leaves nothing half made. First where there is no log, then where there is one."""
    if 'PRELOAD' not in os.environ:
        return skipped('the sanitizers bring their own allocator')
    failed, n, was_refused = [], 0, True
    while was_refused:
        n += 1
        shutil.rmtree(d, ignore_errors=True)
        code, was_refused = one_start(d, n)
        if code != 0:
            failed.append(n)
            # Nothing, or a whole log that is empty: what its groups need is known once it is there.
            if os.path.exists(d) and os.listdir(d) != []:
                assert one_start(d, 10 ** 6) == (0, False), (n, os.listdir(d))
    print(f'    {n - 1} requests; without one of {failed} there was no start')
    assert len(failed) >= 4 and code == 0
    # The log is there now; reading it wants memory too.
    was_refused, n = True, failed[0] - 1
    while was_refused:
        n += 1
        _, was_refused = one_start(d, n)
    with Server(d) as server:
        assert server.client().reads(read(PING))[0][0] == 0


def time_of(client):
    return client.reads(read(PING))[0][4]


def test_wall_clock_that_is_set(d):
    """The wall clock jumps by a day and back by more: log time goes on as if nothing were, what is
    held ends when it was to end, and requests with honest times are still taken."""
    if 'PRELOAD' not in os.environ:
        return skipped('the sanitizers want to be the first library')
    wall = os.path.join(os.path.dirname(d), 'wall')
    env = {'LD_PRELOAD': os.environ['PRELOAD'], 'WALL_CLOCK': wall}

    def step(ms):
        with open(wall, 'r+b') as file:
            file.write(struct.pack('<q', ms))

    with open(wall, 'wb') as file:
        file.truncate(4096)
    with Server(d, env=env) as server:
        client = server.client()
        build(client)
        begun, begun_log, known = time.monotonic(), time_of(client), time.monotonic()
        hold = rid()
        assert client.codes(pay(HOLD, 1, INSTITUTION, 700, timeout=2, id=hold)) == [0]
        due, = (one['due_ms'] for one in client.open_ones(LIST_HOLDS, 1))
        last = begun_log
        for jump in (DAY, -DAY - HOUR, 0, 400 * DAY, -1500):
            step(jump)
            time.sleep(0.25)
            assert client.codes(op(DEPOSIT, 1, amount=1)) == [0]
            asked = time.monotonic()
            _, _, _, _, now, view = client.reads(read(GET_PERSON, 1))[0]
            passed = time.monotonic() - begun
            # At most half as fast again, at least half as fast: that is how a step is made up for.
            logged = (now - begun_log) / 1000
            assert now >= last and (asked - known) / 2 - 0.01 <= logged <= passed * 1.5 + 0.01
            assert struct.unpack_from('<q', view, 16)[0] == (700 if now < due else 0), jump
            last = now
        wait_expired(client, 1)
        assert client.person(1)['personal_held'] == 0 and time_of(client) >= due
        assert 'WARNING the wall clock was stepped' in said(d)
        last = time_of(client)
        assert client.codes(op(DEPOSIT, 1, amount=1)) == [0]
        server.kill()
    step(-HOUR)
    with Server(d, env=env) as server: # behind the log: on from the log
        assert last <= time_of(server.client()) < last + 60000
        assert 'WARNING the clock is' in said(d)
        server.kill()
    step(4 * DAY)
    code, out, err = run_to_end('--data', d, *FLAGS, env=os.environ | env)
    assert code == 75 and out == '' and '--clock-gap-max' in err.splitlines()[-1], (code, err)
    with Server(d, '--clock-gap-max', '400000', env=env) as server:
        client = server.client()
        assert time_of(client) > last + 3 * DAY
        assert client.person(1)['personal'] == 100000 + 6
        client.audit()


def test_any_time_since_boot(d):
    """The clock that counts from the boot says anything: right after it, and after ten years."""
    with open('/proc/uptime') as text:
        uptime = int(float(text.read().split()[0]))
    for offset in (-uptime, 10 * 365 * 86400):
        under = ('unshare', '--time', f'--boottime={offset}', f'--monotonic={offset}')
        if subprocess.run([*under, 'true'], capture_output=True).returncode != 0:
            return skipped('no time namespace without root here')
        with Server(d, under=under) as server:
            client = server.client()
            if offset < 0:
                build(client)
            asked = time.time() * 1000
            assert asked - 1000 <= time_of(client) <= time.time() * 1000 + 1000
            start = time.monotonic()
            assert client.codes(pay(HOLD, 1, INSTITUTION, 700, timeout=1)) == [0]
            wait_expired(client, 1)
            assert time.monotonic() - start > 0.99
            assert 1000 <= client.stats()['uptime_ms'] < 60000
            assert server.rests(0.3), 'spins'
            client.audit()
            client.close()
            assert server.stop() == 0


def test_stopped_and_continued(d):
    """SIGSTOP over the instant at which something is due, a frame half received and answers on
    their way: afterwards everything has happened once."""
    with Server(d) as server:
        client, slow = server.client(), server.client()
        build(client)
        data = frame(OPS, 1, 1, op(DEPOSIT, 1, amount=5))
        slow.send(data[:30])
        assert client.codes(pay(HOLD, 1, INSTITUTION, 700, timeout=1)) == [0]
        one = op(DEPOSIT, 1, amount=3)
        server.process.send_signal(signal.SIGSTOP)
        client.send_ops(one)
        other = threading.Thread(target=slow.send, args=(data[30:],))
        other.start()
        time.sleep(1.5)
        server.process.send_signal(signal.SIGCONT)
        other.join()
        assert client.replies()[0][:2] == (0, 0) and slow.replies()[0][:2] == (0, 0)
        assert client.ops(one)[0][:2] == (0, REPLAYED)
        assert client.person(1)['personal'] == 100000 + 8
        assert client.person(1)['personal_held'] == 0 and client.stats()['expired'] == 1
        client.audit()


def test_stderr_that_nobody_reads(d):
    """A full pipe on stderr holds up neither the start nor an answer nor the stop; what was said
    meanwhile comes when somebody reads."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b'x' * 4096)
    os.set_blocking(writer, True) # as the server finds it
    with Server(d, limits=lambda: os.dup2(writer, 2)) as server:
        os.close(writer)
        assert server.client().reads(read(PING))[0][0] == 0
        os.set_blocking(reader, False)
        said = b''
        with contextlib.suppress(BlockingIOError):
            while True:
                said += os.read(reader, 65536)
        assert server.stop() == 0
        with contextlib.suppress(BlockingIOError):
            while (more := os.read(reader, 65536)) != b'':
                said += more
    lines = said.decode().lstrip('x').splitlines()
    assert 'INFO memory: persons' in lines[0] and 'INFO stopped' in lines[-1], lines
    os.close(reader)


if __name__ == '__main__':
    main(sys.modules[__name__])
