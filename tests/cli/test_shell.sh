#!/bin/sh
# test_shell.sh STORAGECTL - scripts: words, escapes, comments, transactions, mistakes and where a script ends.
# shellcheck disable=SC1003 # the backslashes at the ends of words are meant
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"

it "an empty script does nothing"
script ''
code 0
out ''
silent

it "empty lines, spaces and comments are nothing"
script '\n   \n\t\n# set a 1\n  # more\nset a 1 # the first\nget a\n'
code 0
out '1'
silent

it "a hash inside a word is part of it"
script 'set a#b c#\nget a#b\n'
code 0
out 'c#'

it "the last line needs no newline"
script 'set a 1\nget a'
code 0
out '1'

it "lines may end with a carriage return"
script 'set a 1\r\nget a\r\n'
code 0
out '1'

it "quotes keep spaces together"
script "set 'two words' \"and three more\"\nget two\\\\ words\n"
code 0
out 'and three more'

it "quotes within a word are joined"
script "set a'b c'\"d\" x\nscan --keys-only\n"
code 0
out 'ab cd'

it "single quotes take a backslash as it is"
script "set a '\\\\x41'\nget a\n"
code 0
out '\\\\x41'

it "escapes are bytes, in double quotes and without"
script 'set "\\x41\\x62" \\x00\\xFF\\n\\t\\\\\nget Ab\n'
code 0
out '\\x00\\xFF\\n\\t\\\\'

it "an escaped quote is a quote"
script 'set a "\\"\\'"'"'"\nget a\n'
code 0
out "\"'"

it "binary keys are ordered as unsigned bytes"
script 'set \\xff 4\nset \\x00 1\nset \\x7f 2\nset \\x80 3\nset "" 0\nscan\n'
code 0
out '\t0\n\\x00\t1\n\\x7F\t2\n\\x80\t3\n\\xFF\t4'

it "what is printed can be read again"
script 'set k "\\x00\\x1b[31m\\xe9 \\\\ \\t end"\nget k\n'
code 0
line=$(cat out)
printf 'set copy "%s"\nget copy\n' "$line" >in
run shell
code 0
[ "$(cat out)" = "$line" ] || complain "the copy should read like the original"

it "well-formed text of any language is printed as it is, a control character is not"
script 'set k "\\xc3\\xa9\\xe2\\x82\\xac\\xf0\\x9f\\x98\\x80 \\xc2\\x9b \\xc3"\nget k\n'
code 0
out '\0303\0251\0342\0202\0254\0360\0237\0230\0200 \\xC2\\x9B \\xC3'

for mistake in "set 'a" 'set "a' 'set a\\\\' 'set \\\\q' 'set \\\\x4' 'set \\\\xzz'; do
    it "a line that cannot be read ends the script: $mistake"
    script "set b 1\n$mistake\nget b\n"
    code 2
    out ''
    one_line
    has 'line 2: '
done

it "a zero byte in a script is refused"
script 'set a \0000\n'
code 2
has 'line 1: '
has '\x00'

it "too many words are refused"
script 'get 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n'
code 2
one_line

it "an unknown command is refused with its line"
script 'set a 1\n\nfly away\n'
code 2
err 'storagectl: line 3: "fly" is not a command of the shell; "help" lists them'

it "a shell in the shell is refused"
script 'shell\n'
code 2
one_line

it "the configuration is not an option of the shell's commands"
script 'get a -c other.json\n'
code 2
has 'unknown option -c'

it "a script ends at its first failure"
script 'set a 1\ncas a --expect 2 3\nset b 1\nscan\n'
code 3
out ''
has 'line 2: cas: '

it "a key that is not found does not end a script, but is told at the end"
script 'get nothing\nset a 1\nget a\n'
code 1
out '1'
err 'storagectl: line 1: get: no such key: nothing'

it "a failure counts more than a key that is not found"
script 'get nothing\nget\n'
code 2

it "--keep-going goes on and tells the first failure"
script 'cas a --expect 2 3\nfly\nset a 1\nget a\n' --keep-going
code 3
out '1'
has 'line 1: '
has 'line 2: '

it "exit ends a script"
script 'set a 1\nexit\nget a\n'
code 0
out ''
silent

it "help works in the shell"
script 'help get\n'
code 0
shows 'usage: '

it "a transaction reads its own writes and is there after the commit"
script 'begin\nset a 1\nget a\nset b 2\ndelete a\nscan\ncommit\nscan\n'
code 0
out '1\nb\t2\nb\t2'
silent

it "a rollback leaves nothing"
script 'set a 1\nbegin\nset a 2\nset b 3\nget a\nrollback\nscan\n'
code 0
out '2\na\t1'

