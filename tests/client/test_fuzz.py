"""tests/client/test_fuzz.py -- `gongji fuzz`: clean runs, what it says to wrong options, a rule
that does not always hold, the file that shows it, and real servers.

usage: test_fuzz.py BUILD_DIR
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(sys.argv[1])
GONGJI = os.path.join(BUILD, "gongji")
failures = 0


def check(name, good, detail=""):
    global failures
    print(("ok " if good else "not ok ") + name, "" if good else detail, flush=True)
    failures += not good


def fuzz(*arguments, code=0, name=None):
    done = subprocess.run([GONGJI, "fuzz", *arguments], capture_output=True, text=True, timeout=200)
    check(name or " ".join(("fuzz",) + arguments), done.returncode == code,
          f"exit {done.returncode}, want {code}: {done.stdout[-500:]}{done.stderr[-500:]}")
    return done


def figures(done):
    """What a run says that does not depend on the machine: sequences, operations, pairs."""
    line = done.stdout.splitlines()[0] if done.stdout else ""
    found = re.match(r"(\d+) sequences, (\d+) operations .* (\d+) of (\d+) pairs", line)
    return [int(n) for n in found.groups()] if found else []


def write(directory, name, text):
    path = os.path.join(directory, name)
    with open(path, "w") as file:
        file.write(text)
    return path


START = """region 1 wallet_open=1 quota_bp=6000
region 2 wallet_open=1
institution 10 region=1 type=hospital wallet=1
person 100 region=1 insurance=employee
person 101 region=2 insurance=resident
wallet 101 region=2
bind 100 101 kind=parent
at 2025-06-03T10:00:00
deposit 100 1000.00 rid=d1
transfer 100 101 200.00 source=personal rid=t1
hold 101 10 50.00 scenario=inpatient source=wallet rid=h1
capture h1 20.00 rid=c1
refund c1 5.00
reverse t1
replay d1
crash
expect person 100 personal=800.00
"""


def test_clean():
    first = fuzz("--sequences", "300")
    check("all is said", figures(first)[:2] == [300, 60000] and "no failure" in first.stdout,
          first.stdout)
    check("most pairs are reached", figures(first)[2] >= 250, first.stdout)
    check("the same seed is the same run", figures(fuzz("--sequences", "300", name="again"))
          == figures(first))
    check("jobs change nothing", figures(fuzz("--sequences", "300", "--jobs", "3")) ==
          figures(first))
    other = fuzz("--sequences", "300", "--seed", "900000")
    check("another seed is another run", figures(other) != figures(first))
    fuzz("--sequences", "20", "--operations", "1500")
    fuzz("--sequences", "100", "--crashes", "30", "--retries", "40", "--hot", "2")
    done = fuzz("--seconds", "1")
    check("a second is a second", figures(done)[0] > 10, done.stdout)


def test_weights(directory):
    done = fuzz("--sequences", "50", "--weights", "transfer=5,pay=3,deposit=2")
    check("weights leave fewer pairs", figures(done)[2] < 200, done.stdout)
    path = write(directory, "weights", "transfer=5\npay=3 deposit=2\n")
    check("a file of weights is the same list", figures(done) ==
          figures(fuzz("--sequences", "50", "--weights", path)))
    fuzz("--weights", write(directory, "wrong", "steal=1"), code=65)
    fuzz("--weights", os.path.join(directory, "none"), code=66)


def test_usage(directory):
    nowhere = os.path.join(directory, "nowhere")
    for wrong, wanted in ((["--sequences", "0"], "1 to"), (["--operations", "5001"], "5000"),
                          (["--jobs", "65"], "64"), (["--retries", "101"], "100"),
                          (["--crashes", "x"], "100"), (["--hot", "0"], "1 to"),
                          (["--seconds", "0"], "1 to"), (["--seed", "-1"], "0 to"),
                          (["--weights", "steal=1"], "--verbs"),
                          (["--weights", "pay=x"], "pay=5"), (["--weights", "pay=0"], "above 0"),
                          (["--spawn", "--connect", "x"], "exclude"),
                          (["--connect", "x", "--sequences", "2"], "leave out"),
                          (["--connect", "x", "--crashes", "2"], "--spawn"),
                          (["--out", nowhere], "directory"), (["--nonsense"], "--help")):
        done = fuzz(*wrong, code=64)
        check("one line says what to do: " + " ".join(wrong),
              done.stderr.count("\n") == 1 and wanted in done.stderr, done.stderr)
    help_text = fuzz("--help").stdout
    check("help names every option", all("--" + option in help_text for option in
          ("seed", "sequences", "seconds", "operations", "jobs", "weights", "hot", "retries",
           "crashes", "spawn", "connect", "out")))
    fuzz(os.path.join(directory, "none.txt"), code=66)
    for text, wanted in (("steal 1", "unknown verb"), ("region 40", "regions 1 to 31"),
                         ("limits rids=20\nregion 1", "rids="),
                         ("always op t1 OK person=1", "always"),
                         ("capture h1 1.00", "person="), ("crash\nat 2020-01-01T00:00:00", "back"),
                         ("at 2020-01-01T00:00:00", "2021-01-01T00:00:00 or later"),
                         ("\n".join(f"person {i} region=1 insurance=resident"
                                    for i in range(1, 60)), "40 persons")):
        done = fuzz(write(directory, "wrong.txt", text), code=65, name=f"wrong file: {text[:20]!r}")
        check(f"it says where and why: {text[:20]!r}",
              "wrong.txt:" in done.stderr and wanted in done.stderr, done.stderr)


def shown(directory, done, name, operations):
    """The file a failing run names: small, and failing in `gongji scenario`."""
    found = re.search(r"^written: (.*)$", done.stdout, re.M)
    check(name + ": a file", found is not None, done.stdout)
    if found is None:
        return ""
    with open(found.group(1)) as file:
        text = file.read()
    lines = [line for line in text.splitlines()
             if not line.startswith(("#", "always", "at ", "expect", "limits", "crash"))]
    check(f"{name}: at most {operations} operations", len(lines) <= operations, text)
    replay = subprocess.run([GONGJI, "scenario", found.group(1)], capture_output=True, text=True,
                            timeout=60)
    check(name + ": the file shows it", replay.returncode == 1, replay.stdout + replay.stderr)
    said = re.search(r"^it says: (.*)$", done.stdout, re.M)
    check(name + ": and was replayed", said is not None and said.group(1) in replay.stdout,
          done.stdout)
    return text


def test_rules(directory):
    good = write(directory, "good.txt", START + "always conserved\nalways person * wallet>=0.00\n")
    done = fuzz(good, "--sequences", "40", "--crashes", "2")
    check("rules that hold, hold", "no failure" in done.stdout, done.stdout)
    rule = write(directory, "rule.txt", START + "always person 101 wallet<=600.00\n")
    first = fuzz(rule, "--out", directory, code=1)
    text = shown(directory, first, "own world", 10)
    check("the rule is in the file", "always person 101 wallet<=600.00" in text, text)
    again = fuzz(rule, "--out", directory, code=1, name="own world again")
    strip = re.compile(r"^\d+ sequences.*\n")
    check("the same seed finds and shrinks the same",
          strip.sub("", again.stdout) == strip.sub("", first.stdout), again.stdout)
    command = re.search(r"^again: +gongji (.*)$", first.stdout, re.M).group(1).split()
    done = subprocess.run([GONGJI, *command, "--out", directory], capture_output=True, text=True,
                          timeout=60)
    check("the command under again finds it", done.returncode == 1, done.stdout)
    bare = write(directory, "bare.txt", "always person * pending_in<1\n")
    shown(directory, fuzz(bare, "--out", directory, code=1), "nothing but a rule", 10)
    shown(directory, fuzz(good, rule, "--jobs", "2", "--out", directory, code=1), "two files", 10)


def start_server(directory, *more):
    socket = os.path.join(directory, "socket")
    server = subprocess.Popen(
        [os.path.join(BUILD, "gongjid"), "--data", os.path.join(directory, "data"), "--unix",
         socket, "--listen", "127.0.0.1:0", "--persons-max", "64", "--families-max", "64",
         "--log-prealloc", "1", *more],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if not server.stdout.readline().startswith("ready "):
        sys.exit("gongjid did not become ready")
    return server, "unix:" + socket


def test_connect():
    fuzz("--connect", "unix:/nonexistent", code=69)
    for flags, code in ((["--test-clock"], 0), ([], 69)):
        directory = tempfile.mkdtemp(prefix="gongji-fuzz-", dir="/var/tmp")
        server, address = start_server(directory, *flags)
        done = fuzz("--connect", address, "--operations", "400", code=code,
                    name=f"a server {flags}")
        if code == 0:
            check("it was asked", figures(done)[:2] == [1, 400], done.stdout)
            done = fuzz("--connect", address, code=69, name="a server that is not empty")
            lives = r"this one holds \d+ persons and \d+ regions.*nothing was sent"
            check("it says who lives there", re.search(lives, done.stderr), done.stderr)
        check("it says what it needs", code == 0 or "--test-clock" in done.stderr, done.stderr)
        server.kill()
        server.wait()
        shutil.rmtree(directory)


def test_spawn(directory):
    done = fuzz("--spawn", "--sequences", "2", "--operations", "100", "--crashes", "2")
    check("servers were asked", figures(done)[:2] == [2, 200], done.stdout)
    rule = write(directory, "spawn.txt", START + "always person 101 wallet<=600.00\n")
    shown(directory, fuzz(rule, "--spawn", "--out", directory, code=1), "found in a server", 10)


def made(base, name):
    """How many files of that name lie below a directory."""
    return sum(names.count(name) for _, below, files in os.walk(base) for names in (below, files))


def users(base):
    """The processes with a path below a directory on their command line."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                found += [pid] if base.encode() in file.read() else []
        except OSError:
            pass  # it ended meanwhile
    return found


