#!/usr/bin/env python3
# tests/suite.py -- the stages of ./test: what is built how, which tests run on it, and the totals.
"""Runs the stages in order and counts every result; see docs/TESTING.md."""
import glob
import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STAGE_SECONDS_MAX = 600
CLANG_FORMAT = ("clang-format-14", "clang-format")


class Suite:
    """Counts results; prints one line each when it matters."""

    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.skipped = 0
        self.failures = []

    def result(self, name, ok, detail=""):
        if ok:
            self.passed += 1
        else:
            self.failed += 1
            self.failures.append(name)
        print(f"{'ok  ' if ok else 'FAIL'} {name}{': ' + detail if detail else ''}", flush=True)

    def command(self, name, argv, env=None, quiet=True, seconds=STAGE_SECONDS_MAX):
        """Runs argv; counts one result; shows the output only if it failed."""
        try:
            done = subprocess.run(argv, cwd=ROOT, env={**os.environ, **(env or {})}, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=seconds, errors="replace")
            ok, output = done.returncode == 0, done.stdout
        except FileNotFoundError:
            ok, output = False, f"{argv[0]} is not installed"
        except subprocess.TimeoutExpired as late:
            ok = False
            output = (late.stdout or b"").decode(errors="replace") + f"\nlonger than {seconds} s"
        if not ok or not quiet:
            print("\n".join("    " + line for line in output.splitlines()[-30:]), flush=True)
        self.result(name, ok)
        return ok, output


def introspect(directory, what):
    """What meson knows of a build directory: its --tests, its --targets."""
    return json.loads(subprocess.run(["meson", "introspect", directory, what], cwd=ROOT, text=True,
                                     stdout=subprocess.PIPE, check=True).stdout)


def needed(directory, no, only):
    """The files to build for the tests of the suites `only` (all if empty) without those of `no`,
    by their names in the build directory."""
    targets = {t["id"]: t["filename"][0] for t in introspect(directory, "--targets")}
    files = set()
    for test in introspect(directory, "--tests"):
        of = {name.rsplit(":", 1)[-1] for name in test["suite"]}
        if of & set(no) or (only and not of & set(only)):
            continue
        files |= {targets[target] for target in test["depends"]}
        files |= set(test["cmd"]) & set(targets.values())
    return sorted(os.path.relpath(name, os.path.join(ROOT, directory)) for name in files)


def setup(suite, directory, options, env=None, no=(), only=()):
    """Configures (once) and builds, with suites named only what their tests need; one result."""
    if not os.path.exists(os.path.join(ROOT, directory, "build.ninja")):
        ok, _ = suite.command(f"{directory}: configure", ["meson", "setup", directory, *options],
                              env)
        if not ok:
            return False
    files = needed(directory, no, only) if no or only else []
    ok, _ = suite.command(f"{directory}: build without warnings",
                          ["ninja", "-C", directory, *files], env)
    return ok


def meson_tests(suite, directory, env=None, no=(), only=()):
    """Runs the tests of a build directory, of the suites `only` (all if empty) without those of
    `no`; every meson test is one result."""
    report = os.path.join(ROOT, directory, "meson-logs", "testlog.json")
    if os.path.exists(report):
        os.remove(report)
    # Half of them wait for disks, deadlines and each other most of the time.
    at_once = 2 * (os.cpu_count() or 1)
    done = subprocess.run(["meson", "test", "-C", directory, "--no-rebuild", "--timeout-multiplier",
                           "3", "--num-processes", str(at_once),
                           *(word for name in only for word in ("--suite", name)),
                           *(word for name in no for word in ("--no-suite", name))],
                          cwd=ROOT, env={**os.environ, **(env or {})}, text=True, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, errors="replace")
    if not os.path.exists(report):
        print(done.stdout[-3000:])
        suite.result(f"{directory}: tests", False, "meson ran no test")
        return
    count = 0
    with open(report, encoding="utf-8") as lines:
        for line in lines:
            test = json.loads(line)
            count += 1
            name = f"{directory}: {test['name'].rsplit(' / ', 1)[-1]}"
            output = (test.get("stdout") or "") + (test.get("stderr") or "")
            why = sorted(set(re.findall(r"^ *skipped: (.*)$", output, re.M)))
            if test["result"] == "SKIP":
                suite.skipped += 1
                print(f"skip {name}: {'; '.join(why)}", flush=True)
                continue
            ok = test["result"] in ("OK", "EXPECTEDFAIL")
            if not ok:
                lines_shown = [x for x in output.splitlines() if not x.startswith("ok ")]
                print("\n".join("    " + x for x in lines_shown[-40:]))
            cases = re.findall(r"(\d+) passed, (\d+) failed", test.get("stdout") or "")
            detail = f"{cases[-1][0]} cases" if cases else ""
            suite.result(name, ok, detail if ok else test["result"].lower())
            for reason in why if ok else []:
                print(f"     some of it was skipped: {reason}", flush=True)
    if count == 0:
        suite.result(f"{directory}: tests", False, "meson ran no test")


