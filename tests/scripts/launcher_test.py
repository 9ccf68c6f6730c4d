"""./logbraid builds when it must, and otherwise only starts what is built."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Instead of building, makes a program that shows what it was given.
CMAKE = """#!/bin/sh
echo "cmake $*" >>"$CALLS"
[ -z "${FAIL-}" ] || { echo "it broke"; exit 1; }
case "$1" in
  --build)
    cat >"$2/logbraid" <<'PROGRAM'
#!/bin/sh
printf '%s|' "$LOGBRAID_HOME" "$@"
exit 7
PROGRAM
    chmod +x "$2/logbraid" ;;
esac
"""


class Launcher(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = pathlib.Path(folder.name).resolve()
        self.root = self.top / "a folder"
        for name in ("src/core", "include", "cli", "cmake", "scripts"):
            (self.root / name).mkdir(parents=True)
        for name in ("CMakeLists.txt", "CMakePresets.json", "src/core/event.cc"):
            (self.root / name).write_text("")
        shutil.copy(ROOT / "logbraid", self.root)
        self.write(self.root / "scripts/setup.sh", '#!/bin/sh\necho setup >>"$CALLS"\n')
        self.write(self.top / "bin/cmake", CMAKE)
        self.calls = self.top / "calls"
        self.age(self.root, 100)

    def write(self, path, text):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def age(self, folder, seconds):
        then = time.time() - seconds
        for path in [folder, *folder.rglob("*")]:
            os.utime(path, (then, then))

    def launch(self, *arguments, program=None, cwd="/", **environment):
        self.calls.write_text("")
        done = subprocess.run(
            [program or self.root / "logbraid", *arguments], cwd=cwd, capture_output=True, text=True,
            env=os.environ | {"PATH": f"{self.top / 'bin'}:{os.environ['PATH']}",
                              "CALLS": str(self.calls)} | environment)
        return done, self.calls.read_text().splitlines()

    def test_the_first_call_installs_builds_and_runs(self):
        done, calls = self.launch("run", "my file.yaml", "")
        self.assertEqual(done.stdout, f"{self.root}|run|my file.yaml||")
        self.assertEqual(done.returncode, 7)
        self.assertEqual(calls[0], "setup")
        self.assertEqual(calls[1], "cmake --preset release")
        self.assertIn("--target logbraid-agent", calls[2])
        self.assertIn("building", done.stderr)

    def test_what_is_built_is_only_started(self):
        self.launch()
        done, calls = self.launch("check", cwd=self.root)
        self.assertEqual(done.stdout, f"{self.root}|check|")
        self.assertEqual((done.stderr, calls), ("", []))

    def test_works_through_a_symbolic_link(self):
        link = self.top / "link"
        link.symlink_to("a folder/logbraid")
        done, _ = self.launch("x", program=link)
        self.assertEqual(done.stdout, f"{self.root}|x|")

    def test_builds_again_once_when_a_source_changed(self):
        for change in ("saved", "added", "removed"):
            with self.subTest(change):
                self.launch()
                self.age(self.root, 50)
                source = self.root / "src/core" / ("new.cc" if change == "added" else "event.cc")
                if change == "removed":
                    source.unlink()
                else:
                    source.write_text("")
                _, calls = self.launch()
                self.assertEqual(len(calls), 3, calls)
                _, calls = self.launch()
                self.assertEqual(calls, [])

    def test_a_moved_checkout_is_configured_afresh(self):
        self.launch()
        cache = self.root / "build/release/CMakeCache.txt"
        cache.write_text("CMAKE_HOME_DIRECTORY:INTERNAL=/somewhere/else\n")
        (self.root / "src/core/event.cc").write_text("")
        os.utime(self.root / "src/core/event.cc", (time.time() + 5, time.time() + 5))
        _, calls = self.launch()
        self.assertIn("cmake --preset release --fresh", calls)

    def test_a_failed_build_says_so_runs_nothing_and_is_tried_again(self):
        for _ in range(2):
            done, calls = self.launch(FAIL="1")
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("it broke", done.stderr)
            self.assertEqual(len(calls), 2, calls)

    def test_stops_when_packages_cannot_be_installed(self):
        self.write(self.root / "scripts/setup.sh", "#!/bin/sh\nexit 1\n")
        done, calls = self.launch()
        self.assertEqual((done.returncode, calls), (1, []))


if __name__ == "__main__":
    unittest.main()
