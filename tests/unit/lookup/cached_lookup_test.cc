#include "lookup/cached_lookup.h"

#include <gmock/gmock.h>

#include "tests/unit/lookup/lookup_harness.h"

namespace logbraid::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::StrEq;

using Keys = std::vector<std::string>;

TEST(CachedLookup, a_miss_asks_and_a_hit_does_not) {
  LookupHarness users;
  Question& first = users.ask("7");
  EXPECT_FALSE(first.over);
  ASSERT_THAT(users.service.sent(), ElementsAre(Keys{"7"}));
  users.service.answer();
  EXPECT_TRUE(first.over);
  EXPECT_EQ(first.outcome, Outcome::ok);
  EXPECT_THAT(first.answer(), StrEq(R"({"answer":"7"})"));

  Question& second = users.ask("7");
  EXPECT_TRUE(second.over);
  EXPECT_THAT(second.answer(), StrEq(R"({"answer":"7"})"));
  EXPECT_EQ(users.service.sent().size(), 1U);
  EXPECT_EQ(users.metrics().hits, 1U);
  EXPECT_EQ(users.metrics().misses, 1U);
}

TEST(CachedLookup, without_the_field_there_is_no_request) {
  LookupHarness users;
  Question& nobody = users.ask_event(R"({"other":1})");
  EXPECT_TRUE(nobody.over);
  EXPECT_EQ(nobody.outcome, Outcome::no_match);
  EXPECT_TRUE(users.service.sent().empty());
}

TEST(CachedLookup, a_value_that_cannot_be_a_key_is_an_error_of_the_event) {
  LookupHarness users;
  Question& odd = users.ask_event(R"({"key":{"a":1}})");
  EXPECT_TRUE(odd.over);
  EXPECT_EQ(odd.outcome, Outcome::error);
  EXPECT_FALSE(odd.reason.empty());
  EXPECT_TRUE(users.service.sent().empty());
  EXPECT_EQ(users.breaker().stats().state, BreakerState::closed);
}

TEST(CachedLookup, one_request_a_key_however_many_ask) {
  LookupHarness users;
  Question& first = users.ask("7");
  Question& second = users.ask("7");
  Question& third = users.ask("7");
  EXPECT_EQ(users.service.sent().size(), 1U);
  users.service.answer();
  for (Question* const question : {&first, &second, &third}) {
    EXPECT_TRUE(question->over);
    EXPECT_THAT(question->answer(), StrEq(R"({"answer":"7"})"));
  }
  EXPECT_EQ(users.metrics().joined, 2U);
}

// Some are known, some not; some ask for the same, some for nothing. The service may answer while
// it is being asked.
TEST(CachedLookup, those_that_ask_together_get_what_they_would_get_one_by_one) {
  std::vector<std::string> events;
  for (int i = 0; i < 100; ++i) {
    if (i % 11 == 3) {
      events.emplace_back("{}");
    } else if (i % 13 == 5) {
      events.emplace_back(R"({"key":[1]})");
    } else {
      events.push_back("{\"key\":\"" + std::to_string(i * i % 47) + "\"}");
    }
  }
  const auto told = [](const std::vector<Question*>& questions) {
    std::vector<std::string> all;
    for (Question* const question : questions) {
      all.push_back(std::to_string(static_cast<int>(question->over)) + ' ' +
                    std::string(to_string(question->outcome)) + ' ' +
                    std::string(question->reason) + question->answer());
    }
    return all;
  };
  for (const bool at_once : {false, true}) {
    LookupHarness together;
    LookupHarness in_turn;
    std::vector<Question*> many;
    std::vector<Question*> single;
    for (LookupHarness* const users : {&together, &in_turn}) {
      for (const char* const known : {"1", "4", "9"}) {
        users->ask(known);
        users->service.answer();
      }
      if (at_once) users->service.on_send = [users] { users->service.answer(); };
    }
    many = together.ask_together(events);
    for (const std::string& event : events) single.push_back(&in_turn.ask_event(event));
    EXPECT_EQ(told(many), told(single)) << at_once;
    EXPECT_EQ(together.service.sent(), in_turn.service.sent());
    EXPECT_EQ(together.service.under_way().empty(), at_once);
    for (LookupHarness* const users : {&together, &in_turn}) {
      while (!users->service.under_way().empty()) users->service.answer();
    }
    EXPECT_EQ(told(many), told(single)) << at_once;
    EXPECT_GT(in_turn.metrics().hits, 0U);
    EXPECT_EQ(together.metrics().hits, in_turn.metrics().hits);
    EXPECT_EQ(together.metrics().joined, in_turn.metrics().joined);
    EXPECT_EQ(together.metrics().misses, in_turn.metrics().misses);
    for (const Question* const question : many) EXPECT_TRUE(question->over);
  }
}