it "touch and cas work in a transaction"
script 'set a 1\nbegin\ncas a --expect 1 2\ntouch a 1h\ncommit\nget a\n'
code 0
out '2'

it "a compare-and-set that fails in a transaction leaves it usable"
script 'set a 1\nbegin\ncas a --expect 9 2\nset b 1\ncommit\nscan\n' --keep-going
code 3
out 'a\t1\nb\t1'

it "a read-only transaction refuses writes"
script 'begin --read-only\nset a 1\n'
code 2
has READ_ONLY

for level in snapshot read_committed serializable; do
    it "a transaction with isolation $level"
    script "set a 1\nbegin --isolation $level\nget a\nset a 2\ncommit\nget a\n"
    code 0
    out '1\n2'
done

it "an unknown isolation is refused"
script 'begin --isolation perfect\n'
code 2
one_line

it "one transaction at a time"
script 'begin\nbegin\n'
code 2
has 'line 2: begin: '

it "there is nothing to commit or roll back without a begin"
script 'commit\nrollback\n' --keep-going
code 2
has 'line 1: commit: no transaction'
has 'line 2: rollback: no transaction'

it "a transaction that a script forgets is rolled back and told"
script 'set a 1\nbegin\nset a 2\n'
code 2
err 'storagectl: line 2: the transaction that begins here was never committed; it is rolled back'

it "a transaction can be begun again after its end"
script 'begin\nset a 1\ncommit\nbegin\nset a 2\nrollback\nbegin\nget a\ncommit\n'
code 0
out '1'

# start_shell - the shell in the background, with its commands from descriptor 3 and its answers to descriptor 4. What
# sh puts into the background ignores SIGINT; env undoes that.
mkfifo commands answers
start_shell() {
    command_line='shell, by pipes' exit_code=0
    env --default-signal=INT,TERM,HUP "$storagectl" --memory shell <commands >answers 2>err &
    shell_pid=$!
    exec 3>commands 4<answers
}

end_shell() {
    exec 3>&- 4<&-
    { wait $shell_pid; } 2>/dev/null || exit_code=$?
    : >out
}

# kill_shell SIGNAL - and its input stays open until it has ended: it is not the end of the script that ends it.
kill_shell() {
    kill -"$1" $shell_pid
    { wait $shell_pid; } 2>/dev/null || exit_code=$?
    exec 3>&- 4<&-
    : >out
}

ask() {
    echo "$1" >&3
    answer=
    read -r answer <&4
}

it "each answer is there before the next command is read"
start_shell
echo 'set a 1' >&3
ask 'get a'
end_shell
code 0
[ "$answer" = 1 ] || complain "the answer should be 1"

for signal in INT:130 TERM:143 HUP:129; do
    it "SIG${signal%:*} ends a script that waits, in good order"
    start_shell
    ask 'version'
    kill_shell "${signal%:*}"
    code "${signal#*:}"
    one_line
    has 'line 2: interrupted; the lines before this one were run'

    it "SIG${signal%:*} ends a command that takes for ever, and the script"
    start_shell
    ask 'help'
    printf 'set a 1\nwatch\nget a\n' >&3
    kill_shell "${signal%:*}"
    code "${signal#*:}"
done

it "what was ignored when the program started stays ignored"
(
    trap '' HUP
    "$storagectl" --memory shell <commands >answers 2>err &
    echo $! >pid
    wait
) &
exec 3>commands 4<answers
ask 'version'
kill -HUP "$(cat pid)"
echo 'set a 1' >&3
ask 'get a'
exec 3>&- 4<&-
wait
command_line='shell, with SIGHUP ignored' exit_code=0
[ "$answer" = 1 ] || complain "the answer should be 1"
: >out

it "a transaction that is open when a signal comes is rolled back"
start_shell
printf 'begin\nset a 1\n' >&3
ask 'get a'
kill_shell TERM
code 143
err 'storagectl: line 4: interrupted; the lines before this one were run, and the open transaction is rolled back'

command script -qec true /dev/null >terminal 2>&1 </dev/null || finish # no terminals here
it "a person sees revisions, and a mistake does not end the shell"
command_line='shell on a terminal' exit_code=0
printf 'set a 1\nfly\nbegin\nset b 2\ncommit\nget nothing\nget a\nexit\n' |
    TERM=dumb command script -qec "'$storagectl' shell" /dev/null >terminal 2>err || exit_code=$?
tr -d '\r' <terminal >out
code 0
shows 'revision 1'
shows '"fly" is not a '
shows 'storage (transaction)> '
shows 'revision 2'
shows 'no such key: nothing'

finish
