"""tests/unit/test_install.py -- tests/install.sh asks for what a stage needs and for nothing else.

usage: test_install.py SOURCE_DIR

On a machine that is made up: nothing is installed, and apt-get writes down what it is asked for.
"""
import os
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(sys.argv[1])
BUILD = {"gcc", "libc6-dev", "meson", "ninja-build", "pkg-config", "python3", "util-linux",
         "liburing-dev", "libjemalloc-dev", "libxxhash-dev"}
CLANG = {"clang", "libclang-rt-14-dev"}
WANTED = {"tidy": {"python3"}, "format": {"python3", "clang-format-14"}, "release": BUILD | {"g++"},
          "clang": BUILD | CLANG, "asan": BUILD, "tsan": BUILD,
          "coverage": BUILD | {"gcovr"}, "run": BUILD, "bench": BUILD | {"hyperfine"},
          "fuzz": BUILD | CLANG, "afl": BUILD | CLANG | {"afl++"}}
failed = passed = 0


def check(name, good, detail=""):
    global failed, passed
    print(f"{'ok' if good else 'not ok'} {name} {'' if good else detail}", flush=True)
    failed += not good
    passed += bool(good)


def fake(place, name, text):
    path = os.path.join(place, name)
    with open(path, "w", encoding="utf-8") as out:
        out.write("#!/bin/sh\n" + text)
    os.chmod(path, 0o755)


def asked_for(place, *stages):
    """The packages that apt-get is asked to install."""
    log = os.path.join(place, "asked")
    env = {**os.environ, "PATH": place + ":" + os.environ["PATH"], "ASKED": log}
    done = subprocess.run([os.path.join(ROOT, "tests", "install.sh"), *stages], env=env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    check(" ".join(("exit code of",) + stages), done.returncode == 0, done.stdout)
    with open(log, encoding="utf-8") as lines:
        last = lines.read().split("\n")[-2].split()
    return {word for word in last if not word.startswith("-") and word != "install"
            and not word.startswith("Dpkg")}


def main():
    with tempfile.TemporaryDirectory() as place:
        fake(place, "dpkg-query", "exit 1\n")
        fake(place, "apt-get", 'echo "$@" >>"$ASKED"\n')
        fake(place, "sudo", 'while [ "$1" = -n ]; do shift; done; exec "$@"\n')
        for stage, wanted in WANTED.items():
            found = asked_for(place, stage)
            check(f"packages of {stage}", found == wanted, f"{found ^ wanted} differ")
        check("two stages together", asked_for(place, "tidy", "coverage") == WANTED["coverage"])
    listed = subprocess.run([sys.executable, os.path.join(ROOT, "tests", "suite.py"), "--stages"],
                            stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    check("every stage is known", listed and set(listed) <= set(WANTED), listed)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
