#!/bin/sh
# test_failures.sh STORAGECTL EXAMPLES - wrong command lines and configurations, pipes that close, full disks, bytes.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
examples=$2

it "no verb is a mistake"
run
code 2
out ''
err 'storagectl: a verb is missing; "storagectl help" lists them'

it "an unknown verb is a mistake"
run fly
code 2
err 'storagectl: "fly" is not a verb; "storagectl help" lists them'

for verb in begin commit rollback exit; do
    it "$verb works in the shell only"
    run $verb
    code 2
    one_line
    has shell
done

# Each line: a wrong command line, and a word of the error after a colon.
while IFS=: read -r words word; do
    it "a wrong command line is refused: $words"
    # shellcheck disable=SC2086 # words
    run $words
    code 2
    out ''
    one_line
    has "$word"
done <<'END'
get:needs KEY
get a b:too many arguments
get a --fast:unknown option --fast
set a -1:"--" before an argument
--config= get a:configuration file
-c a.json get a -c b.json:given twice
-ca.json --config=b.json get a:given twice
get a --raw=1:takes no value
get a --raw --raw:given twice
set a:needs KEY VALUE
set:needs KEY
set a b c:too many arguments
set a b --stdin:--stdin
set a b --file value:--file
set a --file value --stdin:exclude
set a b --ttl:needs a value
set a b --ttl 5:time to live
set a b --ttl 1.5s:time to live
set a b --ttl 5s5s:time to live
set a b --ttl -5s:time to live
set a b --ttl 9223372036854775808ns:time to live
set a b --ttl forever:time to live
touch a:needs KEY TTL
touch a soon:time to live
delete:needs KEY
delete a b:too many arguments
scan a b:too many arguments
scan --limit 0:from 1 to 18446744073709551615
scan --limit x:--limit
scan --limit 18446744073709551616:--limit
scan --limit:needs a value
cas a:--expect VALUE
cas a b:--absent
cas a b c --absent:too many arguments
cas a --absent:NEW
cas a b --absent --delete:no NEW
cas a --absent --delete --ttl 5s:no --ttl
cas a --absent --revision 1 b:one of
cas a --absent --expect 1 b:one of
cas a --revision 0 b:from 1 to 18446744073709551615
cas a --revision x b:--revision
version now:too many arguments
shell script:too many arguments
-c:-c
get a -c:-c
--fast get a:stand behind it
scan --form x:did you mean "--format"
--jsno get a:did you mean "--json"
--json get a --format x:unknown option
--json scan:--format jsonl
scan --json:--format jsonl
touch a 5s --hex:odd number
set --hex zz 00:not hexadecimal
set --base64 a b:not base64
set --hex --base64 61 62:exclude
--hex stats:no keys or values
scan --format xml:takes one of
scan a --from b:exclude
scan --from a --after b:exclude
scan --to a --through b:exclude
clear:--all
clear a --all:exclude
watch --count 0:from 1
watch --for soon:--for
--timeout soon get a:--timeout
--memory -c a.json get a:exclude
gett a:did you mean "get"
help gett:did you mean "get"
health --probe ready:takes one of
-e get \q:escape
-e get \x4:hexadecimal
END

it "a configuration that is not there"
run -c nowhere.json get a
code 2
out ''
one_line
has 'storagectl: nowhere.json: No such file or directory'

it "a directory is no configuration"
run -c . get a
code 7
err 'storagectl: .: a directory, not a regular file'

it "a pipe is no configuration, a file as standard input is one"
echo '{"backend": {"type": "memory"}}' >in
run -c /dev/stdin get a
code 1
command_line='-c /dev/stdin get a, from a pipe' exit_code=0
# shellcheck disable=SC2002 # a pipe is meant
cat in | "$storagectl" -c /dev/stdin get a >out 2>err || exit_code=$?
code 7
err 'storagectl: /dev/stdin: a pipe or the like, not a regular file'

it "an empty file is no configuration"
: >empty.json
run -c empty.json get a
code 2
one_line
has 'storagectl: empty.json: line 1, column 1: the document ends too early'

it "every mistake in a configuration has its line"
cat >wrong.json <<'END'
{"layers": [{"type": "readonly"}], "backend": {"type": "memory", "limt": "1GiB", "watch_history": 5}}
END
run -c wrong.json get a
code 2
out ''
err 'storagectl: wrong.json: layers[0].type: "readonly" is no type of layer; did you mean "read_only"?
storagectl: wrong.json: backend.limt: unknown key; did you mean "limit"?
storagectl: wrong.json: backend.watch_history: must be a size in a string, with its unit, such as "64MiB", not a number'

it "mistakes beyond those that are shown are counted"
{
    printf '{"backend": {"type": "memory"'
    i=0
    while [ $i -lt 70 ]; do
        printf ', "wrong%d": 1' $i
        i=$((i + 1))
    done
    echo '}}'
} >many.json
run -c many.json get a
code 2
[ "$(wc -l <err)" -eq 65 ] || complain "there should be 64 mistakes and a count"
has 'storagectl: and 6 more mistakes'

it "a verb that needs no store does not look at the configuration"
run -c nowhere.json version
code 0
silent

it "the example stack takes writes"
run -c "$examples/stack.json" set a 1
code 0
silent

it "the read-only example stack refuses them"
run -c "$examples/stack_read_only.json" set a 1
code 2
out ''
one_line
has READ_ONLY
run -c "$examples/stack_read_only.json" delete a
code 2
run -c "$examples/stack_read_only.json" cas a --absent 1
code 2
run -c "$examples/stack_read_only.json" get a
code 1

