#!/bin/sh
# test_verbs.sh STORAGECTL - each verb as a command of its own and in the shell, options before and after it.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

it "version names program and library"
run version
code 0
out 'storagectl 0.1.0 (libstorage 0.1.0)'
run --version
code 0
out 'storagectl 0.1.0 (libstorage 0.1.0)'

it "help lists every verb"
run help
code 0
silent
for verb in get set touch delete cas scan shell help version begin commit rollback exit; do
    grep -q "^  $verb  *[a-z]" out || complain "help should list $verb"
done
shows --version
shows 'shell --keep-going'
mv out help
run --help
cmp -s out help || complain "--help should print the same"
run -h
cmp -s out help || complain "-h should print the same"

it "help explains each verb within 90 columns"
for verb in get set touch delete cas scan shell help version begin commit rollback exit; do
    run help $verb
    code 0
    shows "$verb"
    grep -q '^usage: ' out || complain "help $verb should show the usage"
    ! grep -q '.\{91\}' out || complain "help $verb should fit 90 columns"
    mv out expected_help
    run $verb --help
    cmp -s out expected_help || complain "$verb --help should print what help $verb prints"
done

it "help of a verb with arguments says how to begin one with a hyphen"
run help set
shows 'ends the options'
run help version
! grep -q 'ends the options' out || complain "version has no arguments"

it "help of what is no verb is a mistake"
run help fly
code 2
one_line
has fly

it "set says nothing and ends with 0"
run set a 1
code 0
out ''
silent

it "a store in memory is empty each time"
run get a
code 1
out ''
err 'storagectl: get: no such key: a'

it "a deleted key is no failure, nor one that never was"
run delete a
code 0
out ''
silent

it "a scan of nothing prints nothing"
run scan
code 0
out ''
silent

it "touch of a missing key ends with 1"
run touch a 5s
code 1
err 'storagectl: touch: no such key: a'

it "compare and set on a missing key: absent holds, a value does not"
run cas a --absent 1
code 0
silent
run cas a old new
code 3
one_line
has CONFLICT

it "the configuration is an option before the verb, after it, and with an equals sign"
echo '{"backend": {"type": "memory"}}' >memory.json
for place in '-c memory.json get a' 'get -c memory.json a' 'get a -c memory.json' '--config memory.json get a' \
    'get a --config=memory.json' '-cmemory.json get a'; do
    # shellcheck disable=SC2086 # words
    run $place
    code 1
    err 'storagectl: get: no such key: a'
done

it "a double hyphen ends the options"
run cas -- -key -c --absent
code 3
run get -- -c
code 1
err 'storagectl: get: no such key: -c'
run get -- --help
code 1
script 'set -- -k --ttl\nget -- -k\n'
code 0
out '--ttl'

it "a single hyphen is a word like any other"
run get -
code 1
err 'storagectl: get: no such key: -'

it "keys and values may be empty"
script "set '' ''\nset k ''\nget ''\nget k\nscan\n"
code 0
out '\n\n\t\nk\t'

it "set replaces, delete removes"
script 'set a 1\nset a 2\nget a\ndelete a\nget a\n'
code 1
out '2'
err 'storagectl: line 5: get: no such key: a'

it "scan prints keys and values in byte order"
script 'set b 2\nset a 1\nset c 3\nset B 0\nscan\n'
code 0
out 'B\t0\na\t1\nb\t2\nc\t3'

it "scan takes a prefix"
script 'set ab 1\nset a 2\nset b 3\nset ac 4\nscan a\nscan x\n'
code 0
out 'a\t2\nab\t1\nac\t4'

it "scan --limit counts rows"
script 'set a 1\nset b 2\nset c 3\nscan --limit 2\n'
code 0
out 'a\t1\nb\t2'

it "scan --reverse begins at the end"
script 'set a 1\nset b 2\nset c 3\nscan --reverse --limit=2\n'
code 0
out 'c\t3\nb\t2'

it "scan --keys-only leaves the values out"
script 'set a 1\nset b 2\nscan --keys-only\n'
code 0
out 'a\nb'

it "a time to live of nothing is over at once"
script 'set a 1 --ttl 0s\nget a\nscan\n'
code 1
out ''

it "a time to live that is not over does nothing yet"
script 'set a 1 --ttl 1h30m\nget a\nset b 2 --ttl never\nget b\nset a 3 --ttl keep\nget a\n'
code 0
out '1\n2\n3'

it "touch ends a key, and never ends an end"
script 'set a 1 --ttl 1d\ntouch a never\nget a\ntouch a 0ms\nget a\n'
code 1
out '1'

it "set clears the expiry that it is not told to keep"
script 'set a 1 --ttl 9223372036854775807ns\nset a 2\nget a\n'
code 0
out '2'

it "cas by value"
script 'set a 1\ncas a 1 2\nget a\ncas a 1 3\n'
code 3
out '2'

it "cas by absence"
script 'cas a --absent 1\nget a\ncas a --absent 2\n'
code 3
out '1'

it "cas by revision"
script 'set a 1\ncas a --revision 1 2\nget a\ncas a --revision 1 3\n'
code 3
out '2'

it "cas --delete"
script 'set a 1\ncas a 1 --delete\nget a\ncas a --absent --delete\ncas a x --delete\n'
code 3
has 'line 3'
has 'line 5'

it "cas can give an end"
script 'cas a --absent 1 --ttl 0s\nget a\n'
code 1

it "set --stdin takes a value of any bytes and size"
printf 'set a ' >script_file
head -c 300000 /dev/zero | tr '\0' 'x' >>script_file
printf '\nget a\n' >>script_file
cp script_file in
run shell
code 0
[ "$(wc -c <out)" -eq 300001 ] || complain "the value should be 300,000 bytes"
input 'any\0000bytes\n'
run set a --stdin
code 0
silent

# Runs the program on a terminal; what it says on standard output and error is in one file.
on_terminal() {
    exit_code=0 command_line="$* (on a terminal)"
    : >err
    env script -qec "'$storagectl' $*" /dev/null </dev/null >out || exit_code=$?
}

if env script --version >/dev/null 2>&1; then
    it "a person is told that a store without a configuration is gone, a script is not"
    on_terminal set a 1
    code 0
    shows 'this store was empty, in memory, and is gone'
    on_terminal -c memory.json set a 1
    code 0
    : >expected
    cmp -s out expected || complain "a store with a configuration needs no warning"
fi

finish