def interrupt(directory, command, moment, number, group, name):
    """Sends a signal as soon as `moment` of the directory for servers is true; both must go."""
    base = tempfile.mkdtemp(prefix="t-", dir=directory)
    process = subprocess.Popen([GONGJI, *command], env=dict(os.environ, TMPDIR=base),
                               start_new_session=True, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    late = time.monotonic() + 60
    while not moment(base) and process.poll() is None and time.monotonic() < late:
        time.sleep(0.002)
    name = f"{name}, {number.name} to {'all' if group else 'one'}"
    check(name + ": it runs", process.poll() is None, f"exit {process.returncode}")
    (os.killpg if group else os.kill)(process.pid, number)
    code = process.wait(timeout=60)
    check(name + ": exit code", code == 128 + number, f"exit {code}")
    left, running = os.listdir(base), users(base)
    check(name + ": nothing is left", not left and not running, f"{left} {running}")
    for pid in running:
        os.kill(int(pid), signal.SIGKILL)


def test_says_what_it_has():
    """Ctrl-C and SIGTERM: the summary is printed, also by what runs below a guard."""
    for options, number, group in ((["--jobs", "2"], signal.SIGINT, True),
                                   ([], signal.SIGTERM, False),
                                   (["--spawn"], signal.SIGINT, True),
                                   (["--spawn"], signal.SIGTERM, False)):
        process = subprocess.Popen([GONGJI, "fuzz", "--seconds", "600", *options],
                                   start_new_session=True, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        time.sleep(1)  # whatever it has done by then is right
        (os.killpg if group else os.kill)(process.pid, number)
        said = process.communicate(timeout=60)[0]
        check(f"fuzz {options} after {number.name} says what it has",
              process.returncode == 128 + number and " sequences, " in said and
              "no failure so far; stopped by a signal" in said,
              f"exit {process.returncode}: {said}")


def test_interrupted(directory):
    many = ["fuzz", "--spawn", "--sequences", "1000000"]
    rule = write(directory, "long.txt", START + "expect conserved\n" * 5000)
    for command, moment, name in (
            (many, os.listdir, "at the start"),
            (many, lambda base: made(base, "data"), "while a server starts"),
            (many, lambda base: made(base, "socket"), "while a sequence runs"),
            (many + ["--jobs", "2"], lambda base: made(base, "socket") == 2, "two jobs"),
            (["scenario", "--spawn", "--crash-each", rule], lambda base: made(base, "socket"),
             "a scenario")):
        interrupt(directory, command, moment, signal.SIGTERM, False, name)
        interrupt(directory, command, moment, signal.SIGINT, True, name)


def main():
    directory = tempfile.mkdtemp(prefix="gongji-fuzz-")
    try:
        test_clean()
        test_weights(directory)
        test_usage(directory)
        test_rules(directory)
        test_connect()
        test_spawn(directory)
        test_says_what_it_has()
        test_interrupted(directory)
    finally:
        shutil.rmtree(directory)
    print(f"{failures} failed")
    return 1 if failures else 0


sys.exit(main())
