#!/usr/bin/env bash
# tests/install.sh -- installs the Debian packages that are missing, and nothing else.
#   tests/install.sh run     what building and running needs
#   tests/install.sh bench   that, and what ./run bench needs
#   tests/install.sh test    what building and the whole suite need
#   tests/install.sh fuzz    what building and fuzzing with libFuzzer need
#   tests/install.sh afl     that, and AFL++
# Works as root or through sudo; without either it names the command to run.
set -euo pipefail

packages=(gcc libc6-dev meson ninja-build pkg-config python3 util-linux
    liburing-dev libjemalloc-dev libxxhash-dev)
case "${1:-run}" in
run) ;;
bench) packages+=(hyperfine) ;;
test) packages+=(g++ clang libclang-rt-14-dev clang-format-14 gcovr) ;;
fuzz) packages+=(clang libclang-rt-14-dev) ;;
afl) packages+=(clang libclang-rt-14-dev afl++) ;;
*)
    echo "install: run, bench, test, fuzz or afl, not '$1'" >&2
    exit 64
    ;;
esac

missing=()
for package in "${packages[@]}"; do
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
