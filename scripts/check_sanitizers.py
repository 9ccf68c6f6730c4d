#!/usr/bin/env python3
"""Checks that the sanitizers find what they are there for.

    scripts/check_sanitizers.py

Each program of tests/planted is built twice in the folder of its preset: with a fault planted in the
engine's own code, which its sanitizer must report, and without it, when it must be quiet. Ends with
a line: N passed, N failed.
"""

import argparse
import os
import pathlib
import subprocess
import sys

from run_tests import SANITIZER_OPTIONS

ROOT = pathlib.Path(__file__).resolve().parents[1]
FAULTS = [  # preset, program, what its sanitizer says of the fault
    ("asan", "use_after_free", "AddressSanitizer: heap-use-after-free"),
    ("tsan", "race", "ThreadSanitizer: data race"),
]


def build(preset, name):
    subprocess.run(["cmake", "--preset", preset], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", str(ROOT / "build" / preset), "--target", f"planted_{name}",
                    f"sound_{name}", "--", "--quiet"], cwd=ROOT, check=True)


def run(preset, program):
    env = dict(os.environ)
    for name, value in SANITIZER_OPTIONS.items():
        env.setdefault(name, value)
    return subprocess.run([ROOT / "build" / preset / "tests" / program], env=env, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=60)


def check(preset, name, words):
    """What is wrong, a line each."""
    build(preset, name)
    planted, sound = run(preset, f"planted_{name}"), run(preset, f"sound_{name}")
    if planted.returncode == 0 or words not in planted.stderr:
        yield (f"{preset} did not report the planted {name}: exit code {planted.returncode}\n"
               f"{planted.stdout}{planted.stderr}")
    if sound.returncode != 0 or "Sanitizer" in sound.stderr:
        yield (f"{preset} is not quiet about {name} without the fault: exit code "
               f"{sound.returncode}\n{sound.stdout}{sound.stderr}")


def main():
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    failed = 0
    for preset, name, words in FAULTS:
        problems = list(check(preset, name, words))
        for problem in problems:
            print(problem)
        failed += bool(problems)
        print(f"{preset}: {'FAILED' if problems else 'reports'} {name}, planted in the engine")
    print(f"{len(FAULTS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
