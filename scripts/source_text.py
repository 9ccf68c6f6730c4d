"""What the checks of C++ sources share: which files there are, and their text without comments."""

import re

# A comment, or a literal. A quote between digits (1'000) begins no literal.
PIECES = re.compile(
    r"""(?P<comment>//(?:\\\n|[^\n])*|/\*.*?\*/)
      | (?P<raw>R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)")
      | (?P<string>"(?:\\.|[^"\\\n])*")
      | (?P<char>(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+')""",
    re.DOTALL | re.VERBOSE)


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def without_comments(text):
    return PIECES.sub(lambda m: blank(m[0]) if m["comment"] is not None else m[0], text)


def code_only(text):
    """Comments and the insides of literals are blanks, so that every place stays where it was."""
    def replace(match):
        piece = match[0]
        if match["comment"] is not None:
            return blank(piece)
        first = piece.index('"') if match["raw"] or match["string"] else 0
        return blank(piece[:first]) + piece[first] + blank(piece[first + 1:-1]) + piece[-1]
    return PIECES.sub(replace, text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def cpp_files(root, *folders):
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in (".h", ".cc") and path.is_file():
                yield path


def report(problems, what):
    """Prints problems, one a line. The exit code of a check."""
    for problem in problems:
        print(problem)
    if problems:
        print(f"{what}: {len(problems)} found")
    return 1 if problems else 0
