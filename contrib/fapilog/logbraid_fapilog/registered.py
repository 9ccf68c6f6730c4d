"""What a module has registered with fapilog.

fapilog has had two ways to register enrichers, and both are found:

 - a registry with metadata (register_enricher_advanced, register_enricher): classes and functions
   that take (logger, method_name, event_dict) and give the new event_dict
 - plug-ins (fapilog from PyPI): classes with `async enrich(self, event)` that give what is merged
   into the event; named by register_builtin(), by an entry point of the installed package, by the
   module's PLUGIN_METADATA, or enabled on a logger. A module that does none of this, and has such
   classes, means all of them.
"""

import importlib.metadata
import inspect
import sys
import types

from . import Problem
from .enricher import Enricher


def enrichers_of(module):
    """All of them by name, in the order in which they were registered."""
    found = {}
    for enricher in (*from_registry(), *from_functions(), *from_plugins(module)):
        found.setdefault(enricher.name, enricher)
    if not found:
        raise Problem(f"{module.__name__} registers no enricher with fapilog when it is imported; "
                      "it should call register_enricher_advanced, register_enricher or "
                      "register_builtin outside of any function, or have a class with a name and "
                      "`async def enrich(self, event)`")
    return found


def from_registry():
    registry = getattr(sys.modules.get("fapilog._internal.enricher_registry"), "EnricherRegistry",
                       None)
    if registry is None:
        return
    for name, metadata in registry.list_enrichers().items():
        yield Enricher(name, metadata.enricher_class, metadata.description, metadata.priority,
                       metadata.dependencies, metadata.conditions)


def from_functions():
    """Of a register_enricher() that keeps a list of functions, and no registry."""
    for function in getattr(sys.modules.get("fapilog.enrichers"), "_registered_enrichers", ()):
        yield Enricher(getattr(function, "__name__", str(function)), function)


def from_plugins(module):
    found = {}
    for source in (builtins(), entry_points(module), metadata_of(module), enabled(module)):
        for name, code in source:
            if code not in found.values():
                found.setdefault(name, code)
    for name, code in (found or dict(by_shape(module))).items():
        yield Enricher(name, code, described(code), is_plugin=True)


def builtins():
    known = getattr(sys.modules.get("fapilog.plugins.loader"), "BUILTIN_ENRICHERS", {})
    return [(name, code) for name, code in known.items() if not is_fapilogs(code)]


def entry_points(module):
    """Of the package that is installed; one may name a class, or a module with PLUGIN_METADATA."""
    points = importlib.metadata.entry_points()
    # Before Python 3.10 it is a dict.
    points = points.select(group="fapilog.enrichers") if hasattr(points, "select") else \
        points.get("fapilog.enrichers", ())
    for point in points:
        if not (point.value + ".").replace(":", ".").startswith(module.__name__ + "."):
            continue
        code = point.load()
        if isinstance(code, types.ModuleType):
            yield from metadata_of(code)
        else:
            yield point.name, code


def metadata_of(module):
    metadata = getattr(module, "PLUGIN_METADATA", None)
    if not isinstance(metadata, dict) or metadata.get("plugin_type") != "enricher":
        return
    _, _, name = str(metadata.get("entry_point", "")).partition(":")
    code = getattr(module, name, None)
    if code is None:
        raise Problem(f"PLUGIN_METADATA of {module.__name__} names {name or 'nothing'} as its "
                      "entry point, which the module does not have")
    yield str(metadata.get("name") or name_of(code)), code


def enabled(module):
    """By logger.enable_enricher(), of a logger that the module keeps."""
    for logger in vars(module).values():
        if callable(getattr(logger, "enable_enricher", None)):
            for code in getattr(logger, "_enrichers", ()):
                if not is_fapilogs(code):
                    yield name_of(code), code


def by_shape(module):
    """Classes of the module itself that are what fapilog takes."""
    for code in vars(module).values():
        if (inspect.isclass(code) and code.__module__ == module.__name__ and
                inspect.iscoroutinefunction(getattr(code, "enrich", None)) and
                isinstance(getattr(code, "name", None), str)):
            yield name_of(code), code


def name_of(code):
    name = getattr(code, "name", None)
    if isinstance(name, str) and name:
        return name
    return getattr(code, "__name__", type(code).__name__)


def described(code):
    """Its module's words for it, else the first line of its own."""
    home = sys.modules.get(code.__module__)
    metadata = getattr(home, "PLUGIN_METADATA", None)
    if isinstance(metadata, dict) and \
            str(metadata.get("entry_point", "")).endswith(":" + getattr(code, "__name__", "?")):
        return str(metadata.get("description", ""))
    own = vars(code).get("__doc__") if inspect.isclass(code) else None
    return own.strip().splitlines()[0] if own and own.strip() else ""


def is_fapilogs(code):
    return getattr(code, "__module__", "").split(".")[0] == "fapilog"