TEST(CachedLookup, an_answer_is_good_for_its_ttl) {
  LookupHarness users({.options = {.ttl = seconds(10)}});
  users.ask("7");
  users.service.answer();
  users.pass(seconds(10) - milliseconds(1));
  EXPECT_TRUE(users.ask("7").over);
  users.pass(milliseconds(1));
  EXPECT_FALSE(users.ask("7").over);
  EXPECT_EQ(users.service.sent().size(), 2U);
}

TEST(CachedLookup, the_services_own_ttl_goes_before) {
  LookupHarness users({.options = {.ttl = seconds(10)}});
  users.ask("7");
  Request& request = users.service.take();
  request.found(0);
  request.value(0, "x");
  request.keep_for(0, seconds(2));
  request.finish();
  users.pass(seconds(2));
  EXPECT_FALSE(users.ask("7").over);
}

TEST(CachedLookup, it_is_remembered_that_there_is_none) {
  LookupHarness users({.options = {.not_found_ttl = seconds(5)}});
  Question& first = users.ask("7");
  users.service.answer_not_found();
  EXPECT_EQ(first.outcome, Outcome::no_match);
  Question& second = users.ask("7");
  EXPECT_TRUE(second.over);
  EXPECT_EQ(second.outcome, Outcome::no_match);
  EXPECT_EQ(users.metrics().hits_not_found, 1U);
  users.pass(seconds(5));
  EXPECT_FALSE(users.ask("7").over);
}

TEST(CachedLookup, an_error_is_never_taken_for_not_found) {
  LookupHarness users({.options = {.error_ttl = seconds(1)}});
  Question& first = users.ask("7");
  users.service.fail(RequestError::refused, "users: 500");
  EXPECT_EQ(first.outcome, Outcome::error);
  EXPECT_EQ(first.reason, "users: 500");
  Question& soon = users.ask("7");
  EXPECT_TRUE(soon.over);
  EXPECT_EQ(soon.outcome, Outcome::error);
  EXPECT_EQ(soon.reason, "users: 500");
  users.pass(seconds(1));
  EXPECT_FALSE(users.ask("7").over);
  EXPECT_EQ(users.service.sent().size(), 2U);
}

TEST(CachedLookup, a_stale_answer_is_better_than_an_error_where_the_options_say_so) {
  LookupHarness users({.options = {.ttl = seconds(10), .stale_if_error = minutes(1)}});
  users.ask("7");
  users.service.answer();
  users.pass(seconds(11));
  Question& late = users.ask("7");
  EXPECT_FALSE(late.over);
  users.service.fail();
  EXPECT_EQ(late.outcome, Outcome::ok);
  EXPECT_THAT(late.answer(), StrEq(R"({"answer":"7"})"));
  Question& at_once = users.ask("7");  // the error is remembered, and what is stale serves
  EXPECT_TRUE(at_once.over);
  EXPECT_EQ(at_once.outcome, Outcome::ok);
  EXPECT_EQ(users.metrics().stale, 2U);
  users.pass(minutes(1));
  Question& too_late = users.ask("7");
  users.service.fail();
  EXPECT_EQ(too_late.outcome, Outcome::error);
}

TEST(CachedLookup, a_stale_answer_serves_while_the_breaker_is_open) {
  LookupHarness users(
      {.options = {.ttl = seconds(10), .stale_if_error = minutes(10)}, .breaker = opens_after(1)});
  users.ask("7");
  users.service.answer();
  users.pass(seconds(11));
  users.ask("other");
  users.service.fail();
  ASSERT_EQ(users.breaker().stats().state, BreakerState::open);
  Question& stale = users.ask("7");
  EXPECT_TRUE(stale.over);
  EXPECT_EQ(stale.outcome, Outcome::ok);
  Question& unknown = users.ask("8");
  EXPECT_TRUE(unknown.over);
  EXPECT_EQ(unknown.outcome, Outcome::breaker_open);
  EXPECT_EQ(users.service.sent().size(), 2U);
}

TEST(CachedLookup, refresh_ahead_asks_while_it_answers) {
  LookupHarness users({.options = {.ttl = seconds(10), .refresh_ahead = 0.2}});
  users.ask("7");
  users.service.answer();
  users.pass(seconds(7));
  EXPECT_TRUE(users.ask("7").over);
  EXPECT_EQ(users.service.sent().size(), 1U);
  users.pass(seconds(1));
  EXPECT_TRUE(users.ask("7").over);
  EXPECT_TRUE(users.ask("7").over);
  EXPECT_EQ(users.service.sent().size(), 2U);  // once
  users.service.answer();
  users.pass(seconds(7));
  EXPECT_TRUE(users.ask("7").over);
  EXPECT_EQ(users.metrics().refreshed, 1U);
}

