"""The two decorators of the registry."""

from ._internal.enricher_registry import EnricherRegistry


def register_enricher_advanced(name, description="", priority=100, dependencies=None,
                               conditions=None, async_capable=False):
    """Of a class or a function."""
    def register(enricher_class):
        return EnricherRegistry.register(name, enricher_class, description, priority, dependencies,
                                         conditions, async_capable)
    return register


def register_enricher(fn):
    """Of a function without metadata: after all that have some."""
    EnricherRegistry.register(fn.__name__, fn, priority=1000)
    return fn
