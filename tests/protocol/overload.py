"""tests/protocol/overload.py -- More than the server can do: it does as much as ever, says no to
what is beyond a client's window, grows by nothing, and lets nobody starve. With `gongji bench`
beside the server as the load; the figures are of a machine that both share."""
import json
import sys
import threading

from fixture_people import *


def bench(server, *options, code=0):
    tool = os.path.join(os.path.dirname(os.environ['GONGJID']), 'gongji')
    done = subprocess.run([tool, 'bench', '--connect', server.ready['tcp'], '--persons', '20000',
                           '--json', '-', *options], capture_output=True, text=True, timeout=120)
    assert done.returncode == code, done.stderr
    result = json.loads(done.stdout)
    assert result['errors'] == 0 and result['refused'] == 0, result
    return result['operations_per_second']


def test_ten_times_as_much_as_it_can(d):
    """Goodput at ten times the rate, and with many clients at once, beside the best there is. (What
    else runs on the machine takes its share of each measurement, so there are several tries.)"""
    with Server(d, '--persons-max', '20000', '--families-max', '10000', '--rids-max', '16M',
                '--log-prealloc', '512M') as server:
        bench(server, '--populate', '--duration', '0')
        best = {}
        for _ in range(3):
            for name, load in (('peak', lambda: ('--batch', '1024')),
                               ('tenfold', lambda: ('--batch', '1024', '--rate',
                                                    str(int(10 * best['peak'])))),
                               ('many', lambda: ('--batch', '64', '--inflight', '4',
                                                 '--connections', '100'))):
                # What was planned and never sent is a failure of the load, not of the server.
                found = bench(server, '--duration', '0.5', *load(), code=int(name == 'tenfold'))
                best[name] = max(found, best.get(name, 0))
            good = all(best[name] >= best['peak'] / 2 for name in ('tenfold', 'many'))
            if good:
                break
        for name in ('tenfold', 'many'):
            print(f"    {name}: {best[name] / best['peak']:.2f} of {best['peak']:.0f} a second")
        assert good, best
        start = time.time()
        client = server.client()
        assert client.codes(op(DEPOSIT, 1, amount=1)) == [0]
        assert time.time() - start < 5
        client.audit()


def flood(client, frames, codes):
    """Sends all its frames without waiting, and counts what comes back."""
    sender = threading.Thread(target=client.send, args=(b''.join(frames),))
    sender.start()
    for _ in frames:
        for reply in client.replies():
            codes[reply[0]] = codes.get(reply[0], 0) + 1
    sender.join()


def test_beyond_the_window(d):
    """Some send fifty times their window without waiting for anything: what is beyond it is
    refused and not done, and somebody with a window of 16 is served all the time."""
    with Server(d) as server:
        client = server.client(window=16)
        people = range(1, 7)
        assert set(client.codes(region(1), *(op(OPEN_PERSON, n, arg=1, sub=1, detail=1)
                                             for n in people))) == {0}
        floods = [(server.client(window=64, timeout=60), {}, n) for n in people[1:]]
        frames = [[frame(OPS, at, 64, b''.join(op(DEPOSIT, n, amount=1) for _ in range(64)))
                   for at in range(50)] for _, _, n in floods]
        before = server.rss()
        threads = [threading.Thread(target=flood, args=(one, data, codes))
                   for (one, codes, _), data in zip(floods, frames)]
        for thread in threads:
            thread.start()
        served, slowest = 0, 0
        while any(thread.is_alive() for thread in threads) or served == 0:
            start = time.time()
            assert client.codes(op(DEPOSIT, 1, amount=1)) == [0]
            slowest = max(slowest, time.time() - start)
            served += 1
        for thread in threads:
            thread.join()
        assert slowest < 2, slowest
        assert client.balance(1) == served
        assert server.rss() - before < 16 << 20
        for one, codes, n in floods:
            assert set(codes) == {0, 20} and sum(codes.values()) == 50 * 64, codes
            assert client.balance(n) == codes[0]
        assert client.stats()['overloaded'] == sum(codes.get(20, 0) for _, codes, _ in floods)
        client.audit()


def test_one_wallet_for_all(d):
    """Everybody pays into and out of the same account: exact to the fen, and nobody waits for the
    others to end."""
    with Server(d) as server:
        client = server.client()
        build(client, quota_bp=10000)
        counts = [[0] for _ in range(8)]
        begin = threading.Barrier(len(counts))

        def work(one, count):
            begin.wait()
            until = time.monotonic() + 1
            while time.monotonic() < until:
                codes = one.codes(*(op(DEPOSIT, 1, amount=2) for _ in range(20)),
                                  *(pay(PAY, 1, INSTITUTION, 1) for _ in range(10)),
                                  *(transfer(1, 2, 1) for _ in range(10)))
                assert set(codes) == {0}
                count[0] += 1

        threads = [threading.Thread(target=work, args=(server.client(), count))
                   for count in counts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        done = [count[0] for count in counts]
        print(f'    frames of each: {done}')
        assert min(done) > 0 and min(done) * 10 >= max(done), done
        assert client.balance(1) == 100000 + 20 * sum(done)
        assert client.payable(INSTITUTION) == 10 * sum(done)
        assert client.person(2)['wallet'] == 10 * sum(done)
        client.audit()


if __name__ == '__main__':
    main(sys.modules[__name__])
