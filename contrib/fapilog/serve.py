#!/usr/bin/env python3
"""Serves enrichers that were written for fapilog to logbraid, unchanged.

    serve.py MODULE --enricher NAME      answers events on standard input (docs/enrichers/exec.md)
    serve.py MODULE --describe           says as JSON what the module has registered
    serve.py MODULE --configuration      writes a configuration of logbraid that runs all of them

MODULE is a dotted name, found here or in PYTHONPATH, or a file. What the module prints goes to
standard error. Ends with 0, or with 2 and a sentence on standard error.
"""

import argparse
import asyncio
import json
import os
import sys
import traceback

from logbraid_fapilog import Problem, configuration
from logbraid_fapilog.module import is_stood_in, load
from logbraid_fapilog.registered import enrichers_of
from logbraid_fapilog.server import serve


def arguments_of(text):
    try:
        arguments = json.loads(text)
    except ValueError as wrong:
        raise argparse.ArgumentTypeError(f"is no JSON: {wrong}") from wrong
    if not isinstance(arguments, dict):
        raise argparse.ArgumentTypeError('must be a JSON object: {"host": "db1"}')
    return arguments


def parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("module", metavar="MODULE")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--enricher", metavar="NAME", help="the one to serve")
    what.add_argument("--describe", action="store_true")
    what.add_argument("--configuration", action="store_true")
    parser.add_argument("--arguments", metavar="JSON", type=arguments_of, default={},
                        help='what its class is made with: {"host": "db1"}')
    return parser.parse_args(arguments)


def standard_streams():
    """The input and output of the protocol. Whatever else is printed, from C too, goes to standard
    error, and whatever else reads finds nothing."""
    source, output = os.fdopen(os.dup(0), "rb", buffering=0), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return source, output


def find(module):
    """What it registers; said in few words on standard error."""
    enrichers = enrichers_of(load(module))
    print(f"{module} registers " + ", ".join(enrichers), file=sys.stderr)
    if is_stood_in():
        print(f"fapilog is not installed for {sys.executable}; its registry is stood in for",
              file=sys.stderr)
    return enrichers


def one_of(module, name):
    enrichers = enrichers_of(load(module))
    if name not in enrichers:
        raise Problem(f"{module} registers no enricher {name}; it registers " +
                      ", ".join(enrichers))
    return enrichers[name]


def main():
    options = parse(sys.argv[1:])
    del sys.path[0]  # this folder: what the module imports is not here
    source, output = standard_streams()
    try:
        if options.describe:
            text = json.dumps(configuration.description(find(options.module)), indent=2) + "\n"
            output.write(text.encode())
        elif options.configuration:
            output.write(configuration.written(options.module, find(options.module)).encode())
        else:
            enricher = one_of(options.module, options.enricher)
            enricher.make(options.arguments)
            asyncio.run(serve(enricher, source, output))
        output.flush()
    except Problem as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2
    except Exception as failed:  # noqa: BLE001: of the module, or of a start
        traceback.print_exc()
        print(f"error: {options.module} cannot be served: {type(failed).__name__}: {failed}",
              file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
