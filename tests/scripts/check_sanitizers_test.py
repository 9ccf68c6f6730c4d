"""check_sanitizers.py is not content with any failure: the report must be the planted fault's."""

import unittest
from subprocess import CompletedProcess

from planted_tree import ROOT

from check_sanitizers import FAULTS, problems

QUIET = CompletedProcess([], 0, stdout="done\n", stderr="")


def reporting(fault, without=None, code=None):
    text = "...".join(part for part in fault.report if part != without)
    return CompletedProcess([], fault.exit_code if code is None else code, "", text)


class CheckSanitizers(unittest.TestCase):
    def wrong(self, fault, planted, sound=QUIET):
        return len(list(problems(fault, planted, sound)))

    def test_each_program_has_its_fault(self):
        programs = {path.stem for path in (ROOT / "tests" / "planted").glob("*.cc")}
        self.assertEqual(programs, {fault.name for fault in FAULTS})

    def test_takes_the_report_of_the_fault(self):
        for fault in FAULTS:
            self.assertEqual(self.wrong(fault, reporting(fault)), 0, fault)

    def test_a_report_that_lacks_any_of_its_parts_is_another_one(self):
        for fault in FAULTS:
            for part in fault.report:
                self.assertEqual(self.wrong(fault, reporting(fault, without=part)), 1, part)

    def test_a_failure_without_the_sanitizers_exit_code_is_not_its_own(self):
        for fault in FAULTS:
            self.assertEqual(self.wrong(fault, reporting(fault, code=0)), 1)
            self.assertEqual(self.wrong(fault, reporting(fault, code=-11)), 1)

    def test_a_fault_that_nobody_reports_is_wrong(self):
        for fault in FAULTS:
            self.assertEqual(self.wrong(fault, QUIET), 1)

    def test_without_the_fault_all_must_be_quiet(self):
        for fault in FAULTS:
            self.assertEqual(self.wrong(fault, reporting(fault), reporting(fault, code=0)), 1)
            self.assertEqual(self.wrong(fault, reporting(fault), CompletedProcess([], 1, "", "")), 1)


if __name__ == "__main__":
    unittest.main()
