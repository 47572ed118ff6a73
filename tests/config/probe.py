"""probe.py - what the Python tests of the configuration share: config_probe.c as a function, and seeds."""

import json
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "project"))


class Probe:
    """A running config_probe: a request is a call, its answer a dictionary. Use it in a `with`."""

    def __init__(self, program, **options):
        self.process = subprocess.Popen([os.path.abspath(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        encoding="utf-8", errors="surrogateescape", **options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise RuntimeError(f"config_probe ended with {self.process.returncode}")

    def __call__(self, action, document=None, **request):
        """`document` is a text, or a value that is written as JSON."""
        if document is not None:
            request["document"] = document if isinstance(document, str) else json.dumps(document)
        self.process.stdin.write(json.dumps({"action": action, **request}, ensure_ascii=False) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"config_probe gave no answer to {request}")
        return json.loads(answer)

    def schema(self, **request):
        return json.loads(self("schema", **request)["output"])

    def explain(self, document=None, **request):
        """The explanation, of a document that must be right."""
        answer = self("explain", document, **request)
        if answer["status"] != "OK":
            raise RuntimeError(f"{document} {request}: {answer}")
        return json.loads(answer["output"])


def seeded_random(test_name):
    """A random generator with a seed that is printed; STORAGE_SEED gives it back."""
    seed = int(os.environ["STORAGE_SEED"], 0) if "STORAGE_SEED" in os.environ else random.SystemRandom().getrandbits(64)
    print(f"{test_name}: seed {seed} (run again with STORAGE_SEED={seed})")
    return random.Random(seed)
