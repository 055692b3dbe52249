"""tests/protocol/gongji_wire.py -- Shared by the protocol tests: starts a real gongjid on a real
directory, and speaks its bytes.

A test file defines functions test_*(dir) and calls main(). Each gets an empty directory.
Environment: GONGJID is the server; TEST_DIR (default: the build directory) must not be tmpfs.
"""
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

HELLO, OPS, READS, CLOCK, ANSWER, ERROR = 1, 2, 3, 4, 0x80, 0xFF
MAGIC = b'gongji\r\n'
# What every line of the server on stderr begins with.
LINE = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (INFO|WARNING|ERROR) ')
(SET_REGION, SET_INSTITUTION, OPEN_PERSON, UPDATE_PERSON, CONFIRM_WALLET, BIND, UNBIND, SET_CAP,
 DEPOSIT, TRANSFER, PAY, PAY_PREMIUM, SUSPEND, RESUME, ACCEPT, RETURN, HOLD, CAPTURE, RELEASE,
 REFUND, REVERSE, CHANGE_REGION, CLOSE_PERSON, EXPIRE) = range(1, 25)
(PING, STATS, GET_PERSON, GET_OP, GET_REGION, GET_INSTITUTION, REGION_TOTALS, NETTING_ROW,
 STATE_DIGEST, AUDIT, DRY_RUN, REGION_INSTITUTIONS, LIST_HOLDS, LIST_PENDING,
 INSTITUTION_DAY) = range(1, 16)
PARTIAL, SPECIAL, FINAL = 1, 2, 0x40
REPLAYED, SOURCES, IS_PENDING = 1, 2, 4
EXECUTED, REFUSED, NOT_EXECUTED, GONE, TOMBSTONED = range(1, 6)


def frame(kind, tag, count=0, body=b'', flags=0):
    return struct.pack('<IBBHQ', len(body), kind, flags, count, tag) + body


def hello(window=1024, low=1, high=1, magic=MAGIC, reserved=bytes(16), tag=0):
    return frame(HELLO, tag, 0, struct.pack('<8sHHI16s', magic, low, high, window, reserved))


_counter = [0]


def rid(ms=None):
    """A fresh request id: 48 bits of Unix milliseconds, then anything unique."""
    _counter[0] += 1
    ms = int(time.time() * 1000) if ms is None else ms
    return ms.to_bytes(6, 'big') + os.getpid().to_bytes(4, 'big') + _counter[0].to_bytes(6, 'big')


