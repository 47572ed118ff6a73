#!/usr/bin/env python3
"""test_generated.py ROOT BUILD - what scripts/generate makes is up to date, and it tells when it is not."""

import os
import shutil
import sys
import tempfile

from project import Report, run

# Pages, and the mark after which generated text begins.
PAGES = {"docs/configuration.md": "<!-- backends -->\n", "man/storage.json.5": '.\\" begin backends\n',
         "man/storagectl.1": '.\\" begin verbs\n', "man/libstorage.7": '.\\" begin statuses\n',
         "completions/storagectl.bash": "# begin tables\n"}


def main(root, build):
    report = Report()
    code, text = run(os.path.join(root, "scripts", "generate"), "--check", build)
    report.case("everything that is generated is up to date", [] if code == 0 else text.splitlines())
    with tempfile.TemporaryDirectory() as place:
        for name in ("completions", "docs", "include", "man", "scripts"):
            shutil.copytree(os.path.join(root, name), os.path.join(place, name))
        for page, mark in PAGES.items():
            path = os.path.join(place, page)
            with open(path, encoding="utf-8") as file:
                old = file.read()
            with open(path, "w", encoding="utf-8") as file:
                file.write(old.replace(mark, mark + "changed by hand\n"))
            code, text = run(os.path.join(place, "scripts", "generate"), "--check", build)
            report.case(f"a change in the generated part of {page} is found",
                        [] if code == 1 and page in text and "changed by hand" in text else [f"exit code {code}", text])
            with open(path, "w", encoding="utf-8") as file:
                file.write(old)
        code, text = run(os.path.join(place, "scripts", "generate"), "--check")
        report.case("without a build directory it says how to call it", [] if code == 1 and "usage" in text else [text])
    report.finish()


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]))
