"""check_coroutines.py turns red on each planted trap, and on nothing that is right."""

import unittest

from planted_tree import PlantedTree

import check_coroutines

FAULTS = [
    ("an arm", "auto x = ok ? co_await f() : 0;", "?:"),
    ("the other arm", "co_return ok ? 0 : co_await f();", "?:"),
    ("the condition", "auto x = co_await f() ? 1 : 2;", "?:"),
    ("over lines", "auto x = ok\n  ? co_await f()\n  : T{};", "?:"),
    ("in an argument", "g(1, ok ? co_await f() : 0);", "?:"),
    ("an aggregate", "co_await f(Options{1, 2});", "braced temporary"),
    ("designated", "co_await f({.a = 1});", "braced temporary"),
    ("second argument", "auto r = co_await obj->f(a, Options{});", "braced temporary"),
    ("nested call", "co_await f(g({1}));", "braced temporary"),
    ("returned", "co_return co_await f({.a = 1});", "braced temporary"),
    ("in a condition", "if (co_await f({1})) { g(); }", "braced temporary"),
    ("an aggregate of it", "auto x = T{co_await f()};", "initialiser"),
    ("a variable of it", "T x{1, co_await f()};", "initialiser"),
    ("designated of it", "T x = {.a = co_await f()};", "initialiser"),
    ("a call in it", "auto x = T{g(co_await f())};", "initialiser"),
    ("captured reference", "auto f = [&]() -> Task<int> { co_return 1; };", "captures [&]"),
    ("captured this", "spawn([this](int x) mutable -> Task<void> { co_await g(x); });",
     "captures [this]"),
    ("captured value", "auto f = [x = std::move(y)] { co_await g(x); };", "captures"),
    ("inner lambda", "auto f = [] { return [a]() -> Task<int> { co_return a; }; };",
     "captures [a]"),
]

RIGHT = [
    ("a local", "Options o; o.a = 1; co_await f(std::move(o));"),
    ("if and else", "if (ok) { x = co_await f(); } else { x = 0; }"),
    ("?: beside", "auto x = ok ? 1 : 2; co_await f(x);"),
    ("?: inside an argument", "co_await f(ok ? 1 : 2);"),
    ("?: after", "co_await f(); x = a ? b : c;"),
    ("?: after a block", "if (a) { co_await f(); } x = a ? b : c;"),
    ("?: in another case", "for (;;) { co_await f(); y = a ? 1 : 2; }"),
    ("parentheses", "co_await f(Options(1, 2));"),
    ("an awaiter", "co_await Yield{};"),
    ("first in a block", "Task<int> f() { co_await g(); }"),
    ("first in a branch", "if (a) { co_await g(); } else { co_await h(); }"),
    ("first in a loop", "while (true) { auto x = co_await g(); }"),
    ("first in a lambda", "auto f = [](int x) -> Task<std::pair<int, int>> { co_await g(x); };"),
    ("no captures", "auto f = []() -> Task<int> { co_return 1; };"),
    ("captures, no coroutine", "auto f = [&] { return 1; }; co_await g(f);"),
    ("a callback argument", "co_await f([&](int x) { sum += T{x}.y; });"),
    ("captures around one without", "auto f = [&] { return []() -> Task<int> { co_return 1; }; };"),
    ("a subscript", "auto x = a[i]; { co_await f(); }"),
    ("an attribute", "[[maybe_unused]] auto x = co_await f();"),
    ("a comment", "// x = ok ? co_await f() : 0;\nco_await f();"),
    ("a string", 'log("ok ? co_await f({1}) : 0"); co_await f();'),
    ("no coroutine at all", "auto x = T{f({1})}; auto y = a ? b : c; auto g = [&] { return y; };"),
]


class CheckCoroutines(unittest.TestCase):
    def test_finds_each_trap(self):
        for name, code, expected in FAULTS:
            with self.subTest(name):
                found = check_coroutines.check_text(f"Task<int> coroutine() {{\n{code}\n}}\n")
                self.assertEqual(len(found), 1, found)
                self.assertIn(expected, found[0][1])

    def test_accepts_what_is_right(self):
        for name, code in RIGHT:
            with self.subTest(name):
                found = check_coroutines.check_text(f"Task<int> coroutine() {{\n{code}\n}}\n")
                self.assertEqual(found, [])

    def test_names_file_and_line(self):
        with PlantedTree({"src/engine/a.cc": "void f() {\n\n  co_await g({1});\n}\n"}) as root:
            found = check_coroutines.check(root)
        self.assertEqual(len(found), 1)
        self.assertTrue(found[0].startswith("src/engine/a.cc:3: "), found)


if __name__ == "__main__":
    unittest.main()
