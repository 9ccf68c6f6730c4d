"""run_tests.py counts each case once, whatever the programs do."""

import contextlib
import io
import os
import pathlib
import tempfile
import unittest

from planted_tree import PlantedTree  # also makes scripts/ importable

import run_tests

# Speaks as GoogleTest does; what each case does is in its name.
PROGRAM = r"""#!/usr/bin/env python3
import os, re, signal, sys, time
CASES = os.environ["CASES"].split()
if "--gtest_list_tests" in sys.argv:
    print("Running main() from somewhere")
    print("Suite.")
    for case in CASES:
        print(f"  {case}  # GetParam() = 7")
    sys.exit()
flags = open(next(a for a in sys.argv if "flagfile" in a).partition("=")[2]).read()
wanted = flags.strip().partition("=")[2].split(":")
bad = 0
for case in CASES:
    name = "Suite." + case
    if name not in wanted:
        continue
    print(f"[ RUN      ] {name}", flush=True)
    end = "      OK"
    if "crashes" in case:
        print("last words", flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
    if "hangs" in case:
        time.sleep(60)
    if "fails" in case:
        print("file.cc:1: Failure\nExpected this")
        end, bad = " FAILED ", 1
    if "skips" in case:
        print("file.cc:2: Skipped\nneeds a thing\n")
        end = " SKIPPED"
    if "mumbles" in case:
        print("no newline", end="")
    where = ", where GetParam() = 7" if "row" in case and "FAILED" in end else ""
    print(f"[ {end} ] {name}{where} (0 ms)", flush=True)
print("[==========] done")
sys.exit(int(os.environ.get("EXIT", bad)))
"""


class RunTests(unittest.TestCase):
    def outcome(self, cases, pattern="", timeout=20, **environment):
        with PlantedTree({"program": PROGRAM}) as root:
            (root / "program").chmod(0o755)
            runner = run_tests.Runner(
                root, pattern, os.environ | {"CASES": cases} | environment)
            found, _ = runner.run({
                "name": "unit_x", "command": [str(root / "program")],
                "properties": [{"name": "LABELS", "value": ["gtest"]},
                               {"name": "TIMEOUT", "value": timeout}]})
        return found

    def results(self, *arguments, **keywords):
        return {case.name.removeprefix("Suite."): case.result
                for case in self.outcome(*arguments, **keywords)}

    def test_counts_each_case(self):
        self.assertEqual(
            self.results("works fails row_fails skips mumbles DISABLED_x"),
            {"works": "passed", "fails": "failed", "row_fails": "failed", "skips": "skipped",
             "mumbles": "passed", "DISABLED_x": "skipped"})

    def test_a_crash_is_one_failure_and_the_cases_after_it_still_run(self):
        found = self.outcome("a crashes b crashes_too c")
        self.assertEqual({c.name: c.result for c in found}, {
            "Suite.a": "passed", "Suite.crashes": "failed", "Suite.b": "passed",
            "Suite.crashes_too": "failed", "Suite.c": "passed"})
        crash = next(c for c in found if c.name == "Suite.crashes")
        self.assertIn("last words", crash.text)
        self.assertIn("SIGSEGV", crash.text)

    def test_a_case_that_hangs_is_stopped_and_named(self):
        self.assertEqual(self.results("a hangs b", timeout=1),
                         {"a": "passed", "hangs": "failed", "b": "passed"})

    def test_an_exit_code_that_no_case_explains_is_a_failure(self):
        for cases in ("works", "fails"):
            with self.subTest(cases):
                found = self.outcome(cases, EXIT="23")
                self.assertEqual(sorted(c.name for c in found), ["", f"Suite.{cases}"])
                self.assertIn("exit code 23", next(c for c in found if not c.name).text)

    def test_cases_that_never_ran_are_failures(self):
        found = self.outcome(" ".join(f"crashes{n}" for n in range(30)))
        self.assertEqual(len(found), 30)
        self.assertTrue(all(c.result == "failed" for c in found))

    def test_a_filter_chooses_cases(self):
        for pattern, expected in [("works", {"works", "works_too"}), ("unit_x.Suite.w*s", {"works"}),
                                  ("unit_x", {"works", "works_too", "other"}), ("none", set())]:
            with self.subTest(pattern):
                self.assertEqual(set(self.results("works works_too other", pattern)), expected)

    def test_a_program_that_was_not_built_or_does_not_start_is_a_failure(self):
        with tempfile.TemporaryDirectory() as folder:
            runner = run_tests.Runner(pathlib.Path(folder), "", dict(os.environ))
            labels = {"name": "LABELS", "value": ["gtest"]}
            for test in [{"name": "x", "properties": [labels]},
                         {"name": "x", "command": ["/bin/false"], "properties": [labels]},
                         {"name": "x", "command": ["/bin/false"]},
                         {"name": "x", "command": ["/no/such/file"], "properties": [labels]},
                         {"name": "x", "command": ["/no/such/file"]}]:
                with self.subTest(test=test):
                    found, _ = runner.run(test)
                    self.assertEqual([c.result for c in found], ["failed"])

    def test_the_last_line_is_plain_and_success_needs_a_test_that_ran(self):
        case = run_tests.Case
        for cases, line, good in [
            ([case("x", "a", "passed")], "1 passed, 0 failed", True),
            ([case("x", "a", "passed"), case("x", "b", "skipped", "f.cc:1: Skipped\nno data")],
             "1 passed, 0 failed, 1 skipped", True),
            ([case("x", "a", "passed"), case("x", "b", "failed", "text")],
             "1 passed, 1 failed", False),
            ([case("x", "b", "skipped")], "0 passed, 0 failed, 1 skipped", False),
            ([], "0 passed, 0 failed", False),
        ]:
            with self.subTest(line):
                out = io.StringIO()
                with contextlib.redirect_stdout(out):
                    self.assertEqual(run_tests.print_summary(cases), good)
                self.assertEqual(out.getvalue().splitlines()[-1], line)
                if "skipped" in line and good:
                    self.assertIn("1 x no data", out.getvalue())


if __name__ == "__main__":
    unittest.main()