def op(kind, person=0, other=0, amount=0, ref=0, deadline=0, actor=0, flags=0, auth=0, arg=0,
       sub=0, detail=0, ext=b'', ext_count=None, id=None):
    assert len(ext) % 64 == 0
    return (id or rid()) + struct.pack(
        '<QQqQIIBBBBHBB', person, other, amount, ref, deadline, actor, kind,
        len(ext) // 64 if ext_count is None else ext_count, flags, auth, arg, sub, detail) + ext


def pay(kind, person, institution, amount, sources=1, relative=0, part=0, timeout=0, **fields):
    """A PAY or HOLD (outpatient, auth face) with its extension line."""
    fields = {'sub': sources, 'detail': 1, 'auth': 1} | fields
    line = struct.pack('<QqI44x', relative, part, timeout)
    return op(kind, person, institution, amount, ext=line, **fields)


def on(kind, person, original, other=0, amount=0, flags=0, id=None):
    """An operation on an original: the rid of that in the extension line."""
    return op(kind, person, other, amount, flags=flags, ext=original + bytes(48), id=id)


def read(kind, id=0, region=0, op_id=bytes(16), day=0, after=(0, 0), ext=b'', ext_count=None):
    count = len(ext) // 64 if ext_count is None else ext_count
    return struct.pack('<BBHHHQ16sQQ16x', kind, count, region, day, 0, id, op_id, *after) + ext


def day_of(ms):
    """Days since 1970-01-01 in Asia/Shanghai."""
    return (ms + 8 * 3600000) // 86400000


def region(number, name='region', version=1, id=None, **policy):
    body = bytearray(384)
    body[48:48 + len(name.encode())] = name.encode()
    fields = {'quota_bp': ('<H', 28, 7000), 'to': ('<H', 32, 1440), 'expiry': ('<H', 34, 360),
              'grace': ('<H', 36, 15), 'refund': ('<H', 38, 365), 'reversal': ('<H', 40, 31),
              'hold_timeout': ('<I', 24, 86400), 'daily_count': ('<H', 42, 0),
              'wallet_open': ('B', 44, 1), 'region_change': ('B', 45, 0),
              'sharing': ('B', 46, 1), 'relations': ('B', 47, 255), 'payer_personal': ('B', 48, 1),
              'payer_wallet': ('B', 49, 3), 'beneficiary': ('B', 50, 3), 'members': ('B', 51, 7),
              'one_outstanding': ('B', 53, 0), 'receive': ('B', 54, 0),
              'purpose_wallet': ('B', 55, 31), 'purpose_personal': ('B', 56, 31),
              'purpose_relative': ('B', 57, 31), 'place': ('B', 58, 2), 'cross_pay': ('B', 59, 1),
              'cross_transfer': ('B', 60, 1), 'auth_transfer': ('B', 61, 6),
              'auth_pay': ('B', 62, 14), 'auth_bind': ('B', 63, 15)}
    for key, (form, at, value) in fields.items():
        struct.pack_into(form, body, 128 + at, policy.get(key, value))
    return op(SET_REGION, amount=version, arg=number, ext=bytes(body), id=id)


class Closed(Exception):
    pass


class Client:
    def __init__(self, address, window=1024, greet=True, timeout=15):
        if isinstance(address, str):
            self.s = socket.socket(socket.AF_UNIX)
        else:
            self.s = socket.socket()
        self.s.settimeout(timeout)
        self.s.connect(address)
        self.tag = 0
        if greet:
            self.send(hello(window))
            kind, _, count, body = self.answer()
            assert kind == HELLO | ANSWER and count == 0 and len(body) == 64, (kind, count, body)
            (self.version, self.shards, self.window, self.batch_max, self.flags, self.log_id,
             self.generation, self.time_ms, self.rid_low_water_ms,
             self.seq) = struct.unpack('<HHIII16sQQQQ', body)

    def send(self, data):
        self.s.sendall(data)

    def bytes(self, n):
        got = bytearray()
        while len(got) < n:
            more = self.s.recv(n - len(got))
            if not more:
                raise Closed(f'closed after {len(got)} of {n} bytes')
            got += more
        return bytes(got)

    def answer(self):
        """(type, tag, count, body) of the next frame."""
        size, kind, flags, count, tag = struct.unpack('<IBBHQ', self.bytes(16))
        assert flags == 0
        return kind, tag, count, self.bytes(size)

    def send_ops(self, *ops):
        self.tag += 1
        self.send(frame(OPS, self.tag, len(ops), b''.join(ops)))
        return self.tag

    def replies(self):
        """(code, flags, seq, balance, amount, sources or None) of each operation."""
        kind, tag, count, body = self.answer()
        assert kind == OPS | ANSWER, (kind, body)
        got, at = [], 0
        for _ in range(count):
            code, flags, seq, balance, amount = struct.unpack_from('<BB6xQqq', body, at)
            at += 32
            sources = None
            if flags & 2:
                sources = struct.unpack_from('<qqqq', body, at)
                at += 32
            got.append((code, flags, seq, balance, amount, sources))
        assert at == len(body)
        return got

    def ops(self, *ops):
        tag = self.send_ops(*ops)
        got = self.replies()
        assert len(got) == len(ops)
        del tag
        return got

    def codes(self, *ops):
        return [reply[0] for reply in self.ops(*ops)]

    def reads(self, *reads):
        """(code, type, count, seq, time_ms, payload) of each read."""
        self.tag += 1
        self.send(frame(READS, self.tag, len(reads), b''.join(reads)))
        kind, tag, count, body = self.answer()
        assert kind == READS | ANSWER and tag == self.tag and count == len(reads), (kind, body)
        got, at = [], 0
        for _ in range(count):
            code, kind, entries, size, seq, time_ms = struct.unpack_from('<BBHIQQ', body, at)
            at += 24
            got.append((code, kind, entries, seq, time_ms, body[at:at + size]))
            at += size
        assert at == len(body)
        return got

    def error(self):
        """Code of the ERROR frame, which must be the last thing before the end."""
        kind, _, _, body = self.answer()
        assert kind == ERROR and len(body) == 64, (kind, body)
        assert body[1:8] == bytes(7) and body[8] != 0
        self.ended()
        return body[0]

    def ended(self):
        try:
            more = self.s.recv(1)
        except ConnectionResetError:
            more = b''
        assert more == b'', 'the connection is still open'
        self.s.close()

    def balance(self, person):
        code, _, _, _, _, payload = self.reads(read(GET_PERSON, person))[0]
        return struct.unpack_from('<q', payload, 8)[0] if code == 0 else None

    def person(self, person):
        """Figures of GET_PERSON by name."""
        code, _, _, _, _, payload = self.reads(read(GET_PERSON, person))[0]
        assert code == 0, code
        names = 'id personal personal_held wallet wallet_held quota quota_left used'.split()
        view = dict(zip(names, struct.unpack_from('<8q', payload)))
        view['holds'], view['out'], view['in'] = struct.unpack_from('<3H', payload, 114)
        return view

    def open_ones(self, kind, person, after=(0, 0)):
        """One page of LIST_HOLDS or LIST_PENDING: rid, person, other, relative, left, amount,
        due_ms, seq, type."""
        code, _, count, _, _, payload = self.reads(read(kind, person, after=after))[0]
        assert code == 0 and len(payload) == 96 * count, (code, count)
        found = []
        for at in range(0, len(payload), 96):
            rid_, first, other, relative, *rest = struct.unpack_from('<16s3Q3qqQQ3B5x', payload, at)
            found.append({'rid': rid_, 'person': first, 'other': other, 'relative': relative,
                          'left': rest[:3], 'amount': rest[3], 'due_ms': rest[4], 'seq': rest[5],
                          'type': rest[6], 'sources': rest[7], 'scenario': rest[8]})
        return found

    def op_state(self, person, op_id):
        """(state, code) of GET_OP."""
        code, _, _, _, _, payload = self.reads(read(GET_OP, person, op_id=op_id))[0]
        assert code == 0, code
        return payload[0], payload[16]

    def payable(self, institution):
        code, _, _, _, _, payload = self.reads(read(GET_INSTITUTION, institution))[0]
        assert code == 0, code
        return int.from_bytes(payload[24:40], 'little', signed=True)

    def audit(self):
        """Recounts everything; the digest of the state."""
        (code, *_, broken), (*_, digest) = self.reads(read(AUDIT), read(STATE_DIGEST))
        assert code == 0 and broken == bytes(64), broken.rstrip(bytes(1)).decode()
        return digest

    def clock(self, time_ms):
        """Sets log time (--test-clock)."""
        self.send(frame(CLOCK, 1, body=struct.pack('<Q', time_ms)))
        kind, _, _, body = self.answer()
        assert kind == CLOCK | ANSWER, (kind, body)
        self.time_ms = time_ms

    def stats(self):
        names = ('persons persons_max families families_max institutions institutions_max regions '
                 'rids rids_max rid_low_water_ms uptime_ms connections operations refusals reads '
                 'replays overloaded groups log_bytes log_position log_free_bytes durable_seq '
                 'generation rss_bytes damaged_reads holds holds_max expired').split()
        payload = self.reads(read(STATS))[0][5]
        return dict(zip(names, struct.unpack('<28Q', payload)))

    def close(self):
        self.s.close()


SMALL = ['--persons-max', '20000', '--families-max', '1000', '--institutions-max', '1000',
         '--rids-max', '1M', '--buffers-max', '128M', '--log-prealloc', '256M',
         '--log-low-water', '64M']


class Server:
    started = [] # all of them; main() ends those that a test which failed left running

    def __init__(self, directory, *flags, listen='127.0.0.1:0', limits=None, under=(), env=None):
        self.dir = directory
        self.stderr = open(os.path.join(os.path.dirname(directory), 'stderr'), 'ab')
        self.process = subprocess.Popen(
            [*under, os.environ['GONGJID'], '--data', directory, '--listen', listen, *SMALL,
             *flags],
            stdout=subprocess.PIPE, stderr=self.stderr, preexec_fn=limits,
            env=None if env is None else os.environ | env)
        Server.started.append(self)
        line = self.process.stdout.readline().decode()
        words = line.split()
        assert words[:1] == ['ready'], f'not ready: {line!r}, exit {self.process.wait(10)}'
        self.ready = dict(word.split('=', 1) for word in words[1:])
        host, port = self.ready['tcp'].rsplit(':', 1)
        self.address = (host, int(port))
        self.unix = self.ready['unix']

    def client(self, **keys):
        return Client(self.address, **keys)

    def rss(self):
        return self.memory_of(1)

    def mapped(self):
        """Addresses in use, with memory behind them or not."""
        return self.memory_of(0)

    def memory_of(self, field):
        with open(f'/proc/{self.process.pid}/statm') as statm:
            return int(statm.read().split()[field]) * os.sysconf('SC_PAGESIZE')

    def cpu(self):
        with open(f'/proc/{self.process.pid}/stat') as stat:
            fields = stat.read().rsplit(') ', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def sleeps(self):
        """How often its thread went to sleep since it began."""
        with open(f'/proc/{self.process.pid}/status') as status:
            return int(re.search(r'^voluntary_ctxt_switches:\s*(\d+)', status.read(), re.M)[1])

    def said(self, what):
        """How often a line of stderr says these words first, of this server and of those before
        it beside the same directory."""
        with open(self.stderr.name, errors='replace') as text:
            return sum(LINE.sub('', line).startswith(what) for line in text)

    def admits(self, **keys):
        """A client, as soon as there is a place for one again: connections that end give theirs
        back when the server comes to it."""
        late = time.monotonic() + 15
        while True:
            try:
                return self.client(**keys)
            except (AssertionError, Closed, OSError): # refused with 20
                assert time.monotonic() < late, 'no place becomes free'
                time.sleep(0.05)

    def rests(self, seconds=1, within=30, wakes=3):
        """Whether it does nothing at all for so long (but wake so often), once what it still had to
        do is done: on a busy disk that takes its time, and one that spins never gets there."""
        late = time.monotonic() + within
        while time.monotonic() < late:
            cpu, sleeps = self.cpu(), self.sleeps()
            time.sleep(seconds)
            if self.cpu() - cpu <= 0.02 and self.sleeps() - sleeps <= wakes:
                return True
        return False

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=30):
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.stderr.close()


def wait_until(condition, what, seconds=30):
    """Until condition() is true; fails with `what` if it never is. Nothing here hopes that some
    time is enough."""
    late = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < late, what
        time.sleep(0.01)


def run_to_end(*flags, seconds=20, **how):
    """Runs gongjid until it exits; (code, stdout, stderr)."""
    done = subprocess.run([os.environ['GONGJID'], *flags], capture_output=True, timeout=seconds,
                          **how)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def main(module):
    tests = [(n, f) for n, f in sorted(vars(module).items()) if n.startswith('test_')]
    wanted = sys.argv[1:]
    failed = 0
    for name, function in tests:
        if wanted and name not in wanted:
            continue
        top = tempfile.mkdtemp(prefix='gongji-', dir=os.environ.get('TEST_DIR', os.getcwd()))
        try:
            function(os.path.join(top, 'data'))
            print(f'ok {name}', flush=True)
        except Exception:
            failed += 1
            traceback.print_exc(file=sys.stdout)
            stderr = os.path.join(top, 'stderr')
            if os.path.exists(stderr):
                with open(stderr) as text:
                    print('    server said: ' + text.read()[-2000:].replace('\n', '\n    '))
            print(f'not ok {name}', flush=True)
        finally:
            for server in Server.started:
                server.__exit__()
            Server.started.clear()
            shutil.rmtree(top, ignore_errors=True)
    sys.exit(1 if failed else 0)
