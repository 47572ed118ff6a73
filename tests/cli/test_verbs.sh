#!/bin/sh
# test_verbs.sh STORAGECTL - each verb as a command of its own and in the shell, options before and after it.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

verbs='get set touch delete cas scan clear watch import export stats health explain config bench shell help version
    begin commit rollback exit'

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
for verb in $verbs; do
    grep -q "^  $verb  *[a-z]" out || complain "help should list $verb"
done
shows --version
shows --memory
shows --hex
shows --json
mv out help
run --help
cmp -s out help || complain "--help should print the same"
run -h
cmp -s out help || complain "-h should print the same"

it "help explains each verb within 90 columns"
for verb in $verbs; do
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
run cas a --expect old new
code 3
one_line
has CONFLICT

it "the configuration is an option before the verb, after it, and with an equals sign"
for place in '-c memory.json get a' 'get -c memory.json a' 'get a -c memory.json' '--config memory.json get a' \
    'get a --config=memory.json' '-cmemory.json get a'; do
    # shellcheck disable=SC2086 # words
    run $place
    code 1
    err 'storagectl: get: no such key: a'
done

it "a double hyphen ends the options"
run cas --expect x -- -key -c
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
script 'set a 1\ncas a --expect 1 2\nget a\ncas a --expect 1 3\n'
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
script 'set a 1\ncas a --expect 1 --delete\nget a\ncas a --absent --delete\ncas a --expect x --delete\n'
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

it "set --file takes what a file holds"
printf 'any\000bytes\n' >value.bin
script 'set a --file value.bin\nget a\ncas a --absent --file value.bin\n'
code 3
out 'any\\x00bytes\\n'
run set a --file nowhere.bin
code 2
err 'storagectl: set: nowhere.bin: No such file or directory; correct the path'

it "hexadecimal in and out"
script 'set --hex 6b00ff 00DEffbe\nget --hex 6b00ff\nscan --hex\nget "k\\x00\\xff"\n'
code 0
out '00deffbe\n6b00ff\t00deffbe\n\\x00\\xDE\\xFF\\xBE'

it "base64 in and out"
script 'set --base64 awD/ AN6tvu8=\nget --base64 awD/\nscan --base64 --keys-only\nset e ""\nget --base64 ZQ==\n'
code 0
out 'AN6tvu8=\nawD/\n'

it "an option of bytes is decoded as the arguments are"
script 'set --hex 61 31\ncas --hex 61 --expect 31 32\nscan --from a --through a\ncas --hex 61 --expect 31 33\n'
code 3
out 'a\t2'

it "what holds for the shell holds for its commands"
input 'set 6b 31\nget 6b\nget --base64 aw==\nstats --json\n'
run --hex shell
code 0
shows '31'
shows 'MQ=='

it "scan takes bounds"
script 'set a 1\nset b 2\nset c 3\nset d 4
scan --keys-only --from b --to d
scan --keys-only --after b --through d
'
code 0
out 'b\nc\nc\nd'

it "scan --format jsonl has revision and expiry"
script 'set a 1\nset "b\\xff" 2 --ttl never\nscan --format jsonl\nscan --format jsonl --keys-only --limit 1\n'
code 0
out '{"key":"a","value":"1","revision":1}\n{"key_base64":"Yv8=","value":"2","revision":2}\n{"key":"a","revision":1}'

it "clear deletes a range, and everything only when told"
script 'set a 1\nset ab 2\nset b 3\nset c 4
clear a\nscan --keys-only
clear --from c\nscan --keys-only
clear --all\nscan
'
code 0
out 'b\nc\nb'

it "watch prints what was committed"
script 'set a 1\nset b 2\ndelete a\nclear b\nwatch --revision 1 --for 0s\nwatch b --revision 1 --count 1\n'
code 0
out '1\tset\ta\t1\n2\tset\tb\t2\n3\tdeleted\ta\n4\tcleared\tincluded b\tprefix_end b\n2\tset\tb\t2'

it "watch --format jsonl"
script 'set a 1\ndelete a\nset c 1\nclear --from b --to d\nwatch --revision 1 --for 0s --format jsonl\n'
code 0
out '{"revision":1,"change":"set","key":"a","value":"1"}
{"revision":2,"change":"deleted","key":"a"}
{"revision":3,"change":"set","key":"c","value":"1"}
{"revision":4,"change":"cleared","start":{"kind":"included","key":"b"},"end":{"kind":"excluded","key":"d"}}'

it "a time limit ends a command that waits"
run --timeout 10ms watch
code 4
one_line
has TIMEOUT

it "get --json has revision and expiry"
script 'set a 1\nget --json a\nset a 2 --ttl 1000d\nget --json a\n'
code 0
shows '{"key":"a","value":"1","revision":1}'
shows '{"key":"a","value":"2","revision":2,"expires_at":"20'

