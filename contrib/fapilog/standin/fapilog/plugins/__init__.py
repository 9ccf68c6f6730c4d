"""What modules with plug-ins import."""

from .enrichers import BaseEnricher

__all__ = ["BaseEnricher"]
