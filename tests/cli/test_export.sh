#!/bin/sh
# test_export.sh STORAGECTL - records out of the store: formats, ranges, files that appear whole, readers that go away.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

it "writes nothing of an empty store"
run export
code 0
out ''
silent
run export --format dump
code 0
out 'VERSION=3\nformat=bytevalue\ntype=btree\nHEADER=END\nDATA=END'

setup='set b 2\nset a "\\x00\\xff"\nset c/d "x\\ty" --ttl 1000d\n'

it "writes JSON Lines"
script "${setup}export\n"
code 0
silent
sed -i 's/"expires_at":"[-0-9T:.]*Z"/"expires_at":"T"/' out
out '{"key":"a","value_base64":"AP8="}
{"key":"b","value":"2"}
{"key":"c/d","value":"x\\ty","expires_at":"T"}'

it "writes tab-separated lines, and says that expiries are lost"
script "${setup}export --format tsv\n"
code 0
out 'a\t\\x00\\xFF\nb\t2\nc/d\tx\\ty'
err 'storagectl: line 4: export: expiry lost of 1 of 3 records, because tsv does not carry it; --format jsonl does'

it "writes dumps"
script "${setup}export --format dump\n"
code 0
out 'VERSION=3\nformat=bytevalue\ntype=btree\nHEADER=END\n 61\n 00ff\n 62\n 32\n 632f64\n 780979\nDATA=END'
has 'expiry lost of 1 of 3 records, because dump does not carry it'
script "${setup}export --format dump --print --map-size 1GiB --to b\n"
code 0
out 'VERSION=3\nformat=print\ntype=btree\nmapsize=1073741824\nHEADER=END\n a\n \\00\\ff\nDATA=END'
silent

it "writes revisions when asked to, which import takes"
script "set a 1\nexport --revisions --output r.jsonl\nimport r.jsonl\n"
code 0
grep -q '^{"key":"a","value":"1","revision":[0-9]*}$' r.jsonl || complain "there should be a revision"

it "writes a prefix or a range"
script "${setup}export --format tsv --from b --to c\n"
out 'b\t2'
script "${setup}export c/\n"
[ "$(wc -l <out)" -eq 1 ] || complain "there should be one record"
shows c/d
script "${setup}export --format tsv --hex --after 61 --through 62\n"
out 'b\t2'

it "writes what a transaction sees"
script 'set a 1\nbegin\nset b 2\nexport --format tsv\nrollback\nexport --format tsv\n'
code 0
out 'a\t1\nb\t2\na\t1'

it "replaces a file, keeps its permissions, leaves nothing beside it"
mkdir d
echo old >d/o
chmod 640 d/o
ln -s o d/link
script 'set a 1\nexport --output d/link --format tsv\n'
code 0
out ''
silent
printf 'a\t1\n' >expected
cmp -s d/o expected || complain "the file should have been replaced"
[ "$(stat -c %a d/o)" = 640 ] || complain "the permissions should be as they were"
[ -L d/link ] || complain "the link should be a link"
[ "$(ls d)" = 'link
o' ] || complain "there should be nothing else: $(ls d)"

it "makes a file with the permissions that are usual"
(
    umask 027
    "$storagectl" export --output d/new
) || complain "export should work"
[ "$(stat -c %a d/new)" = 640 ] || complain "the permissions should be 640"

it "writes to standard output, a device or a pipe as it is"
script 'set a 1\nexport --output - --format tsv\nexport --output /dev/null\n'
code 0
out 'a\t1'
[ -c /dev/null ] || complain "/dev/null should be a device"

it "says when a file cannot be written, and leaves it"
script 'set a 1\nexport --output nowhere/o\n'
code 7
has 'nowhere/o cannot be written: No such file or directory'
script 'set a 1\nexport --output d\n'
code 7
has 'd cannot be written: Is a directory'
if [ -w /dev/full ]; then
    script 'set a 1\nexport --output /dev/full\n'
    code 7
    has '/dev/full cannot be written: No space left on device'
fi

it "a file that outgrows its limit is as it was"
head -c 3000000 /dev/zero | tr '\0' v >value
echo old >limited
# shellcheck disable=SC3045 # dash has it
(
    ulimit -f 1000
    trap '' XFSZ
    printf 'set a --file value\nexport --output limited\n' | "$storagectl" shell >out 2>err
)
exit_code=$? command_line='export, with a limit on the size of files'
code 7
has 'limited cannot be written: File too large; it is as it was'
[ "$(cat limited)" = old ] || complain "the file should be as it was"
! ls limited.* >/dev/null 2>&1 || complain "nothing should be left beside it"

it "a reader that goes away is no error message"
seq 1 50000 | sed 's/.*/&\tvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv/' >records
command_line='export | head -n 1'
printf 'import records\nexport --format tsv\n' | "$storagectl" shell 2>err | head -n 1 >out
out '1\tvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv'
silent

it "a full disk is an error of output"
if [ -w /dev/full ]; then
    command_line='export >/dev/full' exit_code=0
    echo 'a	1' >records
    printf 'import records\nexport\n' | "$storagectl" shell >/dev/full 2>err || exit_code=$?
    : >out
    code 7
    has 'standard output cannot be written: No space left on device'
fi

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
export --print:--print goes with --format dump only
export --format tsv --map-size 1GiB:--map-size goes with --format dump only
export --format dump --revisions:--revisions goes with --format jsonl only
export --format dump --map-size 5:--map-size
export --format text:--format
export a b:too many arguments
export a --from b:exclude
export --output:--output needs a value
END

it "scan writes the same lines"
script 'set a "x\\ty"\nscan --format tsv\nscan --format tsv --keys-only\nscan --format jsonl\n'
code 0
out 'a\tx\\ty\na\n{"key":"a","value":"x\\ty","revision":1}'

finish
