"""Passes bytes on to a server and holds its answers back for a while, as a network would."""

import asyncio


class DelayedStream:
    """A TCP port in front of another one; what comes back is `delay` seconds late."""

    def __init__(self, target_port, delay):
        self.target_port = target_port
        self.delay = delay
        self.port = None

    async def start(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]

    async def serve(self, reader, writer):
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            writer.transport.abort()  # as if there were nobody
            return
        await asyncio.gather(self.pass_on(reader, up_writer), self.pass_back(up_reader, writer))

    @staticmethod
    async def pass_on(reader, writer):
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.transport.abort()

    async def pass_back(self, reader, writer):
        loop = asyncio.get_running_loop()
        try:
            while data := await reader.read(65536):
                loop.call_later(self.delay, self.write, writer, data)
        except OSError:
            pass
        loop.call_later(self.delay, writer.transport.abort)

    @staticmethod
    def write(writer, data):
        if not writer.transport.is_closing():
            writer.write(data)


class DelayedDatagrams(asyncio.DatagramProtocol):
    """A UDP port in front of another one; each question has a socket of its own to the server."""

    def __init__(self, target_port, delay):
        self.target_port = target_port
        self.delay = delay
        self.port = None

    async def start(self):
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self.port = self.transport.get_extra_info("sockname")[1]

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        asyncio.ensure_future(self.ask(data, address))

    async def ask(self, data, address):
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(
            lambda: Answer(self, data, address), remote_addr=("127.0.0.1", self.target_port))


class Answer(asyncio.DatagramProtocol):
    def __init__(self, proxy, question, asker):
        self.proxy = proxy
        self.question = question
        self.asker = asker

    def connection_made(self, transport):
        self.transport = transport
        transport.sendto(self.question)

    def datagram_received(self, data, _):
        loop = asyncio.get_running_loop()
        loop.call_later(self.proxy.delay, self.proxy.transport.sendto, data, self.asker)
        self.transport.close()

    def error_received(self, _):
        self.transport.close()
