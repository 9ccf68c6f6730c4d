"""What the documentation shows of configurations, commands and predicates works.

Each YAML block of a page becomes a file of the page's name in a folder with what it names (tables,
databases, secrets), at the line where it stands in the page: so the agent's own message names the
page and its line. Whole configurations that need no service get events, and their output is
compared.
"""

import contextlib
import json
import os
import pathlib
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
AGENT = os.environ["LOGBRAID_AGENT"]
sys.path.append(str(ROOT / "tests" / "support"))

import mmdb  # noqa: E402: found by the line above

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
NEED_A_SERVICE = {"dns", "http", "postgres", "redis"}
# Folders that are looked for below the test's own.
ABSOLUTE = re.compile(r"(?<![\w.])(?=/(?:run|var|home)/)")

ADDRESS = {"client_ip": "81.2.69.160"}
PLACE = {"country": {"iso_code": "GB"}, "city": {"names": {"en": "London"}},
         "location": {"latitude": 51.5}}
# An event for each page's configuration, and what it adds.
ADDS = {
    "classify": ({"status": 503, "user_agent": "curl/8"}, {"class": "failure", "score": 9}),
    "delay": ({"n": 1}, {"user": {"plan": "free"}}),
    "exec": ({"client_ip": "10.1.2.3"}, {"net": {"owner": "ops", "contact": "ops@example.com"}}),
    "geoip": (ADDRESS, {"geo": {"country": "GB", "city": "London", "latitude": 51.5}}),
    # printf '%s' '81.2.69.160|curl/8' | xxhsum -H3
    "hash": (ADDRESS | {"user_agent": "curl/8"}, {"visitor": "2f96c13c41b694b3"}),
    "host": ({"n": 1}, {"hostname": socket.gethostname()}),
    "sqlite": ({"user_id": 7}, {"user": {"plan": "gold", "company": "Example"}}),
    "static": ({"n": 1}, {"version": "1.0.0", "replicas": 3, "deployment": {"zone": "eu"}}),
    "table": ({"client_ip": "10.1.2.3"}, {"net": {"site": "berlin", "owner": "ops"}}),
    "url": ({"path": "/cart?uid=7&page=2&x=1"},
            {"url": {"path": "/cart", "query": {"uid": "7", "page": "2"}}}),
}
ACCESS_LOG = """\
10.1.2.3 - - [10/Oct/2000:13:55:36 -0700] "GET /cart?uid=7 HTTP/1.0" 404 23 "-" "curl/8"
10.1.2.3 - - [10/Oct/2000:13:55:36 -0700] "GET /cart HTTP/1.0" 200 23 "-" "curl/8"
"""


def pages():
    folders = (ROOT / name for name in ("docs", "examples", "contrib"))
    return sorted([*ROOT.glob("*.md"), *(page for each in folders for page in each.rglob("*.md"))])


def blocks(page, language):
    """(line of its first line, text) of each block of the page."""
    text = page.read_text()
    for match in BLOCK.finditer(text):
        if match[1] == language:
            yield text.count("\n", 0, match.start()) + 2, match[2]


def spans(page):
    """(line, text) of what stands in backquotes outside of blocks."""
    text = BLOCK.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), page.read_text())
    for match in SPAN.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, " ".join(match[1].split())


def whole(text):
    """Not only an enricher out of a list, or settings of one."""
    return not text.startswith(" ")


def placed(text, line):
    """A configuration in which the text stands at this line."""
    before = ""
    if not whole(text):
        before = "enrichers:\n"
        if not text.lstrip().startswith("- "):  # settings of every look-up
            before += ('  - name: user\n    type: redis\n    url: "redis://127.0.0.1"\n'
                       '    key: "{{user_id}}"\n    output: user\n')
    return before + "\n" * (line - 1 - before.count("\n")) + text


