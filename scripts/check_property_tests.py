#!/usr/bin/env python3
"""Checks that the property tests would notice: breaks the engine by one line, and they must fail.

    scripts/check_property_tests.py [FILTER]

Each mutation is made alone, in a copy of the sources, so nothing here changes; FILTER is a part of
its name or of the path of its file (src/lookup). For whoever changed the engine, the random plans or the interpreter: it takes some
minutes, so no other check runs it. Ends with a line: N passed, N failed.
"""

import argparse
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[1]
PROGRAM = "unit_engine"
TESTS = "PlanRunnerProperty.*:PipelineProperty.*:LookupProperty.*"
MOST_SECONDS = 240  # sound ones take 20


@dataclass
class Mutation:
    name: str
    path: str
    line: str     # a piece of it that stands in the file once
    instead: str


MUTATIONS = [
    Mutation("of two ancestors the first in plan order is seen", "src/core/event_view.cc",
             "const int top = 63 - std::countl_zero(word);",
             "const int top = std::countr_zero(word);"),
    Mutation("only direct predecessors are seen", "src/plan/plan_builder.cc",
             "bits[w] |= from[w];", "static_cast<void>(from[w]);"),
    Mutation("one that is no ancestor is seen", "src/plan/plan_builder.cc",
             "bits[dependency / 64] |= bit;", "bits[dependency / 64] |= bit | 1;"),
    Mutation("requires is ignored", "src/engine/guarded_call.cc",
             "if ((required.fine & bit(slot.outcomes[required.node])) == 0) return",
             "if (required.fine == 0) return"),
    Mutation("a fallback does not do for requires", "src/engine/guarded_call.cc",
             "{required, bit(Outcome::ok) | fallback_outcomes(plan.nodes()[required].metadata)}",
             "{required, bit(Outcome::ok)}"),
    Mutation("when looks at the input alone", "src/engine/guarded_call.cc",
             "!(*when)(view(slot, arena))", "!(*when)(EventView(*slot.event, arena))"),
    Mutation("no fallback is set", "src/engine/guarded_call.cc",
             "plan_node_.metadata.fallback->set_on(slot.patches[node_]);", ""),
    Mutation("what a failed call has set stays", "src/engine/guarded_call.cc",
             "if (outcome != Outcome::ok && outcome != Outcome::no_match) "
             "slot.patches[node_].clear();", ""),
    Mutation("an outcome is counted twice", "src/engine/guarded_call.cc",
             "metrics_.count(outcome);", "metrics_.count(outcome, 2);"),
    Mutation("an edge is forgotten", "src/engine/start_graph.cc",
             "plan.nodes()[i].dependencies) edges.emplace_back(from, i);",
             "plan.nodes()[i].dependencies) if (from != 0) edges.emplace_back(from, i);"),
    Mutation("a late result is kept", "src/engine/plan_runner_calls.cc",
             "judge_cut(call);\n  call.unlink();", "judge_cut(call);"),
    Mutation("what was given up before it began is started", "src/engine/plan_runner_calls.cc",
             "if (!is_open(event.slot.outcomes[node])) return;", ""),
    Mutation("what was given up while it was ready runs", "src/engine/plan_runner.cc",
             "[&](EventRun* event) { return !is_open(event->slot.outcomes[node]); });\n  if (running",
             "[](EventRun*) { return false; });\n  if (running"),
    Mutation("a call that hangs is not told to stop", "src/engine/plan_runner_calls.cc",
             "pooled.stop.request_stop();", ""),
    Mutation("one attempt too few", "src/engine/plan_runner_calls.cc",
             "retry.next(call.attempts - 1,", "retry.next(call.attempts,"),
    Mutation("a dead letter is written too", "src/engine/shard_output.cc",
             "++active.rest.counts.dead_lettered;\n  return true;",
             "++active.rest.counts.dead_lettered;\n  return false;"),
    Mutation("an answer is kept for the key that was asked for last", "src/lookup/cached_lookup.cc",
             "cache_.put(flight.key, flight.hash, answer, now);",
             "static_cast<void>(flight);\n  cache_.put(key_, common_->hash(key_), answer, now);"),
    Mutation("an error is kept as not found", "src/lookup/cached_lookup.cc",
             "answer.kind = AnswerKind::error;", "answer.kind = AnswerKind::not_found;"),
    Mutation("an answer is fresh for ever", "src/lookup/cache_entry.h",
             "bool fresh(TimePoint now) const { return now < fresh_until_; }",
             "bool fresh(TimePoint) const { return true; }"),
    Mutation("an answer stands in for one that has not failed", "src/lookup/cached_lookup.cc",
             "if (!just_failed) return false;", ""),
    Mutation("only the first that waits for a flight is told", "src/lookup/cached_lookup.cc",
             "while (flight.first_waiter != nullptr) {", "{"),
    Mutation("whoever leaves a flight takes the others with him", "src/lookup/flight.h",
             "(before == nullptr ? first_waiter : before->next_waiter) = after;",
             "(before == nullptr ? first_waiter : before->next_waiter) = nullptr;"),
    Mutation("a key gets its neighbour's answer", "src/lookup/request_path.cc",
             "owner_.flight_ended(*sent.flights[row], end_of(sent, row));",
             "owner_.flight_ended(*sent.flights[row], "
             "end_of(sent, sent.flights.size() - 1 - row));"),
    Mutation("an answer that is late is kept longer than it says", "src/lookup/cached_lookup.cc",
             "end.ttl.value_or(found ? options_.ttl : options_.not_found_ttl);",
             "found ? options_.ttl : options_.not_found_ttl;"),
    Mutation("half of a batch that is split is forgotten", "src/lookup/request_path.cc",
             "for (Sent* const part : {&sent, &second}) {", "for (Sent* const part : {&sent}) {"),
    Mutation("a request is not sent again", "src/lookup/request_path.cc",
             "retry_.next(sent.attempts - 1,", "retry_.next(sent.attempts,"),
]


