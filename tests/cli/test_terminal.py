#!/usr/bin/env python3
"""test_terminal.py STORAGECTL COMPLETION [CASE...] - storagectl as a person meets it.

Types into a real terminal (tmux) and reads its screen. Needs tmux; without it everything is skipped.
"""

import os
import shutil
import stat
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "project"))

from project import Report, run  # noqa: E402
from terminal import DEADLINE_SECONDS, Terminal, Unexpected  # noqa: E402

PROMPT = r"storage>"
TRANSACTION = r"storage \(transaction\)>"


class Fixture:
    """The program, a home directory for it, and terminals that run it."""

    def __init__(self, program, completion):
        self.program = os.path.abspath(program)
        self.completion = os.path.abspath(completion)
        self.home = tempfile.mkdtemp(prefix="test-terminal-")
        self.history = os.path.join(self.home, "state", "storagectl", "history")

    def terminal(self, *arguments, **options):
        return Terminal([self.program, *arguments], directory=self.home, HOME=self.home,
                        XDG_STATE_HOME=os.path.join(self.home, "state"), **options)

    def bash(self):
        """A shell of the system, from which a person starts the program."""
        terminal = Terminal(["bash", "--norc", "-i"], directory=self.home, HOME=self.home,
                            XDG_STATE_HOME=os.path.join(self.home, "state"))
        terminal.expect("% *")
        return terminal

    def shell(self, **options):
        terminal = self.terminal("--memory", "shell", **options)
        terminal.expect(PROMPT)
        return terminal

    def forget(self):
        shutil.rmtree(os.path.join(self.home, "state"), ignore_errors=True)


def sets_and_gets(fixture):
    with fixture.shell() as terminal:
        terminal.enter("set a 'two words'")
        terminal.expect_last(rf"{PROMPT} set a 'two words'", r"revision \d+", PROMPT)
        terminal.enter("get a")
        terminal.expect_last(rf"{PROMPT} get a", "two words", PROMPT)
        terminal.enter("fly")
        terminal.expect_last(r'storagectl: "fly" is not a .*', PROMPT)
        terminal.enter("exit")
        terminal.expect("ended with 0")


def ctrl_d_ends(fixture):
    with fixture.shell() as terminal:
        terminal.press("C-d")
        terminal.expect("ended with 0")


def tab_completes_a_verb_and_keys(fixture):
    with fixture.shell() as terminal:
        for key in ("user/1", "user/2", "'odd key'", r"ugly\x1b[31m"):
            terminal.enter(f"set {key} 1")
        terminal.enter("get us")
        terminal.expect("storagectl: get: no such key: us")
        terminal.type("sc")
        terminal.press("Tab")
        terminal.type("us")
        terminal.press("Tab")
        terminal.expect_last(rf"{PROMPT} scan user/")
        terminal.press("Tab")
        terminal.expect_last("user/1  user/2", rf"{PROMPT} scan user/")
        terminal.type("2")
        terminal.press("Tab")
        terminal.type("--rev")
        terminal.press("Tab", "Enter")
        terminal.expect_last(rf"{PROMPT} scan user/2 --reverse", r"user/2\s+1", PROMPT)
        terminal.type("get o")
        terminal.press("Tab", "Enter")
        terminal.expect_last(rf"{PROMPT} get odd\\ key", "1", PROMPT)
        terminal.type("get 'o")
        terminal.press("Tab", "Enter")
        terminal.expect_last(rf"{PROMPT} get 'odd key'", "1", PROMPT)
        terminal.type("get u")
        terminal.press("Tab")
        terminal.expect_last(r"ugly\\x1B\[31m  user/", rf"{PROMPT} get u")
        terminal.press("C-a", "C-k")
        terminal.type("nothing that is known ")
        terminal.press("Tab", "Enter")
        terminal.expect('.*"nothing" is not a .*')


def tab_within_a_line_keeps_what_follows(fixture):
    with fixture.shell() as terminal:
        terminal.enter("set alpha 1")
        terminal.type("get al --json")
        terminal.press(*["C-b"] * len(" --json"))
        terminal.press("Tab", "Enter")
        terminal.expect(rf"{PROMPT} get alpha\s+--json")
        terminal.expect(r"\{.*\"key\":\s*\"alpha\".*")


