"""Lines in, calls, lines out: the protocol of logbraid's `exec`."""

import asyncio
import inspect
import json
import os
import traceback

from .changes import changes, merged

LONGEST_LINE = 2 * 1024 * 1024  # of an event of 1 MiB, and what is around it
LONGEST_ANSWER = 1024 * 1024 - 1  # what exec takes where its `max_reply` is unset, and a line end
OURS = os.path.dirname(os.path.abspath(__file__))
# Whatever a call ends with is that event's error, and the next one is served. (A cancelled wait and
# sys.exit() are no Exception.)
FAILURES = (Exception, asyncio.CancelledError, SystemExit)


async def serve(enricher, source, output):
    """Answers events until `source` ends."""
    lines = asyncio.StreamReader(limit=LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), source)
    await Server(enricher, output).run(lines)


class Server:
    """Reads events, calls the enricher, writes answers. A coroutine that waits holds up nobody."""

    def __init__(self, enricher, output):
        self.enricher = enricher
        self.output = output
        self.tasks = set()
        self.shown = set()  # where exceptions came from whose traceback was printed

    async def run(self, lines):
        start = self.enricher.hook("startup", "start")
        if start is not None:
            await settled(start())
        try:
            while line := await lines.readline():
                self.begin(line)
            if self.tasks:
                await asyncio.wait(self.tasks)
        finally:
            stop = self.enricher.hook("shutdown", "stop")
            if stop is not None:
                await settled(stop())

    def begin(self, line):
        asked = json.loads(line)
        number, before = asked["id"], asked["event"]
        if not self.enricher.is_healthy():
            return self.answer(number, error=f"{self.enricher.name} says that it is not healthy")
        try:
            if self.enricher.is_off_for(before):
                return self.answer(number, no_match=True)
            event = json.loads(line)["event"]  # its own: the code may change it
            result = self.enricher.call(event)
            if not inspect.isawaitable(result):
                return self.done(number, before, event, result)
        except FAILURES as failed:
            return self.failed(number, failed)
        task = asyncio.ensure_future(self.wait(number, before, event, result))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def wait(self, number, before, event, awaited):
        try:
            self.done(number, before, event, await awaited)
        except FAILURES as failed:
            self.failed(number, failed)

    def done(self, number, before, event, result):
        if result is None:  # the event was changed in place, or there is nothing to merge
            result = {} if self.enricher.is_plugin else event
        if not isinstance(result, dict):
            raise TypeError(f"gave a {type(result).__name__} instead of a dict")
        after = merged(event, result) if self.enricher.is_plugin else result
        found, gone = changes(before, after)
        answer = {"set": found} if found else {}
        if gone:
            answer["remove"] = gone
        self.answer(number, **(answer or {"no_match": True}))

    def failed(self, number, failed):
        self.show(failed)
        # However often it fails, the next event may be better: no circuit breaker counts it.
        self.answer(number, error=f"{type(failed).__name__}: {failed}"[:1000], bad_event=True)

    def show(self, failed):
        """From where the user's code begins; once for a place, logbraid counts them."""
        trace = failed.__traceback__
        while trace is not None and trace.tb_frame.f_code.co_filename.startswith(OURS):
            trace = trace.tb_next
        where = traceback.extract_tb(trace)[-1:]
        place = (type(failed), *((frame.filename, frame.lineno) for frame in where))
        if place not in self.shown:
            self.shown.add(place)
            traceback.print_exception(type(failed), failed, trace)

    def answer(self, number, **what):
        line = in_json({"id": number, **what})
        if len(line) > LONGEST_ANSWER:
            raise ValueError("what it changed is over 1 MiB")
        # At once: the next call may take its time, and this event must not wait for it.
        self.output.write(line + b"\n")
        self.output.flush()


async def settled(result):
    return await result if inspect.isawaitable(result) else result


def in_json(value):
    """What JSON has no form for (a date) is written as text; NaN has none either way."""
    options = {"separators": (",", ":"), "default": str, "allow_nan": False}
    try:
        return json.dumps(value, ensure_ascii=False, **options).encode()
    except UnicodeEncodeError:  # half of a surrogate pair: JSON can say it, UTF-8 cannot
        return json.dumps(value, **options).encode()
