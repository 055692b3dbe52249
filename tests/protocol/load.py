"""tests/protocol/load.py -- Keeps a real server busy and remembers what it was told."""
import threading

from gongji_wire import *


class Load(threading.Thread):
    """Sends deposits in pipelined frames until the connection ends; keeps the answers."""

    def __init__(self, server, person):
        super().__init__()
        self.client = server.client(credit=512)
        self.person = person
        self.sent, self.codes = [], {}
        self.start()

    def run(self):
        pending = []
        try:
            while True:
                while len(pending) < 8:
                    ids = [rid() for _ in range(32)]
                    pending.append(ids)
                    self.sent += ids
                    self.client.send_ops(*(op(DEPOSIT, self.person, amount=1, id=i) for i in ids))
                for i, reply in zip(pending.pop(0), self.client.replies()):
                    self.codes[i] = reply[0]
        except (Closed, OSError):
            pass

    @property
    def acknowledged(self):
        """Requests answered OK."""
        return [i for i, code in self.codes.items() if code == 0]
