"""terminal.py - a real terminal for tests: types into a window of tmux and reads its screen.

Nothing waits for a fixed time: expect() looks at the screen until it shows what it should, up to a deadline that a
sound program never needs. Every Terminal is a tmux server of its own, on a socket of its own, gone when it is closed.
"""

import os
import re
import shlex
import subprocess
import tempfile
import time

DEADLINE_SECONDS = 60
LOOK_SECONDS = 0.02


class Unexpected(Exception):
    """The screen never showed what it should."""


class Terminal:
    """A window in which `command` (a list) runs. When it ends, the screen says "ended with CODE"."""

    def __init__(self, command, columns=100, rows=30, directory=None, **environment):
        self.socket = os.path.join(tempfile.mkdtemp(prefix="terminal-"), "socket")
        wrapper = 'trap : INT; echo begun; "$@"; echo "ended with $?"; while :; do read -r line; done'
        variables = {"LC_ALL": "C.UTF-8", "TERM": "screen-256color", "PS1": "% ", **environment}
        settings = [f"{name}={value}" for name, value in variables.items() if value is not None]
        unset = [word for name in ("NO_COLOR", "STORAGE_CONFIG", *(n for n, v in variables.items() if v is None))
                 if name not in variables or variables[name] is None for word in ("-u", name)]
        words = ["env", *unset, *settings, "sh", "-c", wrapper, "sh", *command]
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows),
                  *(["-c", directory] if directory else []), shlex.join(words))
        self.tmux("set-option", "-g", "escape-time", "0")
        self.expect("begun.*")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the server, which hangs up on the program."""
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], stderr=subprocess.DEVNULL, check=False)
        os.unlink(self.socket) if os.path.exists(self.socket) else None
        os.rmdir(os.path.dirname(self.socket))

    def tmux(self, *words):
        """What a command of tmux prints."""
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        environment.pop("TMUX", None)
        return subprocess.run(["tmux", "-S", self.socket, *words], stdout=subprocess.PIPE, text=True, check=True,
                              env=environment, errors="replace").stdout

    def type(self, text):
        """Types text, letter for letter."""
        self.tmux("send-keys", "-l", "--", text)

    def press(self, *keys):
        """Presses keys by tmux's names: Enter, Tab, Up, C-c, ..."""
        self.tmux("send-keys", *keys)

    def press_until(self, key, pattern):
        """Presses a key until a line matches: for a program that shows nothing when it is ready for it."""
        expression = re.compile(pattern)

        def holds(lines):
            if any(expression.fullmatch(line.rstrip()) for line in lines):
                return True
            self.press(key)
            return False
        self.wait(holds, repr(pattern))

    def enter(self, text):
        """Types a line."""
        self.type(text)
        self.press("Enter")

    def resize(self, columns, rows):
        self.tmux("set-option", "-g", "window-size", "manual")
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def screen(self, colors=False):
        """The lines on the screen and above it, without empty ones at the end."""
        return self.tmux("capture-pane", "-p", "-S", "-", *(["-e"] if colors else [])).rstrip("\n").split("\n")

    def pid(self):
        """Of the shell that runs the program."""
        return int(self.tmux("display-message", "-p", "#{pane_pid}"))

    def wait(self, holds, what, colors=False):
        """Looks at the screen until holds(lines); raises Unexpected when it never does. Returns the lines."""
        end = time.monotonic() + DEADLINE_SECONDS
        while True:
            lines = self.screen(colors)
            if holds(lines):
                return lines
            if time.monotonic() > end:
                raise Unexpected("\n".join([f"the screen never showed {what}; it shows:"] +
                                           [f"      |{line}" for line in lines[-30:]]))
            time.sleep(LOOK_SECONDS)

    def rest(self):
        """Until the screen has stopped changing."""
        before = []

        def is_same(lines):
            before.append(lines)
            return len(before) > 5 and all(other == lines for other in before[-5:])
        self.wait(is_same, "the same for a while")

    def expect(self, pattern, colors=False):
        """Until a line matches the pattern, whole. Returns the match."""
        expression = re.compile(pattern)
        lines = self.wait(lambda lines: any(expression.fullmatch(line.rstrip()) for line in lines), repr(pattern),
                          colors)
        return next(match for line in lines if (match := expression.fullmatch(line.rstrip())))

    def expect_last(self, *patterns):
        """Until the last lines of the screen match the patterns, one each."""
        def holds(lines):
            tail = lines[-len(patterns):]
            return len(tail) == len(patterns) and all(re.fullmatch(pattern, line.rstrip())
                                                      for pattern, line in zip(patterns, tail))
        return self.wait(holds, f"{list(patterns)} at its end")
