# tests/mutants/trees.py -- warm copies of the project in which bugs are planted, and checks run.
"""A Tree is a copy of the sources with its build directory. One of them, the base, has no bug and
is kept between campaigns: bringing it up to date compiles only what changed since. The others are
copies of it, objects and all, one for each bug that is tried at the same time.
"""
import json
import os
import shutil
import signal
import subprocess
import threading

import patches

# Quick to build; the sanitizers' builds find more, but this is to be found without them. A variable
# that a bug leaves without use is no error here.
SETUP = ["-Dbuildtype=custom", "-Doptimization=1", "-Ddebug=false", "-Dwerror=false"]
# A planted bug makes every other patch of the same lines fail there: that is no finding. And what
# meson installs is that of the base, wherever the check runs.
EXCLUDED = {"mutants", "installed"}
SKIPPED = 77
SECONDS_DEFAULT = 30  # meson's own


class Trouble(Exception):
    """Nothing can be said about any mutant."""


class Turns:
    """Checks that measure run alone, others beside each other."""

    def __init__(self):
        self.condition = threading.Condition()
        self.running = 0

    def begin(self, alone):
        with self.condition:
            self.condition.wait_for(lambda: self.running == 0 if alone else self.running >= 0)
            self.running = -1 if alone else self.running + 1

    def end(self, alone):
        with self.condition:
            self.running = 0 if alone else self.running - 1
            self.condition.notify_all()


TURNS = Turns()


def project_files(root):
    """The files of the project below root, without what was built or is nobody's source."""
    for place, folders, names in os.walk(root):
        top = place == root
        folders[:] = [name for name in folders if name not in (".git", "__pycache__")
                      and not (top and name.startswith(("build", "gongji-data")))]
        for name in names:
            yield os.path.relpath(os.path.join(place, name), root)


def contents(path):
    try:
        with open(path, "rb") as source:
            return source.read()
    except FileNotFoundError:
        return None


def make_equal(source, target):
    """Brings a copy of the project up to date; what did not change keeps its time."""
    wanted = set(project_files(source))
    for path in wanted:
        old, new = os.path.join(target, path), os.path.join(source, path)
        if contents(old) != contents(new):
            os.makedirs(os.path.dirname(old), exist_ok=True)
            shutil.copyfile(new, old)
            shutil.copymode(new, old)
    for path in set(project_files(target)) - wanted:
        os.remove(os.path.join(target, path))


def command(argv, **more):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, errors="replace", check=False, **more)


def tail(text):
    return "\n".join("    " + line for line in text.splitlines()[-15:])


class Tree:
    """A copy of the project with its build directory."""

    def __init__(self, place, name, jobs):
        self.root = os.path.join(place, name)
        self.build = os.path.join(self.root, "build")
        self.jobs = str(jobs)
        self.planted = {}  # path: the text before
        self.said = ""  # by the last check that failed

    def compile(self, needed):
        """Builds these files of the build directory; what the compiler said, or None."""
        done = command(["ninja", "-C", self.build, "-j", self.jobs, *sorted(needed)])
        return None if done.returncode == 0 else done.stdout

    def plant(self, mutant):
        texts = patches.changed(self.root, mutant)
        self.planted = {path: old for path, (old, new) in texts.items()}
        patches.write(self.root, {path: new for path, (old, new) in texts.items()})

    def revert(self):
        patches.write(self.root, self.planted)
        self.planted = {}
        self.end_strays()

    def end_strays(self):
        """Ends what a check that was cut short left running: programs of this copy only."""
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink(f"/proc/{name}/exe").startswith(self.build + os.sep):
                    os.kill(int(name), signal.SIGKILL)
            except OSError:
                continue  # it ended by itself, or is not ours to look at

    def run(self, check, case=None):
        """Runs a check, or one test of it: OK, FAIL or TIMEOUT."""
        TURNS.begin(check.alone)
        try:
            return self.run_now(check, case)
        finally:
            TURNS.end(check.alone)

    def run_now(self, check, case):
        # Memory that was never written is filled the same way in every run.
        env = {**os.environ, "MALLOC_PERTURB_": "165",
               **{name: check.here(value, self) for name, value in check.env.items()}}
        process = subprocess.Popen([check.here(word, self) for word in check.argv(case)],
                                   cwd=self.build, env=env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   errors="replace", start_new_session=True)
        try:
            self.said = process.communicate(timeout=check.seconds)[0]
            return "OK" if process.returncode in (0, SKIPPED) else "FAIL"
        except subprocess.TimeoutExpired:
            return "TIMEOUT"
        finally:
            self.end_group(process)

    def end_group(self, process):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.end_strays()
        process.stdout.close()
        process.wait()


class Check:
    """One test of tests/meson.build, to be run in any copy."""

    def __init__(self, base, test, files):
        self.name = test["name"]
        self.base = base.root
        self.suites = [suite.rsplit(":", 1)[-1] for suite in test["suite"]]
        self.command = test["cmd"]
        self.env = test["env"]
        self.seconds = test["timeout"] or SECONDS_DEFAULT
        self.alone = not test["is_parallel"]
        self.needs = {os.path.relpath(name, base.build) for target in test["depends"]
                      for name in files[target]}
        own = {name for names in files.values() for name in names}
        self.needs |= {os.path.relpath(word, base.build) for word in self.command if word in own}

    def here(self, text, tree):
        """A path of the base, in this copy."""
        return text.replace(self.base, tree.root)

    def argv(self, case):
        """The command; with a case: its program or script, and that alone."""
        if case is None:
            return self.command
        script = next((n for n, word in enumerate(self.command) if word.endswith(".py")), 0)
        return self.command[:script + 1] + [case]


class Base(Tree):
    """The copy without a bug."""

    def __init__(self, place, jobs):
        super().__init__(place, "base", jobs)
        os.makedirs(self.root, exist_ok=True)
        make_equal(patches.ROOT, self.root)
        if not os.path.exists(os.path.join(self.build, "build.ninja")):
            done = command(["meson", "setup", self.build, self.root, *SETUP])
            if done.returncode != 0:
                raise Trouble("meson setup failed:\n" + tail(done.stdout))
        said = self.compile(["build.ninja"])  # new tests, if there are any
        if said is not None:
            raise Trouble("meson setup failed:\n" + tail(said))

    def introspect(self, what):
        done = subprocess.run(["meson", "introspect", self.build, what], check=True, text=True,
                              stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        return json.loads(done.stdout)

    def checks(self, without):
        """{suite: {name: Check}}; a check that is in several suites is in the first of SUITES."""
        files = {target["id"]: target["filename"] for target in self.introspect("--targets")}
        found = {suite: {} for suite in patches.SUITES}
        for test in self.introspect("--tests"):
            check = Check(self, test, files)
            suite = next((s for s in patches.SUITES if s in check.suites), None)
            if suite is not None and check.name not in without:
                found[suite][check.name] = check
        return found

    def copy(self, place, number):
        """A copy with all that is built."""
        tree = Tree(place, f"copy-{number}", self.jobs)
        shutil.rmtree(tree.root, ignore_errors=True)
        done = command(["cp", "-a", self.root, tree.root])
        if done.returncode != 0:
            raise Trouble("cannot copy the tree:\n" + tail(done.stdout))
        return tree
