"""check_layers.py turns red on a planted fault, and on nothing else."""

import unittest

from planted_tree import PlantedTree

import check_layers


class CheckLayers(unittest.TestCase):
    def faults(self, files):
        with PlantedTree(files) as root:
            return check_layers.check(root)

    def test_the_table_has_one_direction(self):
        above = set()
        for folder, allowed in check_layers.ALLOWED.items():
            self.assertLessEqual({name.split("/")[0] for name in allowed}, above, folder)
            above.add(folder)

    def test_finds_each_kind_of_fault(self):
        for name, path, text, expected in [
            ("upwards", "src/core/a.h", '#include "engine/shard.h"', "core must not include engine"),
            ("sideways", "src/plan/a.cc", '#include "format/json.h"', "plan must not include format"),
            ("spaced", "src/plan/a.cc", '  #  include   "format/json.h"', "plan must not include"),
            ("cli past the door", "cli/a.cc", '#include "enrichers/geoip.h"', "cli must not include"),
            ("unknown folder", "src/core/a.h", '#include "helpers/a.h"', "no folder of the table"),
            ("folder not in table", "src/helpers/a.h", "", "helpers is not in the table"),
            ("no folder", "src/core/a.h", '#include "b.h"', "write b.h with its folder"),
            ("parent", "src/core/a.h", '#include "../plan/b.h"', "with its folder"),
            ("private in public", "include/logbraid/a.h", '#include "core/b.h"', "do not have"),
            ("library in public", "include/logbraid/a.h", "#include <fmt/format.h>",
             "not the standard library's"),
            ("another library in asio.h", "include/logbraid/asio.h", "#include <fmt/format.h>",
             "not the standard library's"),
            ("boost elsewhere", "include/logbraid/a.h", "#include <boost/asio/post.hpp>",
             "not the standard library's"),
            ("system in public", "include/logbraid/a.h", "#include <unistd.h>", "not the standard"),
        ]:
            with self.subTest(name):
                found = self.faults({path: "#pragma once\n" + text + "\n"})
                self.assertEqual(len(found), 1, found)
                self.assertIn(expected, found[0])
                if text:
                    self.assertTrue(found[0].startswith(f"{path}:2:"), found[0])

    def test_accepts_what_the_table_allows(self):
        self.assertEqual(self.faults({
            "include/logbraid/a.h": '#include <vector>\n#include "logbraid/b.h"\n',
            "include/logbraid/asio.h": "#include <boost/asio/post.hpp>\n",
            "src/core/a.h": '#include "logbraid/a.h"\n#include "core/b.h"\n#include <fmt/format.h>\n',
            "src/engine/a.cc": '#include "core/a.h"\n#include "lookup/b.h"\n',
            "src/plan/a.cc": '// #include "engine/a.h"\n/*\n#include "engine/a.h"\n*/\n',
            "cli/main.cc": '#include "enrichers/builtin.h"\n#include "cli/run.h"\n',
        }), [])

    def test_what_cmake_links_must_agree(self):
        with_fault = "logbraid_folder(core LINKS fmt::fmt)\nlogbraid_folder(plan DEPS core engine)\n"
        found = self.faults({"CMakeLists.txt": with_fault})
        self.assertEqual(len(found), 1, found)
        self.assertIn("plan has DEPS core engine", found[0])


if __name__ == "__main__":
    unittest.main()
