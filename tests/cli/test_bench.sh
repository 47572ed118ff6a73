#!/bin/sh
# test_bench.sh STORAGECTL EXAMPLES - bench: what it reports, whose keys it touches, how it ends.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
examples=$2

# rows NUMBER - so many keys were printed.
rows() {
    [ "$(grep -c '^bench/' out)" -eq "$1" ] || complain "there should be $1 keys in the output"
}

# bench OPTION... - a small run on a store in memory.
bench() {
    run --memory bench --records 100 --value-size 20B "$@"
}

# json EXPRESSION - holds for the document `d` that was printed.
json() {
    python3 -c '
import json, sys
d = json.load(open("out"))
operations = {p["workload"]: p["operations"] for p in d["phases"]}
sys.exit(0 if eval(sys.argv[1]) else 1)' "$1" || complain "this should hold: $1"
}

it "a table has a row for each operation"
bench --operations 1000 --workload a,e,f --threads 2
code 0
silent
shows '100 records, values of 20B, 2 threads, seed 1'
shows 'load: 100 records'
shows 'a: 50% read, 50% update, zipfian'
shows 'e: 5% insert, 95% scan, zipfian'
shows 'f: 50% read, 50% read_modify_write, zipfian'
shows '  read_modify_write '
shows '  scans read '

it "lines fit 80 columns"
[ "$(wc -L <out)" -le 80 ] || complain "a line is longer"

it "JSON has the parameters and adds up"
bench --operations 2000 --workload a,d,scan --threads 3 --seed 77 --batch 30 --json
code 0
silent
json 'd["complete"] is True'
json 'd["parameters"] == {"key_prefix": "bench/", "records": 100, "value_size": 20, "threads": 3, "batch": 30,
                          "seed": 77, "rate": None}'
json 'd["stack"]["backend"]["type"] == "memory"'
json '[p["workload"] for p in d["phases"]] == ["load", "a", "d", "scan"]'
json 'operations["load"]["load"]["done"] == 4 and d["phases"][0]["records"] == 100'
json 'all(sum(o["done"] + o["failed"] for o in operations[w].values()) == 2000 for w in ["a", "d", "scan"])'
json 'sorted(operations["a"]) == ["read", "update"] and sorted(operations["d"]) == ["insert", "read"]'
json 'all(o["min_ns"] <= o["mean_ns"] <= o["max_ns"] and
          o["min_ns"] <= o["p50_ns"] <= o["p95_ns"] <= o["p99_ns"] <= o["p99_9_ns"] <= o["max_ns"]
          for kinds in operations.values() for o in kinds.values())'
json 'all(abs(o["per_second"] - o["done"] * 1e9 / p["elapsed_ns"]) < 0.1
          for p in d["phases"] for o in p["operations"].values())'

it "a key prefix of any bytes is in the JSON"
bench --operations 1 --json --hex --key-prefix ff00
code 0
json 'd["parameters"]["key_prefix_base64"] == "/wA="'

it "one thread, operations and a seed do the same again"
for name in first second; do
    bench --operations 3000 --workload a,d,e,f --seed 5 --json
    code 0
    python3 -c '
import json
for p in json.load(open("out"))["phases"]:
    print(p["workload"], p.get("rows"), {k: o["done"] for k, o in p["operations"].items()})' >"$name"
done
cmp -s first second || complain "both runs should have done the same"

it "another seed does something else"
bench --operations 3000 --workload a,d,e,f --seed 6 --json
python3 -c '
import json
for p in json.load(open("out"))["phases"]:
    print(p["workload"], p.get("rows"), {k: o["done"] for k, o in p["operations"].items()})' >second
cmp -s first second && complain "both runs did the same"

it "distribution is the workload's own or the one given"
bench --operations 10 --workload a,read,d --json
json '[p.get("distribution") for p in d["phases"]] == [None, "zipfian", "uniform", "latest"]'
bench --operations 10 --workload a,read,d --distribution latest --json
json '[p.get("distribution") for p in d["phases"][1:]] == ["latest"] * 3'

it "a rate is kept"
bench --operations 50 --workload c --rate 1000/s --json
code 0
json 'd["parameters"]["rate"] == "1000/s"'
json 'd["phases"][1]["elapsed_ns"] >= 49000000'

it "seconds end a workload"
bench --seconds 1 --workload write --threads 2 --json
code 0
json '1e9 <= d["phases"][1]["elapsed_ns"] and d["phases"][1]["wanted_ns"] == 10**9'

it "seconds may be a duration"
bench --seconds 200ms --workload c --json
code 0
json 'd["phases"][1]["wanted_ns"] == 2 * 10**8'

it "leaves nothing behind"
script 'set other 1\nbench --records 50 --operations 500 --workload d,e\nscan --keys-only\n' --memory
code 0
silent
[ "$(tail -1 out)" = other ] || complain "the other key should be the last line"
rows 0

it "leaves its records with --keep, and runs on them with --no-load"
script 'bench --records 50 --operations 10 --keep\nbench --no-load --workload c --operations 10\nscan --keys-only\n' \
    --memory
code 0
silent
rows 50

it "--no-load runs on what is there, all of it"
script 'bench --records 50 --operations 10 --keep\nbench --no-load --workload read --operations 900 --json\n' --memory
code 0
shows '"records":50,'
shows '"answers":{}'

it "what --no-load inserts stays"
script 'bench --records 50 --operations 10 --keep\nbench --no-load --workload d --operations 1000\nscan --keys-only\n' \
    --memory
