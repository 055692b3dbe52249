"""tests/blackbox/signals.py -- A server that is stopped for a while, told to end while it works,
told twice, or left almost no processor: nothing happens twice, nothing acknowledged is lost, nobody
is cut off who did nothing wrong."""
import os
import select
import sys
import threading

from fixture import *

STOPPED_SECONDS = 11  # longer than every deadline a client has
ANSWERS = 8           # of 44 KiB each; a Unix socket takes five of them
BUSY, CLIENTS, TURNS = 4, 4, 50


def test_stopped_for_a_while(d):
    """SIGSTOP, SIGCONT: what came meanwhile is answered, also what was in the middle of a frame or
    had answers waiting; the disk is not taken for hung; deposits are done once."""
    with Server(d, '--disk-timeout', '2', '--unix', d + '.socket') as server:
        fill(server.client(), 8)
        loads = [Load(server, 1 + n) for n in range(3)]
        idle, half, reader = server.client(), server.client(), Client(server.unix, timeout=30)
        deposits = [op(DEPOSIT, 4, amount=n + 1) for n in range(2)]
        cut = frame(OPS, 1, 2, b''.join(deposits))
        half.send(cut[:100])
        wanted = frame(READS, 1, 64, read(GET_REGION, region=1) * 64)
        for _ in range(ANSWERS):
            reader.send(wanted) # more than the socket takes: the rest waits in the server
        under_way(loads)
        assert select.select([reader.s], [], [], 15)[0], 'no answer'
        time.sleep(0.3)
        server.process.send_signal(signal.SIGSTOP)
        counts = [len(load.sent) for load in loads]
        half.send(cut[100:])
        assert reader.answer()[0] == READS | ANSWER
        idle.send_ops(op(DEPOSIT, 5, amount=7))
        newcomer = Client(server.address, greet=False, timeout=30)
        newcomer.send(hello())
        time.sleep(STOPPED_SECONDS)
        assert all(len(load.sent) <= count + IN_FLIGHT for load, count in zip(loads, counts))
        server.process.send_signal(signal.SIGCONT)
        begun = time.monotonic()
        assert idle.replies()[0][0] == 0
        assert newcomer.answer()[0] == HELLO | ANSWER
        assert [reply[0] for reply in half.replies()] == [0, 0]
        for _ in range(ANSWERS - 1):
            assert reader.answer()[0] == READS | ANSWER
        assert time.monotonic() - begun < 15, 'slow after SIGCONT'
        for request in deposits: # nothing of it happens again
            assert half.ops(request)[0][:2] == (0, REPLAYED)
        assert half.balance(4) == 3 and idle.balance(5) == 7
        for load in loads:
            goes_on(load, IN_FLIGHT)
        assert server.stop() == 0
        for load in loads:
            load.join(10)
            assert set(load.codes.values()) <= {0, 23}
    with Server(d) as server:
        check(server, loads)


def end_under_load(d, second, delay):
    """SIGTERM and another signal behind it while clients send; what is there afterwards."""
    with Server(d) as server:
        if server.ready['recovered'] == '0':
            fill(server.client(), 40)
        # Persons that no earlier server of this directory saw.
        loads = [Load(server, 1 + 4 * end_under_load.turn + n) for n in range(4)]
        end_under_load.turn += 1
        under_way(loads)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(delay)
        server.process.send_signal(second)
        status = server.process.wait(20)
        # It may have ended between the two, or the kernel may show it the other one first.
        wanted = (-second,) if second == signal.SIGKILL else (128 + second, 128 + signal.SIGTERM)
        assert status == 0 or status in wanted, status
        for load in loads:
            load.join(10)
            assert set(load.codes.values()) <= {0, 23}, set(load.codes.values())
            assert load.acknowledged
    return loads


def test_second_signal_while_it_drains(d):
    """A second SIGTERM, SIGINT or a SIGKILL in the middle of an orderly end is like a crash."""
    end_under_load.turn, loads = 0, []
    for second, delay in ((signal.SIGTERM, 0), (signal.SIGKILL, 0), (signal.SIGINT, 0.002),
                          (signal.SIGKILL, 0.005), (signal.SIGKILL, 0.02)):
        loads += end_under_load(d, second, delay)
    with Server(d) as server:
        check(server, loads)


def spin():
    """A process that takes what the processor gives."""
    pid = os.fork()
    if pid == 0:
        while True:
            pass
    return pid


def one_by_one(client, person, codes):
    for _ in range(TURNS):
        codes += client.codes(op(DEPOSIT, person, amount=1))


def test_starved_of_processor(d):
    """A fifth of one processor is left, at the lowest priority: every client gets its turn."""
    with Server(d, '--disk-timeout', '2') as server:
        fill(server.client(), CLIENTS)
        core = min(os.sched_getaffinity(0))
        for task in os.listdir(f'/proc/{server.process.pid}/task'):
            os.sched_setaffinity(int(task), {core})
            os.setpriority(os.PRIO_PROCESS, int(task), 10)
        spinning = []
        try:
            for _ in range(BUSY):
                spinning.append(spin())
                os.sched_setaffinity(spinning[-1], {core})
            codes = [[] for _ in range(CLIENTS)]
            clients = [threading.Thread(target=one_by_one, args=(server.client(), 1 + n, codes[n]))
                       for n in range(CLIENTS)]
            for client in clients:
                client.start()
            for client in clients:
                client.join(60)
        finally:
            for pid in spinning:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        assert all(answers == [0] * TURNS for answers in codes), [len(c) for c in codes]
        client = server.client()
        assert [client.balance(1 + n) for n in range(CLIENTS)] == [TURNS] * CLIENTS
        client.close()
        assert server.stop() == 0


if __name__ == '__main__':
    main(sys.modules[__name__])
