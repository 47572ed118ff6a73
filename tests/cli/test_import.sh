#!/bin/sh
# test_import.sh STORAGECTL - records into the store: formats, wrong lines, transactions, signals, summaries.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# after_import TEXT [OPTION...] - imports TEXT from a file in a script, and prints what is there then.
after_import() {
    printf '%b' "$1" >records
    shift
    script "import records $*\nexport --format tsv\n" --keep-going
}

it "reads JSON Lines from a file"
after_import '{"key":"b","value":"2"}\n{"key":"a","value":"1"}\n'
code 0
silent
out 'a\t1\nb\t2'

it "reads tab-separated lines"
after_import 'b\t2\na\t\\\\x00\\\\\\\\\n'
code 0
silent
out 'a\t\\\\x00\\\\\\\\\nb\t2'

it "reads a dump"
after_import 'VERSION=3\nHEADER=END\n 61\n 31\nDATA=END\n'
code 0
silent
out 'a\t1'

it "reads what it was told to, whatever it looks like"
after_import '{"key":"a","value":"1"}\t2\n' --format tsv
code 0
out '\\x7B"key":"a","value":"1"}\t2'

it "reads standard input, and an empty one"
input '{"key":"a","value":"1"}\n'
run import --json
code 0
silent
sed -i 's/"seconds":[0-9.]*/"seconds":0/' out
out '{"records":1,"skipped":0,"commits":1,"format":"jsonl","bytes":24,"seconds":0}'
run import - --json
code 0
input ''
run import --json
code 0
sed -i 's/"seconds":[0-9.]*/"seconds":0/' out
out '{"records":0,"skipped":0,"commits":0,"format":"unknown","bytes":0,"seconds":0}'

it "is silent without --json"
input 'a\t1\n'
run import
code 0
out ''
silent

it "takes expiries"
script 'import records\nscan --format jsonl\n'
printf '%s\n' '{"key":"a","value":"1","expires_at":"2200-01-02T03:04:05.000000006+01:00"}' \
    '{"key":"gone","value":"1","expires_at":"1999-01-01T00:00:00Z"}' \
    '{"key":"zero","value":"1","ttl":"0s"}' >records
run shell
code 0
shows '"expires_at":"2200-01-02T02:04:05.000000006Z"'
[ "$(wc -l <out)" -eq 1 ] || complain "what has expired should not be there"

it "replaces values and clears expiries"
printf 'a\t2\n' >records
script 'set a 1 --ttl 1h\nimport records\nscan --format jsonl\n'
code 0
[ "$(cut -d, -f1,2 out)" = '{"key":"a","value":"2"' ] || complain "a should be 2"
! grep -q expires out || complain "a should never expire"

it "takes the last of records with the same key"
after_import 'a\t1\nb\t2\na\t3\n'
out 'a\t3\nb\t2'

it "stops at a wrong line, keeps what was before it, and says so"
after_import 'a\t1\nb\t2\nc\nd\t4\n'
code 2
out 'a\t1\nb\t2'
one_line
has 'records: line 3: no tab; a line is the key, a tab, the value; 2 records were imported, up to line 2; '
has 'mend the line, or skip such lines with --on-error skip'

it "says so when there was nothing before it"
after_import 'a\nb\t2\n'
code 2
out ''
has 'nothing was imported; mend the line'
after_import '{"key":"a","value":"1"}\n{}\n'
has 'line 2: "key" is missing; 1 record was imported, up to line 1;'

it "skips wrong lines when asked to, and counts them"
after_import 'a\t1\nb\nc\t3\n\nd\t4\n' --on-error skip --json
code 0
err 'storagectl: line 1: import: records: line 2: no tab; a line is the key, a tab, the value; skipped
storagectl: line 1: import: records: line 4: no tab; a line is the key, a tab, the value; skipped'
shows '"records":3,"skipped":2,'
after_import 'a\t1\nb\n' --on-error skip
code 0
has 'records imported: 1, lines skipped: 1, in'

it "cannot skip what breaks the format"
after_import 'VERSION=3\nHEADER=END\n 61\n 31\nb\n' --on-error skip
code 2
out 'a\t1'
has 'line 5: "b" in a dump'
has '1 record was imported, up to line 3'

it "takes all or nothing with --atomic"
after_import 'a\t1\nb\n' --atomic
code 2
out ''
has 'nothing was imported'
after_import 'a\t1\nb\nc\t3\n' --atomic --on-error skip
code 0
out 'a\t1\nc\t3'
after_import 'a\t1\nb\t2\n' --atomic --json
code 0
shows '"records":2,"skipped":0,"commits":1,'