TEST(CachedLookup, what_nobody_waits_for_any_more_is_not_sent) {
  LookupHarness users({.options = {.client_limit = 1}});
  users.ask("1");
  Question& waits = users.ask("2");
  users.lookup().forget(waits);
  users.service.answer();
  EXPECT_EQ(users.service.sent().size(), 1U);
}

TEST(CachedLookup, a_flight_goes_on_without_its_first_caller) {
  LookupHarness users;
  Question& first = users.ask("7");
  Question& second = users.ask("7");
  users.lookup().forget(first);
  users.service.answer();
  EXPECT_FALSE(first.over);
  EXPECT_TRUE(second.over);
  Question& third = users.ask("8");
  users.lookup().forget(third);  // already sent: its answer is for the cache
  users.service.answer();
  EXPECT_TRUE(users.ask("8").over);
}

TEST(CachedLookup, a_late_answer_still_fills_the_cache) {
  LookupHarness users({.timeout = milliseconds(50)});
  Question& first = users.ask("7");
  users.pass(milliseconds(50));
  EXPECT_TRUE(first.over);
  EXPECT_EQ(first.outcome, Outcome::timeout);
  ASSERT_EQ(users.service.under_way().size(), 1U);
  EXPECT_TRUE(users.service.under_way()[0].cancelled);
  users.service.answer();
  Question& second = users.ask("7");
  EXPECT_TRUE(second.over);
  EXPECT_EQ(second.outcome, Outcome::ok);
  EXPECT_EQ(users.metrics().late, 1U);
}

TEST(CachedLookup, a_probe_holds_no_event) {
  LookupHarness users({.breaker = opens_after(1)});
  users.ask("1");
  users.service.fail();
  users.pass(seconds(5));
  Question& probe = users.ask("2");
  EXPECT_TRUE(probe.over);
  EXPECT_EQ(probe.outcome, Outcome::breaker_open);
  ASSERT_EQ(users.service.under_way().size(), 1U);
  Question& joins = users.ask("2");
  EXPECT_TRUE(joins.over);
  EXPECT_EQ(joins.outcome, Outcome::breaker_open);
  users.service.answer();
  EXPECT_EQ(users.breaker().stats().state, BreakerState::closed);
  EXPECT_TRUE(users.ask("2").over);
}

TEST(CachedLookup, a_hit_never_meets_the_breaker_and_a_dead_service_opens_it_at_any_hit_rate) {
  LookupHarness users({.options = {.ttl = minutes(10)}, .breaker = opens_after(5)});
  users.ask("hot");
  users.service.answer();
  for (int i = 0; i < 5; ++i) {
    for (int hit = 0; hit < 99; ++hit) ASSERT_TRUE(users.ask("hot").over);
    users.ask("cold" + std::to_string(i));
    users.service.fail();
  }
  EXPECT_EQ(users.breaker().stats().state, BreakerState::open);
  Question& hit = users.ask("hot");
  EXPECT_TRUE(hit.over);
  EXPECT_EQ(hit.outcome, Outcome::ok);
}

TEST(CachedLookup, with_reject_what_finds_no_place_is_let_go) {
  LookupHarness users({.options = {.client_limit = 1}, .bulkhead = {{}, WhenFull::reject}});
  users.ask("1");
  Question& second = users.ask("2");
  EXPECT_TRUE(second.over);
  EXPECT_EQ(second.outcome, Outcome::rejected);
  users.service.answer();
  EXPECT_FALSE(users.ask("2").over);
}

TEST(CachedLookup, without_a_cache_each_key_asks_anew) {
  LookupHarness users({.options = {.cache_bytes = 0}});
  users.ask("7");
  users.service.answer();
  EXPECT_FALSE(users.ask("7").over);
  EXPECT_EQ(users.service.sent().size(), 2U);
}

TEST(CachedLookup, a_service_that_answers_from_within_send) {
  LookupHarness users;
  users.service.on_send = [&] { users.service.answer(); };
  Question& question = users.ask("7");
  EXPECT_TRUE(question.over);
  EXPECT_THAT(question.answer(), StrEq(R"({"answer":"7"})"));
}

TEST(CachedLookup, what_it_reads_and_writes_follows_from_key_and_fields) {
  LookupHarness users;
  EXPECT_THAT(users.instance().reads, ElementsAre(FieldPath::parse("key").value()));
  EXPECT_THAT(users.instance().writes, ElementsAre(FieldPath::parse("answer").value()));
}

TEST(CachedLookup, going_down_with_requests_under_way_leaves_nothing) {
  LookupHarness users({.timeout = milliseconds(50)});
  Question& question = users.ask("7");
  users.lookup().forget(question);
  users.close();
  users.pass(seconds(1));  // no timer is left that could ring
  EXPECT_TRUE(users.service.under_way().empty());
}

}  // namespace
}  // namespace logbraid::test
