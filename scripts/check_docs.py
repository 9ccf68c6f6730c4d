#!/usr/bin/env python3
"""Checks that the documentation names things that exist.

    scripts/check_docs.py [ROOT]

 1. Links in *.md to files and headings of the repository lead somewhere.
 2. Paths in backquotes in README.md, CONTRIBUTING.md and docs/life_of_an_event.md exist
    (`src/engine/shard.cc`, `engine/shard`, `tests/unit/`; with * or <name> in them they are not
    looked for).
 3. README.md has a row for each folder of src/.
 4. Each C++ sample of docs/embedding.md stands in a test that compiles and runs it.
 5. Each test that docs/faults.md names (`Suite.name`) exists, and each row of its tables names one.
 6. Once docs/enrichers/ exists: each enricher has its page there, and each page its enricher.
 7. docs/metrics.md has a row for each metric of src/metrics/names.h, with its kind, unit and label,
    and no other.
"""

import argparse
import pathlib
import re
import sys

from source_text import line_of, report

NAMING_PATHS = ("README.md", "CONTRIBUTING.md", "docs/life_of_an_event.md")
TESTS_OF_SAMPLES = ("tests/unit/engine/embedding_test.cc",
                    "tests/unit/enrichers/engine_lookups_test.cc")
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
FENCE = re.compile(r"^(```+|~~~+).*?^\1\s*$", re.MULTILINE | re.DOTALL)
SAMPLE = re.compile(r"^```cpp\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
TEST_NAME = re.compile(r"`([A-Za-z]\w*\.[a-z_]\w*)`")
TEST = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", re.MULTILINE)
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$", re.MULTILINE)


METRIC = re.compile(r'^\s*\{"([\w.]+)", (\w+), "([^"]*)", "([^"]*)",', re.MULTILINE)
METRIC_ROW = re.compile(r"^\| `([\w.]+)` \| (\w+) \| ([^|]*) \|", re.MULTILINE)


def blank(match):
    return re.sub(r"[^\n]", " ", match[0])


def prose(text):
    return FENCE.sub(blank, text)


def anchors(path):
    """As GitHub and GitLab make them of headings."""
    found = set()
    for heading in HEADING.findall(prose(path.read_text())):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        slug = re.sub(r"[^\w\- ]", "", heading).strip().replace(" ", "-")
        number, name = 0, slug
        while name in found:
            number += 1
            name = f"{slug}-{number}"
        found.add(name)
    return found


def check_links(root, path, text):
    text = CODE.sub(blank, prose(text))
    for match in LINK.finditer(text):
        target = match[1]
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue  # another site; a check must not depend on the network
        where = f"{path.relative_to(root)}:{line_of(text, match.start())}"
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.is_relative_to(root.resolve()):
            yield f"{where}: link {target} leaves the repository"
        elif not file.exists():
            yield f"{where}: link {target}: there is no such file"
        elif anchor and file.suffix == ".md" and anchor not in anchors(file):
            yield f"{where}: link {target}: {file.name} has no such heading"


def path_exists(root, name):
    for base in (root, root / "src", root / "include"):
        place = base / name
        if place.exists() or any(place.with_name(place.name + s).exists() for s in (".h", ".cc")):
            return True
    return False


def check_paths(root, path, text):
    folders = {p.name for base in (root, root / "src") if base.is_dir()
               for p in base.iterdir() if p.is_dir()}
    text = prose(text)
    for match in CODE.finditer(text):
        name = match[1].removeprefix("./")
        if not re.fullmatch(r"[\w.-]+(?:/[\w.-]*)+", name):
            continue  # no path, or a pattern of paths
        if name.split("/")[0] == "build":
            continue  # what building makes
        known = name.split("/")[0] in folders | {"src", "include", "cli", "docs", "logbraid"}
        if (known or re.search(r"\.(?:h|cc|py|sh|md|yaml|csv|cmake)$", name)) and \
                not path_exists(root, name):
            yield (f"{path.relative_to(root)}:{line_of(text, match.start())}: "
                   f"{name} does not exist")


def check_folder_table(root):
    named = set(CODE.findall((root / "README.md").read_text()))
    for folder in sorted(p for p in (root / "src").iterdir() if p.is_dir()):
        if not any(folder.relative_to(root).as_posix() == n.rstrip("/") or
                   folder.name == n.rstrip("/") for n in named):
            yield f"README.md: the folder table lacks `src/{folder.name}/`"


def check_samples(root):
    page = root / "docs/embedding.md"
    if not page.exists():
        return
    tests = [root / name for name in TESTS_OF_SAMPLES]
    compiled = "".join(test.read_text() for test in tests if test.exists())
    text = page.read_text()
    for match in SAMPLE.finditer(text):
        if match[1] not in compiled:
            yield (f"{page.relative_to(root)}:{line_of(text, match.start())}: "
                   f"the sample does not stand in {' or '.join(TESTS_OF_SAMPLES)}")


def check_faults(root):
    page = root / "docs/faults.md"
    if not page.exists():
        return
    tests = {f"{suite}.{name}" for path in (root / "tests").rglob("*_test.cc")
             for suite, name in TEST.findall(path.read_text())}
    for number, line in enumerate(page.read_text().splitlines(), 1):
        where = f"{page.relative_to(root)}:{number}"
        named = [name for name in TEST_NAME.findall(line)
                 if not re.search(r"\.(?:h|cc|py|md)$", name)]
        if re.match(r"\| (?!fault \|)", line) and not named:
            yield f"{where}: no test stands for this fault"
        for name in named:
            if name not in tests:
                yield f"{where}: there is no test {name}"


def check_enricher_pages(root):
    pages = root / "docs" / "enrichers"
    if not pages.is_dir():
        return
    written = {p.stem for p in pages.glob("*.md")} - {"README"}
    # A file with a header is a part of enrichers (builtin.cc, a table they share), not one.
    built = {p.stem for p in (root / "src/enrichers").glob("*.cc")
             if not p.with_suffix(".h").exists()}
    for name in sorted(built - written):
        yield f"src/enrichers/{name}.cc has no page docs/enrichers/{name}.md"
    for name in sorted(written - built):
        yield f"docs/enrichers/{name}.md describes no file of src/enrichers"


def check_metrics(root):
    names, page = root / "src/metrics/names.h", root / "docs/metrics.md"
    if not names.exists():
        return
    listed = {}
    for name, kind, unit, label in METRIC.findall(names.read_text()):
        listed[name] = (kind, f"{unit} by {label}" if label else unit)
    rows = {name: (kind, unit.strip())
            for name, kind, unit in METRIC_ROW.findall(page.read_text() if page.exists() else "")}
    for name in sorted(listed.keys() - rows.keys()):
        yield f"docs/metrics.md: {name} of src/metrics/names.h has no row"
    for name in sorted(rows.keys() - listed.keys()):
        yield f"docs/metrics.md: {name} does not stand in src/metrics/names.h"
    for name in sorted(listed.keys() & rows.keys()):
        if listed[name] != rows[name]:
            yield (f"docs/metrics.md: {name} is \"{' | '.join(rows[name])}\", "
                   f"in src/metrics/names.h \"{' | '.join(listed[name])}\"")


def check(root):
    problems = []
    for path in sorted(root.rglob("*.md")):
        parts = path.relative_to(root).parts
        if parts[0] in ("build", ".git"):
            continue
        text = path.read_text()
        problems += check_links(root, path, text)
        if "/".join(parts) in NAMING_PATHS:
            problems += check_paths(root, path, text)
    if (root / "README.md").exists() and (root / "src").is_dir():
        problems += check_folder_table(root)
    problems += check_samples(root)
    problems += check_faults(root)
    problems += check_enricher_pages(root)
    problems += check_metrics(root)
    return problems


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", nargs="?", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parents[1])
    return report(check(parser.parse_args().root), "problems in the documentation")


if __name__ == "__main__":
    sys.exit(main())
