"""Plug-ins by name."""

BUILTIN_ENRICHERS = {}


def register_builtin(group, name, cls, *, aliases=None):  # noqa: ARG001: its names for one class
    if group == "fapilog.enrichers":
        BUILTIN_ENRICHERS[name.replace("-", "_").lower()] = cls
