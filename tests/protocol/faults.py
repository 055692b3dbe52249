"""tests/protocol/faults.py -- The disk under a real server fails or stands still: nothing that is
not on it is reported as done, and what was reported is there after the restart."""
import contextlib
import resource
import select
import sys
import threading

from gongji_wire import *
from load import Load, under_way


def fill(client, persons=8):
    ops = [op(OPEN_PERSON, 1 + i, arg=1, sub=1, detail=1) for i in range(persons)]
    assert set(client.codes(region(1), *ops)) == {0}


def set_clock(client, time_ms):
    client.send(frame(CLOCK, 1, body=struct.pack('<Q', time_ms)))
    client.answer()


def test_failed_write(d):
    """The log cannot be written any further: unanswered operations get 26 or the end, exit 74."""
    with Server(d) as server:
        fill(server.client())
        loads = [Load(server, 1 + n) for n in range(4)]
        under_way(loads)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
        assert server.process.wait(10) == 74
        for load in loads:
            load.join(10)
            codes = list(load.codes.values())
            assert set(codes) <= {0, 26} and 0 in codes, set(codes)
            assert codes == sorted(codes), 'an answer after the failure says it is done'
        assert any(26 in load.codes.values() for load in loads)
    with open(os.path.join(os.path.dirname(d), 'stderr')) as text:
        said = [line for line in text if 'exit code 74' in line]
        assert len(said) == 1 and 'get_op' in said[0], said
    with Server(d) as server:
        client = server.client(window=8192)
        for load in loads:
            answers = []
            for at in range(0, len(load.sent), 4096):
                answers += client.reads(*(read(GET_OP, load.person, op_id=i)
                                          for i in load.sent[at:at + 4096]))
            states = {i: answer[5][0] for i, answer in zip(load.sent, answers)}
            assert all(states[i] == 1 for i, code in load.codes.items() if code == 0)
            assert set(states.values()) <= {1, 3}
            assert client.balance(load.person) == list(states.values()).count(1)
            # Sent again, every one is done exactly once.
            for at in range(0, len(load.sent), 4096):
                again = client.codes(*(op(DEPOSIT, load.person, amount=1, id=i)
                                       for i in load.sent[at:at + 4096]))
                assert set(again) == {0}
            assert client.balance(load.person) == len(load.sent)
        assert client.reads(read(AUDIT))[0][5] == bytes(64)


def test_failed_write_with_a_clock_frame_waiting(d):
    """Answers and a CLOCK frame that wait: every byte the client gets is still a frame."""
    with Server(d, '--test-clock') as server:
        client = server.client()
        now = int(time.time() * 1000)
        set_clock(client, now)
        fill(client)
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
        client.send(b''.join(frame(OPS, 2 * n, 1, op(DEPOSIT, 1, amount=1, id=rid(now)))
                             + frame(CLOCK, 2 * n + 1, 0, struct.pack('<Q', now + n))
                             for n in range(1, 30)))
        last = None
        try:
            while True:
                kind, tag, count, body = client.answer()
                assert kind in (OPS | ANSWER, CLOCK | ANSWER, ERROR), kind
                assert last is None or tag == last + 1, (tag, last)
                last = tag
                if kind == OPS | ANSWER:
                    assert count == 1 and len(body) == 32 and body[0] == 26, body
                if kind == ERROR:
                    assert body[0] == 26
        except (Closed, ConnectionResetError):
            pass
        assert last is not None
        assert server.process.wait(10) == 74


def test_service_goes_on_after_a_stall(d):
    """CLOCK frames that had to wait for a group leave nothing behind that refuses later frames."""
    with Server(d, '--test-clock') as server:
        client = server.client()
        now = int(time.time() * 1000)
        set_clock(client, now)
        fill(client)
        client.send(b''.join(frame(OPS, 2 * n, 1, op(DEPOSIT, 1, amount=1, id=rid(now)))
                             + frame(CLOCK, 2 * n + 1, 0, struct.pack('<Q', now + n))
                             for n in range(1, 6))) # the fifth group has to wait, and is the last
        for _ in range(5):
            assert client.replies()[0][0] == 0
            assert client.answer()[0] == CLOCK | ANSWER
        time.sleep(1.5)
        assert client.codes(op(DEPOSIT, 1, amount=1, id=rid(now))) == [0]


