"""The access log in examples/ is what its generator writes, and is as mixed as it says."""

import collections
import csv
import ipaddress
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "examples" / "access_log"
COMBINED = re.compile(
    r'(?P<client>\S+) \S+ \S+ \[(?P<time>[^\]]+)\] "(?P<request>(?:[^"\\]|\\.)*)" '
    r'(?P<status>\d{3}) \d+ "(?P<referer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)"')


def generate(*arguments):
    return subprocess.run(
        [sys.executable, ROOT / "scripts/make_access_log.py", *arguments],
        check=True, capture_output=True).stdout


class MakeAccessLog(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.committed = (FOLDER / "access.log").read_bytes()
        cls.lines = cls.committed.decode().splitlines()
        cls.fields = [m for m in map(COMBINED.fullmatch, cls.lines) if m]

    def test_the_default_seed_gives_the_committed_file(self):
        self.assertTrue(generate() == self.committed, "examples/access_log/access.log differs")

    def test_another_seed_gives_another_file(self):
        self.assertNotEqual(generate("--seed", "1"), self.committed)

    def test_has_about_5000_lines_in_order_of_time(self):
        self.assertTrue(4900 <= len(self.lines) <= 5200, len(self.lines))
        times = [m["time"] for m in self.fields]
        self.assertEqual(times, sorted(times))

    def test_only_the_line_that_was_cut_is_malformed(self):
        self.assertEqual(len(self.lines) - len(self.fields), 1)

    def test_statuses_come_in_plausible_shares(self):
        share = collections.Counter(m["status"] for m in self.fields)
        for status, low, high in [("200", 0.80, 0.92), ("304", 0.03, 0.10), ("206", 0.005, 0.04),
                                  ("404", 0.005, 0.04), ("301", 0.002, 0.02), ("403", 0.001, 0.02),
                                  ("500", 0.001, 0.01), ("502", 0.001, 0.02)]:
            with self.subTest(status=status):
                self.assertTrue(low <= share[status] / len(self.lines) <= high, share[status])

    def test_has_what_is_no_http(self):
        requests = [m["request"] for m in self.fields]
        self.assertIn("-", requests)
        self.assertIn("", requests)
        self.assertTrue(any(r.startswith("\\x16\\x03\\x01") for r in requests))

    def test_networks_match_many_clients_by_nested_prefixes_and_miss_some(self):
        with open(FOLDER / "networks.csv", newline="") as file:
            networks = [ipaddress.ip_network(row["network"]) for row in csv.DictReader(file)]
        self.assertEqual(len(networks), len(set(networks)))
        hits = collections.Counter()
        for m in self.fields:
            client = ipaddress.ip_address(m["client"])
            holding = [n for n in networks if n.version == client.version and client in n]
            hits[max(holding, key=lambda n: n.prefixlen, default=None)] += 1
        self.assertTrue(100 < hits[None] < len(self.lines) / 3, hits[None])
        nested = [n for n in networks if any(n != o and n.version == o.version and n.subnet_of(o)
                                             for o in networks)]
        self.assertGreater(sum(hits[n] for n in nested), 1000)


if __name__ == "__main__":
    unittest.main()
