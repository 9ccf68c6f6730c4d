"""One enricher of a module: its metadata, and how its code is called."""

import inspect
import logging
import os

from . import Problem


class Enricher:
    """make() gives what call() needs."""

    def __init__(self, name, code, description="", priority=100, dependencies=(), conditions=None,
                 is_plugin=False):
        self.name = name
        self.code = code  # a class, an instance of one, or a function
        self.description = description or ""
        self.priority = priority
        self.dependencies = list(dependencies or ())
        self.conditions = dict(conditions or {})
        self.is_plugin = is_plugin  # fapilog's plug-ins give what is merged into the event
        self.instance = None
        self.function = None

    def needs(self):
        """The arguments that its class cannot be made without."""
        if not inspect.isclass(self.code):
            return []
        try:
            parameters = inspect.signature(self.code).parameters.values()
        except (TypeError, ValueError):  # one written in C may not say
            return []
        return [p.name for p in parameters
                if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]

    def make(self, arguments):
        if inspect.isclass(self.code):
            try:
                self.instance = self.code(**arguments)
            except TypeError as refused:
                raise Problem(f"{self.name} cannot be made ({refused}); "
                              "--arguments gives what it needs, as a JSON object") from refused
        elif not inspect.isroutine(self.code):
            self.instance = self.code
        self.function = self.found() if self.instance is not None else self.code
        if not callable(self.function):
            raise Problem(f"{self.name} cannot be called: it has neither __call__ nor enrich")
        ways = ((None,),) if self.is_plugin else ((None, None, None), (None,))
        for way in ways:
            if takes(self.function, way):
                self.is_plugin = len(way) == 1
                return
        raise Problem(f"{self.name} takes {inspect.signature(self.function)}; fapilog gives "
                      "(event) to plug-ins and (logger, method_name, event_dict) to what is in "
                      "its registry")

    def found(self):
        """The method that fapilog calls. (Its AsyncEnricher calls enrich_async from its __call__
        and keeps the exception for itself: then nobody would know of it.)"""
        names = ("enrich",) if self.is_plugin else ("enrich_async", "__call__", "enrich")
        for name in names:
            function = getattr(self.instance, name, None)
            if function is not None:
                return function
        return None

    def hook(self, *names):
        """The function of a life cycle, or None."""
        for name in names:
            found = getattr(self.instance, name, None)
            if callable(found):
                return found
        return None

    def is_healthy(self):
        """Of fapilog's AsyncEnricher: False means "leave me alone"."""
        return getattr(self.instance, "is_healthy", True) is not False

    def is_off_for(self, event):
        """What no configuration can carry over is asked here. One that throws is false."""
        condition = self.conditions.get("condition_func")
        if not callable(condition):
            return False
        environment = os.environ.get("ENVIRONMENT", "development")
        context = {"environment": environment, "level": "INFO", **event}
        try:
            return not condition(context)
        except Exception:  # noqa: BLE001: fapilog's rule
            return True

    def call(self, event):
        """What the code returns; perhaps something to await."""
        if self.is_plugin:
            return self.function(dict(event))
        method = str(event.get("level", "info")).lower()
        return self.function(logging.getLogger(self.name), method, event)


def takes(function, arguments):
    """Whether it can be called with so many arguments by position."""
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError:
        return False
    except ValueError:  # one written in C may not say
        return True
    return True
