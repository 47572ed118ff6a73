#!/bin/sh
# test_formats_tools.sh STORAGECTL - dumps, to and from the tools of LMDB and Berkeley DB, with every byte there is.
for tool in mdb_load mdb_dump db_load db_dump; do
    command -v $tool >/dev/null || {
        echo "skipped: $tool is missing (lmdb-utils, db-util)"
        exit 77
    }
done
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# The rows: every byte, in keys and in values, and what is special in a dump.
{
    for i in $(seq 0 255); do
        hex=$(printf %02X "$i")
        printf 'k\\x%s\tv\\x%s\\x%s\\\\\\x%s-\\x5C41\n' "$hex" "$hex" "$hex" "$hex"
    done
    printf 'empty\t\n'
    printf 'escapes\t\\\\\\\\ \\\\41 \\\\x41 \\\\n \\t\\n\\r \\\\\n'
    printf 'spaces\t  a  \n'
    printf 'end\tDATA=END\n'
} >rows
script 'import rows\nexport --output rows.tsv --format tsv\n'
[ "$exit_code" -eq 0 ] || {
    cat err
    exit 1
}
[ "$(wc -l <rows.tsv)" -eq 260 ] || {
    echo "there should be 260 rows"
    exit 1
}

# gives_back COMMAND... - the command prints a dump that has the rows.
gives_back() {
    command_line="$* | storagectl import" exit_code=0
    "$@" >dump 2>err || complain "$1 should work: $(cat err)"
    script 'import dump --json\nexport --format tsv\n'
    code 0
    silent
    sed 1d out >found
    cmp -s found rows.tsv || complain "the rows should be the same"
    shows '"records":260,'
}

# export_to COMMAND... - the command takes a dump of the rows.
export_to() {
    options=$1
    shift
    command_line="export --format dump $options | $*" exit_code=0
    printf 'import rows\nexport --format dump %s\n' "$options" | "$storagectl" shell 2>err >dump || complain "export"
    "$@" <dump 2>err || complain "$1 should take it: $(cat err)"
    silent
}

for options in '' --print; do
    it "mdb_load takes a dump${options:+ with $options}, and mdb_dump gives it back"
    rm -rf lmdb
    mkdir lmdb
    export_to "$options" mdb_load lmdb
    gives_back mdb_dump lmdb

    it "db_load takes a dump${options:+ with $options}, and db_dump gives it back"
    rm -f rows.db
    export_to "$options" db_load rows.db
    gives_back db_dump rows.db
    gives_back db_dump -p rows.db
done

it "mdb_dump -p gives back what has no backslash, and a warning"
printf 'a\t\\x00\\x01 \\xff\nb\tx y\n' >plain
script 'import plain\nexport --output plain.tsv --format tsv\nexport --format dump\n'
code 0
rm -rf lmdb
mkdir lmdb
mdb_load lmdb <out 2>err || complain "mdb_load should take it"
mdb_dump -p lmdb >dump
script 'import dump\nexport --format tsv\n'
code 0
has 'dump without -p'
cmp -s out plain.tsv || complain "the rows should be the same"

it "a hash has keys"
rm -f hash.db
printf 'a\n1\nb\n2\n' | db_load -T -t hash hash.db
db_dump hash.db >dump
script 'import dump\nexport --format tsv\n'
code 0
out 'a\t1\nb\t2'

it "record numbers are keys when they were dumped"
rm -f recno.db
printf 'one\ntwo\n' | db_load -T -t recno recno.db
db_dump recno.db >in
run import
code 2
has 'without keys; dump it again with db_dump -k'
db_dump -k recno.db >dump
script 'import dump\nexport --format tsv\n'
code 0
out '1\tone\n2\ttwo'

it "duplicates are reported, not merged"
rm -f duplicates.db
printf 'a\n1\na\n2\nb\n3\n' | db_load -T -t btree -c duplicates=1 duplicates.db
db_dump duplicates.db >dump
script 'import dump\nexport --format tsv\n' --keep-going
code 2
out 'a\t1'
has 'with duplicates'
script 'import dump --on-error skip\nexport --format tsv\n'
code 0
out 'a\t1\nb\t3'
has 'with duplicates'

it "several databases in a file are imported one at a time"
rm -rf several several.db
mkdir several
printf 'VERSION=3\nHEADER=END\n 61\n 31\nDATA=END\n' >dump
for database in one two; do
    mdb_load -s $database several <dump || complain "mdb_load -s should work"
done
mdb_dump -a several >dump
script 'import dump\n'
code 2
has 'a second database begins here; import one at a time: mdb_dump -s NAME'
mdb_dump -s two several >dump
script 'import dump\nexport --format tsv\n'
code 0
out 'a\t1'

it "more than a map of LMDB holds by default needs --map-size"
seq 10000 30000 | sed 's/.*/&\tvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv/' >many
script 'import many\nexport --format dump --map-size 1GiB\n'
code 0
rm -rf lmdb
mkdir lmdb
mdb_load lmdb <out 2>err || complain "mdb_load should take it"
mdb_dump lmdb >dump
script 'import dump --json\n'
shows '"records":20001,'

finish
