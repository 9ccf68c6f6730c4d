"""fapilog from PyPI for tests: where this Python has it, else installed below build/ with pip."""

import os
import pathlib
import shutil
import subprocess
import sys

VERSION = "0.18.1"
ROOT = pathlib.Path(__file__).resolve().parents[3]
PLACE = ROOT / "build" / f"fapilog-{VERSION}-{sys.implementation.cache_tag}"


def has_it(path=None):
    environment = {**os.environ, "PYTHONPATH": str(path)} if path else os.environ
    return subprocess.run([sys.executable, "-c", "import fapilog.plugins.loader"],
                          capture_output=True, env=environment).returncode == 0


def fapilog_from_pypi():
    """(what belongs into PYTHONPATH for it, None), or (None, why there is none)."""
    if has_it():
        return "", None
    if PLACE.is_dir():
        return str(PLACE), None
    new = PLACE.with_name(f"{PLACE.name}.{os.getpid()}")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--retries", "1",
               "--timeout", "10", "--disable-pip-version-check", "--target", str(new),
               f"fapilog=={VERSION}"]
    try:
        done = subprocess.run(install, capture_output=True, text=True, timeout=90)
        if done.returncode != 0:
            return None, (done.stderr.strip() or "pip failed").splitlines()[-1]
        if not has_it(new):
            return None, "what pip installed cannot be imported"
        try:
            new.rename(PLACE)
        except OSError:  # another run was first
            if not PLACE.is_dir():
                raise
        return str(PLACE), None
    except subprocess.TimeoutExpired:
        return None, "pip took more than 90 s"
    finally:
        shutil.rmtree(new, ignore_errors=True)
