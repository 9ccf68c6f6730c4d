"""setup.sh installs what is missing, and only that, as far as it may."""

import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SETUP = ROOT / "scripts" / "setup.sh"

TOOLS = {
    "dpkg-query": 'shift 2; for p in "$@"; do case " $MISSING " in *" $p "*) bad=1 ;; '
                  '*) echo "installed $p" ;; esac; done; [ -z "$bad" ]',
    "id": 'echo "$USER_ID"',
    "apt-get": 'echo "apt-get $*" >>"$CALLS"; echo noise; '
               'case "$*" in *"$FAILING"*) [ -z "$FAILING" ] || exit 100 ;; esac',
    "sudo": 'echo sudo >>"$CALLS"; exec "$@"',
}


class Setup(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.top = pathlib.Path(folder.name)
        for tool in ("sed", "env", "sh"):
            (self.top / tool).symlink_to(f"/bin/{tool}")
        for tool, text in TOOLS.items():
            (self.top / tool).write_text(f"#!/bin/sh\n{text}\n")
            (self.top / tool).chmod(0o755)

    def run_setup(self, *arguments, missing="", user=0, failing=""):
        calls = self.top / "calls"
        calls.write_text("")
        done = subprocess.run(
            ["/bin/sh", SETUP, *arguments], capture_output=True, text=True,
            env={"PATH": str(self.top), "MISSING": missing, "USER_ID": str(user), "FAILING": failing,
                 "CALLS": str(calls)})
        self.assertEqual(done.stdout, "" if "--help" not in arguments else done.stdout)
        return done, calls.read_text().splitlines()

    def test_says_and_does_nothing_when_nothing_is_missing(self):
        done, calls = self.run_setup("--ci")
        self.assertEqual((done.returncode, done.stderr, calls), (0, "", []))

    def test_installs_exactly_what_is_missing(self):
        done, calls = self.run_setup(missing="libfmt-dev cmake libgtest-dev")
        self.assertEqual(done.returncode, 0)
        self.assertIn("installing Debian packages: cmake libfmt-dev\n", done.stderr)
        self.assertNotIn("noise", done.stderr)
        self.assertEqual(len(calls), 2)
        self.assertTrue(calls[0].endswith(" update"), calls)
        self.assertTrue(calls[1].endswith(" install -y --no-install-recommends cmake libfmt-dev"))

    def test_the_groups_add_packages(self):
        for argument, package in [("--tests", "libgtest-dev"), ("--ci", "libgtest-dev"),
                                  ("--ci", "clang-16")]:
            with self.subTest(argument=argument, package=package):
                _, calls = self.run_setup(argument, missing=package)
                self.assertTrue(calls[-1].endswith(f" {package}"), calls)

    def test_uses_sudo_when_it_is_not_root(self):
        done, calls = self.run_setup(missing="cmake", user=1000)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(calls[0], "sudo")
        self.assertEqual(calls[2], "sudo")

    def test_says_what_to_type_with_neither_root_nor_sudo(self):
        (self.top / "sudo").unlink()
        done, calls = self.run_setup(missing="cmake", user=1000)
        self.assertEqual((done.returncode, calls), (1, []))
        self.assertIn("apt-get update && apt-get install cmake", done.stderr)

    def test_a_failed_update_need_not_matter(self):
        done, calls = self.run_setup(missing="cmake", failing="update")
        self.assertEqual((done.returncode, len(calls)), (0, 2))
        self.assertIn("trying with the package lists that are here", done.stderr)

    def test_a_failed_install_shows_what_apt_said(self):
        done, _ = self.run_setup(missing="cmake", failing="install")
        self.assertEqual(done.returncode, 1)
        self.assertIn("noise", done.stderr)

    def test_elsewhere_than_on_debian_names_the_packages_and_goes_on(self):
        (self.top / "apt-get").unlink()
        done, _ = self.run_setup(missing="cmake")
        self.assertEqual(done.returncode, 0)
        self.assertIn("libboost1.81-dev", done.stderr)

    def test_refuses_other_arguments(self):
        done, calls = self.run_setup("--test")
        self.assertEqual((done.returncode, calls), (2, []))


if __name__ == "__main__":
    unittest.main()
