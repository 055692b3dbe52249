#!/usr/bin/env bash
# tests/install.sh -- installs the Debian packages that are missing, and nothing else.
#   tests/install.sh WHAT…     what is needed to: run, bench, fuzz, afl, or a stage of ./test
# Works as root or through sudo; without either it names the command to run.
set -euo pipefail

build=(gcc libc6-dev meson ninja-build pkg-config python3 util-linux
    liburing-dev libjemalloc-dev libxxhash-dev)
clang=(clang libclang-rt-14-dev)
packages=()
for what in "${@:-run}"; do
    case "$what" in
    tidy) packages+=(python3) ;;
    format) packages+=(python3 clang-format-14) ;;
    run | asan | tsan) packages+=("${build[@]}") ;;
    release) packages+=("${build[@]}" g++) ;; # a test builds a C++ program
    clang) packages+=("${build[@]}" "${clang[@]}") ;;
    coverage) packages+=("${build[@]}" gcovr) ;;
    bench) packages+=("${build[@]}" hyperfine) ;;
    fuzz) packages+=("${build[@]}" "${clang[@]}") ;;
    afl) packages+=("${build[@]}" "${clang[@]}" afl++) ;;
    *)
        echo "install: nothing is known of '$what'" >&2
        exit 64
        ;;
    esac
done

missing=()
for package in $(printf '%s\n' "${packages[@]}" | sort -u); do
    status=$(dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null || true)
    [ "${status:0:2}" = ii ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

command -v apt-get >/dev/null || {
    echo "install: this needs Debian 12 packages and there is no apt-get here: ${missing[*]}" >&2
    exit 69
}
become=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null || { [ ! -t 0 ] && ! sudo -n true 2>/dev/null; }; then
        echo "install: not root; please run: apt-get install ${missing[*]}" >&2
        exit 77
    fi
    become=(sudo)
fi
apt() {
    "${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 "$@" \
        </dev/null
}
echo "install: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { apt update && apt install --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    echo "install: apt-get could not install ${missing[*]}; see the lines above" >&2
    exit 69
fi
