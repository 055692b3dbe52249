#!/usr/bin/env python3
# tests/blackbox/restart_loop.py -- a server that is killed and started again without end.
"""Starts gongjid on one directory again and again and kills it at a random moment: while it starts,
right after it said it is ready, or while it works. The next one is started at once, while the
kernel still has the dead one's disk operations. Whatever came before:

 1. every start succeeds, in a time bounded by the first ones;
 2. every acknowledged deposit is there exactly once, every unacknowledged one at most once, and
    sent again with its rid it is there once;
 3. the files of the directory stay the same, but for the log growing by what was written;
 4. memory and descriptors of the server that is ready do not grow from one life to the next.

Prints its seed; `--seed` repeats the moments. Exit 0 only if all of it held."""
import argparse
import random
import threading

from fixture import *

PERSONS = 8
READY_SECONDS_MAX = 60
FIRST_LIVES = 5          # by which the others are measured
RSS_GROWTH_MAX = 8 << 20
LOG_PER_LIFE_MAX = 4 << 20
OUTPUT_TAIL = 2000


class Life:
    """One server process, from its start to its kill."""

    def __init__(self, directory, place):
        self.begun, self.killed = time.monotonic(), False
        self.stderr = open(os.path.join(place, 'stderr'), 'wb')
        self.process = subprocess.Popen(
            [os.environ['GONGJID'], '--data', directory, '--listen', '127.0.0.1:0', *SMALL],
            stdout=subprocess.PIPE, stderr=self.stderr)

    def kill(self):
        self.killed = True
        self.process.kill()

    def ready(self, seconds):
        """The address, or None if it was killed after so many seconds, perhaps just as it came."""
        killer = threading.Timer(seconds, self.kill)
        killer.start()
        line = self.process.stdout.readline().decode()
        killer.cancel()
        killer.join()
        if self.killed or not line.startswith('ready '):
            return None
        self.seconds = time.monotonic() - self.begun
        host, port = line.split()[1].removeprefix('tcp=').rsplit(':', 1)
        return host, int(port)

    def descriptors(self):
        return len(os.listdir(f'/proc/{self.process.pid}/fd'))

    def rss(self):
        with open(f'/proc/{self.process.pid}/statm') as statm:
            return int(statm.read().split()[1]) * os.sysconf('SC_PAGESIZE')

    def end(self):
        """Reaps it; the status."""
        self.process.kill()
        status = self.process.wait()
        self.process.stdout.close()
        self.stderr.close()
        return status


class Book:
    """What was sent and not settled, and what each person must have."""

    def __init__(self, chance):
        self.chance = chance
        self.have = dict.fromkeys(range(1, 1 + PERSONS), 0)
        self.open = []   # (person, fen, rid) of what was not answered
        self.settled = 0

    def settle(self, client):
        """Every open one again: now it is executed, or was."""
        for at in range(0, len(self.open), 512):
            part = self.open[at:at + 512]
            for (person, fen, _), reply in zip(part, client.ops(
                    *(op(DEPOSIT, p, amount=f, id=i) for p, f, i in part))):
                assert reply[0] == 0, f'a retry is answered {reply[0]}'
                self.have[person] += fen
        self.settled += len(self.open)
        self.open = []
        found = {person: client.balance(person) for person in self.have}
        assert found == self.have, f'balances are {found}, must be {self.have}'

    def work(self, client):
        """Deposits until the connection ends."""
        try:
            while True:
                sent = [(self.chance.randint(1, PERSONS), self.chance.randint(1, 1000), rid())
                        for _ in range(self.chance.choice((1, 8, 64)))]
                self.open += sent
                client.send_ops(*(op(DEPOSIT, p, amount=f, id=i) for p, f, i in sent))
                for (person, fen, _), reply in zip(sent, client.replies()):
                    assert reply[0] == 0, f'a deposit is answered {reply[0]}'
                    self.have[person] += fen
                self.open = self.open[:-len(sent)]
                self.settled += len(sent)
        except (Closed, OSError):
            pass


