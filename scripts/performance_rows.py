"""The rows of the table in docs/performance.md: which benchmark measures them, what the goal is, and
how its figures are told. Used by performance_report.py."""

import dataclasses
from typing import Callable


def number(value, digits=2):
    if abs(value) >= 10_000:
        return f"{value:,.0f}"
    return f"{value:.{digits}f}"


def spread(c, digits=2):
    return f"{number(c['least'], digits)} to {number(c['most'], digits)}"


@dataclasses.dataclass(frozen=True)
class Row:
    case: str
    program: str
    benchmark: str
    goal: str
    told: Callable[[dict], str]  # from the benchmark's counters; `all` has those of every benchmark
    met: Callable[[dict], bool]


def times(row_goal, bare):
    """A speed-up with its spread, and what a bare pool reaches."""
    def told(c):
        text = f"{number(c['speedup'])} times ({spread(c)})"
        return text + f"; a bare pool {number(c['all'][bare]['speedup'])}" if bare else text
    return told, lambda c: c["speedup"] >= row_goal


def waiting(case, enrichers, goal):
    told, met = times(goal, f"a_bare_pool_one_event_at_a_time/calls:{enrichers}")
    return Row(case, "delay_bench", f"blocking_one_event_at_a_time/enrichers:{enrichers}",
               f"{goal} times sequential", told, met)


def window(size, goal_rate, goal_cpu, goal_cores, goal_latency, goal):
    def told(c):
        return (f"{number(c['events/s'])} events/s ({spread(c)}), {number(c['cpu_us/event'])} us of "
                f"CPU each, {number(c['over_critical_path'])} times the critical path; a bare loop "
                f"{number(c['bare_events/s'])}, {number(c['bare_cpu_us/event'])} us")

    def met(c):
        return (c["events/s"] > goal_rate and c["cpu_us/event"] <= goal_cpu
                and c["cores"] <= goal_cores and c["over_critical_path"] <= goal_latency)
    return Row(f"3 async of 5 ms, deadlines and breakers on, window {size:,}, one shard",
               "delay_bench", f"three_async_in_a_window/window:{size}", goal, told, met)


def computing(enrichers, rests, goal):
    told, met = times(goal, f"a_bare_pool_against_sequential/calls:{enrichers}/rests:{rests}")
    how = "after 2 ms of rest each" if rests else "back to back, 2 cores"
    return Row(f"{enrichers} enrichers of 100 us that compute, one event at a time, {how}",
               "computing_bench",
               f"computing_against_sequential/enrichers:{enrichers}/rests:{rests}",
               f"{goal} times sequential", told, met)


def service(case, benchmark, goal, least, unit, baseline):
    def told(c):
        return (f"{number(c['ratio'])} ({spread(c)}): {number(c[unit], 0)} {unit} against "
                f"{number(c['baseline/s'], 0)} {baseline}")
    return Row(case, "services_bench", benchmark, goal, told, lambda c: c["ratio"] >= least)


def at_once(case, delays, window, least):
    http, redis, dns = delays
    return Row(case, "services_bench",
               f"three_at_once/http_ms:{http}/redis_ms:{redis}/dns_ms:{dns}/window:{window}",
               f"latency at most 1.1 times the slowest; {least} times sequential in a window of "
               f"{window}",
               lambda c: (f"{number(c['latency_over_slowest'])} times the slowest; "
                          f"{number(c['ratio'])} times ({spread(c)})"),
               lambda c: c["latency_over_slowest"] <= 1.1 and c["ratio"] >= least)


def latency(c):
    return (f"p50 {number(c['p50_ms'])}, p99 {number(c['p99_ms'])}, "
            f"p99.9 {number(c['p99.9_ms'])} ms")


def open_loop(case, benchmark, goal, more, met):
    return Row(case, "mix_bench", benchmark, goal, lambda c: latency(c) + more(c), met)


def hung(c):
    return f"; those that hung at most {number(c['hung_most_ms'], 0)} ms of 100"


def overloaded(c):
    return (f"; {100 * c['dropped_share']:.1f} % dropped and counted, "
            f"at most {number(c['budget_peak_MiB'], 1)} MiB under way; as usual "
            f"{number(c['normal_after_s'])} s after")


def always(_):
    return True