def sources():
    """Every C file of the project."""
    found = []
    for top in ("core", "io", "cli", "clients", "bench", "fuzz", "tests"):
        for pattern in ("*.c", "*.h"):
            found += glob.glob(os.path.join(ROOT, top, "**", pattern), recursive=True)
    return sorted(os.path.relpath(path, ROOT) for path in found)


def stage_format(suite):
    """every C file as clang-format 14 writes it"""
    for tool in CLANG_FORMAT:
        found = subprocess.run([tool, "--version"], stdout=subprocess.PIPE, text=True,
                               check=False) if which(tool) else None
        if found and " 14." in found.stdout:
            suite.command("format", [tool, "--dry-run", "-Werror", *sources()])
            return
    suite.result("format", False, "clang-format 14 is not installed (clang-format-14)")


def which(tool):
    """True if the tool is in PATH."""
    return any(os.access(os.path.join(path, tool), os.X_OK)
               for path in os.environ.get("PATH", "").split(":"))


def stage_tidy(suite):
    """the style guide as a test"""
    suite.command("tidy", [sys.executable, "tests/tidy.py"])


def stage_release(suite):
    """release build with gcc, all tests"""
    if setup(suite, "build", []):
        meson_tests(suite, "build")


def stage_clang(suite):
    """everything with clang: other warnings; the tests of modules and rules"""
    options = ["-Dbuildtype=custom", "-Doptimization=1"] # clang warns of the same without more
    if setup(suite, "build-clang", options, {"CC": "clang"}):
        meson_tests(suite, "build-clang", only=["unit", "tables"])


SANITIZE = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99",
            "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1:exitcode=99",
            "TSAN_OPTIONS": "halt_on_error=1:exitcode=99"}


def stage_asan(suite):
    """address and undefined-behaviour sanitizers, all but what repeats rules over sockets"""
    suites = {"no": ["scenario-server", "server-steps"]}
    if setup(suite, "build-asan", ["-Dbuildtype=release", "-Db_sanitize=address,undefined",
                                   "-Dc_args=-g1"], **suites):
        meson_tests(suite, "build-asan", env=SANITIZE, **suites)


def stage_tsan(suite):
    """thread sanitizer, the tests in which two threads run: those that read a log at a start"""
    suites = {"only": ["threads"]}
    if setup(suite, "build-tsan", ["-Dbuildtype=debugoptimized", "-Db_sanitize=thread"], **suites):
        meson_tests(suite, "build-tsan", env=SANITIZE, **suites)


def stage_coverage(suite):
    """branch coverage of core/ by the tests of modules and rules"""
    directory, suites = "build-coverage", {"only": ["unit", "tables", "model", "scenario"]}
    if not setup(suite, directory, ["-Dbuildtype=debug", "-Db_coverage=true"], **suites):
        return
    for stale in glob.glob(os.path.join(ROOT, directory, "**", "*.gcda"), recursive=True):
        os.remove(stale)
    meson_tests(suite, directory, **suites)
    # An assertion's second branch is our own mistake: no test can reach it.
    ok, output = suite.command(
        "coverage of core/", ["gcovr", "--branches", "-r", ".", "--filter", "core/",
                              "--exclude-branches-by-pattern",
                              r".*\b(ASSERT|VERIFY|UNREACHABLE)\b.*", "--print-summary",
                              directory])
    if ok:
        for line in output.splitlines():
            if line.startswith(("lines:", "branches:")):
                print(f"     core/ coverage, {line}")


STAGES = {"format": stage_format, "tidy": stage_tidy, "release": stage_release,
          "clang": stage_clang, "asan": stage_asan, "tsan": stage_tsan,
          "coverage": stage_coverage}
QUICK = ["tidy", "release"]


def chosen(arguments):
    """The stages that the words of the command line name; None if one of them names none."""
    names = QUICK if arguments == ["quick"] else arguments or list(STAGES)
    for name in names:
        if name not in STAGES:
            print(f"test: no stage {name}; one of: {' '.join(STAGES)}", file=sys.stderr)
            return None
    return names


def main(arguments):
    if arguments[-1:] == ["--list"]:
        if arguments == ["--list"]: # else only the stages are asked for, and there is none
            for name, stage in STAGES.items():
                print(f"{name:10} {stage.__doc__}")
        return 0
    only_named = arguments[:1] == ["--stages"]
    names = chosen(arguments[1:] if only_named else arguments)
    if names is None:
        return 64
    if only_named:
        print(" ".join(names))
        return 0
    suite = Suite()
    started = time.monotonic()
    for name in names:
        begun = time.monotonic()
        print(f"== {name}: {STAGES[name].__doc__}", flush=True)
        STAGES[name](suite)
        print(f"   {name} took {time.monotonic() - begun:.0f} s", flush=True)
    print(f"== {time.monotonic() - started:.0f} s in all, {suite.skipped} skipped")
    if suite.failures:
        print("failed: " + ", ".join(suite.failures))
    print(f"{suite.passed} passed, {suite.failed} failed")
    return 0 if suite.failed == 0 and suite.passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