class DocsExamples(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        listed = cls.agent("list", "enrichers").stdout
        cls.kinds = set(re.findall(r"^  (\w+)  ", listed, re.MULTILINE))
        assert "static" in cls.kinds, listed

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = pathlib.Path(folder.name).resolve()

    @staticmethod
    def agent(*arguments, **options):
        return subprocess.run([AGENT, *map(str, arguments)], capture_output=True, text=True,
                              timeout=120, **options)

    def write(self, name, content):
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def stand_in(self, folder, programs):
        """Writes what configurations in this folder name."""
        for _, program in programs:
            self.write(folder / "owner.py", program)
            self.write("home/ann/visits.py", program)
        self.write(folder / "networks.csv", "network,site,owner\n10.0.0.0/8,berlin,ops\n")
        self.write(folder / "owners.csv", "network,owner\n10.0.0.0/8,ops\n")
        for name in ("GeoLite2-City.mmdb", "city.mmdb"):
            self.write(folder / name, mmdb.database("GeoLite2-City", "81.2.69.0/24", PLACE))
        with contextlib.closing(sqlite3.connect(self.top / folder / "users.db")) as users, users:
            users.execute("create table if not exists users (id integer primary key, plan, company)")
            users.execute("insert or replace into users values (7, 'gold', 'Example')")
        self.write("run/secrets/users", "token\n")
        self.write("var/log/nginx/access.log", ACCESS_LOG)

    def configuration(self, page, line, text):
        """(the file as the agent is told it, the environment for it)."""
        name = page.relative_to(ROOT)
        self.stand_in(name.parent, blocks(page, "python"))
        environment = os.environ | {each: "any" for each in re.findall(r"\$\{(\w+)\}", text)}
        text = ABSOLUTE.sub(str(self.top), text).replace("/usr/local/share/logbraid", str(ROOT))
        self.write(name, placed(text, line))
        return name, environment

    def built(self, text):
        return set(re.findall(r"type: (\w+)", text)) & self.all_kinds() <= self.kinds

    @staticmethod
    def all_kinds():
        return {page.stem for page in (ROOT / "docs" / "enrichers").glob("*.md")}

    def examples(self):
        for page in pages():
            for line, text in blocks(page, "yaml"):
                if self.built(text):  # a build may leave out clients
                    yield page, line, text

    def test_each_configuration_is_accepted(self):
        found = 0
        for page, line, text in self.examples():
            with self.subTest(f"{page.relative_to(ROOT)}:{line}"):
                name, environment = self.configuration(page, line, text)
                done = self.agent("check", name, cwd=self.top, env=environment)
                self.assertEqual(done.returncode, 0, done.stderr)
                if whole(text):  # one out of a list may depend on others
                    self.assertNotIn("warning", done.stderr)
            found += 1
        self.assertGreater(found, len(self.kinds))  # each has one on its page, and there are others

    def test_each_that_needs_no_service_does_what_it_is_shown_for(self):
        for page in sorted((ROOT / "docs" / "enrichers").glob("*.md")):
            if page.stem in NEED_A_SERVICE or page.stem not in self.kinds:
                continue
            with self.subTest(page.stem):
                line, text = next(blocks(page, "yaml"))
                self.assertIn(page.stem, ADDS, "an event is missing, and what the example adds")
                event, added = ADDS[page.stem]
                name, environment = self.configuration(page, line, text)
                done = self.agent("run", name, "--quiet", cwd=self.top, env=environment,
                                  input=json.dumps(event) + "\n")
                where = f"{name}:{line}: {done.stderr}"
                self.assertEqual(done.returncode, 0, where)
                self.assertEqual(json.loads(done.stdout), event | added, where)

    def test_the_first_configuration_reads_a_log_and_writes_a_file(self):
        page = ROOT / "docs" / "configuration.md"
        line, text = next(blocks(page, "yaml"))
        name, environment = self.configuration(page, line, text)
        done = self.agent("run", name, "--quiet", cwd=self.top, env=environment)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        written = (self.top / "docs" / "enriched.jsonl").read_text()
        events = [json.loads(each) for each in written.splitlines()]
        self.assertEqual([event["page"]["path"] for event in events], ["/cart", "/cart"])
        self.assertEqual([event.get("owner") for event in events], ["ops", None])

    def test_the_configuration_in_the_help_is_accepted(self):
        text = re.search(r"A pipeline is a YAML file:\n((?:  .*\n)+)", self.agent("--help").stdout)
        self.stand_in(pathlib.Path("docs"), [])
        self.write("docs/help.yaml", ABSOLUTE.sub(str(self.top), re.sub("(?m)^  ", "", text[1])))
        done = self.agent("check", "docs/help.yaml", cwd=self.top)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_each_predicate_is_accepted(self):
        found = 0
        for line, text in spans(ROOT / "docs" / "configuration.md"):
            if not text.startswith("{field:"):
                continue
            found += 1
            self.write("docs/when.yaml", "enrichers:\n  - name: tried\n    type: static\n"
                                         f"    fields: {{a: 1}}\n    when: {text}\n")
            done = self.agent("check", "docs/when.yaml", cwd=self.top)
            self.assertEqual(done.returncode, 0, f"docs/configuration.md:{line}: {done.stderr}")
        self.assertGreaterEqual(found, 7)

    def test_each_setting_of_the_command_line_is_accepted_by_the_example_of_its_page(self):
        found = 0
        for page in pages():
            for line, text in spans(page):
                if not text.startswith("--set ") or not (page_blocks := list(blocks(page, "yaml"))):
                    continue
                found += 1
                name, environment = self.configuration(page, *page_blocks[0])
                done = self.agent("check", name, *text.split(), cwd=self.top, env=environment)
                self.assertEqual(done.returncode, 0, f"{name}:{line}: {text}: {done.stderr}")
        self.assertGreaterEqual(found, 4)

    def test_each_command_that_lists_something_finds_it(self):
        found = 0
        for page in pages():
            for line, text in spans(page):
                if not re.fullmatch(r"logbraid list [a-z_ ]+", text):
                    continue
                found += 1
                done = self.agent(*text.split()[1:])
                self.assertEqual(done.returncode, 0,
                                 f"{page.relative_to(ROOT)}:{line}: {done.stderr}")
        self.assertGreaterEqual(found, 5)

    def test_the_commands_shown_have_these_options(self):
        found = 0
        for page in pages():
            for line, text in blocks(page, "sh"):
                for command in re.findall(r"^(?:\./)?logbraid (.+)$", text, re.MULTILINE):
                    found += 1
                    words = command.split("#")[0].split()
                    names = [word for word in words if re.fullmatch(r"[a-z]+", word)]
                    # `import` has a command of its own.
                    asked = names[:2] if names[0] == "import" else names[:1]
                    done = self.agent(*asked, "--help")
                    where = f"{page.relative_to(ROOT)}:{line}: {command}"
                    self.assertEqual(done.returncode, 0, where)
                    for option in filter(lambda word: word.startswith("--"), words):
                        self.assertRegex(done.stdout, rf"{option}\b", where)
        self.assertGreaterEqual(found, 4)


if __name__ == "__main__":
    unittest.main()
