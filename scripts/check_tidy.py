#!/usr/bin/env python3
"""Runs clang-tidy over src/ and cli/, or over the files given, and prints each finding once.

    scripts/check_tidy.py [FILE.cc ...]

It takes minutes for all. Needs a configured build/dev (`cmake --preset dev`), whose compile
commands it uses. Exit code 1 when there is a finding or a file cannot be read.
"""

import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# g++'s own warning options stand in the compile commands.
COMMAND = ["clang-tidy-16", "--quiet", "-p", "build/dev", "--extra-arg=-Wno-unknown-warning-option"]


def check(file):
    """What clang-tidy says of one file: its findings, each with the lines that belong to it."""
    done = subprocess.run([*COMMAND, file], cwd=ROOT, capture_output=True, text=True, check=False)
    findings = []
    for line in done.stdout.splitlines():
        if ": error: " in line or ": warning: " in line or not findings:
            findings.append([])
        findings[-1].append(line)
    if done.returncode != 0 and not findings:
        findings.append([f"{file}: clang-tidy failed: {done.stderr.strip()}"])
    return ["\n".join(lines) for lines in findings]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE.cc")
    files = parser.parse_args().files or sorted(
        str(path.relative_to(ROOT)) for folder in ("src", "cli")
        for path in (ROOT / folder).rglob("*.cc"))
    seen = set()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for done, findings in enumerate(pool.map(check, files), 1):
            for finding in findings:
                if finding not in seen:
                    seen.add(finding)
                    print(finding, flush=True)
            if sys.stderr.isatty():
                print(f"\r{done} of {len(files)} files", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(f"clang-tidy: {len(files)} files, {len(seen)} findings")
    return 1 if seen else 0


if __name__ == "__main__":
    sys.exit(main())
