"""What a plug-in is."""


class BaseEnricher:
    name: str

    async def start(self): ...

    async def stop(self): ...

    async def enrich(self, event):
        raise NotImplementedError
