# tests/kill/client.py -- a second, independent client of the binary protocol, for the kill loop.
"""Only what docs/PROTOCOL.md says; shares nothing with the C client, so it can contradict it."""
import os
import socket
import struct
import time

HELLO, OPS, READS, ANSWER, ERROR = 1, 2, 3, 0x80, 0xFF
SET_REGION, OPEN_PERSON, CONFIRM_WALLET, BIND, DEPOSIT, TRANSFER = 1, 3, 5, 6, 9, 10
GET_PERSON, GET_OP, STATE_DIGEST, AUDIT = 3, 4, 9, 10
EMPLOYEE, ACTIVE, SPOUSE, FACE, PERSONAL, WALLET = 1, 1, 1, 1, 1, 2
OK, OK_NOOP = 0, 2
REPLAYED, HAS_SOURCES = 1, 2
EXECUTED, NOT_EXECUTED = 1, 3


class Lost(Exception):
    """The connection ended: what was not answered may or may not have been executed."""


class Refused(Exception):
    """The server sent an ERROR frame."""


def rid():
    """A UUIDv7-like request id: 48 bits of milliseconds, 80 random bits."""
    return (time.time_ns() // 1000000).to_bytes(6, "big") + os.urandom(10)


def operation(kind, request, person=0, other=0, amount=0, arg=0, sub=0, detail=0, auth=0,
              extension=b""):
    """64 bytes, and the extension lines."""
    return struct.pack("<16sQQqQIIBBBBHBB", request, person, other, amount, 0, 0, 0, kind,
                       len(extension) // 64, 0, auth, arg, sub, detail) + extension


def region_extension(province, name):
    """Names and a policy without limits, wallet open."""
    policy = struct.pack("<qqqI8H21B63x", 0, 0, 0, 86400, 10000, 0, 1440, 360, 15, 365, 31, 0,
                         1, 1, 1, 0xFF, 1, 3, 3, 7, 0, 0, 0, 0x1F, 0x1F, 0x1F, 2, 1, 1, 6, 14, 15,
                         0) + bytes(128)
    return struct.pack("<48s64sI12x", province.encode(), name.encode(), 0) + policy


def read(kind, ident=0, request=bytes(16), region=0):
    """64 bytes."""
    return struct.pack("<BBHIQ16s32x", kind, 0, region, 0, ident, request)


class Client:
    """One connection; frames are answered in the order they were sent."""

    def __init__(self, address):
        if address.startswith("unix:"):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(address[5:])
        else:
            host, port = address.rsplit(":", 1)
            self.socket = socket.create_connection((host, int(port)))
        self.socket.settimeout(60)
        self.tag = 0
        self.send(HELLO, struct.pack("<8sHHI16x", b"gongji\r\n", 1, 1, 65536), 0)
        _, body = self.receive()
        version, _, self.credit, self.batch_max = struct.unpack_from("<HHII", body)
        if version != 1:
            raise Refused(f"version {version}")

    def close(self):
        self.socket.close()

    def send(self, kind, body, count):
        self.tag += 1
        frame = struct.pack("<IBBHQ", len(body), kind, 0, count, self.tag) + body
        try:
            self.socket.sendall(frame)
        except OSError as error:
            raise Lost(str(error)) from error

    def take(self, size):
        data = bytearray()
        while len(data) < size:
            try:
                part = self.socket.recv(size - len(data))
            except OSError as error:
                raise Lost(str(error)) from error
            if not part:
                raise Lost("closed")
            data += part
        return bytes(data)

    def receive(self):
        """(count, body) of the next answer."""
        size, kind, _, count, _ = struct.unpack("<IBBHQ", self.take(16))
        body = self.take(size)
        if kind == ERROR:
            raise Refused(f"code {body[0]}: {body[8:].rstrip(bytes(1)).decode()}")
        return count, body

    def receive_replies(self):
        """[(code, flags, seq, balance, amount)] of the next answer to operations."""
        count, body = self.receive()
        replies, place = [], 0
        for _ in range(count):
            code, flags, seq, balance, amount = struct.unpack_from("<BB6xQqq", body, place)
            place += 64 if flags & HAS_SOURCES else 32
            replies.append((code, flags, seq, balance, amount))
        return replies

    def execute(self, operations):
        """Sends one frame and waits for its replies."""
        self.send(OPS, b"".join(operations), len(operations))
        return self.receive_replies()

    def reads(self, requests):
        """[(code, seq, payload)] of one frame of reads."""
        self.send(READS, b"".join(requests), len(requests))
        count, body = self.receive()
        answers, place = [], 0
        for _ in range(count):
            code, _, _, size, seq, _ = struct.unpack_from("<BBHIQQ", body, place)
            answers.append((code, seq, body[place + 24:place + 24 + size]))
            place += 24 + size
        return answers
