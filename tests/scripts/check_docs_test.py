"""check_docs.py turns red on a planted fault, and on nothing else."""

import unittest

from planted_tree import PlantedTree

import check_docs

README = "| `src/core/` | event |\n"
GOOD = {
    "README.md": README + "[a page](docs/page.md#two-words) `core/event` `./test` `a/b`\n",
    "docs/page.md": "# Page\n## Two `words`!\n[up](../README.md) [here](#page) [out](https://a.b/)\n",
    "docs/life_of_an_event.md": "`src/core/event.h`, then `core/event.h`, `src/<folder>/*.cc`\n"
                                "```\n`src/core/none.h` [x](none.md)\n```\n",
    "src/core/event.h": "",
}


class CheckDocs(unittest.TestCase):
    def faults(self, files):
        with PlantedTree(GOOD | files) as root:
            return check_docs.check(root)

    def test_accepts_what_exists(self):
        self.assertEqual(self.faults({}), [])

    def test_finds_each_kind_of_fault(self):
        for name, files, expected in [
            ("a dead link", {"docs/x.md": "\n[x](none.md)"}, "docs/x.md:2: link none.md"),
            ("a dead picture", {"docs/x.md": "![x](none.svg)"}, "none.svg"),
            ("a dead heading", {"docs/x.md": "[x](page.md#none)"}, "no such heading"),
            ("a link out of the tree", {"docs/x.md": "[x](../../etc)"}, "leaves the repository"),
            ("a path of the story", {"docs/life_of_an_event.md": "`src/core/none.h`"},
             "src/core/none.h does not exist"),
            ("without extension", {"docs/life_of_an_event.md": "`core/none`"}, "core/none"),
            ("a path in the README", {"README.md": README + "`docs/none/`"}, "docs/none/"),
            ("a folder without row", {"src/plan/plan.h": ""}, "lacks `src/plan/`"),
            ("an enricher without page", {"src/enrichers/url.cc": "", "docs/enrichers/README.md": "",
                                          "README.md": README + "`src/enrichers/`"},
             "src/enrichers/url.cc has no page"),
            ("a sample nobody compiles", {"docs/embedding.md": "```cpp\nint a;\n```\n",
                                          "tests/unit/engine/embedding_test.cc": "int b;\n"},
             "docs/embedding.md:1: the sample"),
            ("a metric without row", {"src/metrics/names.h": '    {"a.b", gauge, "s", "", "x"},\n',
                                      "README.md": README + "`src/metrics/`"},
             "a.b of src/metrics/names.h has no row"),
            ("a row without metric", {"src/metrics/names.h": "",
                                      "docs/metrics.md": "| `a.b` | gauge | s | x |\n",
                                      "README.md": README + "`src/metrics/`"},
             "a.b does not stand in"),
            ("a row of another unit", {"src/metrics/names.h": '    {"a", gauge, "s", "why", "x"},\n',
                                       "docs/metrics.md": "| `a` | gauge | s | x |\n",
                                       "README.md": README + "`src/metrics/`"},
             'a is "gauge | s", in src/metrics/names.h "gauge | s by why"'),
            ("a fault whose test is not there", {"docs/faults.md": "| throws | error | `A.b_c` |\n",
                                                 "tests/a_test.cc": "TEST(A, b_d) {}\n"},
             "docs/faults.md:1: there is no test A.b_c"),
            ("a fault without a test", {"docs/faults.md": "| fault | test |\n|---|---|\n| throws | |\n"},
             "docs/faults.md:3: no test"),
            ("a page without enricher", {"docs/enrichers/url.md": ""}, "describes no file"),
        ]:
            with self.subTest(name):
                found = self.faults(files)
                self.assertEqual(len(found), 1, found)
                self.assertIn(expected, found[0])

    def test_accepts_a_sample_that_is_compiled(self):
        self.assertEqual(self.faults({
            "docs/embedding.md": "```cpp\nint a;\n```\n",
            "tests/unit/engine/embedding_test.cc": "void f() {\nint a;\n}\n"}), [])

    def test_accepts_a_metric_with_its_row(self):
        self.assertEqual(self.faults({
            "src/metrics/names.h": '    {"a.b", counter, "events", "reason",\n     "x"},\n'
                                   '    {"c", text, "", "", "x"},\n',
            "docs/metrics.md": "| `a.b` | counter | events by reason | x |\n| `c` | text |  | x |\n",
            "README.md": README + "`src/metrics/`"}), [])

    def test_accepts_faults_whose_tests_are_there(self):
        self.assertEqual(self.faults({
            "docs/faults.md": "`B.c` and `check.py`\n\n| fault | test |\n|---|---|\n| x | `A.b` |\n",
            "tests/unit/a_test.cc": "TEST_F(A, b) {}\nTEST_P(B,\n       c) {}\n"}), [])

    def test_what_enrichers_share_needs_no_page(self):
        self.assertEqual(self.faults({
            "src/enrichers/builtin.cc": "", "src/enrichers/builtin.h": "",
            "src/enrichers/url.cc": "", "docs/enrichers/url.md": "",
            "README.md": README + "`src/enrichers/`"}), [])


if __name__ == "__main__":
    unittest.main()