class Loop:
    def __init__(self, directory, place, chance):
        self.directory, self.place, self.chance = directory, place, chance
        self.book = Book(chance)
        self.times, self.early = [], 0
        self.first = None  # rss, descriptors, files
        self.log_bytes = 0

    def looks_as_before(self, life, client):
        """Points 3 and 4."""
        files = {name: os.path.getsize(os.path.join(self.directory, name))
                 for name in os.listdir(self.directory) if name != 'segment.tmp'}
        segments = sum(name.endswith('.seg') for name in files)
        assert set(files.values()) <= {4096, SEGMENT} and len(files) == segments + 1, files
        position = client.stats()['log_position']
        assert segments * SEGMENT - position <= 2 * SEGMENT, f'{segments} segments for {position}'
        assert position - self.log_bytes <= LOG_PER_LIFE_MAX, 'the log grows by itself'
        self.log_bytes = position
        # Beside the segments; a first life has fewer of them while it makes the one ahead.
        now = life.rss(), life.descriptors() - segments
        if len(self.times) <= FIRST_LIVES:
            self.first = tuple(map(max, self.first or now, now))
            return
        assert now[0] <= self.first[0] + RSS_GROWTH_MAX, f'memory: {now[0]}, was {self.first[0]}'
        assert now[1] <= self.first[1] + 1, f'descriptors: {now[1]}, were {self.first[1]}'

    def bound(self):
        """Seconds a start may take. Generous: other work on the machine is no fault of ours."""
        return 2 + 5 * max(self.times[:FIRST_LIVES])

    def live(self, life, killed_early):
        """One life up to its kill, which may come before it is ready. The next one is started
        before this one is reaped."""
        typical = sorted(self.times)[len(self.times) // 2] if self.times else READY_SECONDS_MAX
        seconds = self.chance.uniform(0, typical) if killed_early else READY_SECONDS_MAX
        address = life.ready(seconds)
        if address is None:
            assert killed_early and life.killed, 'it does not start'
            self.early += 1
            return
        self.times.append(life.seconds)
        assert life.seconds <= self.bound(), f'ready after {life.seconds:.2f} s'
        client = Client(address, timeout=60)
        if len(self.times) == 1:
            fill(client, PERSONS)
        self.book.settle(client)
        self.looks_as_before(life, client)
        killer = threading.Timer(self.chance.uniform(0, 0.06), life.process.kill)
        killer.start()
        self.book.work(client)
        killer.join()
        client.close()

    def run(self, rounds):
        life = Life(self.directory, self.place)
        try:
            for number in range(rounds):
                self.live(life, number > 0 and self.chance.random() < 0.4)
                life.process.kill()
                following = Life(self.directory, self.place)
                status = life.end()
                life = following
                assert status == -signal.SIGKILL, f'round {number} ended by itself with {status}'
                if (number + 1) % 100 == 0:
                    print(f'    {number + 1} lives, {self.book.settled} deposits', flush=True)
            address = life.ready(READY_SECONDS_MAX)
            assert address is not None, 'the last start failed'
            client = Client(address, timeout=60)
            self.book.settle(client)
            client.audit()
            client.close()
            life.process.terminate()
            assert life.process.wait(30) == 0
        finally:
            life.end()


def main_loop():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=12)
    parser.add_argument('--seed', type=int, default=random.SystemRandom().randrange(2**32))
    options = parser.parse_args()
    place = tempfile.mkdtemp(prefix='gongji-', dir=os.environ['TEST_DIR'])
    loop = Loop(os.path.join(place, 'data'), place, random.Random(options.seed))
    print(f'    seed {options.seed}, {options.rounds} rounds in {place}', flush=True)
    try:
        loop.run(options.rounds)
    except Exception as error:
        with open(os.path.join(place, 'stderr'), errors='replace') as said:
            print('    the server said: ' + said.read()[-OUTPUT_TAIL:])
        print(f'not ok {type(error).__name__}: {error}; kept {place}; repeat: '
              f'tests/blackbox/restart_loop.py --rounds {options.rounds} --seed {options.seed}')
        return 1
    shutil.rmtree(place)
    print(f'    {loop.early} killed before they were ready; ready after '
          f'{min(loop.times):.2f} to {max(loop.times):.2f} s; {loop.book.settled} deposits, each '
          f'there once; {loop.log_bytes >> 10} KiB of log')
    print('ok restart_loop')
    return 0


if __name__ == '__main__':
    sys.exit(main_loop())