def words_of_any_language_are_edited(fixture):
    with fixture.shell() as terminal:
        terminal.enter("set größe 7€")
        terminal.type("get gr")
        terminal.press("Tab", "Enter")
        terminal.expect_last(rf"{PROMPT} get größe", "7€", PROMPT)
        terminal.type("get éß")
        terminal.press("C-b", "C-h", "Enter")
        terminal.expect("storagectl: get: no such key: ß")


def history_is_kept(fixture):
    with fixture.shell() as terminal:
        terminal.enter("set a 1")
        terminal.enter(" set secret 2")
        terminal.enter("get a")
        terminal.expect_last(rf"{PROMPT} get a", "1", PROMPT)
        terminal.press("Up", "Up")
        terminal.expect_last(rf"{PROMPT} set a 1")
        terminal.type("7")
        terminal.press("Enter", "C-d")
        terminal.expect("ended with 0")
    with open(fixture.history, encoding="utf-8") as file:
        lines = file.read().splitlines()
    if lines != ["set a 1", "get a", "set a 17"]:
        raise Unexpected(f"the history holds {lines}")
    if stat.S_IMODE(os.stat(fixture.history).st_mode) != 0o600:
        raise Unexpected("others may read the history")
    with fixture.shell() as terminal:
        terminal.press("Up", "Up")
        terminal.expect_last(rf"{PROMPT} get a")
        terminal.press("C-c")
        terminal.expect_last(PROMPT)
        terminal.press("C-r")
        terminal.type("17")
        terminal.expect(r"bck:.*17.*|.*set a 17.*")
        terminal.press("Enter")
        terminal.expect_last(r".*set a 17", r"revision \d+", PROMPT)


def history_that_cannot_be_written_is_no_failure(fixture):
    os.makedirs(fixture.history)
    with fixture.shell() as terminal:
        terminal.enter("set a 1")
        terminal.expect(r"revision \d+")
        terminal.press("Up", "Enter", "C-d")
        terminal.expect("ended with 0")
        if any("history" in line for line in terminal.screen()):
            raise Unexpected("the shell complains about its history")


def transactions_show_in_the_prompt(fixture):
    with fixture.shell() as terminal:
        terminal.enter("begin")
        terminal.expect_last(TRANSACTION)
        terminal.enter("set a 1")
        terminal.enter("get a")
        terminal.expect_last(rf"{TRANSACTION} get a", "1", TRANSACTION)
        terminal.enter("commit")
        terminal.expect_last(rf"{TRANSACTION} commit", r"revision \d+", PROMPT)
        terminal.enter("begin")
        terminal.enter("delete a")
        terminal.enter("rollback")
        terminal.expect_last(rf"{TRANSACTION} rollback", PROMPT)
        terminal.enter("begin")
        terminal.press("C-d")
        terminal.expect("storagectl: the transaction that was open is rolled back")
        terminal.expect("ended with 0")


def ctrl_c_drops_the_line(fixture):
    with fixture.shell() as terminal:
        terminal.type("set a 1")
        terminal.expect_last(rf"{PROMPT} set a 1") # a signal drops what was not read
        terminal.press("C-c")
        terminal.expect_last(rf"{PROMPT} set a 1\^C", PROMPT)
        terminal.press("C-c")
        terminal.expect_last(rf"{PROMPT} \^C", PROMPT)
        terminal.press("C-c", "C-c", "C-c") # a signal that waits swallows the next
        terminal.press("C-r")
        terminal.type("zz")
        terminal.expect("bck.zz")
        terminal.press("C-c")
        terminal.enter("get a")
        terminal.expect("storagectl: get: no such key: a")
        terminal.enter("exit")
        terminal.expect("ended with 0")


def ctrl_c_cancels_the_command(fixture):
    with fixture.shell() as terminal:
        terminal.enter("watch")
        terminal.expect_last(rf"{PROMPT} watch")
        terminal.press("C-c")
        terminal.wait(lambda lines: lines[-1].rstrip() == "storage>", "the prompt again")
        terminal.enter("set a 1")
        terminal.expect(r"revision \d+")
        terminal.enter("begin")
        terminal.expect_last(TRANSACTION)
        terminal.enter("watch")
        terminal.expect_last(rf"{TRANSACTION} watch.*")
        terminal.press("C-c")
        terminal.wait(lambda lines: lines[-1].rstrip() == "storage (transaction)>", "the transaction again")


