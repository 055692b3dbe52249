"""tests/client/false_server.py -- a server that answers what a test tells it to, true or false: it
speaks HELLO and reads, in this process.

    with FalseServer(path, answer) as server: ...

`answer(read, number)` gets each read as a Read (type, region, id, rid, and the number of its frame)
and returns (code, payload, seq). Frames of operations go to `execute(op)` likewise, which returns
the 32 bytes of a reply.
"""
import collections
import socket
import struct
import threading

HELLO, OPS, READS, ANSWER = 1, 2, 3, 0x80
(PING, STATS, GET_PERSON, GET_OP, GET_REGION, GET_INSTITUTION, REGION_TOTALS, NETTING_ROW,
 STATE_DIGEST, AUDIT) = range(1, 11)
REGION_NOT_FOUND = 60
NOW_MS = 1763600400000

Read = collections.namedtuple("Read", "type region id rid frame")


class FalseServer:
    def __init__(self, path, answer, execute=None, window=32768):
        self.address = "unix:" + path
        self.answer, self.execute, self.window = answer, execute, window
        self.frames = 0
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen(8)
        self.thread = threading.Thread(target=self.accept, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(10)

    def accept(self):
        try:
            while True:
                link, _ = self.socket.accept()
                with link:
                    self.serve(link.makefile("rb"), link)
        except OSError:
            pass  # closed: the test is over

    def serve(self, stream, link):
        while head := stream.read(16):
            size, kind, _, count, tag = struct.unpack("<IBBHQ", head)
            body = stream.read(size)
            if kind == HELLO:
                answer, count = struct.pack("<HHIII16sQQQQ", 1, 1, self.window, 8192, 0, bytes(16),
                                            1, NOW_MS, 0, 1), 0
            elif kind == READS:
                answer = self.read_all(body, count)
            else:
                answer = b"".join(self.execute(body[at:at + 64]) for at in range(0, size, 64))
            link.sendall(struct.pack("<IBBHQ", len(answer), kind | ANSWER, 0, count, tag) + answer)

    def read_all(self, body, count):
        out, at = b"", 0
        self.frames += 1
        for _ in range(count):
            kind, lines, region, _, _, number = struct.unpack_from("<BBHHHQ", body, at)
            read = Read(kind, region, number, body[at + 16:at + 32], self.frames)
            code, payload, seq = self.answer(read)
            out += struct.pack("<BBHIQQ", code, kind, 0, len(payload), seq, NOW_MS) + payload
            at += 64 * (1 + lines)
        return out
