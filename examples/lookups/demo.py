#!/usr/bin/env python3
"""The same events through three look-ups, in sequence and in parallel, side by side.

    examples/lookups/demo.py [--seconds 60] [--rate 200] [--delay 5]

Starts an nginx, a Redis and a DNS server on loopback whose answers take 5 ms, and two agents with
the same configuration, one with `execution.mode: sequential`. Both are given the same events at the
same moments. After a third of the time the outputs are compared by their hashes; then Redis is
stopped for a quarter of the time, and started again. At the end each agent must account for every
event. Exit code 0 when all of that came out as it should.
"""

import argparse
import asyncio
import collections
import hashlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from delaying_proxy import DelayedDatagrams, DelayedStream
from servers import ADDRESSES, USERS, Dns, Nginx, Redis, install_missing

PATIENCE = 30  # seconds over time, on a machine that is busy, until Redis' answers are back

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
AGENT = os.environ.get("LOGBRAID", ROOT / "logbraid")  # builds itself where it has to


class Agent:
    """One running agent: events go in, lines come out, and their times are taken."""

    def __init__(self, name, mode, environment, folder):
        self.name = name
        self.stats = folder / f"{name}.json"
        self.errors = open(folder / f"{name}.err", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [AGENT, "run", HERE / "pipeline.yaml", "--set", f"execution.mode={mode}",
             "--stats", self.stats],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, env=environment)
        self.sent = {}
        self.lock = threading.Lock()
        self.window = []  # (seconds, enriched, failed) since the last look
        self.enriched = collections.Counter()
        self.hash = hashlib.sha256()
        self.hash_after = None
        self.hash_at = None  # of the first `hash_after` lines
        self.lines = 0
        self.last_whole = 0  # when an event came out that all three had answered
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def send(self, line, number):
        with self.lock:
            self.sent[number] = time.monotonic()
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def read(self):
        for line in self.process.stdout:
            now = time.monotonic()
            event = json.loads(line)
            whole = ("profile" in event and "client_host" in event
                     and event.get("account", {}).get("tier", "unknown") != "unknown")
            with self.lock:
                self.lines += 1
                if whole:
                    self.last_whole = now
                if self.hash_at is None:
                    self.hash.update(line)
                    if self.lines == self.hash_after:
                        self.hash_at = self.hash.hexdigest()
                self.window.append(
                    (now - self.sent.pop(event["n"]), whole, "_enrichment" in event))

    def hash_of_first(self, count):
        """Asks for the hash of the first `count` lines, of which none may be there beyond them."""
        with self.lock:
            self.hash_after = count
            if self.lines == count:
                self.hash_at = self.hash.hexdigest()

    def look(self):
        with self.lock:
            window, self.window = self.window, []
        return window

    def said(self):
        self.errors.seek(0)
        return self.errors.read()

    def close(self):
        self.process.stdin.close()
        code = self.process.wait()
        self.reader.join()
        return code


def figures(window):
    """events, p50, p99, enriched, errors of one second, as a column's text."""
    if not window:
        return f"{0:7d} {'-':>8} {'-':>8} {'-':>9} {'-':>7}"
    times = sorted(1000 * seconds for seconds, _, _ in window)
    p99 = times[min(len(times) - 1, int(0.99 * len(times)))]
    enriched = sum(whole for _, whole, _ in window)
    failed = sum(failed for _, _, failed in window)
    return (f"{len(window):7d} {statistics.median(times):5.1f} ms {p99:5.1f} ms "
            f"{enriched:9d} {failed:7d}")


def event_line(number):
    return json.dumps({"n": number, "user": number * 7919 % USERS,
                       "client_ip": f"192.0.2.{number * 31 % ADDRESSES}",
                       "path": f"/items/{number % 97}"}).encode() + b"\n"


async def start_proxies(proxies):
    for proxy in proxies:
        await proxy.start()


def run_proxies(proxies):
    """Runs them on a thread of their own, for as long as the program lives."""
    loop = asyncio.new_event_loop()
    loop.run_until_complete(start_proxies(proxies))
    threading.Thread(target=loop.run_forever, daemon=True).start()


def accounts_for_all(agent, sent):
    """Whether everything that went in is written, refused, dropped or held, by its own word."""
    events = json.loads(agent.stats.read_text(encoding="utf-8"))["events"]
    given = (events["written"] + events["dead_lettered"] + events["held"]
             + sum(events["dropped"].values()))
    print(f"{agent.name:>10}: read {events['read']} = written {events['written']} + dead-lettered "
          f"{events['dead_lettered']} + dropped {sum(events['dropped'].values())} + held "
          f"{events['held']}")
    return events["read"] == given == sent