def ctrl_c_cancels_a_long_scan(fixture):
    path = os.path.join(fixture.home, "records.tsv")
    write_records(path, 200000)
    with fixture.shell() as terminal:
        terminal.enter(f"import {path}")
        terminal.expect(r".*records imported: 200000.*")
        for _ in range(3):
            terminal.enter("scan")
            terminal.expect(r"key\d+\s+value \d+")
            terminal.press("C-s") # the terminal takes no more: the scan waits in the middle of a write
            terminal.rest()
            terminal.press("C-c")
            terminal.wait(lambda lines: lines[-1].rstrip() == "storage>", "the prompt again")
            terminal.enter("version")
            terminal.expect_last(r"storagectl [\d.]+ .*", PROMPT)
            terminal.press("C-l")
            terminal.tmux("clear-history")
        terminal.enter("get key00000007")
        terminal.expect("value 7")
    os.unlink(path)


def ctrl_c_ends_a_verb(fixture):
    with fixture.terminal("--memory", "watch") as terminal:
        terminal.press_until("C-c", r"(\^C)*ended with 130")


def stop_and_go_on(fixture):
    with fixture.bash() as terminal:
        terminal.enter(f"{fixture.program} --memory shell")
        terminal.expect(PROMPT)
        terminal.enter("set a 12345")
        terminal.expect_last(r"revision \d+", PROMPT)
        terminal.type("get ")
        terminal.expect_last(rf"{PROMPT} get")
        terminal.press("C-z")
        terminal.expect(r"\[1\]\+  Stopped .*")
        terminal.enter("echo in between")
        terminal.expect("in between")
        terminal.enter("fg")
        terminal.expect_last(r".*storage> get")
        terminal.press("Tab")
        terminal.expect_last(r".*storage> get a")
        terminal.press("Enter")
        terminal.expect("12345")


def the_window_changes_its_size(fixture):
    with fixture.shell() as terminal:
        terminal.resize(40, 20)
        terminal.type("set a ")
        terminal.type("z" * 60)
        terminal.wait(lambda lines: "".join(lines).count("z") == 60, "60 letters in lines of 40")
        terminal.press("C-a")
        terminal.type("#")
        terminal.expect(rf"{PROMPT} #set a z+") # two lines up: the editor knows how they are broken
        terminal.press("C-h", "Enter")
        terminal.expect(r"revision \d+")
        terminal.enter("get a")
        terminal.wait(lambda lines: "".join(lines).count("z") == 120, "the value")


def names_fit_into_a_narrow_window(fixture):
    with fixture.shell(columns=40) as terminal:
        for number in range(8):
            terminal.enter(f"set key{number}-{'x' * 8} 1")
        terminal.expect("revision 8")
        terminal.type("get k")
        terminal.press("Tab", "Tab")
        lines = terminal.expect_last(*[rf"key{row}-x*  key{row + 4}-x*" for row in range(4)], rf"{PROMPT} get key")
        if any(len(line) > 40 for line in lines):
            raise Unexpected("a line is longer than the window")


