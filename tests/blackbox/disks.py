"""tests/blackbox/disks.py -- A disk that is full, becomes read-only or goes away under a real
server: nothing that was acknowledged is lost, nothing that is not on the
disk is acknowledged, and service goes on as soon as it can. Small ext4 images on loop mounts; all
of it is skipped (exit 77) where nothing may be mounted."""
import fcntl
import sys

from fixture import *

DEPOSITED = 3 # by the test itself
ONE_SEGMENT = SEGMENT + (100 << 20) # less than a second one and the low-water mark need
# ext4: every later call fails, nothing more reaches the image.
FS_SHUTDOWN, FS_SHUTDOWN_NOFLUSH = 0x8004587D, 2


class Bulk:
    """Fills the log quickly: region policies of 448 bytes, refused (67) and therefore logged."""
    FRAME = 2048

    def __init__(self, server):
        self.client = server.client(window=4 * self.FRAME, timeout=60)
        self.tail = region(1)[16:]
        self.first = []  # request of the first in each frame, and its reply

    def send(self):
        ids = [rid() for _ in range(self.FRAME)]
        self.client.send_ops(*(i + self.tail for i in ids))
        return ids[0]

    def until_read_only(self):
        """True if it came to that: one code 67 after the other, then 22 only."""
        waiting = [self.send(), self.send()]
        for _ in range(400): # 240 MiB take 250 of them
            replies = self.client.replies()
            codes = [reply[0] for reply in replies]
            assert set(codes) <= {67, 22} and codes == sorted(codes, reverse=True), set(codes)
            request = waiting.pop(0)
            if codes[0] == 67:
                self.first.append((request, replies[0]))
            if codes[-1] == 22:
                for _ in waiting:
                    assert {reply[0] for reply in self.client.replies()} == {22}
                return True
            waiting.append(self.send())
        return False

    def check(self, client):
        """All of what was answered is known, and sent again answers as it did."""
        assert len(self.first) > 10
        for request, reply in self.first[:5] + self.first[-5:]:
            again = client.ops(request + self.tail)[0]
            assert again == (reply[0], reply[1] | REPLAYED, *reply[2:]), (again, reply)
            assert client.op_state(0, request) == (REFUSED, 67)


def until_ok(client, request, seconds=20):
    """The request is executed once there is room; how long that took."""
    begun = time.monotonic()
    while True:
        code = client.codes(request)[0]
        if code == 0:
            return time.monotonic() - begun
        assert code == 22 and time.monotonic() - begun < seconds, code
        time.sleep(0.05)


def test_full_disk(d):
    """Room for one segment: it fills up, changes answer 22, reads and replays go on, also after a
    kill; with room again service goes on by itself. Everything acknowledged is there."""
    with disk_beside(d) as disk:
        disk.fill(ONE_SEGMENT)
        with Server(disk.data) as server:
            client = server.client()
            fill(client, 3)
            done = op(DEPOSIT, 1, amount=DEPOSITED)
            assert client.codes(done) == [0]
            bulk = Bulk(server)
            assert bulk.until_read_only(), 'the disk is full and everything is accepted'
            late = op(DEPOSIT, 1, amount=DEPOSITED)
            assert client.codes(late, done) == [22, 0] and client.balance(1) == DEPOSITED
            bulk.check(client)
            digest = client.audit()
            server.kill()
        with Server(disk.data) as server: # still full
            client = server.client(timeout=60)
            assert client.audit() == digest
            assert client.codes(late, done) == [22, 0] and client.balance(1) == DEPOSITED
            bulk.check(client)
            assert server.said('READ_ONLY begins') == 2 # of the server before, and at this start
            disk.empty()
            until_ok(client, late)
            wait_until(lambda: server.said('READ_ONLY ended') == 1, 'nobody is told that it ended')
            assert client.balance(1) == 2 * DEPOSITED
            loads = [Load(server, 2), Load(server, 3)]
            under_way(loads)
            server.kill()
            for load in loads:
                load.join(10)
                assert set(load.codes.values()) == {0}
        with Server(disk.data) as server:
            check(server, loads)
            client = server.client()
            bulk.check(client)
            assert client.balance(1) == 2 * DEPOSITED
            client.close()
            assert server.stop() == 0


def fails_under_load(d, break_it):
    """The disk breaks: exit 74, what was acknowledged is there when it is back, all that was sent
    again happens once."""
    with disk_beside(d) as disk:
        disk.fill(ONE_SEGMENT)
        with Server(disk.data) as server:
            fill(server.client(), 4)
            loads = [Load(server, 1 + n) for n in range(4)]
            under_way(loads)
            break_it(disk)
            assert server.process.wait(20) == 74
            for load in loads:
                load.join(10)
                codes = list(load.codes.values())
                assert set(codes) <= {0, 26} and codes == sorted(codes), set(codes)
                assert load.acknowledged
        disk.repair()
        with Server(disk.data) as server:
            check(server, loads)
            client = server.client(window=8192)
            for load in loads:
                for at in range(0, len(load.sent), 4096):
                    part = [op(DEPOSIT, load.person, amount=1, id=i)
                            for i in load.sent[at:at + 4096]]
                    assert set(client.codes(*part)) == {0}
                assert client.balance(load.person) == len(load.sent)
            client.close()
            assert server.stop() == 0


def test_read_only_under_load(d):
    """The file system refuses all changes, as ext4 does after an error of its own."""
    fails_under_load(d, lambda disk: disk.run('mount', '-o', 'remount,abort', disk.mount))


def test_disk_goes_away(d):
    """Every call fails from one moment on, and nothing that was on its way arrives."""
    def shut_down(disk):
        place = os.open(disk.mount, os.O_RDONLY)
        fcntl.ioctl(place, FS_SHUTDOWN, struct.pack('I', FS_SHUTDOWN_NOFLUSH))
        os.close(place)
    fails_under_load(d, shut_down)


def test_unmounted_under_load(d):
    """Taken out of the tree, the disk stays with the server, which sees that its directory is gone
    and stops; what it acknowledged is whole."""
    with disk_beside(d) as disk:
        disk.fill(ONE_SEGMENT)
        with Server(disk.data) as server:
            fill(server.client(), 2)
            loads = [Load(server, 1), Load(server, 2)]
            under_way(loads)
            disk.run('umount', '-l', disk.mount)
            assert not os.path.exists(disk.data)
            assert server.process.wait(20) == 74
            for load in loads:
                load.join(10)
                assert set(load.codes.values()) <= {0, 26}, load.codes
        disk.repair()
        with Server(disk.data) as server:
            check(server, loads)


if __name__ == '__main__':
    REASON = can_mount()
    if REASON is not None:
        print(f'skipped: no loop mount here ({REASON})')
        sys.exit(SKIPPED)
    main(sys.modules[__name__])
