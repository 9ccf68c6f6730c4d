"""What a module has registered, for programs and as a configuration of logbraid."""

import json
import os
import pathlib
import sys

SERVER = pathlib.Path(__file__).resolve().parent.parent / "serve.py"
TIMEOUT = "30s"  # fapilog waits 5 s for async enrichers; a Python that starts may take longer
CONDITIONS = ("environment", "min_level", "feature_flags", "time_range", "request")


def carried_over(enricher):
    """The conditions that logbraid knows, and what is left to say of the enricher."""
    kept, notes = {}, []
    for name, value in enricher.conditions.items():
        if name == "condition_func":
            notes.append("its condition_func is asked by serve.py, for each event")
        elif name not in CONDITIONS:
            notes.append(f"its condition {name} is not known and was left out")
        elif name == "time_range" and not {"start_hour", "end_hour"} <= set(value):
            notes.append("its time_range has no start_hour or no end_hour, so without effect, and "
                         "was left out")
        else:
            kept[name] = value
    needs = enricher.needs()
    if needs:
        given = json.dumps(dict.fromkeys(needs, "..."))
        notes.append(f"it is made with {', '.join(needs)}: put \"--arguments\", '{given}' at the "
                     "end of its command")
    return kept, notes


def description(enrichers):
    described = []
    for enricher in enrichers.values():
        conditions, notes = carried_over(enricher)
        described.append({
            "name": enricher.name,
            "description": enricher.description,
            "priority": enricher.priority,
            "dependencies": enricher.dependencies,
            "conditions": conditions,
            "notes": notes,
        })
    return {"python": sys.executable, "enrichers": described}


def flow(value):
    """YAML on one line: JSON is YAML."""
    # A reference in a text would be read as one.
    return json.dumps(value, ensure_ascii=False, default=str).replace("${", "$${")


def variables():
    """Those that decide where Python finds modules, and the one that conditions ask for."""
    names = ("PYTHONPATH", "VIRTUAL_ENV", "ENVIRONMENT")
    return {name: os.environ[name] for name in names if name in os.environ}


def one_of(enricher, module, others):
    """The lines of one enricher."""
    conditions, notes = carried_over(enricher)
    lines = [f"  # {enricher.name}: {note}" for note in notes]
    lines.append(f"  - name: {flow(enricher.name)}")
    if enricher.description:
        lines.append(f"    description: {flow(enricher.description)}")
    command = [sys.executable, str(SERVER), module, "--enricher", enricher.name]
    lines += [
        "    type: exec",
        f"    command: {flow(command)}",
        f"    working_directory: {flow(os.getcwd())}",
        f"    environment: {flow(variables())}  # besides PATH it has no other",
        "    whole_event: true",
        "    top_level: true",
        f"    timeout: {TIMEOUT}  # of a call; of the first ones with the start of Python",
        f"    priority: {enricher.priority}",
    ]
    missing = [name for name in enricher.dependencies if name not in others]
    if missing:
        lines.append("    # Not registered, so without effect: " + ", ".join(missing))
    if enricher.dependencies:
        lines.append(f"    dependencies: {flow(enricher.dependencies)}")
    if conditions:
        lines.append(f"    conditions: {flow(conditions)}")
    return lines


COMPATIBLE = """execution:
  # As fapilog does: one after the other, and each sees what all before it did. Without this line
  # those that do not depend on each other run at once, and each sees only what its dependencies
  # did. Where a sample comes out otherwise then, a dependency is not declared.
  compat: fapilog"""


def written(module, enrichers):
    """Every enricher with its own child process, in fapilog's order."""
    module = str(pathlib.Path(module).resolve()) if module.endswith(".py") else module
    lines = [
        f"# Enrichers of {flow(module)}, written by `logbraid import fapilog`. Try it:",
        "#   logbraid plan THIS_FILE",
        "#   logbraid run THIS_FILE < events.jsonl",
        "source: {type: stdin, format: json}",
    ]
    # Plug-ins never saw each other's fields: fapilog calls them all at once.
    if not all(enricher.is_plugin for enricher in enrichers.values()):
        lines.append(COMPATIBLE)
    lines.append("enrichers:")
    for enricher in enrichers.values():
        lines += one_of(enricher, module, enrichers)
    lines += ["sink: {type: stdout}", ""]
    return "\n".join(lines)