it "the read-only example stack refuses them in transactions too"
input 'begin\nset a 1\n'
run -c "$examples/stack_read_only.json" shell
code 2
has READ_ONLY
has 'line 2: '

it "a read-only transaction refuses them, and the advice is for it too"
script 'begin --read-only\nset a 1\n'
code 2
has 'to write, leave out the read_only layer, and --read-only after begin'

it "a store at its limit refuses writes with its own exit code, and takes deletes"
echo '{"backend": {"type": "memory", "limit": "64KiB"}}' >small.json
{
    value=$(head -c 2000 /dev/zero | tr '\0' v)
    i=0
    while [ $i -lt 100 ]; do
        echo "set key$i $value"
        i=$((i + 1))
    done
    echo 'delete key0'
} >in
run -c small.json shell
code 7
has NO_SPACE
run -c small.json shell --keep-going
code 7
! grep -q 'line 101: ' err || complain "the delete should work"

it "a reader that goes away is no error message"
i=0
while [ $i -lt 5000 ]; do
    echo "set key$i aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    i=$((i + 1))
done >in
echo scan >>in
command_line='shell | head -n 1' exit_code=0
"$storagectl" shell <in 2>err | head -n 1 >out
out 'key0\taaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
silent

it "nor when SIGPIPE is ignored"
(
    trap '' PIPE
    "$storagectl" shell <in 2>err | head -n 1 >out
)
silent

it "an endless script ends when its reader goes away"
command_line='shell | head -n 1'
yes 'help' 2>/dev/null | "$storagectl" shell 2>err | head -n 1 >out
silent

it "a full disk is an error of output"
if [ -w /dev/full ]; then
    command_line='help >/dev/full' exit_code=0
    "$storagectl" help >/dev/full 2>err || exit_code=$?
    : >out
    code 7
    err 'storagectl: standard output cannot be written: No space left on device'
fi

it "an output that is closed is an error of output"
command_line='help >&-' exit_code=0
"$storagectl" help >&- 2>err || exit_code=$?
: >out
code 7
one_line

it "an input that cannot be read is an error of input"
command_line='shell <.' exit_code=0
"$storagectl" shell <. >out 2>err || exit_code=$?
code 7
one_line

it "a line that memory does not hold is no end of the script"
# A program that is built with a sanitizer does not start with so little.
# shellcheck disable=SC3045 # dash has it
if (ulimit -v 100000 && "$storagectl" version) >/dev/null 2>&1; then
    command_line='shell, with little memory' exit_code=0
    head -c 150000000 /dev/zero | tr '\0' x | (ulimit -v 100000 && "$storagectl" shell >out 2>err) || exit_code=$?
    code 7
    has 'standard input cannot be read: Cannot allocate memory'
fi

it "a standard stream that is closed is no other file"
# An export would take the number of the closed stream, and the messages would go into it.
command_line='shell 2>&-, with an export' exit_code=0
printf 'set a 1 --ttl 5m\nexport --format tsv --output rows.tsv\n' >in
timeout 20 "$storagectl" shell <in >out 2>&- || exit_code=$?
: >err
code 0
printf 'a\t1\n' | cmp -s - rows.tsv || complain "the export should be one row"
command_line='import <&-' exit_code=0
timeout 20 "$storagectl" import <&- >out 2>err || exit_code=$?
code 7
err 'storagectl: import: standard input cannot be read: Bad file descriptor; nothing was imported'
command_line='set a --stdin <&-' exit_code=0
timeout 20 "$storagectl" set a --stdin <&- >out 2>err || exit_code=$?
code 7
err 'storagectl: set: standard input: Bad file descriptor'
command_line='import rows.tsv --json >&-' exit_code=0
timeout 20 "$storagectl" import rows.tsv --json >&- 2>err || exit_code=$?
code 7
err 'storagectl: standard output cannot be written: Bad file descriptor'

it "an error is one line whatever stands in it"
newline=$(printf 'a\nb\033[31mc') option='--x\ny'
for words in '' help 'get a' 'set a --file' import 'get a --timeout'; do
    # shellcheck disable=SC2086 # words
    run $words "$newline"
    one_line
    has 'a\nb\x1B[31mc'
done
run get "$(printf '%b' "$option")"
one_line
has 'unknown option --x\ny; '

it "a name of a file has no zero byte"
: >a
script 'set k --file "a\x00b"\n'
code 2
err 'storagectl: line 1: set: --file: a zero byte, which only keys and values may have'
script 'import "a\x00b"\n'
code 2
err 'storagectl: line 1: import: argument 1: a zero byte, which only keys and values may have'

it "a signal ends the reading of a value, and what was done is said"
mkfifo pipe
command_line='set k --file pipe, which gives nothing' exit_code=0
exec 3<>pipe
"$storagectl" set k --file pipe >out 2>err 3>&- &
process=$!
until [ "$(readlink "/proc/$process/exe")" = "$storagectl" ] && readlink "/proc/$process/fd/"* | grep -q '/pipe$'; do
    kill -0 "$process" || break
done
kill -TERM "$process"
wait "$process" || exit_code=$?
exec 3>&-
code 143
err 'storagectl: set: stopped by a signal while reading pipe; nothing was written'

it "escapes on the command line are decoded on request only"
run get 'a\x41'
code 1
err 'storagectl: get: no such key: a\\\\x41'
run -e get 'a\x41\x00'
code 1
err 'storagectl: get: no such key: aA\\x00'

it "get gives the exact bytes into a file when it is asked to"
printf 'set a "\\x00\\n\\xff"\nget --raw a\n' >in
run shell
code 0
printf '\000\n\377' >expected
cmp -s out expected || complain "the output should be three bytes"

finish
