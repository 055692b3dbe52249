"""tests/protocol/load.py -- Keeps a real server busy and remembers what it was told."""
import threading

from gongji_wire import *

FRAME, FRAMES = 32, 8
IN_FLIGHT = FRAME * FRAMES # operations a Load sends before it waits


class Load(threading.Thread):
    """Sends deposits in pipelined frames until the connection ends; keeps the answers."""

    def __init__(self, server, person):
        super().__init__()
        self.client = server.client(window=512)
        self.person = person
        self.sent, self.codes = [], {}
        self.start()

    def run(self):
        pending = []
        try:
            while True:
                while len(pending) < FRAMES:
                    ids = [rid() for _ in range(FRAME)]
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


def under_way(loads, seconds=0.2):
    """Until something was acknowledged to each of them, and a little longer: how long that takes
    is the machine's affair."""
    wait_until(lambda: all(load.acknowledged for load in loads), 'nothing is acknowledged')
    time.sleep(seconds)


def goes_on(load, more=0):
    """Until it is told of operations beyond those it was told of, and of so many more."""
    before = len(load.codes)
    wait_until(lambda: len(load.codes) > before + more, 'no service')
