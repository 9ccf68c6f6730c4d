#!/usr/bin/env python3
"""Builds the benchmarks with the release preset and runs them.

    scripts/run_benchmarks.py [--smoke] [--table | FILTER]

FILTER is a part of a program's name (json_reader_bench). Figures also go as JSON into
build/release/benchmark_results/. A benchmark that reports an error (each checks its results before
it is timed) or whose program fails makes this fail. --smoke measures next to nothing: it only shows
that all still run and their results are right. --table runs those that stand in the table of
docs/performance.md, some ten minutes, and writes the table and its plots anew; with --smoke it is only
checked that each row has its figures.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

import performance_rows

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"


def build():
    for command in (["cmake", "--preset", "release"],
                    ["cmake", "--build", str(BUILD), "--target", "logbraid-benchmarks",
                     "-j", str(os.cpu_count()), "--", "--quiet"]):
        done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            print(done.stdout)
            raise SystemExit("the benchmarks do not build; the messages stand above")


def run(program, results, smoke):
    """How many benchmarks ran, and what failed."""
    out = results / f"{program.name}.json"
    out.unlink(missing_ok=True)
    command = [program, f"--benchmark_out={out}", "--benchmark_out_format=json"]
    environment = dict(os.environ)
    if smoke:
        command.append("--benchmark_min_time=0.001")
        environment["LOGBRAID_BENCHMARK_SMOKE"] = "1"
    print(f"== {program.name}", flush=True)
    code = subprocess.run(command, cwd=ROOT, env=environment,
                          stdin=subprocess.DEVNULL).returncode
    if code != 0:
        return 0, [f"{program.name} ended with exit code {code}"]
    try:
        rows = json.loads(out.read_text())["benchmarks"]
    except (OSError, ValueError, KeyError) as error:
        return 0, [f"{program.name} wrote no results: {error}"]
    failed = [f"{row['name']}: {row['error_message']}" for row in rows if row.get("error_occurred")]
    if not rows:
        failed.append(f"{program.name} holds no benchmark")
    return len(rows), failed


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("filter", nargs="?", default="")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()

    build()
    results = BUILD / "benchmark_results"
    results.mkdir(exist_ok=True)
    sources = sorted((ROOT / "benchmarks").glob("*/*_bench.cc"))
    in_table = {row.program for row in performance_rows.ROWS}
    programs = [BUILD / "benchmarks" / s.stem for s in sources
                if options.filter in s.stem and (s.stem in in_table or not options.table)]
    missing = [p.name for p in programs if not p.exists()]
    if missing:
        raise SystemExit(f"not built (is libbenchmark-dev installed?): {', '.join(missing)}")
    if not programs:
        raise SystemExit(f"no benchmark program matches {options.filter!r}")
    ran, failed = 0, []
    for program in programs:
        rows, problems = run(program, results, options.smoke)
        ran += rows
        failed += problems
    for problem in failed:
        print(f"FAILED {problem}")
    if not failed and (options.table or (options.smoke and not options.filter)):
        report = [sys.executable, ROOT / "scripts" / "performance_report.py"]
        if subprocess.run(report + (["--check"] if options.smoke else [])).returncode != 0:
            failed.append("the report")
    print(f"{ran - len(failed) if ran else 0} benchmarks ran, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
