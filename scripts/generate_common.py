"""generate_common.py - what the parts of scripts/generate share: what a built program says of itself."""

import json
import os
import subprocess


def schema(build):
    """The schema of configurations with the types of the library."""
    program = os.path.join(build, "cli", "storagectl")
    return json.loads(subprocess.run([program, "config", "schema"], stdout=subprocess.PIPE, check=True).stdout)


def with_region(text, begin, end, content, path):
    """`text` with what stands between the lines `begin` and `end` replaced."""
    if text.count(begin + "\n") != 1 or text.count(end + "\n") != 1:
        raise SystemExit(f"{path}: needs one line {begin!r} and one line {end!r}")
    before, rest = text.split(begin + "\n")
    after = rest.split(end + "\n")[1]
    return before + begin + "\n" + content + end + "\n" + after