def test_damaged_record_is_no_answer(d):
    """A bit of an old record changes on the disk while the server runs: what depends on it gets 26
    and is not executed, nobody else notices, and with the bit as it was it is answered again."""
    with Server(d) as server:
        client = server.client()
        fill(client)
        old = op(DEPOSIT, 1, amount=5)
        first = client.ops(old)[0]
        view = client.reads(read(GET_OP, 1, op_id=old[:16]))[0][5]
        at = 64 * struct.unpack_from('<Q', view, 8)[0] # its position
        server.kill()

    def flip():
        with open(os.path.join(d, 'log-0000000000000000.seg'), 'r+b') as file:
            file.seek(at + 5) # in its rid
            byte = file.read(1)[0] ^ 4
            file.seek(at + 5)
            file.write(bytes([byte]))
            os.fsync(file.fileno())

    with Server(d) as server: # with an empty cache of the log
        client = server.client()
        flip()
        again = on(REVERSE, 1, old[:16])
        assert client.codes(old, again) == [26, 26]
        assert client.codes(op(DEPOSIT, 2, amount=1)) == [0]
        assert client.balance(1) == 5 and client.stats()['damaged_reads'] >= 2
        flip()
        assert client.ops(old)[0] == (first[0], first[1] | REPLAYED, *first[2:])
        assert client.codes(again) == [0] and client.balance(1) == 0
        client.audit()


class SmallDisk:
    """An ext4 image on a loop mount; None of it without root."""

    def __init__(self, top):
        self.image, self.mount = os.path.join(top, 'image'), os.path.join(top, 'disk')

    def __enter__(self):
        with open(self.image, 'wb') as image:
            image.truncate(900 << 20)
        os.mkdir(self.mount)
        self.run('mkfs.ext4', '-q', '-F', self.image)
        self.run('mount', '-o', 'loop', self.image, self.mount)
        return self

    @staticmethod
    def run(*words):
        subprocess.run(words, check=True, capture_output=True, timeout=60)

    def settle(self, data):
        """Until the segment ahead is made: a call that names a file would wait in the kernel."""
        before, since = None, time.monotonic()
        while time.monotonic() - since < 1:
            now = sorted(os.listdir(os.path.join(self.mount, data)))
            if now != before or sum(name.endswith('.seg') for name in now) < 2:
                before, since = now, time.monotonic()
            time.sleep(0.05)

    def freeze(self):
        self.run('fsfreeze', '-f', self.mount)

    def thaw(self):
        self.run('fsfreeze', '-u', self.mount)

    @contextlib.contextmanager
    def thawed(self):
        """Whatever happens inside: a server on a frozen disk cannot even be killed."""
        try:
            yield
        finally:
            subprocess.run(['fsfreeze', '-u', self.mount], capture_output=True)

    def __exit__(self, *_):
        for _ in range(50):
            if subprocess.run(['umount', self.mount], capture_output=True).returncode == 0:
                break
            time.sleep(0.1)


def send_deposits(client, ids):
    for at in range(0, len(ids), 8192):
        client.send_ops(*(op(DEPOSIT, 1, amount=1, id=i) for i in ids[at:at + 8192]))


def until_full(clients):
    """Waits until the groups in memory take no more: one client after the other sends, until one is
    refused. Those before wait for the disk: they are returned."""
    for n, client in enumerate(clients):
        client.send_ops(op(DEPOSIT, 2, amount=1))
        if select.select([client.s], [], [], 3)[0]:
            assert client.replies()[0][0] == 20
            return clients[:n]
    raise AssertionError('it takes everything, and the disk stands still')