ROWS = [
    waiting("3 enrichers that block for 5 ms each, one event at a time", 3, 2.9),
    waiting("8 of them, 8 threads", 8, 7.5),
    window(1000, 190_000, 10, 0.5, 1.05,
           "latency at most 1.05 times the critical path, over 190,000 events/s, half a core"),
    window(4000, 500_000, 1.5, 10, 10, "over 500,000 events/s, at most 1.5 us of CPU an event"),
    Row("random graphs, 1 to 6 deep, 2 to 20 nodes of 1 to 10 ms", "dag_bench", "random_graphs",
        "`ready`: at most 1.05 times the critical path",
        lambda c: (f"`ready` {number(c['ready'], 3)} (at most {number(c['ready_most'], 3)}), "
                   f"`levels` {number(c['levels'], 3)} (at most {number(c['levels_most'], 3)})"),
        lambda c: c["ready"] <= 1.05),
    Row("a chain of 10 ms beside one node of 50 ms", "dag_bench", "a_slow_one_beside_a_chain",
        "`ready` ends with the chain's own time",
        lambda c: (f"its end began after {number(c['ready_ms'])} ms, with `levels` after "
                   f"{number(c['levels_ms'])}"),
        lambda c: c["ready_ms"] <= 1.05 * c["chain_ms"]),
    Row("5 cheap enrichers", "five_cheap_bench", "five_cheap_parallel_against_sequential",
        "parallel at least 0.98 times sequential throughput",
        lambda c: f"{number(c['throughput_ratio'])} ({spread(c)})",
        lambda c: c["throughput_ratio"] >= 0.98),
    computing(3, 0, 1.4),
    computing(4, 0, 1.9),
    computing(3, 1, 0.98),
    computing(4, 1, 0.98),
    open_loop("mix: 3 cheap, 2 blocking 2 ms, 3 async 5 ms, 1 % fail, 0.1 % hang; steady at half of "
              "the capacity, `order: any`", "steady_at_half_of_the_capacity_any",
              "p99.9 under 12 ms; those that hung: the deadline and 20 ms", hung,
              lambda c: c["p99.9_ms"] < 12 and c["hung_most_ms"] <= 120),
    open_loop("the same, `order: preserve`", "steady_at_half_of_the_capacity_preserve", "", hung,
              lambda c: c["hung_most_ms"] <= 120),
    open_loop("the mix, bursts of 10 times for 100 ms each second", "bursts", "", hung, always),
    open_loop("the mix, a ramp to the capacity", "ramp_to_the_capacity", "", hung, always),
    open_loop("the mix, 120 % for 10 s, the newest dropped", "overload_the_newest_are_dropped",
              "bounded memory, drops counted, as usual within 1 s", overloaded,
              lambda c: c["normal_after_s"] <= 1),
    open_loop("the mix, 120 % for 10 s, the source waits", "overload_the_source_waits",
              "bounded memory, none lost, as usual within 1 s of the backlog's end",
              lambda c: (overloaded(c) + f", {number(c['normal_after_backlog_s'])} s after the "
                         "source had worked off what it held back"),
              lambda c: c["dropped_share"] == 0 and c["normal_after_backlog_s"] <= 1),
    Row("64 calls allowed, the service slows from 5 to 200 ms, window 4,096",
        "failing_service_bench", "a_service_that_slows_down",
        "none lost by waiting, the source slows",
        lambda c: (f"{number(c['lost'], 0)} lost; {number(c['events/s_at_5ms'], 0)}, then "
                   f"{number(c['events/s_at_200ms'], 0)} events/s"),
        lambda c: c["lost"] == 0),
    Row("a dependency dead for a minute (hangs to its timeout)", "failing_service_bench",
        "a_service_that_is_dead_for_a_minute", "95 % of the throughput within 2 s",
        lambda c: (f"after {number(c['back_after_s'], 1)} s; {number(c['events/s_before'], 0)} "
                   f"events/s before, {number(c['events/s_while_dead'], 0)} meanwhile"),
        lambda c: c["back_after_s"] <= 2),
    Row("what the engine adds to 8 inline enrichers, 256 events together", "engine_bench",
        "enrich_of_256_parsed_events_against_calls_by_hand", "at most 25 ns a call",
        lambda c: f"{number(c['ns_more/call'], 1)} ns ({spread(c, 1)})",
        lambda c: c["ns_more/call"] <= 25),
    Row("`enrich()` of one event with 8 inline enrichers, on the caller's thread", "engine_bench",
        "enrich_of_a_parsed_event_against_calls_by_hand", "at most 2 us",
        lambda c: f"{c['ns/event'] / 1000:.2f} us; by hand {c['baseline_ns/event'] / 1000:.2f}",
        lambda c: c["ns/event"] <= 2000),
    Row("finding the plan again, a batch", "plan_bench", "snapshot_hit", "under 2 ns",
        lambda c: f"{number(c['ns/hit'])} ns; a load of an atomic pointer {number(c['load_ns'])}",
        lambda c: c["ns/hit"] < 2),
    Row("asking a closed breaker", "breaker_bench", "ask_closed", "under 5 ns",
        lambda c: f"{number(c['ns_more'])} ns", lambda c: c["ns_more"] < 5),
    Row("asking it and counting the call", "breaker_bench", "ask_and_count_closed",
        "under 10 ns together", lambda c: f"{number(c['ns_more'])} ns",
        lambda c: c["ns_more"] < 10),
    Row("a look-up that the cache answers, key and patch included", "lookup_bench",
        "a_hit_against_a_hash_map", "under 60 ns",
        lambda c: (f"{number(c['ns/hit'], 1)} ns; a hash map without limits "
                   f"{number(c['map_ns/hit'], 1)}"),
        lambda c: c["ns/hit"] < 60),
    Row("such hits on two shards", "lookup_bench", "hits_on_two_threads_against_one",
        "1.8 times one", lambda c: f"{number(c['ratio'])} times ({spread(c)})",
        lambda c: c["ratio"] >= 1.8),
    Row("the same in whole pipelines, read and written", "lookup_bench",
        "hits_of_two_shards_against_one", "1.8 times one", lambda c: f"{number(c['ratio'])} times ({spread(c)})",
        lambda c: c["ratio"] >= 1.8),
    Row("10,000 keys of which a tenth make 80 % of events, service of 5 ms, window 256",
        "lookup_bench", "skewed_keys_against_no_cache", "50 times the uncached rate once warm",
        lambda c: (f"{number(c['ratio'], 1)} times ({spread(c, 1)}), one request a key: "
                   f"{number(c['events/s'], 0)} events/s"),
        lambda c: c["ratio"] >= 50),
    service("Redis, distinct keys, coalesced", "redis_against_redis_benchmark",
            "0.4 of redis-benchmark GET -P 16", 0.4, "keys/s", "of it"),
    service("HTTP keep-alive, nginx, 64 connections", "http_against_wrk",
            "0.4 of wrk with as many", 0.4, "requests/s", "of it"),
    service("PostgreSQL, batches of 256", "postgres_batches_against_one_query_a_key",
            "15 times one query a key", 15, "keys/s", "one by one"),
    service("DNS, distinct names, dnsmasq, 64 at once", "dns_against_a_bare_socket", "", 0,
            "questions/s", "over a bare socket"),
    service("exec, the Python program of its page, 64 lines at once",
            "exec_against_a_program_fed_by_hand", "", 0, "lines/s", "by hand, 64 and 64"),
    at_once("HTTP 5 ms, Redis 1 ms, DNS 2 ms", (5, 1, 2), 16, 1.5),
    at_once("HTTP, Redis and DNS of 5 ms each", (5, 5, 5), 8, 2.7),
    at_once("the same, more at a time", (5, 5, 5), 16, 2.7),
    Row("the agent, five cheap enrichers, file to file, 1,000,000 lines of 399 bytes", "agent_bench",
        "agent_file_to_file", "over 1,000,000 events a CPU second",
        lambda c: (f"{number(c['events/cpu_s'])} ({spread(c)}); a process that does it by hand "
                   f"{number(c['by_hand/cpu_s'])}; {number(c['agent_cores'])} cores used"),
        lambda c: c["events/cpu_s"] > 1_000_000),
    Row("the same, its memory", "agent_bench", "agent_file_to_file",
        "under 64 MiB however long the input",
        lambda c: (f"{number(c['peak_MiB'], 1)} MiB at the most; with a tenth of the input "
                   f"{number(c['peak_MiB_of_a_tenth'], 1)}"),
        lambda c: c["peak_MiB"] < 64),
    Row("the same, from its start to the first output", "agent_bench", "agent_first_output",
        "within 50 ms",
        lambda c: (f"{number(c['first_output_ms'], 1)} ms ({spread(c, 1)}); a shell that says a word "
                   f"{number(c['a_shell_ms'], 1)}"),
        lambda c: c["most"] <= 50),
]