code 0
[ "$(grep -c '^bench/' out)" -gt 70 ] || complain "there should be more than 70 keys"

it "records that are missing are found out and counted"
script 'bench --records 50 --operations 10 --keep\ndelete bench/user0000000000000000
bench --no-load --workload read --operations 900 --json\n' --memory
code 0
has '1 of the first 50 records are missing'
grep -q '"NOT_FOUND":[1-9]' out || complain "there should be reads that found nothing"

it "--reuse loads over records that are there, and deletes them"
script 'bench --records 50 --operations 10 --keep\nbench --reuse --records 20 --operations 10\nscan --keys-only\n' \
    --memory
code 0
silent
[ "$(grep -c '^50 records, values' out)" -eq 2 ] || complain "both runs should be of 50 records"
rows 0

it "refuses where records of an earlier run are, and says what to do"
script 'bench --records 50 --operations 10 --keep\nbench --operations 10\n' --memory
code 2
one_line
has '--reuse'
has '--no-load'
rows 0

for options in '' '--reuse' '--no-load --workload c' '--reuse --keep'; do
    it "refuses where there is a key of somebody else: $options"
    script "set bench/user-names precious\nset zzz 1\nbench --operations 10 $options\n" --memory
    code 2
    out ''
    one_line
    has 'bench/user-names'
    has '--key-prefix'
done

it "never touches a key of somebody else"
script 'set bench 1\nset bench0 2\nset a 3\nset bench/ 4\nset bench/usee 5\nset bench/xusers 6
bench --operations 500 --workload d,write --key-prefix bench/x/\nscan\n' --memory
code 0
tail -6 out >found
printf 'a\t3\nbench\t1\nbench/\t4\nbench/usee\t5\nbench/xusers\t6\nbench0\t2\n' | cmp -s - found ||
    complain "the six keys should be there"

it "an empty prefix is the whole store, which has to be empty"
script 'set a 3\nbench --operations 5 --key-prefix ""\n' --memory
code 2
has 'the key a '
bench --operations 5 --key-prefix ''
code 0

it "a read-only stack is not written to, and nothing is to be deleted"
run -c "$examples/stack_read_only.json" bench --operations 10
code 2
one_line
has READ_ONLY
has '--no-load'

it "without records --no-load has nothing to do"
run --memory bench --no-load --operations 1
code 2
out ''
one_line
has 'no records'

it "a store that is too small ends the run, and is empty afterwards"
echo '{"backend": {"type": "memory", "limit": "1MiB"}}' >small.json
run -c small.json bench --records 10000 --operations 10 --json
code 7
one_line
has NO_SPACE
json 'd["complete"] is False and d["phases"][0]["failure"] == "NO_SPACE"'
json 'operations["load"]["load"]["failed"] == 1 and operations["load"]["load"]["answers"] == {"NO_SPACE": 1}'
script 'bench --records 10000 --operations 10\n' -c small.json
code 7

it "works in no transaction"
script 'begin\nbench --operations 10\n' --memory
code 2
has 'a transaction is open'

it "the time limit ends it, and it says so"
run --memory --timeout 1s bench --records 100 --workload c --seconds 3600
code 4
one_line
has 'time limit'
shows 'stopped'

for signal in INT TERM; do
    it "a signal ends it cleanly: what was measured is printed, and the process dies of it: $signal"
    command_line="bench, ended by $signal"
    : >out
    # A shell makes what it runs in the background ignore SIGINT; env undoes that.
    env --default-signal=INT "$storagectl" --memory bench --records 100 --workload c,a --seconds 600 --json \
        >out 2>err &
    pid=$!
    # The load is reported when it is over: from then on the workload runs.
    until grep -q '"workload":"load"' out || ! kill -0 $pid 2>/dev/null; do :; done
    kill -s $signal $pid
    exit_code=0
    wait $pid 2>/dev/null || exit_code=$?
    case $signal in INT) code 130 ;; TERM) code 143 ;; esac
    json 'd["complete"] is False and d["phases"][-1]["stopped"] is True and len(d["phases"]) == 2'
done

it "a reader that has gone is no error"
"$storagectl" --memory bench --records 100 --operations 10 2>err | true
silent

# Each line: a wrong command line, and a word of the error after a colon.
while IFS=: read -r words word; do
    it "a wrong command line is refused: $words"
    # shellcheck disable=SC2086 # words
    run --memory bench $words
    code 2
    out ''
    one_line
    has "$word"
done <<'END'
a:too many arguments
--workload g:"g" is none of them
--workload a,,b:"" is none of them
--workload load:"load" is none of them
--workload=:"" is none of them
--threads 0:--threads
--threads 1025:--threads
--threads many:--threads
--seconds 0:--seconds
--seconds 0s:--seconds
--seconds 1x:--seconds
--seconds 1 --operations 1:exclude
--operations 0:--operations
--records 0:--records
--records 549755813889:--records
--no-load --records 5:exclude
--no-load --keep:exclude
--no-load --reuse:exclude
--no-load --batch 5:exclude
--batch 10001:--batch
--value-size 5:--value-size
--value-size 1GiB:--value-size
--distribution normal:--distribution
--rate 5:--rate
--rate 0/s:--rate
--rate 1/2d:--rate
--seed -1:--seed
END

it "a prefix may be 256 bytes long and no longer"
long=$(printf '%0256d' 0)
bench --operations 1 --key-prefix "$long"
code 0
bench --operations 1 --key-prefix "0$long"
code 2
has '256 bytes'

finish