def test_disk_stands_still(d):
    """A frozen disk: nothing is answered early, new frames get 20, and then everything goes on."""
    try:
        disk = SmallDisk(os.path.dirname(d)).__enter__()
    except (OSError, subprocess.SubprocessError) as error:
        print(f'    skipped: no loop mount here ({error})')
        return
    try:
        with Server(os.path.join(disk.mount, 'data')) as server, disk.thawed():
            slow = [server.client(window=65536, timeout=30) for _ in range(2)]
            single = [server.client(window=16) for _ in range(20)]
            probes = [server.client() for _ in range(20)]
            early, late, reader, refused = (server.client() for _ in range(4))
            fill(late)
            disk.settle('data')
            disk.freeze()
            early.send_ops(op(DEPOSIT, 3, amount=1))
            time.sleep(0.1)
            refused.send_ops(op(DEPOSIT, 3)) # not logged, but what it rests on is not on the disk
            sent = [[rid() for _ in range(8 * 8192)] for _ in slow]
            senders = [threading.Thread(target=send_deposits, args=(client, ids))
                       for client, ids in zip(slow, sent)] # more than the groups in memory hold
            for sender in senders: # and perhaps more than is read from them before the thaw
                sender.start()
            reader.send(frame(READS, 1, 1, read(GET_PERSON, 1)))
            waiting = until_full(probes)
            retry = [op(DEPOSIT, 2, amount=1) for _ in single]
            for client, one in zip(single, retry):
                client.send_ops(one)
            time.sleep(1)
            for client in slow: # what is answered is a refusal
                if readable(client):
                    assert client.s.recv(17, socket.MSG_PEEK)[16:] in (b'', bytes([20]))
            # Refused after a second, also those that came before, whatever else goes on.
            assert late.codes(op(DEPOSIT, 2, amount=1)) == [20]
            assert {client.replies()[0][0] for client in single} == {20}
            for client in (early, reader, refused):
                assert not readable(client), 'an answer shows what is not on the disk'
            disk.thaw()
            answers = [[r[0] for _ in range(8) for r in client.replies()] for client in slow]
            for sender in senders:
                sender.join()
            assert any(0 in codes for codes in answers)
            assert early.replies()[0][0] == 0 and refused.replies()[0][0] == 35
            for codes in answers:
                assert set(codes) <= {0, 20}, set(codes)
            code, _, _, _, _, payload = parse_answer(reader)
            assert code == 0 and 0 <= struct.unpack_from('<q', payload, 8)[0] <= 2 * 8 * 8192
            assert all(client.replies()[0][0] == 0 for client in waiting)
            assert {client.codes(one)[0] for client, one in zip(single, retry)} == {0}
            for client, ids, codes in zip(slow, sent, answers):
                for at in range(0, len(ids), 8192):
                    again = client.ops(*(op(DEPOSIT, 1, amount=1, id=i)
                                         for i in ids[at:at + 8192]))
                    assert {reply[0] for reply in again} == {0}
                    assert [reply[1] for reply in again] == [
                        1 if code == 0 else 0 for code in codes[at:at + 8192]]
            assert late.balance(1) == 2 * 8 * 8192 and late.balance(2) == len(single) + len(waiting)
            for client in (*slow, *single, *probes, early, late, reader, refused):
                client.close()
            assert server.stop() == 0
    finally:
        disk.__exit__()


def test_disk_never_answers(d):
    """A write that does not end within --disk-timeout: 26 for what waits, and exit 74."""
    try:
        disk = SmallDisk(os.path.dirname(d)).__enter__()
    except (OSError, subprocess.SubprocessError) as error:
        print(f'    skipped: no loop mount here ({error})')
        return
    try:
        # Through a link: what the server says on stderr must not stand still with the disk.
        data = os.path.join(os.path.dirname(d), 'link')
        os.mkdir(os.path.join(disk.mount, 'data'))
        os.symlink(os.path.join(disk.mount, 'data'), data)
        with Server(data, '--disk-timeout', '2') as server, disk.thawed():
            client = server.client()
            fill(client)
            disk.settle('data')
            disk.freeze()
            one = op(DEPOSIT, 1, amount=1)
            begun = time.monotonic()
            client.send_ops(one)
            assert client.replies()[0][0] == 26
            assert 1.5 < time.monotonic() - begun < 10
            assert server.said('a slow disk') == 1
            disk.thaw()
            assert server.process.wait(20) == 74
        with Server(data) as server:
            client = server.client()
            assert client.codes(one) == [0] and client.balance(1) == 1
    finally:
        disk.__exit__()


def readable(client):
    return select.select([client.s], [], [], 0)[0] != []


def parse_answer(client):
    kind, _, count, body = client.answer()
    assert kind == READS | ANSWER and count == 1
    code, kind, entries, size, seq, time_ms = struct.unpack_from('<BBHIQQ', body)
    return code, kind, entries, seq, time_ms, body[24:24 + size]


if __name__ == '__main__':
    main(sys.modules[__name__])
