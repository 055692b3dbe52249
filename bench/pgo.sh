#!/usr/bin/env bash
# bench/pgo.sh -- gongjid and gongji as gcc builds them with a profile: build-pgo/.
# They are built with counters, trained with a fixed load, and built again with what was counted.
# Nothing is done if build-pgo/ stands for these sources already. It needs 4 GiB of disk and 1 GiB
# of memory while it trains. Exit code 3: the compiler is not gcc, and nothing was done.
set -euo pipefail
cd "$(dirname "$0")/.."

BUILD=build-pgo
PERSONS=200000
SECONDS_EACH=1.5
DATA=$BUILD/training # relative: a Unix socket in it has 107 bytes for its path
SERVER_CPU=() CLIENT_CPU=()
server_pid=

fail() {
    printf 'pgo: %s\n' "$*" >&2
    exit 1
}

cleanup() {
    [ -z "$server_pid" ] || kill -KILL "$server_pid" 2>/dev/null || true
    rm -rf "$DATA"
}

# What the result depends on: every source, the compiler, this file.
sources() {
    "${CC:-cc}" --version
    find meson.build core io clients cli bench -type f -not -path '*/__pycache__/*' -print0 |
        sort -z | xargs -0 sha256sum
}

# $1: what; the rest: the command. Its output is shown only if it fails.
quietly() {
    local what=$1
    shift
    "$@" >"$BUILD/pgo.log" 2>&1 </dev/null ||
        { tail -n 20 "$BUILD/pgo.log" >&2 && fail "$what failed; see $BUILD/pgo.log"; }
}

# The profile lies beside the object files, so both builds are one directory. A cache of objects
# does not know it.
build_with() {
    CCACHE_DISABLE=1 quietly "configuring" meson configure "$BUILD" "$@"
    CCACHE_DISABLE=1 quietly "building" ninja -C "$BUILD" installed
}

start_server() {
    : >"$DATA/ready"
    "${SERVER_CPU[@]}" "$BUILD/gongjid" --data "$DATA/data" --listen 127.0.0.1:0 \
        --unix "$DATA/sock" --persons-max $((PERSONS + 100000)) --rids-max 32M \
        >"$DATA/ready" 2>>"$DATA/stderr" </dev/null &
    server_pid=$!
    while ! grep -q '^ready ' "$DATA/ready"; do
        kill -0 "$server_pid" 2>/dev/null ||
            { tail -n 5 "$DATA/stderr" >&2 && fail "gongjid did not start"; }
        sleep 0.02
    done
}

# What was counted is written when it ends by itself.
stop_server() {
    kill -TERM "$server_pid"
    wait "$server_pid" || { tail -n 5 "$DATA/stderr" >&2 && fail "gongjid ended with an error"; }
    server_pid=
}

load() {
    quietly "the load" "${CLIENT_CPU[@]}" "$BUILD/gongji" bench --connect "unix:$DATA/sock" \
        --persons $PERSONS --seed 1 "$@"
}

# Both mixes in three shapes: large frames, middling ones, single operations; then a start from the
# log they left.
train() {
    mkdir -p "$DATA"
    if [ "$(nproc)" -ge 2 ] && taskset -c 0,1 true 2>/dev/null; then
        SERVER_CPU=(taskset -c 0)
        CLIENT_CPU=(taskset -c 1)
    fi
    start_server
    load --mix premium-season --populate --duration 0
    for mix in transfer premium-season; do
        load --mix $mix --connections 1 --batch 8192 --inflight 4 --duration $SECONDS_EACH
        load --mix $mix --connections 4 --batch 1024 --inflight 4 --duration $SECONDS_EACH
        load --mix $mix --connections 64 --batch 1 --inflight 16 --duration $SECONDS_EACH
    done
    stop_server
    start_server
    stop_server
    [ -n "$(find "$BUILD" -name '*.gcda' -print -quit)" ] || fail "nothing was counted"
}

! "${CC:-cc}" -dM -E -x c /dev/null | grep -q __clang__ || {
    echo "pgo: ${CC:-cc} is clang; only gcc builds with a profile here, so the plain build is used"
    exit 3
}
stamp=$(sources | sha256sum)
[ "$(cat "$BUILD/trained" 2>/dev/null)" != "$stamp" ] || exit 0
trap cleanup EXIT
rm -rf "$BUILD"
mkdir "$BUILD"
echo "pgo: building with counters, training, building with the profile"
quietly "configuring" meson setup "$BUILD"
build_with -Db_pgo=generate -Dc_args=-fprofile-update=prefer-atomic
train
build_with -Db_pgo=use '-Dc_args=-fprofile-partial-training -Wno-missing-profile'
printf '%s\n' "$stamp" >"$BUILD/trained"
