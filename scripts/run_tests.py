#!/usr/bin/env python3
"""Builds a preset and runs its tests; called by ./test.

What there is to run is what CMake registered with CTest. A program labelled `gtest` is run once
for all its cases, and its cases are what is counted; any other test counts as one. When a case
takes its program down, the cases after it are run by a new process.
"""

import argparse
import concurrent.futures
import fnmatch
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAX_CRASHES = 20  # of one program; beyond that its remaining cases count as failed

SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1",
    # A second signal ends the agent by _exit while its threads run, which is no leak of threads.
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1:report_thread_leaks=0",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}

RUN = re.compile(r"\[ RUN      \] (\S+)$")
END = re.compile(r"\[ *(OK|FAILED|SKIPPED) *\] (\S+?)(?:, where .*)? \(\d+ ms\)$")


class BuildFailed(Exception):
    """There is nothing to run; counts as one failure."""


@dataclass
class Case:
    program: str
    name: str
    result: str  # passed, failed or skipped
    text: str = ""

    def title(self):
        return f"{self.program}: {self.name}" if self.name else self.program


def run_logged(command, log, timeout, env):
    """Runs a command with its output in a file. Returns its exit code, None for a time-out."""
    with open(log, "wb") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            env=env, cwd=ROOT, start_new_session=True)
        try:
            return process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        finally:
            # Also what it left behind; a test that starts programs must not leak them.
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()


def why_it_ended(code, timeout):
    if code is None:
        return f"stopped after {timeout:.0f} s"
    if code < 0:
        return f"ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


def read_cases(program, output):
    """The cases of which `output` tells the end, and (name, text) of one that did not end."""
    cases, running, text = [], None, []
    for line in output.splitlines():
        start, end = RUN.search(line), END.search(line)
        if start:
            running, text = start.group(1), []
        elif end and end.group(2) == running:
            before = line[: end.start()]  # what the case printed without ending its line
            if before:
                text.append(before)
            result = {"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped"}[end.group(1)]
            cases.append(Case(program, running, result, "\n".join(text)))
            running, text = None, []
        else:
            text.append(line)
    return cases, (running, "\n".join(text)) if running else None, "\n".join(text)


def list_cases(program, command, env):
    listing = subprocess.run(
        command + ["--gtest_list_tests"], stdin=subprocess.DEVNULL, capture_output=True,
        text=True, errors="replace", env=env, cwd=ROOT, timeout=60)
    if listing.returncode != 0:
        raise OSError(f"{program} cannot list its tests:\n{listing.stdout}{listing.stderr}")
    names, suite = [], ""
    for line in listing.stdout.splitlines():
        name = line.split("#")[0].rstrip()
        if not name.startswith(" "):
            suite = name if name.endswith(".") else ""
        elif suite:
            names.append(suite + name.strip())
    return names


class Runner:
    def __init__(self, build, pattern, env):
        self.results = build / "test_results"
        self.results.mkdir(exist_ok=True)
        self.pattern = pattern
        self.env = env

    def wanted(self, program, name=""):
        full = f"{program}.{name}" if name else program
        if "*" in self.pattern:
            return fnmatch.fnmatchcase(full, self.pattern)
        return self.pattern in full

    def run_command(self, program, command, timeout):
        log = self.results / f"{program}.log"
        code = run_logged(command, log, timeout, self.env)
        if code == 0:
            return [Case(program, "", "passed")]
        text = log.read_text(errors="replace") + why_it_ended(code, timeout)
        return [Case(program, "", "failed", text)]

    def run_gtest(self, program, command, timeout):
        listed = list_cases(program, command, self.env)
        disabled = [n for n in listed if any(p.startswith("DISABLED_") for p in re.split("[./]", n))]
        pending = [n for n in listed if n not in set(disabled) and self.wanted(program, n)]
        done = [Case(program, n, "skipped", "disabled") for n in disabled if self.wanted(program, n)]
        log = self.results / f"{program}.log"
        filters = self.results / f"{program}.filter"
        for _ in range(MAX_CRASHES):
            if not pending:
                break
            # In a file: thousands of names do not fit into one argument.
            filters.write_text("--gtest_filter=" + ":".join(pending) + "\n")
            code = run_logged(command + [f"--gtest_flagfile={filters}"], log, timeout, self.env)
            cases, broken, rest = read_cases(program, log.read_text(errors="replace"))
            if broken:
                text = f"{broken[1]}\n{why_it_ended(code, timeout)}".lstrip("\n")
                cases.append(Case(program, broken[0], "failed", text))
            elif code != (1 if any(case.result == "failed" for case in cases) else 0):
                # No case did it: a leak report, a failed environment, a crash at exit.
                cases.append(Case(program, "", "failed", f"{rest}\n{why_it_ended(code, timeout)}"))
            done += cases
            ended = {case.name for case in cases}
            pending = [name for name in pending if name not in ended]
            if not broken:
                break
        done += [Case(program, n, "failed", f"did not run: {program} ended before") for n in pending]
        return done

    def run(self, test):
        program, command = test["name"], test.get("command")
        properties = {p["name"]: p["value"] for p in test.get("properties", [])}
        timeout = properties.get("TIMEOUT", 600)
        start = time.monotonic()
        cases = []
        try:
            if not command:
                cases = [Case(program, "", "failed", "was not built")]
            elif "gtest" in properties.get("LABELS", []):
                cases = self.run_gtest(program, command, timeout)
            elif self.wanted(program):
                cases = self.run_command(program, command, timeout)
        except (OSError, subprocess.TimeoutExpired) as error:  # it cannot even be started
            cases = [Case(program, "", "failed", str(error))]
        return cases, time.monotonic() - start


