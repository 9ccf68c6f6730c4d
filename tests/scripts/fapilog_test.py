"""contrib/fapilog: a module's enrichers over the protocol of `exec`."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FAPILOG = ROOT / "contrib" / "fapilog"
STANDIN = str(FAPILOG / "standin")
SUPPORT = ROOT / "tests" / "support" / "fapilog"
SHOP = SUPPORT / "shop.py"
sys.path[:0] = [str(FAPILOG), str(SUPPORT)]

from from_pypi import VERSION, fapilog_from_pypi  # noqa: E402: found by the line above
from logbraid_fapilog import changes  # noqa: E402


def bad(why):
    """An answer: this event could not be enriched."""
    return {"error": why, "bad_event": True}


class ServeCase(unittest.TestCase):
    """Modules in a folder of their own, served as logbraid does it."""
    path = STANDIN  # PYTHONPATH; that of the stand-in, whatever is installed

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def module(self, text, name="mine.py"):
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(textwrap.dedent(text))
        return name

    def start(self, *arguments, **options):
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": self.path}
        return subprocess.Popen(
            [sys.executable, str(FAPILOG / "serve.py"), *map(str, arguments)], cwd=self.folder,
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, encoding="utf-8", **options)

    def run_serve(self, *arguments, text=""):
        with self.start(*arguments) as process:
            out, err = process.communicate(text, timeout=60)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def ask(self, module, enricher, *events, arguments=()):
        lines = "".join(json.dumps({"id": i, "event": event}) + "\n"
                        for i, event in enumerate(events, 1))
        done = self.run_serve(module, "--enricher", enricher, *arguments, text=lines)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = filter(None, done.stdout.split("\n"))  # splitlines() knows more line ends
        answers = {answer.pop("id"): answer for answer in map(json.loads, lines)}
        self.assertEqual(sorted(answers), list(range(1, len(events) + 1)), done.stderr)
        self.errors = done.stderr
        return [answers[i] for i in range(1, len(events) + 1)]

    def described(self, module):
        done = self.run_serve(module, "--describe")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.errors = done.stderr
        return {each.pop("name"): each for each in json.loads(done.stdout)["enrichers"]}


class Registry(ServeCase):
    """Enrichers of fapilog's registry."""

    def test_a_class_that_is_called_sets_what_it_changed(self):
        self.assertEqual(self.ask(SHOP, "order_total", {"price": 2.5, "count": 4}, {"other": 1}),
                         [{"set": {"total": 10.0}}, {"no_match": True}])

    def test_a_class_with_enrich_may_give_a_new_event(self):
        event = {"customer": {"tier": "gold"}, "total": 200}
        self.assertEqual(self.ask(SHOP, "discount", event, {"total": 5}),
                         [{"set": {"discount": 20.0}}, {"no_match": True}])

    def test_coroutines_of_several_events_run_between_startup_and_shutdown(self):
        events = [{"id": i, "customer": {"name": "x"}} for i in range(6)]
        gold = {"set": {"customer": {"tier": "gold"}}}
        self.assertEqual(self.ask(SHOP, "customer", *events), [gold, {"no_match": True}] * 3)
        self.assertIn("disconnected", self.errors)

    def test_coroutines_of_several_events_run_at_once(self):
        module = self.module("""
            import asyncio
            from fapilog.enrichers import register_enricher_advanced
            second = asyncio.Event()
            @register_enricher_advanced("pair")
            async def pair(logger, method_name, event_dict):
                if event_dict["n"] == 2: second.set()
                await second.wait()
                return {**event_dict, "done": True}
            """)
        self.assertEqual(self.ask(module, "pair", {"n": 1}, {"n": 2}),
                         [{"set": {"done": True}}] * 2)

    def test_an_answer_does_not_wait_for_the_next_call(self):
        module = self.module("""
            from fapilog.enrichers import register_enricher
            @register_enricher
            def slow(logger, method_name, event_dict):
                if event_dict["n"] == 2: open("go").read()
                return {**event_dict, "done": True}
            """)
        os.mkfifo(self.folder / "go")
        with self.start(module, "--enricher", "slow") as process:
            process.stdin.write('{"id": 1, "event": {"n": 1}}\n{"id": 2, "event": {"n": 2}}\n')
            process.stdin.flush()
            self.assertEqual(json.loads(process.stdout.readline())["id"], 1)
            (self.folder / "go").write_text("")
            self.assertEqual(json.loads(process.stdout.readline())["id"], 2)
            process.communicate(timeout=60)

    def test_what_is_printed_or_read_leaves_the_protocol_alone(self):
        module = self.module("""
            import os, sys
            from fapilog.enrichers import register_enricher
            print("imported")
            @register_enricher
            def noisy(logger, method_name, event_dict):
                print("printed"); os.write(1, b"written\\n"); os.system("echo spoken")
                return {**event_dict, "read": sys.stdin.read()}
            """)
        self.assertEqual(self.ask(module, "noisy", {}, {}), [{"set": {"read": ""}}] * 2)
        for word in ("imported", "printed", "written", "spoken"):
            self.assertIn(word, self.errors)

    def test_a_function_sees_level_and_logger_and_its_condition_is_asked(self):
        answers = self.ask(SHOP, "audit", {"level": "ERROR"}, {"total": 1000})
        self.assertEqual(answers, [{"set": {"audited": "audit/error"}}, {"no_match": True}])

    def test_whatever_is_raised_is_the_error_of_its_event_alone(self):
        self.assertEqual(self.ask(SHOP, "broken", {"id": 3}, {"id": 4}, {"id": 3}),
                         [bad("ValueError: three"), {"no_match": True}, bad("ValueError: three")])
        self.assertEqual(self.errors.count("Traceback"), 1, "once for a place")
        self.assertNotIn("server.py", self.errors)
        module = self.module("""
            import asyncio, sys
            from fapilog._internal.async_enricher import AsyncEnricher
            from fapilog.enrichers import register_enricher, register_enricher_advanced
            @register_enricher
            def leaves(logger, method_name, event_dict):
                if event_dict["n"] == 1: sys.exit("no more")
                return [] if event_dict["n"] == 2 else None
            @register_enricher_advanced("waits", async_capable=True)
            class Waits(AsyncEnricher):
                def __init__(self): super().__init__("waits")
                async def _startup(self): pass
                async def _shutdown(self): pass
                async def _health_check(self): return True
                async def enrich_async(self, logger, method_name, event_dict):
                    if event_dict["n"] == 1: raise asyncio.CancelledError
                    if event_dict["n"] == 2: self.is_healthy = False
                    return {**event_dict, "x": "y" * event_dict.get("size", 1)}
            """)
        self.assertEqual(self.ask(module, "leaves", {"n": 1}, {"n": 2}, {"n": 3}),
                         [bad("SystemExit: no more"),
                          bad("TypeError: gave a list instead of a dict"), {"no_match": True}])
        self.assertEqual(self.ask(module, "waits", {"n": 1}, {"n": 0}),
                         [bad("CancelledError: "), {"set": {"x": "y"}}])
        self.assertEqual(self.ask(module, "waits", {"n": 0, "size": 1024 * 1024}),
                         [bad("ValueError: what it changed is over 1 MiB")])
        with self.start(module, "--enricher", "waits") as process:
            said = []
            for n in (2, 3):
                process.stdin.write(json.dumps({"id": n, "event": {"n": n}}) + "\n")
                process.stdin.flush()
                said.append(json.loads(process.stdout.readline()))
            process.communicate(timeout=60)
        self.assertEqual(said[0]["set"], {"x": "y"})
        self.assertEqual(said[1], {"id": 3, "error": "waits says that it is not healthy"})

    def test_what_is_removed_is_told(self):
        module = self.module("""
            from fapilog.enrichers import register_enricher
            @register_enricher
            def hides(logger, method_name, event_dict):
                event_dict["user"].pop("password", None)
                return event_dict
            """)
        self.assertEqual(self.ask(module, "hides", {"user": {"password": 1}}, {"user": {}}),
                         [{"remove": ["user.password"]}, {"no_match": True}])

    def test_what_json_cannot_say(self):
        module = self.module("""
            import datetime
            from fapilog.enrichers import register_enricher
            @register_enricher
            def odd(logger, method_name, event_dict):
                event_dict["x"] = {"date": datetime.date(2026, 1, 2), "nan": float("nan")}.get(
                    event_dict["which"])
                return event_dict
            """)
        date, nan = self.ask(module, "odd", {"which": "date"}, {"which": "nan"})
        self.assertEqual(date, {"set": {"x": "2026-01-02"}})
        self.assertIn("ValueError", nan["error"])

    def test_any_text_comes_back(self):
        module = self.module("""
            from fapilog.enrichers import register_enricher
            @register_enricher
            def copies(logger, method_name, event_dict):
                return {**event_dict, "y": event_dict["x"]}
            """)
        texts = ["Zoë", "\ud800", "a\nb\u2028\x00", "\\"]
        self.assertEqual(self.ask(module, "copies", *({"x": text} for text in texts)),
                         [{"set": {"y": text}} for text in texts])

    def test_modules_that_are_called_as_ours_are_found(self):
        self.module("value = 'of the user'\n", "changes.py")
        self.module("value = 'too'\n", "server.py")
        module = self.module("""
            import changes, server
            from fapilog.enrichers import register_enricher
            @register_enricher
            def both(logger, method_name, event_dict):
                return {**event_dict, "both": [changes.value, server.value]}
            """)
        self.assertEqual(self.ask(module, "both", {}),
                         [{"set": {"both": ["of the user", "too"]}}])

    def test_a_file_of_a_package_is_a_part_of_it(self):
        self.module("", "shop/__init__.py")
        self.module("unit = 'kg'\n", "shop/units.py")
        module = self.module("""
            from fapilog.enrichers import register_enricher
            from .units import unit
            @register_enricher
            def weigh(logger, method_name, event_dict): return {**event_dict, "unit": unit}
            """, "shop/weights.py")
        for name in (module, "shop.weights"):
            self.assertEqual(self.ask(name, "weigh", {}), [{"set": {"unit": "kg"}}])

    def test_describes_what_is_registered(self):
        enrichers = self.described(SHOP)
        self.assertEqual(list(enrichers),
                         ["order_total", "discount", "customer", "audit", "last", "hide", "broken"])
        self.assertEqual(enrichers["discount"]["dependencies"], ["order_total", "customer"])
        self.assertEqual(enrichers["last"]["priority"], 100)
        self.assertEqual(enrichers["audit"]["conditions"],
                         {"min_level": "WARNING", "environment": ["development", "test"]})
        self.assertIn("condition_func", enrichers["audit"]["notes"][0])
        self.assertIn("registers order_total, discount,", self.errors)

    def test_says_what_could_not_be_carried_over(self):
        enrichers = self.described(self.module("""
            from fapilog.enrichers import register_enricher_advanced
            @register_enricher_advanced("needy", conditions={"moon": "full", "time_range": {}})
            class Needy:
                def __init__(self, host, port=1): pass
                def __call__(self, logger, method_name, event_dict): return event_dict
            """))
        moon, hours, needs = enrichers["needy"]["notes"]
        self.assertIn("condition moon is not known", moon)
        self.assertIn("time_range has no start_hour", hours)
        self.assertIn("""made with host: put "--arguments", '{"host": "..."}'""", needs)
        self.assertEqual(enrichers["needy"]["conditions"], {})

    def test_says_what_is_wrong(self):
        self.module("import nowhere_at_all\n", "needs.py")
        self.module("x = 1\n", "empty.py")
        self.module("raise RuntimeError('no licence')\n", "fails.py")
        self.module("from fapilog import get_logger\n", "logs.py")
        self.module("from os import nothing_there\n", "lacks.py")
        self.module("", "json.py")
        self.module("""
            from fapilog.enrichers import register_enricher, register_enricher_advanced
            @register_enricher_advanced("needy")
            class Needy:
                def __init__(self, host): pass
                def __call__(self, logger, method_name, event_dict): return event_dict
            @register_enricher_advanced("mute")
            class Mute: pass
            @register_enricher
            def two(logger, event_dict): return event_dict
            """, "several.py")
        for arguments, expected in (
                (["none", "--describe"], "there is no module none here or in PYTHONPATH"),
                (["none.py", "--describe"], "there is no file"),
                (["needs", "--describe"], "needs the module nowhere_at_all"),
                (["lacks", "--describe"], "lacks cannot be imported: cannot import name"),
                (["logs", "--describe"], "needs more of fapilog than its registry"),
                (["json.py", "--describe"], "another module is called json"),
                (["empty", "--describe"], "empty registers no enricher with fapilog"),
                (["fails", "--describe"], "fails cannot be served: RuntimeError: no licence"),
                (["several", "--enricher", "x"], "it registers needy, mute, two"),
                (["several", "--enricher", "needy"], "--arguments gives what it needs"),
                (["several", "--enricher", "needy", "--arguments", "[]"], "must be a JSON object"),
                (["several", "--enricher", "mute"], "neither __call__ nor enrich"),
                (["several", "--enricher", "two"], "takes (logger, event_dict); fapilog gives")):
            done = self.run_serve(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(expected, done.stderr)
            self.assertEqual(done.stdout, "")


class PlugIns(ServeCase):
    """What fapilog from PyPI calls enrichers, with it where it can be had."""

    @classmethod
    def setUpClass(cls):
        found, why_not = fapilog_from_pypi()
        cls.real = why_not is None
        cls.path = STANDIN if found is None else found
        print("plug-ins are tested with " +
              (f"fapilog {VERSION} from PyPI" if cls.real else f"the stand-in: {why_not}"),
              file=sys.stderr)

    def test_merge_what_they_return(self):
        module = self.module("""
            from fapilog.plugins import BaseEnricher
            class Region(BaseEnricher):
                '''Where it was.

                More of it.'''
                name = "region"
                def __init__(self, zone="eu"): self.zone = zone
                async def start(self): self.zone += "!"
                async def enrich(self, event):
                    event["lost"] = True  # fapilog gives each a copy
                    return {"context": {"zone": self.zone, "n": event["n"]}}
                async def stop(self): print("stopped")
            """)
        self.assertEqual(self.described(module)["region"]["description"], "Where it was.")
        event = {"n": 1, "context": {"a": 1, "n": 1}}
        self.assertEqual(self.ask(module, "region", event), [{"set": {"context": {"zone": "eu!"}}}])
        self.assertIn("stopped", self.errors)
        answers = self.ask(module, "region", event, arguments=["--arguments", '{"zone": "us"}'])
        self.assertEqual(answers, [{"set": {"context": {"zone": "us!"}}}])

    def test_are_found_however_they_are_registered(self):
        plugin = """
            class {0}:
                name = "{1}"
                async def enrich(self, event): return {{"{1}": True}}
            """
        self.module(plugin.format("Metadata", "metadata") + """
            PLUGIN_METADATA = {"name": "metadata", "plugin_type": "enricher", "version": "1.0.0",
                               "entry_point": "pack.metadata:Metadata", "description": "Said so."}
            """, "pack/metadata.py")
        self.module(plugin.format("Entry", "entry"), "pack/entry.py")
        self.module(plugin.format("Builtin", "builtin") + """
            from fapilog.plugins.loader import register_builtin
            register_builtin("fapilog.enrichers", "builtin", Builtin, aliases=["built-in"])
            """, "pack/__init__.py")
        self.module("Metadata-Version: 2.1\nName: pack\nVersion: 1.0\n",
                    "pack-1.0.dist-info/METADATA")
        self.module("""
            [fapilog.enrichers]
            entry = pack.entry:Entry
            by_module = pack.metadata
            other = packed.other:Other
            """, "pack-1.0.dist-info/entry_points.txt")
        self.assertEqual(list(self.described("pack")), ["builtin", "entry", "metadata"])
        self.assertEqual(self.described("pack.metadata")["metadata"]["description"], "Said so.")
        self.assertEqual(self.ask("pack", "entry", {}), [{"set": {"entry": True}}])

    def test_a_metadata_that_names_nothing_is_told(self):
        module = self.module("""
            PLUGIN_METADATA = {"name": "x", "plugin_type": "enricher", "entry_point": "mine:Nobody"}
            """)
        done = self.run_serve(module, "--describe")
        self.assertEqual(done.returncode, 2)
        self.assertIn("names Nobody as its entry point", done.stderr)

    def test_one_that_is_enabled_on_a_logger_is_served_as_it_was_made(self):
        if not self.real:
            self.skipTest("the stand-in has no logger")
        module = self.module("""
            from fapilog import get_logger
            class Region:
                name = "region"
                def __init__(self, zone): self.zone = zone
                async def enrich(self, event): return {"context": {"zone": self.zone}}
            logger = get_logger()
            logger.enable_enricher(Region("us"))
            logger.info("a line of its own")
            """)
        self.assertEqual(list(self.described(module)), ["region"])
        self.assertEqual(self.ask(module, "region", {}), [{"set": {"context": {"zone": "us"}}}])

    def test_those_of_fapilog_itself_can_be_built_upon(self):
        if not self.real:
            self.skipTest("the stand-in has no enrichers")
        module = self.module("""
            from fapilog.plugins.enrichers import RuntimeInfoEnricher
            class Mine(RuntimeInfoEnricher):
                name = "mine"
                async def enrich(self, event):
                    found = await super().enrich(event)
                    return {"diagnostics": {"host": found["diagnostics"]["host"]}}
            """)
        self.assertEqual(list(self.described(module)), ["mine"])
        self.assertIn("host", self.ask(module, "mine", {"message": "x"})[0]["set"]["diagnostics"])

    def test_give_what_fapilog_gives(self):
        if not self.real:
            self.skipTest("the stand-in runs nothing")
        module = self.module("""
            import asyncio, json, sys
            from fapilog.plugins.enrichers import BaseEnricher, enrich_parallel
            class First(BaseEnricher):
                name = "first"
                async def enrich(self, event):
                    return {"context": {"a": 1, "deep": {"x": [1]}}, "plain": event["n"]}
            class Second(BaseEnricher):
                name = "second"
                async def enrich(self, event):
                    if event["n"] == 2: raise ValueError("two")
                    return {"context": {"deep": {"y": 2}}, "plain": None, "saw": sorted(event)}
            class Whole(BaseEnricher):  # as enrichers were written for fapilog 0.3
                name = "whole"
                async def enrich(self, event):
                    event["whole"] = True
                    return event
            if __name__ == "__main__":
                enrichers = [First(), Second()]
                for line in sys.stdin:
                    print(json.dumps(asyncio.run(enrich_parallel(json.loads(line), enrichers))))
            """)
        events = [{"n": 1}, {"n": 2, "context": {"deep": {"x": 0, "z": 3}}}, {"n": 3, "context": 7}]
        done = subprocess.run(
            [sys.executable, module], input="\n".join(map(json.dumps, events)), cwd=self.folder,
            env={"PYTHONPATH": self.path}, capture_output=True, text=True, timeout=60)
        expected = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(expected), len(events), done.stderr)
        given = events
        for name in ("first", "second"):
            given = [changes.merged(event, answer.get("set", {}))
                     for event, answer in zip(given, self.ask(module, name, *events))]
        self.assertEqual(given, expected)
        self.assertEqual(self.ask(module, "whole", {"n": 1}), [{"set": {"whole": True}}],
                         "what is given back as it was undoes nothing that another one did")

    def test_a_registry_that_the_installed_one_lacks_is_told(self):
        if not self.real:
            self.skipTest("the stand-in has one")
        done = self.run_serve(self.module("from fapilog.enrichers import register_enricher\n"),
                              "--describe")
        self.assertEqual(done.returncode, 2)
        self.assertIn(f"put PYTHONPATH={STANDIN} before the command", done.stderr)


