#!/usr/bin/env python3
"""count_cases.py BUILD_ROOT BUILD... - counts the test cases of one or more builds, each case once.

A test program holds many cases. How many, in this order: its lines `cases: N passed, N failed, N skipped`; the lines
that Check prints (`100%: Checks: N, Failures: N, Errors: N`); else the program is one case. A program that fails
without a failed case (it crashed, or timed out) counts as one failed case.

A case that ran in several builds counts once: as failed if it failed in any, as skipped if it was skipped in all. The
contract suite, which says `STACK: N distinct cases: ...`, runs on several stacks and counts once too: as passed count
those that passed on the stack where most did.
Exit code 1 when a case failed, a log is missing, or no case passed.
"""

import json
import os
import re
import sys

CASES = re.compile(r"^cases: (\d+) passed, (\d+) failed, (\d+) skipped$", re.M)
CHECK = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$", re.M)
CONTRACT = re.compile(r": \d+ distinct cases: (\d+) passed [^,]*, (\d+) skipped, (\d+) failed$", re.M)
FAILED = {"FAIL", "ERROR", "TIMEOUT", "INTERRUPT", "UNEXPECTEDPASS"}


def cases_of(record):
    """(passed, failed, skipped) of one test program."""
    text = record.get("stdout", "") + "\n" + record.get("stderr", "")
    failing = record["result"] in FAILED
    passed = failed = skipped = 0
    own, check = CASES.findall(text), CHECK.findall(text)
    for line in own:
        passed, failed, skipped = passed + int(line[0]), failed + int(line[1]), skipped + int(line[2])
    if not own:
        for line in check:
            bad = int(line[1]) + int(line[2])
            passed, failed = passed + int(line[0]) - bad, failed + bad
    if not own and not check and not failing:
        if record["result"] == "SKIP":
            skipped = 1
        else:
            passed = 1
    if failing and failed == 0:
        failed = 1
    return passed, failed, skipped


def contract_of(record):
    """(passed, failed, skipped) when the program ran the contract suite on a stack, else None."""
    line = CONTRACT.search(record.get("stdout", ""))
    if line is None:
        return None
    passed, skipped, failed = map(int, line.groups())
    if record["result"] in FAILED and failed == 0:
        passed, failed = passed - 1, 1
    return passed, failed, skipped


def best_stack(counts):
    """The contract suite over the stacks of one build."""
    total = max(sum(count) for count in counts)
    failed = max(count[1] for count in counts)
    passed = min(max(count[0] for count in counts), total - failed)
    return passed, failed, total - failed - passed


def merged(counts):
    """One test program over the builds it ran in."""
    total = max(sum(count) for count in counts)
    failed = max(count[1] for count in counts)
    skipped = min(count[2] for count in counts)
    return max(total - failed - skipped, 0), failed, skipped


def main(build_root, builds):
    programs = {}
    broken = False
    for build in builds:
        found = {}
        stacks = []
        try:
            with open(os.path.join(build_root, build, "meson-logs", "testlog.json"), encoding="utf-8") as log:
                records = [json.loads(line) for line in log]
        except OSError:
            print(f"{build}: no test ran")
            broken = True
            continue
        for record in records:
            contract = contract_of(record)
            if contract is not None:
                stacks.append(contract)
            else:
                found[record["name"]] = cases_of(record)
        if stacks:
            found["the contract suite"] = best_stack(stacks)
        for name, count in found.items():
            programs.setdefault(name, []).append(count)
        if len(builds) > 1:
            sums = [sum(column) for column in zip(*found.values())] or [0, 0, 0]
            print(f"{build}: {sums[0]} passed, {sums[1]} failed, {sums[2]} skipped, in {len(records)} test programs")
    total = [sum(column) for column in zip(*map(merged, programs.values()))] or [0, 0, 0]
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 1 if broken or total[1] or not total[0] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