def copy_sources(to):
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():  # else it was deleted and not committed yet
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)


def build(tree):
    """Empty, or what the compiler said."""
    done = subprocess.run(
        ["cmake", "--build", str(tree / "build/dev"), "--target", PROGRAM, "--", "--quiet"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout if done.returncode != 0 else ""


def run_tests(tree):
    """Empty when they pass, else what failed first."""
    env = {"LOGBRAID_SHARED": str(ROOT.parent / "shared")} | os.environ
    env.pop("LOGBRAID_SEED", None)
    try:
        done = subprocess.run(
            [tree / "build/dev/tests" / PROGRAM, f"--gtest_filter={TESTS}", "--gtest_fail_fast"],
            cwd=tree, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", timeout=MOST_SECONDS)
    except subprocess.TimeoutExpired:
        return f"it was not over after {MOST_SECONDS} s"
    if done.returncode == 0:
        return "" if "[  PASSED  ]" in done.stdout else "no test ran"
    if done.returncode < 0:
        running = re.findall(r"^\[ RUN      \] (\S+)", done.stdout, re.MULTILINE)
        return f"{running[-1] if running else PROGRAM}, {signal.Signals(-done.returncode).name}"
    failed = re.search(r"^\[  FAILED  \] (\w+\.\w+)", done.stdout, re.MULTILINE)
    seed = re.search(r"LOGBRAID_SEED=\d+|row \d+", done.stdout)
    return ", ".join(found[found.re.groups] for found in (failed, seed) if found) or "a failure"


def check(tree, mutation):
    """Whether it was noticed, and how."""
    path = tree / mutation.path
    sound = path.read_text()
    if sound.count(mutation.line) != 1:
        return False, f"its line stands {sound.count(mutation.line)} times in {mutation.path}"
    path.write_text(sound.replace(mutation.line, mutation.instead))
    try:
        if errors := build(tree):
            return False, f"does not compile:\n{errors}"
        how = run_tests(tree)
        return bool(how), how or "nobody noticed"
    finally:
        path.write_text(sound)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("filter", nargs="?", default="")
    wanted = parser.parse_args().filter
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder)
        copy_sources(tree)
        subprocess.run(["cmake", "--preset", "dev"], cwd=tree, check=True,
                       stdout=subprocess.DEVNULL)
        if wrong := build(tree) or run_tests(tree):
            print(f"The tests fail without a mutation:\n{wrong}\n0 passed, 1 failed")
            return 1
        results = []
        for mutation in (each for each in MUTATIONS
                         if wanted in each.name or wanted in each.path):
            noticed, how = check(tree, mutation)
            results.append(noticed)
            print(f"{'noticed' if noticed else 'FAILED '}  {mutation.name}: {how}", flush=True)
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