class StoodIn(ServeCase):
    path = ""

    def test_a_machine_without_fapilog_needs_no_setting(self):
        python = [sys.executable, "-c", "import fapilog"]
        if subprocess.run(python, capture_output=True).returncode == 0:
            self.skipTest("fapilog is installed for this Python")
        self.assertIn("audit", self.described(SHOP))
        self.assertIn("its registry is stood in for", self.errors)


class Changes(unittest.TestCase):
    def test_are_what_is_new_other_or_gone(self):
        for before, after, expected, gone in (
                ({}, {"a": 1}, {"a": 1}, []),
                ({"a": 1}, {"a": 1}, {}, []),
                ({"a": 1}, {"a": True}, {"a": True}, []),
                ({"a": 1}, {"a": 1.0}, {"a": 1.0}, []),
                ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2}]}, {}, []),
                ({"a": [1]}, {"a": [1, 2]}, {"a": [1, 2]}, []),
                ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, {"a": {"c": 3}}, []),
                ({"a": {"b": 1}}, {"a": 5}, {"a": 5}, []),
                ({"a": 5}, {"a": {"b": 1}}, {"a": {"b": 1}}, []),
                ({"a": None}, {"a": {}}, {"a": {}}, []),
                ({"a": 1, "b": 2}, {"b": 2}, {}, ["a"]),
                ({"a": {"b": 1, "c": 2}}, {"a": {}, "d": 3}, {"d": 3}, ["a.b", "a.c"]),
                ({"a.b": {"c\\d": 1}}, {"a.b": {}}, {}, [r"a\.b.c\\d"])):
            self.assertEqual(changes.changes(before, after), (expected, gone))


if __name__ == "__main__":
    unittest.main()
