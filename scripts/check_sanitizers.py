#!/usr/bin/env python3
"""Checks that the sanitizers find what they are there for.

    scripts/check_sanitizers.py

Each program of tests/planted is built twice in the folder of its preset: with a fault planted in the
engine's own code, which its sanitizer must report where it is, and without it, when it must be
quiet. Ends with a line: N passed, N failed.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
from dataclasses import dataclass

from run_tests import SANITIZER_OPTIONS

ROOT = pathlib.Path(__file__).resolve().parents[1]


@dataclass
class Fault:
    preset: str
    name: str       # of the program
    exit_code: int  # the sanitizer's own
    report: list    # what its report must hold, in this order


FAULTS = [
    Fault("asan", "use_after_free", 1,
          ["ERROR: AddressSanitizer: heap-use-after-free", "\nREAD of size ",
           "logbraid::EventView::get", "logbraid::PlanRunner::work_in_pool", "\nfreed by thread ",
           "PlanDriver::batch_released", "\nSUMMARY: AddressSanitizer: heap-use-after-free"]),
    Fault("tsan", "race", 66,
          ["WARNING: ThreadSanitizer: data race", "logbraid::PlanRunner::work_in_pool",
           "\n  Previous ", "logbraid::PlanRunner::work_in_pool",
           "\nSUMMARY: ThreadSanitizer: data race"]),
]


def build(fault):
    subprocess.run(["cmake", "--preset", fault.preset], cwd=ROOT, check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", str(ROOT / "build" / fault.preset), "--target",
                    f"planted_{fault.name}", f"sound_{fault.name}", "--", "--quiet"],
                   cwd=ROOT, check=True)


def run(preset, program):
    env = {**SANITIZER_OPTIONS, **os.environ}
    return subprocess.run([ROOT / "build" / preset / "tests" / program], env=env, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=120)


def problems(fault, planted, sound):
    """What is wrong, a text each."""
    in_order = re.compile(".*?".join(map(re.escape, fault.report)), re.DOTALL)
    if planted.returncode != fault.exit_code or not in_order.search(planted.stderr):
        yield (f"{fault.preset} did not report the planted {fault.name} as it should: exit code "
               f"{planted.returncode}\n{planted.stdout}{planted.stderr}")
    if sound.returncode != 0 or "Sanitizer" in sound.stderr:
        yield (f"{fault.preset} is not quiet about {fault.name} without the fault: exit code "
               f"{sound.returncode}\n{sound.stdout}{sound.stderr}")


def main():
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    failed = 0
    for fault in FAULTS:
        build(fault)
        wrong = list(problems(fault, run(fault.preset, f"planted_{fault.name}"),
                              run(fault.preset, f"sound_{fault.name}")))
        print(*wrong, sep="\n", end="\n" if wrong else "")
        failed += bool(wrong)
        print(f"{fault.preset}: {'FAILED' if wrong else 'reports'} {fault.name}, planted in the engine")
    print(f"{len(FAULTS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
