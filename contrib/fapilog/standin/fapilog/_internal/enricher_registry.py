"""The registry: what there is of each enricher beside its code."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class EnricherMetadata:
    name: str
    enricher_class: Any
    description: str = ""
    priority: int = 100
    dependencies: list = field(default_factory=list)
    conditions: dict = field(default_factory=dict)
    async_capable: bool = False


class EnricherRegistry:
    _enrichers = {}

    @classmethod
    def register(cls, name, enricher_class, description="", priority=100, dependencies=None,
                 conditions=None, async_capable=False):
        cls._enrichers[name] = EnricherMetadata(name, enricher_class, description, priority,
                                                dependencies or [], conditions or {}, async_capable)
        return enricher_class

    @classmethod
    def list_enrichers(cls):
        return dict(cls._enrichers)
