# shellcheck shell=sh disable=SC2034
# lib.sh - what the scripts share: the checkout's root, the Debian packages, the build directories. Sourced, not run.
#
# 1. apt-get is called only when a package is missing, so that nothing needs a network or root once all are there.
# 2. Everything that is built goes below build/ in the checkout.

set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build_root=$root/build

packages_run='gcc libc6-dev binutils meson ninja-build pkgconf libxxhash-dev libcjson-dev libssl-dev libbsd-dev
              libjemalloc-dev libedit-dev'
packages_test="$packages_run g++ check libglib2.0-dev python3
               python3-jsonschema lmdb-utils db-util tmux mandoc man-db"
packages_clang="$packages_test clang llvm libclang-rt-14-dev"
packages_check="$packages_clang clang-format clang-tidy shellcheck"

die() {
    echo "${0##*/}: $*" >&2
    exit 2
}

# need_packages PACKAGE... - returns when all are installed; installs them as root, otherwise says how to and stops.
need_packages() {
    command -v dpkg-query >/dev/null ||
        die "this is made for Debian 12, and dpkg-query is not here; packages needed: $*"
    missing=
    for package; do
        [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] ||
            missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        echo "${0##*/}: packages are missing. Run this as root, then this script again:" >&2
        echo "    apt-get update && apt-get install -y --no-install-recommends$missing" >&2
        exit 2
    fi
    echo "== installing$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q || die "apt-get update failed; is there a network?"
    # shellcheck disable=SC2086 # a list of words
    apt-get install -y -q --no-install-recommends $missing || die "apt-get install failed"
}

# configure DIRECTORY MESON_OPTION... - makes the build directory unless it is there and of this checkout.
configure() {
    directory=$1
    shift
    stamp="$root $*"
    if [ -f "$directory/build.ninja" ] && [ "$(cat "$directory/configured-as" 2>/dev/null)" = "$stamp" ]; then
        return 0
    fi
    rm -rf "$directory"
    mkdir -p "$directory"
    meson setup "$directory" "$root" "$@" >"$directory/setup.log" 2>&1 || {
        cat "$directory/setup.log" >&2
        die "meson setup failed"
    }
    echo "$stamp" >"$directory/configured-as"
}
