"""tests/blackbox/directories.py -- A data directory that is damaged, incomplete, somebody else's,
an older copy, or in use: the server that is started on it refuses and changes nothing, or has every
operation that was acknowledged."""
import shutil
import sys

from fixture import *


def first_segment(directory):
    return os.path.join(directory, 'log-0000000000000000.seg')


def make(directory, persons=20):
    """A log at rest with some money in it; what a full recovery finds. Behind its end the segments
    are made holes: reading them all again and again would take most of the time."""
    with Server(directory) as server:
        client = server.client()
        fill(client, persons)
        for person in range(1, 1 + persons):
            assert client.codes(op(DEPOSIT, person, amount=person)) == [0]
        digest = client.audit()
        client.close()
        assert server.stop() == 0
    end = max(at + (size + 4095) // 4096 * 4096 for at, size, _ in groups(directory))
    for name in os.listdir(directory):
        if name.endswith('.seg'):
            path = os.path.join(directory, name)
            os.truncate(path, end if path == first_segment(directory) else 0)
            os.truncate(path, SEGMENT)
    return digest


def groups(directory):
    """(position, size, records) of every group of the first segment."""
    found, at = [], 0
    with open(first_segment(directory), 'rb') as log:
        while True:
            log.seek(at)
            header = log.read(128)
            if header[:8] != b'gnjilog1':
                return found
            records, size = struct.unpack_from('<II', header, 64)
            found.append((at, size, records))
            at += (size + 4095) // 4096 * 4096


class Changed:
    """Bytes of a file are others for a while."""

    def __init__(self, path, at, new):
        self.path, self.at, self.new = path, at, new

    def swap(self, bytes_):
        with open(self.path, 'r+b') as file:
            file.seek(self.at)
            old = file.read(len(bytes_))
            file.seek(self.at)
            file.write(bytes_)
        return old

    def __enter__(self):
        self.old = self.swap(self.new)

    def __exit__(self, *_):
        self.swap(self.old)


def flip(path, at):
    with open(path, 'rb') as file:
        file.seek(at)
        return Changed(path, at, bytes([file.read(1)[0] ^ 0x10]))


def still_whole(directory, digest):
    with Server(directory) as server:
        client = server.client()
        assert client.audit() == digest
        client.close()
        assert server.stop() == 0


def test_damage_in_the_log(d):
    """A bit, a block, a moved block of what is proven durable: refused. Of the SEAL, which the
    clean stop noted: refused as well."""
    digest = make(d)
    log, found = first_segment(d), groups(d)
    data = [group for group in found if group[2] > 0]
    assert found[-1][2] == 0 and len(data) > 20, 'a SEAL is the last group'
    damaged = [data[0][0] + 9, data[1][0] + 100, data[10][0] + 130, # and what the SEAL alone proves
               data[-1][0] + data[-1][1] - 1]
    for at in damaged:
        with flip(log, at):
            refusal(d, 78, 'damaged')
    with Changed(log, data[3][0], bytes(4096)):
        refusal(d, 78, 'damaged')
    with open(log, 'rb') as file:
        file.seek(data[5][0])
        block = file.read(4096)
    with Changed(log, data[9][0], block):
        refusal(d, 78, 'damaged')
    with flip(log, found[-1][0] + 100):
        refusal(d, 78, 'clean stop')
    with flip(log, data[0][0] + data[0][1] + 8): # the padding of a group belongs to nobody
        still_whole(d, digest)


def test_end_lost_after_a_clean_stop(d):
    """Zeros where the last groups were: nothing behind them proves that they were there. Also not
    after the next server, which was killed; but its own last moments are the stated limit."""
    digest = make(d)
    log, found = first_segment(d), groups(d)
    end = found[-1][0] + 4096
    for at, _, _ in (found[-1], found[-2], found[len(found) // 2], found[0]):
        with Changed(log, at, bytes(end - at)):
            refusal(d, 78, 'clean stop', f'sealed it with group {len(found)}')
    with Server(d) as server:
        server.kill()
    with Changed(log, found[-2][0], bytes(end + 4096 - found[-2][0])):
        refusal(d, 78)
    still_whole(d, digest)


def test_more_ahead_than_the_disk_has(d):
    """It would fill the disk, and never be there."""
    refused(start(d, '--log-prealloc', '4096G'), 78, '--log-prealloc', 'free')
    with Server(d) as server:
        assert server.stop() == 0


def test_signal_while_starting(d):
    """A start that takes long is ended by a signal, too, and says what it was doing."""
    with Server(d) as server:
        assert server.stop() == 0
    process = start(d, '--log-prealloc', '16G')
    wait_until(lambda: not process.poll() and 'log-0000000000000002.seg' in os.listdir(d), 'made')
    process.terminate()
    refused(process, 75, 'stopped by a signal')
    with Server(d) as server:
        assert server.stop() == 0


def test_missing_and_short_files(d):
    digest = make(d)
    meta, log = os.path.join(d, 'log.meta'), first_segment(d)
    for path, word in ((meta, 'log.meta'), (log, 'segment')):
        os.rename(path, d + '.away')
        refusal(d, 78, word)
        os.rename(d + '.away', path)
    # An empty file in the place of another, and one that is cut short.
    for path, sizes, code in ((meta, (0, 255), 78), (log, (0, SEGMENT - 4096), 78)):
        os.rename(path, d + '.away')
        for size in sizes:
            with open(path, 'wb') as file:
                file.truncate(size)
            refusal(d, code)
        os.unlink(path)
        os.rename(d + '.away', path)
    still_whole(d, digest)


def test_files_of_another_log(d):
    """Segments and identities of two logs, exchanged in every way but both together."""
    other = d + '2'
    digests = make(d), make(other, persons=3)

    def exchange(name):
        for one, two in ((d, d + '.swap'), (other, d), (d + '.swap', other)):
            os.rename(os.path.join(one, name) if one != d + '.swap' else one,
                      os.path.join(two, name) if two != d + '.swap' else two)

    for name in ('log.meta', os.path.basename(first_segment(d))):
        exchange(name)
        for directory in (d, other):
            refusal(directory, 77)
        exchange(name)
    still_whole(d, digests[0])
    still_whole(other, digests[1])


def test_not_a_log(d):
    os.mkdir(d)
    with open(os.path.join(d, 'notes.txt'), 'w') as file:
        file.write('somebody else works here\n')
    refusal(d, 77)


def test_older_copy(d):
    """The stated limit: a backup put back is a log like any other, and nothing says that it is old.
    Its state is that of the backup; what came later is gone, and its rids are executed again."""
    digest = make(d)
    subprocess.run(['cp', '-a', '--sparse=always', d, d + '.backup'], check=True)
    late = op(DEPOSIT, 1, amount=1000)
    with Server(d) as server:
        client = server.client()
        assert client.codes(late) == [0] and client.balance(1) == 1001
        client.close()
        assert server.stop() == 0
    shutil.rmtree(d)
    os.rename(d + '.backup', d)
    with Server(d) as server:
        client = server.client()
        assert client.audit() == digest
        assert client.op_state(1, late[:16])[0] == NOT_EXECUTED
        assert client.ops(late)[0][:2] == (0, 0) and client.balance(1) == 1001


def test_second_servers(d):
    """A directory in use under any of its names, and its segments under any of theirs: 75, nothing
    is written. A copy has its own locks: it is another log of the same name."""
    top, names = os.path.dirname(d), [d]
    mounted = os.path.join(top, 'mounted')
    os.symlink(d, os.path.join(top, 'link'))
    names.append(os.path.join(top, 'link'))
    with Server(d) as server:
        client = server.client()
        fill(client, 3)
        settle(d)
        os.mkdir(mounted)
        bound = subprocess.run(['mount', '--bind', d, mounted], capture_output=True).returncode == 0
        if bound:
            names.append(mounted)
        else:
            print('    without a bind mount: not allowed here')
        try:
            linked = os.path.join(top, 'linked')
            subprocess.run(['cp', '-al', d, linked], check=True)
            names.append(linked)
            before = stamps(d)
            tries = [start(name) for name in names]
            for process in tries:
                refused(process, 75, 'another server')
            assert stamps(d) == before, 'a second server changed the directory'
            subprocess.run(['cp', '-a', '--sparse=always', d, os.path.join(top, 'copy')],
                           check=True)
            with Server(os.path.join(top, 'copy')) as copy:
                assert copy.client().balance(1) == 0
            assert client.codes(op(DEPOSIT, 1, amount=5)) == [0] and client.balance(1) == 5
        finally:
            if bound:
                subprocess.run(['umount', mounted], check=True)
        client.close()
        assert server.stop() == 0


def test_first_servers_at_once(d):
    """Nothing is there yet, and several begin at the same moment: one makes the log and serves, the
    others touch nothing of it."""
    tries = [start(d) for _ in range(4)]
    try:
        lines = [process.stdout.readline().decode() for process in tries]
        serving = [n for n, line in enumerate(lines) if line.startswith('ready ')]
        assert len(serving) == 1, lines
        for n, process in enumerate(tries):
            if n not in serving:
                refused(process, 75, 'another server')
        host, port = lines[serving[0]].split()[1].removeprefix('tcp=').rsplit(':', 1)
        client = Client((host, int(port)))
        fill(client, 3)
        assert client.codes(op(DEPOSIT, 1, amount=7)) == [0]
        digest = client.audit()
        client.close()
    finally:
        for process in tries:
            process.kill()
            process.communicate()
    with Server(d) as server:
        assert server.client().audit() == digest and server.ready['recovered'] == '5'


if __name__ == '__main__':
    main(sys.modules[__name__])
