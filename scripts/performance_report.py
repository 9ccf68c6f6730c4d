#!/usr/bin/env python3
"""Puts measured figures into docs/performance.md: the table between its markers, and the plots.

    scripts/performance_report.py [--results DIRECTORY] [--check] [ROOT]

Reads what `scripts/run_benchmarks.py --table` left in build/release/benchmark_results/ and writes the
table and docs/images/speed_*.svg. A figure that misses its goal is set in bold. With --check it only
says which rows have no figures, and fails if there are any.
"""

import argparse
import json
import pathlib
import sys

import svg_plot
from performance_rows import ROWS, number

ROOT = pathlib.Path(__file__).resolve().parent.parent
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
# Of a benchmark's JSON, what is no counter.
META = {"family_index", "per_family_instance_index", "repetitions", "repetition_index", "threads",
        "iterations", "real_time", "cpu_time"}


def read(results):
    """Counters by benchmark, labels by benchmark, and the context of the program that ran first."""
    counters, labels, contexts = {}, {}, []
    for path in sorted(results.glob("*_bench.json")):
        content = json.loads(path.read_text())
        contexts.append(content["context"])
        for row in content["benchmarks"]:
            name = row["name"].removesuffix("/iterations:1")
            counters[name] = {key: value for key, value in row.items()
                              if isinstance(value, (int, float)) and key not in META}
            labels[name] = row.get("label", "")
    return counters, labels, min(contexts, key=lambda c: c["date"], default={})


def use(c):
    if "cores" not in c:
        return " | | |"
    return f" {number(c['cores'])} | {number(c['resident_MiB'], 0)} MiB | {c['process_threads']:.0f} |"


def table(counters, context):
    lines = [f"Measured {context['date'][:10]} on {context['num_cpus']} cores with "
             "`scripts/run_benchmarks.py --table`; the load average before it was "
             f"{context['load_avg'][0]:.1f}.", "",
             "| case | goal | measured | cores used | memory | threads |", "|---|---|---|---|---|---|"]
    for row in ROWS:
        c = dict(counters[row.benchmark], all=counters)
        told = row.told(c) if row.met(c) else f"**{row.told(c)}**"
        lines.append(f"| {row.case} | {row.goal} | {told} |{use(c)}")
    lines += ["", "![times sequential, logbraid and a bare pool](images/speed_parallel.svg)", "",
              "![latency from arrival to output by load](images/speed_latency.svg)", "",
              "![throughput while a dependency is dead for a minute](images/speed_outage.svg)"]
    return "\n".join(lines)


def plots(counters, labels):
    def speedup(name):
        return counters[name]["speedup"]
    gains = {"3 blocking\n5 ms": ("blocking_one_event_at_a_time/enrichers:3",
                                  "a_bare_pool_one_event_at_a_time/calls:3"),
             "8 blocking\n5 ms": ("blocking_one_event_at_a_time/enrichers:8",
                                  "a_bare_pool_one_event_at_a_time/calls:8")}
    for rests, when in ((0, "back to back"), (1, "after a rest")):
        for calls in (3, 4):
            gains[f"{calls} computing\n{when}"] = (
                f"computing_against_sequential/enrichers:{calls}/rests:{rests}",
                f"a_bare_pool_against_sequential/calls:{calls}/rests:{rests}")
    yield "speed_parallel.svg", svg_plot.bars(
        "Parallel against sequential", "times sequential", "one event at a time", list(gains),
        {"logbraid": [speedup(ours) for ours, _ in gains.values()],
         "bare pool": [speedup(bare) for _, bare in gains.values()]})

    loads = {"steady 50 %\nany": "steady_at_half_of_the_capacity_any",
             "steady 50 %\npreserve": "steady_at_half_of_the_capacity_preserve",
             "bursts\nof 10 times": "bursts", "ramp\nto 100 %": "ramp_to_the_capacity",
             "120 %\nnewest dropped": "overload_the_newest_are_dropped"}
    yield "speed_latency.svg", svg_plot.bars(
        "From arrival to output under open load", "latency in ms", "load", list(loads),
        {share: [counters[name][f"{share}_ms"] for name in loads.values()]
         for share in ("p50", "p99", "p99.9")}, logarithmic=True)

    yield "speed_outage.svg", svg_plot.lines(
        "Throughput while a dependency is dead for a minute", "events a second", "seconds",
        {"written": [float(v) for v in
                     labels["a_service_that_is_dead_for_a_minute"].split()]}, 0.5)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=pathlib.Path,
                        default=ROOT / "build" / "release" / "benchmark_results")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("root", nargs="?", type=pathlib.Path, default=ROOT)
    options = parser.parse_args()

    counters, labels, context = read(options.results)
    missing = [row.benchmark for row in ROWS if row.benchmark not in counters]
    for name in missing:
        print(f"no figures of {name}", file=sys.stderr)
    if missing:
        return 1
    generated = table(counters, context)
    images = dict(plots(counters, labels))
    if options.check:
        print(f"{len(ROWS)} rows and {len(images)} plots have their figures")
        return 0
    page = options.root / "docs" / "performance.md"
    before, rest = page.read_text().split(BEGIN)
    after = rest.split(END)[1]
    page.write_text(f"{before}{BEGIN}\n{generated}\n{END}{after}")
    for name, image in images.items():
        (options.root / "docs" / "images" / name).write_text(image)
    missed = sum(not row.met(dict(counters[row.benchmark], all=counters)) for row in ROWS)
    print(f"{len(ROWS)} rows, {missed} of them miss their goal; {len(images)} plots")
    return 0


if __name__ == "__main__":
    sys.exit(main())
