"""tests/protocol/client.py -- A client of gongjid in Python, written from docs/PROTOCOL.md alone:
opens accounts, moves money and reads back. Arguments: the server program and a directory to
work in."""
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time


class Gongji:
    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), timeout=15)
        self.tag = 0
        self.serial = 0
        answer = self.call(1, 0, struct.pack('<8sHHI16s', b'gongji\r\n', 1, 1, 64, bytes(16)))
        self.version, _, self.window, self.batch_max = struct.unpack_from('<HHII', answer)

    def receive(self, size):
        data = b''
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise ConnectionError('the server closed the connection')
            data += part
        return data

    def call(self, kind, count, body):
        """Sends one frame and returns the body of its answer."""
        self.tag += 1
        self.socket.sendall(struct.pack('<IBBHQ', len(body), kind, 0, count, self.tag) + body)
        size, answered, _, _, tag = struct.unpack('<IBBHQ', self.receive(16))
        answer = self.receive(size)
        if answered == 255:
            raise ConnectionError(f'error {answer[0]}: {answer[8:].rstrip(bytes(1)).decode()}')
        if (answered, tag) != (kind | 128, self.tag):
            raise ConnectionError('an answer to something else')
        return answer

    def execute(self, kind, person=0, other=0, amount=0, flags=0, auth=0, arg=0, sub=0, detail=0,
                lines=b''):
        """One operation; (code, balance, moved)."""
        self.serial += 1
        rid = int(time.time() * 1000).to_bytes(6, 'big') + os.urandom(6) + struct.pack(
            '>I', self.serial)
        line = rid + struct.pack('<QQqQIIBBBBHBB', person, other, amount, 0, 0, 0, kind,
                                 len(lines) // 64, flags, auth, arg, sub, detail)
        reply = self.call(2, 1, line + lines)
        code, _, _, balance, moved = struct.unpack_from('<BB6xQqq', reply)
        return code, balance, moved

    def read(self, kind, id=0, region=0):
        answer = self.call(3, 1, struct.pack('<BBHIQ16s32s', kind, 0, region, 0, id, bytes(16),
                                             bytes(32)))
        code, _, _, size = struct.unpack_from('<BBHI', answer)
        if code != 0:
            raise LookupError(f'code {code}')
        return answer[24:24 + size]

    def set_region(self, number, name):
        policy = bytearray(256)
        struct.pack_into('<IHHHHHHH', policy, 24, 86400, 7000, 0, 1440, 360, 15, 365, 31)
        policy[44:65] = bytes([1, 0, 1, 255, 1, 3, 3, 7, 0, 0, 0, 31, 31, 31, 2, 1, 1, 6, 14, 15,
                               0])
        lines = struct.pack('<48s64sI12s', b'', name.encode(), 0, bytes(12)) + policy
        return self.execute(1, amount=1, arg=number, lines=lines)

    def balances(self, person):
        view = self.read(3, person)
        return struct.unpack_from('<q', view, 8)[0], struct.unpack_from('<q', view, 24)[0]


def conversation(host, port):
    g = Gongji(host, port)
    assert g.version == 1
    assert g.set_region(1, '济南市') == (0, 0, 0)
    assert g.set_region(2, '石家庄市') == (0, 0, 0)
    assert g.execute(3, person=100, arg=1, sub=1, detail=1) == (0, 0, 0)
    assert g.execute(3, person=101, arg=2, sub=2, detail=1) == (0, 0, 0)
    assert g.execute(5, person=101, arg=2, auth=1) == (0, 0, 0)
    assert g.execute(6, person=100, other=101, amount=-1, sub=2, auth=1) == (0, 0, 0)
    assert g.execute(9, person=100, amount=100000) == (0, 100000, 100000)
    assert g.execute(10, person=100, other=101, amount=20000, sub=1, auth=1) == (0, 80000, 20000)
    assert g.execute(10, person=100, other=101, amount=50001, sub=1, auth=1)[0] == 161 # the quota
    assert g.balances(100) == (80000, 0)
    assert g.balances(101) == (0, 20000)
    clearing = struct.unpack_from('<q', g.read(7, region=1), 80)[0]
    assert clearing == 20000 # region 1 owes it to region 2
    print('ok: opened, confirmed, bound, deposited, transferred and read back')


def main():
    with tempfile.TemporaryDirectory(prefix='gongji-', dir=sys.argv[2]) as top:
        server = subprocess.Popen([sys.argv[1], '--data', os.path.join(top, 'data'),
                                   '--listen', '127.0.0.1:0', '--persons-max', '1000',
                                   '--rids-max', '64K', '--buffers-max', '64M',
                                   '--log-prealloc', '256M', '--log-low-water', '64M'],
                                  stdout=subprocess.PIPE)
        try:
            ready = server.stdout.readline().decode().split()
            assert ready and ready[0] == 'ready', ready
            host, port = ready[1].removeprefix('tcp=').rsplit(':', 1)
            conversation(host, int(port))
            server.terminate()
            assert server.wait(30) == 0
        finally:
            server.kill()


main()