def demonstrate(arguments, folder):
    nginx, redis, dns = Nginx(folder), Redis(folder), Dns(folder)
    servers = (nginx, redis, dns)
    try:
        print("starting nginx, redis-server and dnsmasq ...", flush=True)
        for server in servers:
            server.start()
        delay = arguments.delay / 1000
        proxies = (DelayedStream(nginx.port, delay), DelayedStream(redis.port, delay),
                   DelayedDatagrams(dns.port, delay))
        run_proxies(proxies)
        environment = dict(os.environ, HTTP_PORT=str(proxies[0].port),
                           REDIS_PORT=str(proxies[1].port), DNS_PORT=str(proxies[2].port))
        agents = [Agent(mode, mode, environment, folder) for mode in ("sequential", "parallel")]
        return compare(arguments, agents, redis)
    finally:
        for server in servers:
            server.stop()


def compare(arguments, agents, redis):
    scale = arguments.seconds / 60
    compared_at, stopped_at, back_at = 20 * scale, 25 * scale, 40 * scale
    step = max(scale, 0.1)  # of the printed rows
    print(f"\n{'':>8} {'sequential':^43}   {'parallel':^43}")
    head = f"{'events':>7} {'p50':>8} {'p99':>8} {'enriched':>9} {'errors':>7}"
    print(f"{'time':>8} {head}   {head}", flush=True)

    start = time.monotonic()
    number = 0
    hashing = "not yet"
    next_row = step
    redis_is_back = float("inf")
    fine = True
    last_call = arguments.seconds + PATIENCE
    while ((now := time.monotonic() - start) < arguments.seconds
           or now < last_call and not all(agent.last_whole > redis_is_back for agent in agents)):
        while number < now * arguments.rate:
            # The bytes of a third of the time are compared: nothing may come between.
            if hashing == "not yet" and now >= compared_at:
                for agent in agents:
                    agent.hash_of_first(number)
                hashing = "asked for"
            line = event_line(number)
            for agent in agents:
                agent.send(line, number)
            number += 1
        if hashing == "asked for" and all(agent.hash_at for agent in agents):
            hashing = "done"
            equal = agents[0].hash_at == agents[1].hash_at
            print(f"{now:6.1f} s  output hashes: {agents[0].hash_at[:16]} "
                  f"{'=' if equal else '!='} {agents[1].hash_at[:16]}", flush=True)
            fine = fine and equal
        if stopped_at is not None and now >= stopped_at:
            redis.stop()
            stopped_at = None
            print(f"{now:6.1f} s  Redis is stopped", flush=True)
        if back_at is not None and now >= back_at:
            redis.start()
            back_at = None
            redis_is_back = time.monotonic()
            print(f"{now:6.1f} s  Redis is back", flush=True)
        if now >= next_row:
            next_row += step
            print(f"{now:6.1f} s {'   '.join(figures(agent.look()) for agent in agents)}",
                  flush=True)
        time.sleep(max(0, min(number / arguments.rate, next_row) - (time.monotonic() - start)))

    print()
    fine = fine and hashing == "done"
    for agent in agents:
        if agent.close() != 0:
            fine = False
            print(f"{agent.name} failed:\n{agent.said()}", file=sys.stderr)
        fine = accounts_for_all(agent, number) and fine
        stats = json.loads(agent.stats.read_text(encoding="utf-8"))
        account = next(row for row in stats["enrichers"] if row["name"] == "account")
        print(f"{'':>10}  Redis' circuit breaker opened {account['breaker_opened']} times and is "
              f"{account['breaker']}; {account['outcomes']['breaker_open']} events did not wait "
              "for it")
        fine = fine and account["breaker_opened"] > 0 and account["breaker"] == "closed"
    print("all as it should be" if fine else "NOT as it should be")
    return fine


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=60, help="of the whole show (60)")
    parser.add_argument("--rate", type=float, default=200, help="events a second (200)")
    parser.add_argument("--delay", type=float, default=5, help="ms that each answer takes (5)")
    arguments = parser.parse_args()
    install_missing(ROOT)
    subprocess.run([AGENT, "--version"], check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(prefix="logbraid-") as folder:
        return 0 if demonstrate(arguments, pathlib.Path(folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
