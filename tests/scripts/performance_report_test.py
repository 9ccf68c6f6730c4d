"""The table of docs/performance.md is made of what was measured, and says what missed its goal."""

import json
import subprocess
import sys
import unittest
import xml.etree.ElementTree

from planted_tree import ROOT, PlantedTree
from performance_rows import ROWS

PAGE = "before\n<!-- measured: begin -->\nold\n<!-- measured: end -->\nafter\n"
# What is not 1 in every benchmark, so that most goals are met.
COUNTERS = {"speedup": 9.5, "events/s": 600_000, "ready_ms": 10.2, "chain_ms": 10,
            "p99.9_ms": 11.5, "ns/event": 1500, "ratio": 51, "events/cpu_s": 1_100_000}
NAMES = ("cores resident_MiB process_threads least most over_critical_path cpu_us/event "
         "bare_events/s bare_cpu_us/event ready ready_most levels levels_most levels_ms p50_ms p99_ms "
         "hung_most_ms dropped_share budget_peak_MiB normal_after_s normal_after_backlog_s "
         "throughput_ratio back_after_s "
         "events/s_before events/s_while_dead lost events/s_at_5ms events/s_at_200ms ns_more "
         "ns_more/call baseline_ns/event ns/hit map_ns/hit keys/s requests/s baseline/s "
         "latency_over_slowest load_ns questions/s lines/s by_hand/cpu_s agent_cores peak_MiB "
         "peak_MiB_of_a_tenth first_output_ms a_shell_ms")


def results(**changed):
    """A file of results with every benchmark that the rows name; `changed` by benchmark's number."""
    names = [row.benchmark for row in ROWS] + [
        f"a_bare_pool_one_event_at_a_time/calls:{calls}" for calls in (3, 8)] + [
        f"a_bare_pool_against_sequential/calls:{calls}/rests:{rests}"
        for calls in (3, 4) for rests in (0, 1)]
    counters = dict.fromkeys(NAMES.split(), 1) | COUNTERS | {"cores": 0.4, "lost": 0}
    rows = [{"name": name + "/iterations:1", "label": "100 50 100", "iterations": 1,
             "real_time": 1.0, "cpu_time": 1.0, **counters} for name in names]
    for row in rows:
        if "source_waits" in row["name"]:
            row["dropped_share"] = 0
        row.update(changed.get(row["name"].split("/")[0], {}))
    context = {"date": "2026-01-02T03:04:05+00:00", "num_cpus": 2, "load_avg": [0.25, 1, 1]}
    return {"docs/performance.md": PAGE, "docs/images/keep": "",
            "results/all_bench.json": json.dumps({"context": context, "benchmarks": rows})}


def report(root, *arguments):
    return subprocess.run(
        [sys.executable, ROOT / "scripts/performance_report.py", "--results", root / "results",
         *arguments, root], capture_output=True, text=True)


class PerformanceReport(unittest.TestCase):
    def test_each_row_stands_between_the_markers_and_the_rest_stays(self):
        with PlantedTree(results()) as root:
            done = report(root)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(f"{len(ROWS)} rows, 0 of them miss", done.stdout)
            page = (root / "docs/performance.md").read_text()
            self.assertTrue(page.startswith("before\n<!-- measured: begin -->\nMeasured 2026-01-02"))
            self.assertTrue(page.endswith("<!-- measured: end -->\nafter\n"))
            self.assertNotIn("old", page)
            self.assertNotIn("**", page)
            for row in ROWS:
                self.assertEqual(page.count(f"| {row.case} | {row.goal} |"), 1, row.case)

    def test_what_misses_its_goal_is_bold(self):
        with PlantedTree(results(random_graphs={"ready": 1.2})) as root:
            self.assertIn("1 of them miss", report(root).stdout)
            page = (root / "docs/performance.md").read_text()
            self.assertIn("| **`ready` 1.200", page)
            self.assertEqual(page.count("**"), 2)

    def test_plots_are_well_formed_and_name_their_axes_and_units(self):
        with PlantedTree(results()) as root:
            report(root)
            images = sorted((root / "docs/images").glob("*.svg"))
            self.assertEqual(len(images), 3)
            for image in images:
                words = "".join(xml.etree.ElementTree.parse(image).getroot().itertext())
                for wanted in {"speed_parallel": ["times sequential", "one event at a time"],
                               "speed_latency": ["latency in ms", "load"],
                               "speed_outage": ["events a second", "seconds"]}[image.stem]:
                    self.assertIn(wanted, words)

    def test_a_row_without_figures_is_an_error_and_changes_nothing(self):
        files = results()
        content = json.loads(files["results/all_bench.json"])
        content["benchmarks"] = [row for row in content["benchmarks"]
                                 if not row["name"].startswith("bursts")]
        files["results/all_bench.json"] = json.dumps(content)
        with PlantedTree(files) as root:
            done = report(root)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("no figures of bursts", done.stderr)
            self.assertEqual((root / "docs/performance.md").read_text(), PAGE)

    def test_a_check_writes_nothing(self):
        with PlantedTree(results()) as root:
            self.assertEqual(report(root, "--check").returncode, 0)
            self.assertEqual((root / "docs/performance.md").read_text(), PAGE)


if __name__ == "__main__":
    unittest.main()
