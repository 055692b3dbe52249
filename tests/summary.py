#!/usr/bin/env python3
# tests/summary.py -- the figures of ./run as text, from the load generator's JSON.
"""summary.py FILE RECOVERED RECOVERY_MS VERIFY…   the main job's summary
summary.py --machine PERSONS              what the table was measured on, and its head
summary.py --row FILE NAME FLOOR          one row; FLOOR is operations/s, or p50:MICROSECONDS
summary.py --commands FILE                how long whole commands take, by hyperfine
"""
import json
import os
import sys


def figures(path):
    with open(path, encoding="utf-8") as source:
        return json.load(source)


def first_line(path, key):
    """Value of the first `key : value` line, or "unknown"."""
    try:
        with open(path, encoding="utf-8") as source:
            for line in source:
                if line.startswith(key):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return "unknown"


VERIFY_FLOOR = 500000  # operations a second
REGION_OPERATIONS_MAX = 2 * 1023  # each loaded once, its limits lifted once


def main_job(path, recovered, recovery_ms, *verified):
    run = figures(path)
    latency = run["latency_us"]
    print(f"operations          {run['operations_per_second']:,.0f} a second, durable")
    print("latency             " + ", ".join(f"{name} {latency[name] / 1000:.2f} ms"
                                             for name in ("p50", "p90", "p99", "p999", "max")))
    print(f"refused by rules    {run['refused']:,}")
    seconds = max(int(recovery_ms), 1) / 1000
    print(f"recovery            {int(recovered):,} operations in {seconds:.2f} s "
          f"({int(recovered) / seconds:,.0f} a second)")
    parts = [figures(part) for part in verified]
    count = sum(part["verified"] for part in parts)
    rate = count * 1000 / max(1, sum(part["milliseconds"] for part in parts))
    print(f"verified            {count:,} of {sum(part['acknowledged'] for part in parts):,} "
          f"acknowledged, by get_op in log order, {rate:,.0f} a second "
          f"(>= {VERIFY_FLOOR:,}: {'met' if rate >= VERIFY_FLOOR else 'NOT MET'})")
    # get_op finds one record of an operation; a second one would show in their number.
    others = int(recovered) - count
    good = 0 <= others <= run["unanswered"] + REGION_OPERATIONS_MAX
    print(f"others in the log   {others:,}: regions, and what was unanswered at SIGKILL"
          + ("" if good else " -- THAT MANY WERE NOT SENT"))
    return 0 if good else 1


def machine(persons):
    memory = int(first_line("/proc/meminfo", "MemTotal").split()[0]) / 1048576
    print(f"{os.cpu_count()} x {first_line('/proc/cpuinfo', 'model name')}, {memory:.0f} GiB, "
          f"Linux {os.uname().release}; {int(persons):,} accounts, random pairs, durable")
    print(f"{'run':15} {'transfers/s':>12} {'p50 ms':>8} {'p99 ms':>8} {'p999 ms':>8}  floor")


def row(path, name, floor):
    run = figures(path)
    latency, rate = run["latency_us"], run["operations_per_second"]
    if floor.startswith("p50:"):
        limit = float(floor[4:])
        met, text = latency["p50"] <= limit, f"p50 <= {limit / 1000:.1f} ms"
    else:
        met, text = rate >= float(floor), f">= {float(floor):,.0f}"
    # What was refused is not what the row claims.
    refused = run["refused"] + run["errors"] + run["unanswered"]
    print(f"{name:15} {rate:12,.0f} {latency['p50'] / 1000:8.3f} {latency['p99'] / 1000:8.3f} "
          f"{latency['p999'] / 1000:8.3f}  {text} {'met' if met and not refused else 'NOT MET'}"
          + (f" ({refused:,} refused or lost)" if refused else ""))


def commands(path):
    print(f"{'whole command':50} {'mean s':>8} {'min s':>8} {'max s':>8}")
    for run in figures(path)["results"]:
        print(f"{run['command']:50} {run['mean']:8.3f} {run['min']:8.3f} {run['max']:8.3f}")


def main(arguments):
    if len(arguments) == 2 and arguments[0] == "--machine":
        machine(arguments[1])
    elif len(arguments) == 4 and arguments[0] == "--row":
        row(*arguments[1:])
    elif len(arguments) == 2 and arguments[0] == "--commands":
        commands(arguments[1])
    elif len(arguments) > 3:
        return main_job(*arguments)
    else:
        print(__doc__, file=sys.stderr)
        return 64
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
