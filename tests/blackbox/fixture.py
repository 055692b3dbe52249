"""tests/blackbox/fixture.py -- What the black-box tests share: the protocol tests' client, server
and load, small disks, and what a directory looks like. Run by hand they take build/gongjid and work
in /var/tmp, unless GONGJID and TEST_DIR say otherwise."""
import contextlib
import os
import subprocess
import sys

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
os.environ.setdefault('GONGJID', os.path.join(os.path.dirname(TESTS), 'build', 'gongjid'))
os.environ.setdefault('TEST_DIR', '/var/tmp')
sys.path.insert(0, os.path.join(TESTS, 'protocol'))
from gongji_wire import *  # noqa: E402
from durability import check, fill  # noqa: E402
from faults import SmallDisk  # noqa: E402
from load import IN_FLIGHT, Load, goes_on, under_way  # noqa: E402

SEGMENT = 256 << 20
SKIPPED = 77


def can_mount():
    """None, or why no small disk can be mounted here. Tried once, by mounting one."""
    with tempfile.TemporaryDirectory(prefix='gongji-', dir=os.environ['TEST_DIR']) as top:
        try:
            with SmallDisk(top):
                return None
        except (OSError, subprocess.SubprocessError) as error:
            return str(error)


class Disk(SmallDisk):
    """A small disk that can be filled, fail, be repaired and be mounted again."""

    def __init__(self, top):
        super().__init__(top)
        self.data = os.path.join(self.mount, 'data')

    def fill(self, left):
        """All but `left` bytes."""
        fs = os.statvfs(self.mount)
        with open(os.path.join(self.mount, 'filler'), 'wb') as filler:
            os.posix_fallocate(filler.fileno(), 0, fs.f_bavail * fs.f_frsize - left)

    def empty(self):
        os.unlink(os.path.join(self.mount, 'filler'))

    def repair(self):
        """As after a fault: unmounted, checked, mounted again."""
        self.__exit__()
        # 1: something was corrected, as after every abort.
        assert subprocess.run(['e2fsck', '-p', self.image], capture_output=True,
                              timeout=60).returncode in (0, 1)
        self.run('mount', '-o', 'loop', self.image, self.mount)


@contextlib.contextmanager
def disk_beside(directory):
    """A small disk in the directory of a test; unmounted whatever happens."""
    disk = Disk(os.path.dirname(directory))
    disk.__enter__()
    try:
        yield disk
    finally:
        disk.__exit__()


def start(directory, *flags, limits=None):
    """A server that is expected to refuse: as a process, so that several can try at once."""
    return subprocess.Popen([os.environ['GONGJID'], '--data', directory, '--listen', '127.0.0.1:0',
                             *SMALL, *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            preexec_fn=limits)


def refused(process, code, *words):
    """It ended with this code, was never ready, and said what is wrong in its last line."""
    try:
        out, err = process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill() # it serves
        raise
    last = err.decode().strip().splitlines()[-1]
    assert process.returncode == code and out == b'', (process.returncode, code, last)
    assert LINE.match(last) and all(word in last for word in words), last


def stamps(directory):
    """What any write to the directory or to one of its files changes."""
    found = {}
    for name in ['.', *sorted(os.listdir(directory))]:
        status = os.stat(os.path.join(directory, name))
        found[name] = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_blocks)
    return found


def settle(directory):
    """Until the server at work there has sealed its log and made the segment ahead."""
    deadline, before, since = time.monotonic() + 20, None, 0
    while time.monotonic() < deadline:
        try:
            now = stamps(directory)
        except FileNotFoundError: # it was just given its name
            continue
        if now != before or 'segment.tmp' in now or len(now) < 4: # itself, log.meta, two segments
            before, since = now, time.monotonic()
        if time.monotonic() - since > 0.4:
            return
        time.sleep(0.02)
    raise AssertionError(f'no rest in {directory}: {sorted(now)}')


def refusal(directory, code, *words):
    """A start that is refused and leaves no trace."""
    before = stamps(directory)
    refused(start(directory), code, *words)
    assert stamps(directory) == before, 'a refused start changed the directory'
