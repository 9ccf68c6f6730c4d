#!/usr/bin/env python3
"""Builds the fuzz targets (preset fuzz, clang) and runs each for a while, two at a time.

    scripts/run_fuzzers.py [--seconds 20] [FILTER]

FILTER is a part of a target's name (json_reader). Each starts from tests/fuzz/corpus/<name>/ and
keeps what it finds in build/fuzz/found/<name>/. An input that breaks a target is written to
build/fuzz/broken/; mend the bug, and add the input to the corpus under a name that says what it is.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "fuzz"


def build(targets):
    for command in (["cmake", "--preset", "fuzz"],
                    ["cmake", "--build", str(BUILD), "-j", str(os.cpu_count()),
                     "--target", *targets, "--", "--quiet"]):
        done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            print(done.stdout)
            raise SystemExit("the fuzz targets do not build; the messages stand above")


def run(target, seconds):
    name = target.removesuffix("_fuzz")
    found, broken = BUILD / "found" / name, BUILD / "broken"
    found.mkdir(parents=True, exist_ok=True)
    broken.mkdir(exist_ok=True)
    corpus = ROOT / "tests/fuzz/corpus" / name
    command = [BUILD / "tests" / target, f"-max_total_time={seconds}", "-timeout=10",
               "-rss_limit_mb=2048", "-print_final_stats=1", f"-artifact_prefix={broken}/{name}-",
               found, corpus]
    # Of binutils, as LLVM has its symbolizer in a package that nothing else needs.
    env = {"ASAN_OPTIONS": "external_symbolizer_path=/usr/bin/addr2line"} | os.environ
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", env=env,
                          timeout=seconds * 3 + 300)
    return done.returncode, re.sub(r"^#\d+\s.*\n", "", done.stdout, flags=re.MULTILINE)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("filter", nargs="?", default="")
    parser.add_argument("--seconds", type=int, default=20, help="for each target (default: 20)")
    options = parser.parse_args()

    targets = [source.stem for source in sorted((ROOT / "tests/fuzz").glob("*_fuzz.cc"))
               if options.filter in source.stem]
    if not targets:
        raise SystemExit(f"no fuzz target matches {options.filter!r}")
    build(targets)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        running = {pool.submit(run, target, options.seconds): target for target in targets}
        for future in concurrent.futures.as_completed(running):
            code, output = future.result()
            inputs = re.search(r"stat::number_of_executed_units:\s*(\d+)", output)
            if code == 0 and inputs and int(inputs[1]) > 0:
                print(f"{running[future]}: {int(inputs[1]):,} inputs, nothing found", flush=True)
            else:
                failed += 1
                print(output[-8000:])
                print(f"FAILED {running[future]}: exit code {code}", flush=True)
    print(f"{len(targets) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
