#!/usr/bin/env python3
"""test_driver.py FUZZ_CONTROL - the driver finds an input that kills its target, tells, keeps it, and replays it."""

import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "project"))

from project import Report, run  # noqa: E402


def write(path, text):
    with open(path, "wb") as file:
        file.write(text)
    return path


def main(program):
    report = Report()
    with tempfile.TemporaryDirectory() as place:
        good = write(os.path.join(place, "good"), b"AAAA")
        words = write(os.path.join(place, "words.dict"), b'# words\n"x\\x42\\\\"\n')
        kept = os.path.join(place, "crash-input")
        code, text = run(program, good, cwd=place)
        report.case("a corpus that kills nothing is replayed",
                    [] if code == 0 and "1 inputs, 0 mutants" in text else [f"exit code {code}", text])
        code, text = run(program, "-runs=5000", "-dict=" + words, good, cwd=place)
        report.case("an input that kills the target is told",
                    [] if code == 1 and re.search(r"run \d+ died of signal 6", text) else [f"exit code {code}", text])
        with open(kept, "rb") as file:
            found = file.read()
        report.case("it is kept", [] if b"B" in found else [f"{found}"])
        seed = re.search(r"STORAGE_SEED=(\d+)", text).group(1)
        again = run(program, "-runs=5000", "-dict=" + words, good, cwd=place, env={**os.environ, "STORAGE_SEED": seed})
        report.case("the seed finds the same input", [] if again == (code, text) else [text, again[1]])
        code, text = run(program, kept, cwd=place)
        report.case("it kills the target again", [] if code == 1 and "run 0 died" in text else [f"{code}", text])
        code, text = run(program, cwd=place)
        report.case("without a corpus nothing is tried", [] if code != 0 and "no input" in text else [f"{code}", text])
    report.finish()


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]))
