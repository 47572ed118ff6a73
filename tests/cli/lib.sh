# shellcheck shell=sh
# lib.sh - what the tests of storagectl share. Sourced with the program's path as first argument.
#
#   it "says what holds"        begins a case; a case fails when one of its checks does
#   run get a                   runs the program; input is what `input` gave, then nothing
#   code 0, out TEXT, err TEXT  what came of it: exactly this; has WORD: standard error holds it
#
# TEXT is printed by printf %b, so \n and \0ooo are bytes, and a newline is added. The last line counts the cases.

set -u
LC_ALL=C
export LC_ALL
storagectl=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work" || exit 1
# The store of every run that names no other: in memory, empty each time. No setting of who runs the test counts.
unset XDG_CONFIG_HOME XDG_STATE_HOME NO_COLOR
export HOME="$work"
export STORAGE_CONFIG="$work/memory.json"
echo '{"backend": {"type": "memory"}}' >"$STORAGE_CONFIG"
passed=0 failed=0 name='' is_failed=0

end_case() {
    [ -n "$name" ] || return 0
    if [ "$is_failed" -eq 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

it() {
    end_case
    name=$1 is_failed=0
    : >in
}

# complain WHAT - the case has failed: shows what the last run did.
complain() {
    is_failed=1
    echo "FAILED: $name: $1"
    echo "  command: storagectl $command_line"
    echo "  exit code: $exit_code"
    sed 's/^/  out: /' out | head -20
    sed 's/^/  err: /' err | head -20
}

# input TEXT - the standard input of the next runs.
input() {
    printf '%b' "$1" >in
}

run() {
    command_line=$*
    exit_code=0
    "$storagectl" "$@" <in >out 2>err || exit_code=$?
}

# script TEXT [OPTION...] - runs the shell on a script.
script() {
    input "$1"
    shift
    run shell "$@"
}

code() {
    [ "$exit_code" -eq "$1" ] || complain "the exit code should be $1"
}

# expect_file FILE TEXT
expect_file() {
    if [ -z "$2" ]; then : >expected; else printf '%b\n' "$2" >expected; fi
    cmp -s "$1" expected || complain "standard $1 should be: $2"
}

out() {
    expect_file out "$1"
}

err() {
    expect_file err "$1"
}

has() {
    grep -qF -e "$1" err || complain "standard error should hold: $1"
}

shows() {
    grep -qF -e "$1" out || complain "standard output should hold: $1"
}

# silent - no error at all.
silent() {
    err ''
}

# one_line - every error is one line that begins with the program's name.
one_line() {
    [ "$(wc -l <err)" -eq 1 ] || complain "there should be one line of error"
    grep -q '^storagectl: ' err || complain "the error should begin with the program's name"
}

finish() {
    end_case
    echo "cases: $passed passed, $failed failed, 0 skipped"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}
