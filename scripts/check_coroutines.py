#!/usr/bin/env python3
"""Finds coroutine code that g++ 12 miscompiles, or that is wrong with any compiler.

    scripts/check_coroutines.py [ROOT]

 1. `cond ? co_await f() : x`: temporaries of the arms are destroyed twice or not at all.
 2. `co_await f(Options{...})`, `co_await f({.a = 1})`: an aggregate temporary passed to a coroutine
    is destroyed twice. Pass a named local, moved, or give the type a constructor and call it with ().
 3. `T{co_await f()}`, `T x{co_await f()}`: an aggregate initialised from co_await, the same.
 4. `[x]() -> Task { co_await ...; }`: the captures die with the lambda, before the coroutine
    resumes. Pass them as parameters.

It reads the text, not the types, so it also refuses braces that would do no harm; parentheses or a
local say the same.
"""

import argparse
import pathlib
import re
import sys

from source_text import code_only, cpp_files, line_of, report

OPEN, CLOSE = "([{", ")]}"
AWAIT = re.compile(r"\bco_await\b")
COROUTINE = re.compile(r"\bco_(?:await|return|yield)\b")
# What stands before the brace of a block, not of an initialiser.
BLOCK = re.compile(
    r"(?:[){};:]|\b(?:else|do|try|mutable|noexcept|const|constexpr|override|final)"
    r"|->\s*[\w:<>,\s*&]+)\s*$")
LAMBDA_TAIL = re.compile(r"(?:\s|mutable|constexpr|noexcept|->\s*[\w:<>,\s*&]+)*\{")


def match_forward(code, start):
    """The place of the bracket that closes the one at `start`, or the end."""
    depth = 0
    for i in range(start, len(code)):
        if code[i] in OPEN:
            depth += 1
        elif code[i] in CLOSE:
            depth -= 1
            if depth == 0:
                return i
    return len(code)


def enclosing_open(code, position):
    """The innermost bracket that is open at `position`, or -1."""
    depth = 0
    for i in range(position - 1, -1, -1):
        if code[i] in CLOSE:
            depth += 1
        elif code[i] in OPEN:
            if depth == 0:
                return i
            depth -= 1
    return -1


def is_block(code, brace):
    before = code[:brace].rstrip()
    return not before or BLOCK.search(code[max(0, brace - 200):brace]) is not None


def lambdas(code):
    """(introducer, captures, start of body, end of body) of each lambda expression."""
    for match in re.finditer(r"\[", code):
        at = match.start()
        before = code[:at].rstrip()
        if code[at + 1:at + 2] == "[" or before.endswith("["):
            continue  # an attribute
        if re.search(r"[\w)\]]$", before) and not re.search(
                r"\b(?:return|co_return|co_await|co_yield|case|else)$", before):
            continue  # a subscript
        end = match_forward(code, at)
        position = end + 1
        rest = re.match(r"\s*<", code[position:])
        if rest:  # template parameters
            position += code[position:].index(">") + 1
        rest = re.match(r"\s*\(", code[position:])
        if rest:
            position = match_forward(code, position + rest.end() - 1) + 1
        tail = LAMBDA_TAIL.match(code, position)
        if tail:
            body = tail.end() - 1
            yield at, code[at + 1:end].strip(), body, match_forward(code, body)


def conditional_around_await(code):
    for match in re.finditer(r"\?", code):
        at = match.start()
        low, high = at, at
        depth = 0
        while low > 0:  # back to the start of the expression that holds the `?`
            c = code[low - 1]
            if c in CLOSE:
                if c == "}" and depth == 0 and is_block(code, enclosing_open(code, low - 1)):
                    break
                depth += 1
            elif c in OPEN:
                if depth == 0:
                    break
                depth -= 1
            elif depth == 0 and c in ";,":
                break
            low -= 1
        depth = 0
        while high < len(code):
            c = code[high]
            if c in OPEN:
                depth += 1
            elif c in CLOSE:
                if depth == 0:
                    break
                depth -= 1
            elif depth == 0 and c in ";,":
                break
            high += 1
        if AWAIT.search(code, low, high):
            yield at, "?: around co_await; write if and else"


def braces_in_awaited_call(code):
    bodies = {body for _, _, body, _ in lambdas(code)}
    for match in AWAIT.finditer(code):
        depth, i = 0, match.end()
        while i < len(code):
            c = code[i]
            if c == "{" and i in bodies:
                i = match_forward(code, i)
            elif c == "{" and depth > 0:
                yield i, "a braced temporary in an awaited call; pass a named local, moved"
                i = match_forward(code, i)
            elif c in OPEN:
                depth += 1
            elif c in CLOSE:
                depth -= 1
                if depth < 0:
                    break
            elif c == ";" and depth == 0:
                break
            i += 1


def braces_around_await(code):
    bodies = {body for _, _, body, _ in lambdas(code)}
    for match in AWAIT.finditer(code):
        at = enclosing_open(code, match.start())
        while at >= 0 and code[at] != "{":
            at = enclosing_open(code, at)  # T{f(co_await g())} is no better
        if at < 0 or at in bodies or is_block(code, at):
            continue
        if ";" not in code[at:match.start()]:
            yield match.start(), "co_await inside an initialiser's braces; await into a local first"


def capturing_coroutines(code):
    found = list(lambdas(code))
    for at, captures, body, end in found:
        own = list(code[body:end])
        for _, _, inner, inner_end in found:
            if body < inner < end:
                own[inner - body:inner_end - body] = " " * (inner_end - inner)
        if captures and COROUTINE.search("".join(own)):
            yield at, f"a coroutine lambda captures [{captures}]; pass it as a parameter"


CHECKS = (conditional_around_await, braces_in_awaited_call, braces_around_await,
          capturing_coroutines)


def check_text(text):
    """(line, what is wrong) of each finding."""
    if not COROUTINE.search(text):
        return []
    code = code_only(text)
    return sorted({(line_of(code, at), what) for find in CHECKS for at, what in find(code)})


def check(root):
    folders = ("include", "src", "cli", "adapters", "tests", "benchmarks", "examples")
    return [f"{path.relative_to(root)}:{line}: {what}"
            for path in cpp_files(root, *folders)
            for line, what in check_text(path.read_text(errors="replace"))]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", nargs="?", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parents[1])
    return report(check(parser.parse_args().root), "coroutine traps")


if __name__ == "__main__":
    sys.exit(main())