def build_preset(preset, pattern, jobs):
    """Configures and builds; of what a program's name stands for only that. Returns the folder."""
    build = ROOT / "build" / preset
    fresh = []
    cache = build / "CMakeCache.txt"
    if cache.exists() and f"CMAKE_HOME_DIRECTORY:INTERNAL={ROOT}\n" not in cache.read_text():
        fresh = ["--fresh"]  # the checkout was moved
    configured = subprocess.run(
        ["cmake", "--preset", preset, *fresh], cwd=ROOT, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if configured.returncode != 0:
        print(configured.stdout)
        raise BuildFailed("configuring the build failed; the messages stand above")
    target = []
    folder = ROOT / "tests/unit" / pattern.removeprefix("unit_")
    if pattern == "unit_":
        target = ["--target", "unit_tests"]
    elif pattern == "end_to_end" or (pattern.startswith("unit_") and folder.is_dir()):
        target = ["--target", pattern]
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    command = ["cmake", "--build", str(build), "-j", str(jobs), *target, "--", *quiet]
    if subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL).returncode != 0:
        raise BuildFailed("the build failed; the messages stand above")
    return build


def registered_tests(build, preset):
    listing = subprocess.run(
        ["ctest", "--show-only=json-v1"], cwd=build, capture_output=True, text=True, check=True)
    tests = json.loads(listing.stdout)["tests"]
    if not tests:
        raise BuildFailed(f"the preset {preset} has no tests")
    return tests


def print_summary(cases):
    count = {"passed": 0, "failed": 0, "skipped": 0}
    reasons = {}
    for case in cases:
        count[case.result] += 1
        if case.result == "skipped":
            lines = [line for line in case.text.splitlines() if not line.endswith(": Skipped")]
            reason = next((line.strip() for line in lines if line.strip()), "no reason given")
            reasons[reason] = reasons.get(reason, 0) + 1
    for case in cases:
        if case.result == "failed":
            print(f"\nFAILED {case.title()}")
            print("\n".join("    " + line for line in case.text.strip().splitlines()[-60:]))
    if reasons:
        print("\nskipped:")
        for reason, number in sorted(reasons.items(), key=lambda item: -item[1]):
            print(f"    {number} x {reason}")
    skipped = f", {count['skipped']} skipped" if count["skipped"] else ""
    print(f"\n{count['passed']} passed, {count['failed']} failed{skipped}", flush=True)
    return count["failed"] == 0 and count["passed"] > 0


def main():
    parser = argparse.ArgumentParser(
        prog="./test", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Builds and runs the tests, and ends with a line: N passed, N failed.",
        epilog="examples:\n"
        "  ./test                        everything\n"
        "  ./test unit_                  all unit tests\n"
        "  ./test unit_plan              one program; only that is built\n"
        "  ./test CircuitBreaker         all cases with this in `program.Suite.case`\n"
        "  ./test '*.JsonReader.keeps*'  with * it must match from end to end\n"
        "  ./test --preset asan          with the address sanitizer (tsan: for threads)\n")
    parser.add_argument("filter", nargs="?", default="", help="run a part: text, or a pattern with *")
    parser.add_argument("--preset", default="dev", help="of CMakePresets.json (default: dev)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(),
                        help="compilers at once (default: one per core)")
    parser.add_argument("--at-once", type=int, default=2,
                        help="test programs at once (default: 2)")
    options = parser.parse_args()

    try:
        build = build_preset(options.preset, options.filter, options.jobs)
        tests = registered_tests(build, options.preset)
    except BuildFailed as error:
        print(f"{error}\n\n0 passed, 1 failed")
        return 1
    env = dict(os.environ)
    for name, value in SANITIZER_OPTIONS.items():
        env.setdefault(name, value)
    runner = Runner(build, options.filter, env)
    if any(test["name"] == options.filter for test in tests):
        tests = [test for test in tests if test["name"] == options.filter]
    elif options.filter == "unit_":
        tests = [test for test in tests if test["name"].startswith("unit_")]

    cases = []
    with concurrent.futures.ThreadPoolExecutor(options.at_once) as pool:
        running = {pool.submit(runner.run, test): test["name"] for test in tests}
        for future in concurrent.futures.as_completed(running):
            new, seconds = future.result()
            if new:
                bad = sum(case.result == "failed" for case in new)
                verdict = f"{bad} of {len(new)} FAILED" if bad else f"{len(new)} ok"
                print(f"{running[future]}: {verdict} ({seconds:.1f} s)", flush=True)
            cases += new
    if not cases:
        print(f"no test matches {options.filter}")
    cases.sort(key=lambda case: case.program)
    return 0 if print_summary(cases) else 1


if __name__ == "__main__":
    sys.exit(main())