def colors_are_for_those_who_want_them(fixture):
    for environment, is_colored in (({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)):
        with fixture.shell(**environment) as terminal:
            terminal.enter("begin")
            terminal.expect_last(TRANSACTION)
            lines = terminal.screen(colors=True)
            if ("\033[33m" in lines[-1]) != is_colored:
                raise Unexpected(f"with {environment} the prompt is {lines[-1]!r}")


def a_dumb_terminal_is_enough(fixture):
    with fixture.shell(TERM="dumb") as terminal:
        terminal.enter("set a 1")
        terminal.expect(r"revision \d+")
        terminal.enter("begin")
        terminal.expect_last(TRANSACTION)
        terminal.press("C-c")
        terminal.enter("get a")
        terminal.expect("1")
        terminal.press("C-d")
        terminal.expect("ended with 0|.*ended with 0")
        if any("\033" in line for line in terminal.screen(colors=True)):
            raise Unexpected("escape sequences on a dumb terminal")


def a_terminal_that_goes_away_ends_the_shell(fixture):
    pid_path = os.path.join(fixture.home, "pid")
    wrapper = ["sh", "-c", f'echo $$ >{pid_path}; exec "$@"', "sh", fixture.program, "--memory", "shell"]
    with Terminal(wrapper, HOME=fixture.home) as terminal:
        terminal.expect(PROMPT)
        terminal.enter("begin")
        terminal.expect_last(TRANSACTION)
        with open(pid_path, encoding="utf-8") as file:
            pid = int(file.read())
    end = time.monotonic() + DEADLINE_SECONDS
    while os.path.exists(f"/proc/{pid}"):
        if time.monotonic() > end:
            os.kill(pid, 9)
            raise Unexpected("the shell lives on without its terminal")
        time.sleep(0.02)


def write_records(path, count):
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(f"key{number:08}\tvalue {number}\n" for number in range(count))


def import_shows_how_far_it_is(fixture):
    path = os.path.join(fixture.home, "records.tsv")
    write_records(path, 3000000)
    for columns in (100, 40):
        with fixture.terminal("--memory", "import", path, columns=columns) as terminal:
            bar = terminal.expect(r"import +(\d+)%.*").group()
            if len(bar) >= columns:
                raise Unexpected(f"the line is as wide as the window: {bar!r}")
            terminal.press("C-c")
            terminal.expect(r"(.*\^C)?ended with 130")
            lines = terminal.screen()
            if any("%" in line for line in lines):
                raise Unexpected(f"the bar was not wiped: {lines}")
            if not any("records" in line for line in lines):
                raise Unexpected(f"nothing says what was imported: {lines}")
    os.unlink(path)


def there_is_no_progress_in_a_pipe(fixture):
    path = os.path.join(fixture.home, "records.tsv")
    write_records(path, 1000000)
    code, output = run(fixture.program, "--memory", "import", path, env={**os.environ, "TERM": "xterm"})
    if code != 0 or "\r" in output or "\033" in output:
        raise Unexpected(f"exit code {code}, {output[:200]!r}")
    os.unlink(path)


def bash_completes_the_command_line(fixture):
    with open(os.path.join(fixture.home, "a file.json"), "w", encoding="utf-8") as file:
        file.write('{"backend": {"type": "memory"}}')
    with fixture.bash() as terminal:
        terminal.enter(f"source {fixture.completion}; PATH={os.path.dirname(fixture.program)}:$PATH; clear")
        terminal.expect_last("%")
        terminal.type("storagectl --conf")
        terminal.press("Tab")
        terminal.type("a")
        terminal.press("Tab")
        terminal.type("conf")
        terminal.press("Tab")
        terminal.type("c")
        terminal.press("Tab", "Enter")
        terminal.expect_last(r"% storagectl --config a\\ file.json config check", ".*", "%")
        terminal.type("storagectl scan --format=j")
        terminal.press("Tab")
        terminal.expect_last(r"% storagectl scan --format=jsonl")
        terminal.press("C-u")
        terminal.type("storagectl im")
        terminal.press("Tab")
        terminal.type("a")
        terminal.press("Tab")
        terminal.expect_last(r"% storagectl import a\\ file.json")


def help_fits_into_90_columns(fixture):
    code, overview = run(fixture.program, "--help")
    verbs = [line.split()[0] for line in overview.splitlines() if line.startswith("  ") and line[2].isalpha()]
    if code != 0 or "get" not in verbs:
        raise Unexpected(f"exit code {code}, verbs {verbs}")
    for verb in [None, *verbs]:
        words = ["help", *([verb] if verb else [])]
        code, output = run(fixture.program, *words)
        wide = [line for line in output.splitlines() if len(line) > 90]
        if code != 0 or wide:
            raise Unexpected(f"help {verb}: exit code {code}, too wide: {wide}")


CASES = [sets_and_gets, ctrl_d_ends, tab_completes_a_verb_and_keys, tab_within_a_line_keeps_what_follows,
         words_of_any_language_are_edited, history_is_kept, history_that_cannot_be_written_is_no_failure,
         transactions_show_in_the_prompt, ctrl_c_drops_the_line, ctrl_c_cancels_the_command,
         ctrl_c_cancels_a_long_scan, ctrl_c_ends_a_verb, stop_and_go_on, the_window_changes_its_size,
         names_fit_into_a_narrow_window, colors_are_for_those_who_want_them, a_dumb_terminal_is_enough,
         a_terminal_that_goes_away_ends_the_shell, import_shows_how_far_it_is, there_is_no_progress_in_a_pipe,
         bash_completes_the_command_line, help_fits_into_90_columns]


def main(program, completion, *names):
    report = Report()
    fixture = Fixture(program, completion)
    for case in CASES:
        name = case.__name__.replace("_", " ")
        if names and case.__name__ not in names:
            continue
        if shutil.which("tmux") is None:
            report.skip(name, "tmux is not installed")
            continue
        fixture.forget()
        try:
            case(fixture)
            report.case(name, [])
        except Unexpected as problem:
            report.case(name, str(problem).splitlines())
    shutil.rmtree(fixture.home)
    report.finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
