#!/usr/bin/env bash
# bench/ready.sh -- gongjid from nothing to its ready line, as one command that can be timed.
#   bench/ready.sh start PIDFILE COMMAND…   starts it, returns when it serves; it goes on running
#   bench/ready.sh stop PIDFILE             SIGKILL, returns when it is gone; fine if there is none
set -euo pipefail
pidfile=$2
case "$1" in
start)
    shift 2
    exec {ready}< <(exec "$@" 2>>"$pidfile.log" </dev/null)
    echo $! >"$pidfile"
    read -r line <&"$ready" && [[ $line == ready* ]] || {
        tail -n 3 "$pidfile.log" >&2
        exit 1
    }
    ;;
stop)
    [ -s "$pidfile" ] || exit 0
    pid=$(cat "$pidfile")
    kill -KILL "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
    rm -f "$pidfile"
    ;;
*) exit 64 ;;
esac
