#!/usr/bin/env python3
"""test_scripts.py ROOT - scripts/run and scripts/test refuse properly, and cases are counted properly.

apt-get, dpkg-query and id are stand-ins at the front of PATH: nothing is installed, and no network is needed.
"""

import json
import os
import sys
import tempfile

from project import Report, run


def stand_in(place, name, text):
    path = os.path.join(place, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\n" + text + "\n")
    os.chmod(path, 0o755)


def expect(code, text, wanted_code, *wanted):
    """Problems of an exit code and of what was printed."""
    problems = [f"exit code {code}, expected {wanted_code}"] if code != wanted_code else []
    problems += [f"does not say: {part}" for part in wanted if part not in text]
    return problems + ([text] if problems else [])


def packages(root, report):
    with tempfile.TemporaryDirectory() as place:
        log = os.path.join(place, "apt-get.log")
        stand_in(place, "apt-get", f'echo "$@" >>"{log}"; exit 1')
        stand_in(place, "dpkg-query", 'echo "not-installed"')
        environment = {**os.environ, "PATH": place + ":" + os.environ["PATH"]}
        for script in ("run", "test"):
            stand_in(place, "id", "echo 1000")
            code, text = run(f"{root}/scripts/{script}", env=environment, cwd=place)
            report.case(f"scripts/{script} without packages and without root prints the apt-get line",
                        expect(code, text, 2, "apt-get update && apt-get install -y", "meson", "libcjson-dev") +
                        (["apt-get was called"] if os.path.exists(log) else []))
            stand_in(place, "id", "echo 0")
            code, text = run(f"{root}/scripts/{script}", env=environment, cwd=place)
            report.case(f"scripts/{script} as root calls apt-get and stops when that fails",
                        expect(code, text, 2, "apt-get update failed") +
                        ([] if os.path.exists(log) else ["apt-get was not called"]))
            if os.path.exists(log):
                os.remove(log)
        code, text = run(f"{root}/scripts/test", "gcc", "clang", env=environment)
        report.case("scripts/test refuses two builds", expect(code, text, 2, "usage"))
        code, text = run(f"{root}/scripts/test", "msvc", env=environment)
        report.case("scripts/test refuses an unknown build", expect(code, text, 2, "usage"))


def counted(root, builds):
    """What count_cases.py says about test logs, given as {build: [(test, result, output)]}."""
    with tempfile.TemporaryDirectory() as place:
        for build, tests in builds.items():
            logs = os.path.join(place, build, "meson-logs")
            os.makedirs(logs)
            with open(os.path.join(logs, "testlog.json"), "w", encoding="utf-8") as file:
                for name, result, output in tests:
                    file.write(json.dumps({"name": name, "result": result, "stdout": output}) + "\n")
        code, text = run(sys.executable, f"{root}/scripts/count_cases.py", place, *builds)
        return code, text.splitlines()[-1] if text else ""


def counting(root, report):
    check = ("unit", "OK", "100%: Checks: 12, Failures: 0, Errors: 0\n")
    own = ("contract", "OK", "cases: 5 passed, 0 failed, 2 skipped\n")
    stack = "memory: 10 distinct cases: 8 passed (0 of them assert a weakening), 2 skipped, 0 failed\n"
    other = "read_only/memory: 10 distinct cases: 3 passed (1 of them assert a weakening), 6 skipped, 1 failed\n"
    rows = [
        ("the contract suite counts once", {"gcc": [("m", "OK", stack), ("p", "OK", stack)]}, 0,
         "8 passed, 0 failed, 2 skipped"),
        ("a contract case that fails on one stack is failed", {"gcc": [("m", "OK", stack), ("r", "FAIL", other)]}, 1,
         "8 passed, 1 failed, 1 skipped"),
        ("a crash on one stack is a failed case", {"gcc": [("m", "OK", stack), ("p", "FAIL", stack)]}, 1,
         "8 passed, 1 failed, 1 skipped"),
        ("Check's line is counted", {"gcc": [check]}, 0, "12 passed, 0 failed, 0 skipped"),
        ("a program's own line is counted", {"gcc": [own]}, 0, "5 passed, 0 failed, 2 skipped"),
        ("a plain program is one case", {"gcc": [("a", "OK", ""), ("b", "SKIP", "")]}, 0,
         "1 passed, 0 failed, 1 skipped"),
        ("a crash is a failed case", {"gcc": [check, ("c", "FAIL", "")]}, 1, "12 passed, 1 failed, 0 skipped"),
        ("a crash after good counts is a failed case", {"gcc": [("d", "FAIL", check[2])]}, 1,
         "12 passed, 1 failed, 0 skipped"),
        ("Check's failures and errors are failed cases",
         {"gcc": [("e", "FAIL", "50%: Checks: 4, Failures: 1, Errors: 1\n")]}, 1, "2 passed, 2 failed, 0 skipped"),
        ("a case counts once over builds", {"gcc": [check], "asan": [check]}, 0, "12 passed, 0 failed, 0 skipped"),
        ("a case that fails in one build is failed", {"gcc": [check], "asan": [("unit", "TIMEOUT", "")]}, 1,
         "11 passed, 1 failed, 0 skipped"),
        ("no test at all is a failure", {"gcc": []}, 1, "0 passed, 0 failed, 0 skipped"),
    ]
    for name, builds, wanted_code, wanted in rows:
        code, last = counted(root, builds)
        report.case(name, expect(code, last, wanted_code, wanted))


def main(root):
    report = Report()
    packages(root, report)
    counting(root, report)
    report.finish()


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]))
