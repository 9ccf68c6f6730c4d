"""The base of enrichers that wait."""

from abc import ABC, abstractmethod


class AsyncEnricher(ABC):
    def __init__(self, name, **_settings):
        self.name = name
        self.is_started = False
        self.is_healthy = True

    async def startup(self):
        if not self.is_started:
            await self._startup()
            self.is_started = True

    async def shutdown(self):
        if self.is_started:
            await self._shutdown()
            self.is_started = False

    async def health_check(self):
        self.is_healthy = await self._health_check()
        return self.is_healthy

    @abstractmethod
    async def _startup(self): ...

    @abstractmethod
    async def _shutdown(self): ...

    @abstractmethod
    async def _health_check(self): ...

    @abstractmethod
    async def enrich_async(self, logger, method_name, event_dict): ...