it "writes say their revision in JSON"
script 'set --json a 1\ntouch --json a 1h\ncas --json a --expect 1 2\ndelete --json a
clear --json a\nbegin\nset --json a 1\ncommit --json
'
code 0
out '{"revision":1}\n{"revision":2}\n{"revision":3}\n{"revision":4}\n{"revision":0}\n{}\n{"revision":5}'

# json FILE EXPRESSION - the JSON in FILE is such that the Python expression over d holds.
json() {
    python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); assert eval(sys.argv[2]), d' "$1" "$2" \
        2>python_error || complain "the JSON should be such that: $2"
}

it "version, help, stats, health and explain print JSON"
run version --json
json out 'd["libstorage"] == d["storagectl"]'
run help --json
json out '[v["name"] for v in d["verbs"]][:3] == ["get", "set", "delete"] and len(d["exit_codes"]) == 10'
run --json help get
json out 'd["name"] == "get" and d["has_bytes_options"]'
run stats --json
code 0
json out 'set(d) == {"statistics", "memory"}'
run health --json
code 0
json out 'd["state"] == "healthy" and d["probe"] == "readiness"'
run explain --json
json out 'd["stack"]["backend"]["type"] == "memory" and d["capabilities"]'

it "stats, health and explain print lines for people"
run stats
code 0
shows 'memory'
run health --probe liveness
code 0
shows 'state: healthy'
run explain
code 0
shows 'type: memory'

it "explain prints durations as a configuration takes them"
echo '{"backend": {"type": "memory", "idempotency_age": "1m30s"}}' >in
run explain -c /dev/stdin
code 0
shows 'idempotency_age: 90s'

it "a shell that prints JSON prints rows and changes as JSON too"
input 'set a 1\nscan\nwatch --revision 1 --for 0s\nscan --format text\n'
run shell --json
code 0
out '{"revision":1}
{"key":"a","value":"1","revision":1}
{"revision":1,"change":"set","key":"a","value":"1"}
a\t1'

it "config check says that a configuration is right"
run config check
code 0
out "$STORAGE_CONFIG: ok"
run config check memory.json --json
json out 'd == {"ok": True, "errors": [], "more_errors": 0, "warnings": []}'
echo '{"backend": {"type": "memory", "limit": 5, "x": 1}}' >wrong.json
run --json config check wrong.json
code 2
silent
json out 'not d["ok"] and len(d["errors"]) == 2 and d["errors"][0].startswith("wrong.json: backend.limit: ")'
{
    printf '{"backend": {"type": "memory"'
    i=0
    while [ $i -lt 70 ]; do
        printf ', "wrong%d": 1' $i
        i=$((i + 1))
    done
    echo '}}'
} >many.json
run --json config check many.json
code 2
json out 'len(d["errors"]) == 64 and all(d["errors"]) and d["more_errors"] == 6'
run config check -c memory.json
code 0

it "config explain says what it means"
cat >layered.json <<'END'
{"layers": [{"type": "read_only"}], "backend": {"type": "memory", "limit": "${LIMIT:-64MiB}"}}
END
run config explain layered.json
code 0
shows 'layers[0]  read_only'
shows '64MiB  (variable)'
shows '1d  (default)'
shows 'It weakens: writes_refused'
run config explain layered.json --json
json out 'd["document"]["backend"]["limit"] == "64MiB"'

it "config schema is a JSON Schema"
run config schema
code 0
json out '"json-schema.org/draft/2020-12" in d["$schema"]'

it "config needs one of its commands"
run config
code 2
run config fly
code 2
err 'storagectl: config: "fly" is none of check, schema, explain'

# ---- where the configuration is ----

it "without -c the first configuration that there is counts"
mkdir -p xdg/storage .config/storage
echo '{"backend": {"type": "memory", "limit": "1MiB"}}' >xdg/storage/storage.json
echo '{"backend": {"type": "memory", "limit": "2MiB"}}' >.config/storage/storage.json
unset STORAGE_CONFIG
run config check
out "$HOME/.config/storage/storage.json: ok"
XDG_CONFIG_HOME=$work/xdg
export XDG_CONFIG_HOME
run config check
out "$work/xdg/storage/storage.json: ok"
cp memory.json storage.json
run config check
out 'storage.json: ok'
STORAGE_CONFIG=nowhere.json
export STORAGE_CONFIG
run config check
code 2
has 'storagectl: nowhere.json: No such file or directory'
run -c memory.json config check
out 'memory.json: ok'
rm -r storage.json xdg .config
unset STORAGE_CONFIG XDG_CONFIG_HOME

if [ ! -e /etc/storage/storage.json ]; then
    it "without any, a verb says how to name one"
    run set a 1
    code 2
    one_line
    has 'no configuration: name one with -c FILE'
    run --memory set a 1
    code 0
    silent

    it "without any, the shell has an empty store in memory, and says so"
    script 'set a 1\nget a\n'
    code 0
    out '1'
    one_line
    has 'an empty store in memory, gone at the end'
    script 'set a 1\nget a\n' --memory
    code 0
    silent
fi

finish