it "is part of a transaction that is open"
printf 'a\t1\nb\t2\n' >records
script 'begin\nimport records\nrollback\nexport\n'
code 0
out ''
script 'begin\nimport records\ncommit\nexport --format tsv\n'
code 0
out 'a\t1\nb\t2'
printf 'a\t1\nb\n' >records
script 'begin\nimport records\n'
code 2
has '1 record is in the transaction, which is still open'

it "commits every thousand records"
seq 1 2500 | sed 's/.*/&\t&/' >in
run import --json
code 0
shows '"records":2500,'
# More, should a machine need more than a tenth of a second.
[ "$(sed 's/.*"commits":\([0-9]*\).*/\1/' out)" -ge 3 ] || complain "there should be three commits"

it "commits what is there when a pipe is slow"
# The store refuses the commit: so the program ends, though its input does not.
echo '{"layers": [{"type": "read_only"}], "backend": {"type": "memory"}}' >read_only.json
mkfifo slow
command_line='import, from a pipe that stays open' exit_code=0
"$storagectl" -c read_only.json import <slow >out 2>err &
program=$!
exec 3>slow
printf 'a\t1\n' >&3
wait $program || exit_code=$?
exec 3>&-
code 2
has READ_ONLY
rm slow

it "a line that memory does not hold is an error, not the end"
# A program that is built with a sanitizer does not start with so little.
# shellcheck disable=SC3045 # dash has it
if (ulimit -v 200000 && "$storagectl" version) >/dev/null 2>&1; then
    command_line='import, with little memory' exit_code=0
    head -c 300000000 /dev/zero | tr '\0' x | (ulimit -v 200000 && "$storagectl" import >out 2>err) || exit_code=$?
    code 4
    one_line
    has 'line 1: out of memory; nothing was imported'
fi

it "ends cleanly when it is told to, and says what was done"
mkfifo stream
command_line='import, until SIGTERM' exit_code=0
"$storagectl" import <stream >out 2>err &
program=$!
exec 3>stream
# More than a pipe holds: some of it was read and committed once all of it is written.
seq 1 200000 | sed 's/.*/&\t&/' >&3
kill -TERM $program
wait $program || exit_code=$?
exec 3>&-
code 143
one_line
has 'standard input: stopped by a signal; '
has ' records were imported, up to line '
rm stream

it "ends when it is told to while nothing comes in"
mkfifo silence
command_line='import, until SIGTERM' exit_code=0
"$storagectl" import --on-error skip <silence >out 2>err &
program=$!
exec 3>silence
printf 'no record\n' >&3
# What is said of the line shows that the program waits for the next one.
timeout 60 sh -c 'until grep -q skipped err; do :; done' || complain "the line should be reported"
kill -TERM $program
wait $program || exit_code=$?
exec 3>&-
code 143
has 'standard input: stopped by a signal; nothing was imported'
rm silence

it "reports a record that the store does not take"
{
    printf 'a\t1\n'
    head -c 17000000 /dev/zero | tr '\0' k
    printf '\t2\nc\t3\n'
} >records
script 'import records\nexport --format tsv\n' --keep-going
code 6
out 'a\t1'
one_line
has 'records: line 2: '
has 'SIZE_LIMIT_EXCEEDED'
has '1 record was imported, up to line 1'
script 'import records --on-error skip\nexport --format tsv\n'
code 0
out 'a\t1\nc\t3'
script 'import records --on-error skip --atomic\nexport --format tsv\n'
code 0
out 'a\t1\nc\t3'

it "says how far it came when the store is full"
echo '{"backend": {"type": "memory", "limit": "256KiB"}}' >small.json
seq 1 20000 | sed 's/.*/&\tvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv/' >in
run -c small.json import
code 7
one_line
has NO_SPACE
has ' imported'

it "says that a store is read-only"
input 'a\t1\n'
run -c read_only.json import
code 2
one_line
has READ_ONLY

# Each line: a wrong command line, and a word of the error after a colon.
while IFS=: read -r words word; do
    it "a wrong command line is refused: $words"
    # shellcheck disable=SC2086 # words
    run $words
    [ "$exit_code" -eq 2 ] || [ "$exit_code" -eq 7 ] || complain "the exit code should be 2 or 7"
    out ''
    one_line
    has "$word"
done <<'END'
import nowhere:nowhere: No such file or directory
import .:. cannot be read: Is a directory
import a b:too many arguments
import --format xml:--format
import --on-error ignore:--on-error
END

it "needs a file in the shell"
script 'import\n'
code 2
has 'needs FILE in the shell'

it "says when a printed dump of LMDB may be wrong"
after_import 'VERSION=3\nformat=print\nmaxreaders=126\nHEADER=END\n a\n \\\\09\nDATA=END\n'
code 0
has 'dump without -p'

finish
