#!/usr/bin/env python3
"""Checks that the folders include each other in one direction only.

    scripts/check_layers.py [ROOT]

ALLOWED is the one table of what a folder may include, besides include/logbraid and itself; what
CMakeLists.txt links must agree with it. Public headers include each other and the standard library.
"""

import argparse
import pathlib
import re
import sys

from source_text import cpp_files, line_of, report, without_comments

BELOW_ENGINE = ["core", "support", "format", "plan", "resilience", "metrics", "async", "lookup"]
# Lowest layer first; a folder names only folders that stand above it in this table.
ALLOWED = {
    "core": [],
    "support": [],
    "format": ["core", "support"],
    "plan": ["core", "support"],
    "resilience": ["core", "support"],
    "metrics": ["core", "support"],
    "async": ["core", "support"],
    "lookup": ["core", "support", "resilience", "metrics", "async"],
    "engine": BELOW_ENGINE,
    "clients": ["core", "support", "format", "resilience", "metrics", "async", "lookup"],
    "enrichers": ["core", "support", "format", "lookup", "clients"],
    "sources": ["core", "support", "format", "async"],
    "sinks": ["core", "support", "format", "async"],
    "config": ["core", "plan", "metrics"],
    "logger": ["core", "plan", "metrics"],
    "admin": ["core", "plan", "metrics"],
    "cli": ["core", "engine", "config", "admin", "enrichers/builtin.h", "format/builtin.h",
            "sources/builtin.h",
            "sinks/builtin.h"],
}

STANDARD = set("""
algorithm any array atomic barrier bit bitset cassert cctype cerrno cfenv cfloat charconv chrono
cinttypes climits clocale cmath compare complex concepts condition_variable coroutine csetjmp
csignal cstdarg cstddef cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype deque exception
execution filesystem format forward_list fstream functional future initializer_list iomanip ios
iosfwd iostream istream iterator latch limits list locale map memory memory_resource mutex new
numbers numeric optional ostream queue random ranges ratio regex scoped_allocator semaphore set
shared_mutex source_location span sstream stack stdexcept stop_token streambuf string string_view
strstream syncstream system_error thread tuple type_traits typeindex typeinfo unordered_map
unordered_set utility valarray variant vector version
""".split())

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)', re.MULTILINE)


def includes(path):
    text = without_comments(path.read_text(errors="replace"))
    for match in INCLUDE.finditer(text):
        yield line_of(text, match.start()), match[1], match[2]


# Public headers that need more than the standard library: who includes them has chosen to.
BEYOND_STANDARD = {"include/logbraid/asio.h": "boost/",
                   "include/logbraid/asio_executor.h": "boost/"}


def check_public_header(path, where, quoted, angled):
    if quoted and not quoted.startswith("logbraid/"):
        return f"{where}: a public header includes {quoted}, which users do not have"
    if angled and angled.startswith(BEYOND_STANDARD.get(path, "logbraid/")):
        return None
    if angled and angled not in STANDARD and not angled.startswith("logbraid/"):
        return f"{where}: a public header includes <{angled}>, which is not the standard library's"
    return None


def check_source(where, folder, quoted, angled):
    name = quoted or (angled if angled.startswith("logbraid/") else None)
    if name is None:
        return None
    if "/" not in name or name.startswith("."):
        return f"{where}: write {name} with its folder, from the include root"
    target = name.split("/")[0]
    if target in ("logbraid", folder):
        return None
    if target not in ALLOWED:
        return f"{where}: {target} of {name} is no folder of the table in check_layers.py"
    if target in ALLOWED[folder] or name in ALLOWED[folder]:
        return None
    allowed = ", ".join(ALLOWED[folder]) or "nothing else"
    return f"{where}: {folder} must not include {name} (it may include: {allowed})"


def check_cmake(root):
    """What a folder links is what it may include."""
    path = root / "CMakeLists.txt"
    text = re.sub(r"#[^\n]*", "", path.read_text())
    for match in re.finditer(r"logbraid_folder\(\s*(\w+)([^)]*)\)", text):
        folder, rest = match[1], match[2].split()
        deps = rest[rest.index("DEPS") + 1:] if "DEPS" in rest else []
        deps = deps[: deps.index("LINKS")] if "LINKS" in deps else deps
        if folder not in ALLOWED or sorted(deps) != sorted(ALLOWED[folder]):
            yield (f"CMakeLists.txt: {folder} has DEPS {' '.join(deps)}; check_layers.py says "
                   f"{' '.join(ALLOWED.get(folder, ['nothing about it']))}")


def check(root):
    problems = list(check_cmake(root)) if (root / "CMakeLists.txt").exists() else []
    for path in cpp_files(root, "include/logbraid"):
        for line, quoted, angled in includes(path):
            name = path.relative_to(root).as_posix()
            problems.append(check_public_header(name, f"{name}:{line}", quoted, angled))
    for path in cpp_files(root, "src", "cli"):
        parts = path.relative_to(root).parts
        folder = parts[1] if parts[0] == "src" else "cli"
        if folder not in ALLOWED:
            problems.append(f"{path.relative_to(root)}: {folder} is not in the table")
            continue
        for line, quoted, angled in includes(path):
            problems.append(check_source(f"{path.relative_to(root)}:{line}", folder, quoted, angled))
    return [problem for problem in problems if problem]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", nargs="?", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parents[1])
    return report(check(parser.parse_args().root), "includes against the layers")


if __name__ == "__main__":
    sys.exit(main())
