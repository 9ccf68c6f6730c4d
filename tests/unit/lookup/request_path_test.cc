// Gathering, limits, retries and splits, seen from the keys that go in and the requests that come
// out.

#include "lookup/request_path.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/unit/lookup/lookup_harness.h"

namespace logbraid::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

using Keys = std::vector<std::string>;

TEST(RequestPath, with_nothing_under_way_the_keys_of_a_turn_leave_together_at_its_end) {
  LookupHarness users({.options = {.max_batch = 100}});
  users.ask("1");
  users.ask("2");
  EXPECT_TRUE(users.service.sent().empty());
  users.turn();
  EXPECT_THAT(users.service.sent(), ElementsAre(Keys{"1", "2"}));
}

TEST(RequestPath, keys_gather_while_a_request_is_under_way_and_leave_when_it_is_back) {
  LookupHarness users({.options = {.max_batch = 100, .max_delay = seconds(1)}});
  users.ask("1");
  users.turn();
  users.ask("2");
  users.turn();
  users.ask("3");
  users.turn();
  EXPECT_EQ(users.service.sent().size(), 1U);
  users.service.answer();
  EXPECT_THAT(users.service.sent(), ElementsAre(Keys{"1"}, Keys{"2", "3"}));
}

TEST(RequestPath, keys_gather_for_no_longer_than_the_delay) {
  LookupHarness users({.options = {.max_batch = 100, .max_delay = milliseconds(2)}});
  users.ask("1");
  users.turn();
  users.ask("2");
  users.pass(milliseconds(1));
  EXPECT_EQ(users.service.sent().size(), 1U);
  users.pass(milliseconds(1));
  EXPECT_THAT(users.service.sent(), ElementsAre(Keys{"1"}, Keys{"2"}));
}

TEST(RequestPath, keys_gather_for_a_sixteenth_of_what_the_service_takes) {
  LookupHarness users({.options = {.max_batch = 100, .max_delay = milliseconds(8)}});
  users.ask("1");
  users.turn();
  users.pass(milliseconds(32));
  users.service.answer();
  users.ask("2");
  users.turn();
  users.ask("3");
  users.pass(milliseconds(1));
  EXPECT_EQ(users.service.sent().size(), 2U);
  users.pass(milliseconds(1));
  EXPECT_EQ(users.service.sent().size(), 3U);
}

TEST(RequestPath, keys_gather_for_an_eighth_of_the_delay_at_least) {
  LookupHarness users({.options = {.max_batch = 100, .max_delay = milliseconds(8)}});
  users.ask("1");
  users.turn();
  users.pass(milliseconds(1));
  users.service.answer();
  users.ask("2");
  users.turn();
  users.ask("3");
  EXPECT_EQ(users.service.sent().size(), 2U);
  users.pass(milliseconds(1));
  EXPECT_EQ(users.service.sent().size(), 3U);
}

TEST(RequestPath, a_full_batch_leaves_at_once) {
  LookupHarness users({.options = {.max_batch = 3, .max_delay = seconds(1)}});
  for (const char* const key : {"1", "2", "3", "4"}) users.ask(key);
  EXPECT_THAT(users.service.sent(), ElementsAre(Keys{"1", "2", "3"}));
}

TEST(RequestPath, no_more_requests_are_under_way_than_the_client_can_carry) {
  LookupHarness users({.options = {.client_limit = 2}});
  for (const char* const key : {"1", "2", "3", "4", "5"}) users.ask(key);
  EXPECT_EQ(users.service.under_way().size(), 2U);
  EXPECT_FALSE(users.lookup().accepts());  // more wait than may be under way
  users.service.answer();
  EXPECT_EQ(users.service.under_way().size(), 2U);
  EXPECT_TRUE(users.lookup().accepts());
  EXPECT_EQ(users.metrics().in_flight_peak, 2U);
}

TEST(RequestPath, a_late_request_holds_its_place_until_its_client_gives_it_back) {
  LookupHarness users({.options = {.client_limit = 1}, .timeout = milliseconds(50)});
  users.ask("1");
  users.pass(milliseconds(50));
  users.ask("2");
  EXPECT_EQ(users.service.sent().size(), 1U);
  users.service.fail();
  EXPECT_EQ(users.service.sent().size(), 2U);
}

TEST(RequestPath, the_limit_of_the_process_goes_before_the_clients) {
  LookupHarness users({.options = {.client_limit = 10}, .bulkhead = {3, WhenFull::wait}});
  for (const char* const key : {"1", "2", "3", "4", "5"}) users.ask(key);
  EXPECT_EQ(users.service.under_way().size(), 3U);
}

TEST(RequestPath, carries_what_the_clients_connections_of_this_shard_do) {
  const struct {
    unsigned shard;
    std::size_t expected;
  } rows[] = {{0, 4U}, {1, 2U}};
  for (const auto& [shard, expected] : rows) {
    LookupHarness users(
        {.options = {.client_limit = 2, .connections = 3}, .shard = shard, .shards = 2});
    for (const char* const key : {"1", "2", "3", "4", "5"}) users.ask(key);
    EXPECT_EQ(users.service.under_way().size(), expected);
  }
}

TEST(RequestPath, a_request_that_failed_counts_once_for_the_breaker) {
  LookupHarness users({.options = {.max_batch = 100}, .breaker = opens_after(2)});
  for (int i = 0; i < 50; ++i) users.ask(std::to_string(i));
  users.turn();
  users.service.fail();
  EXPECT_EQ(users.breaker().stats().state, BreakerState::closed);
  users.ask("x");
  users.turn();
  users.service.fail();
  EXPECT_EQ(users.breaker().stats().state, BreakerState::open);
}

TEST(RequestPath, a_bad_request_does_not_speak_against_the_service) {
  LookupHarness users({.breaker = opens_after(1)});
  Question& question = users.ask("1");
  users.service.fail(RequestError::bad_request, "400");
  EXPECT_EQ(question.outcome, Outcome::error);
  EXPECT_EQ(users.breaker().stats().state, BreakerState::closed);
}

TEST(RequestPath, rows_left_unset_are_errors_and_the_others_are_not) {
  LookupHarness users({.options = {.max_batch = 2}});
  Question& first = users.ask("1");
  Question& second = users.ask("2");
  Request& request = users.service.take();
  request.found(1);
  request.value(0, "two");
  request.finish();
  EXPECT_EQ(first.outcome, Outcome::error);
  EXPECT_EQ(second.outcome, Outcome::ok);
}

TEST(RequestPath, rows_that_came_before_a_request_failed_keep_their_answers) {
  LookupHarness users({.options = {.max_batch = 2}});
  Question& first = users.ask("1");
  Question& second = users.ask("2");
  Request& request = users.service.take();
  request.found(0);
  request.value(0, "one");
  request.finish(RequestError::transport, "users: connection reset");
  EXPECT_EQ(first.outcome, Outcome::ok);
  EXPECT_EQ(second.outcome, Outcome::error);
  EXPECT_EQ(second.reason, "users: connection reset");
}

TEST(RequestPath, a_failed_request_is_sent_again_after_a_pause) {
  LookupHarness users(
      {.retry = {.retries = 1, .backoff = milliseconds(20), .jitter = Jitter::none, .budget = 1}});
  Question& question = users.ask("1");
  users.service.fail();
  EXPECT_FALSE(question.over);
  EXPECT_TRUE(users.service.under_way().empty());
  users.pass(milliseconds(20));
  ASSERT_EQ(users.service.under_way().size(), 1U);
  users.service.answer();
  EXPECT_EQ(question.outcome, Outcome::ok);
  EXPECT_EQ(users.metrics().retries, 1U);
}

TEST(RequestPath, between_two_attempts_a_request_holds_no_place) {
  LookupHarness users(
      {.options = {.client_limit = 1},
       .retry = {.retries = 1, .backoff = milliseconds(20), .jitter = Jitter::none, .budget = 1}});
  users.ask("1");
  users.ask("2");
  users.service.fail();
  EXPECT_THAT(users.service.sent(), ElementsAre(Keys{"1"}, Keys{"2"}));
}

TEST(RequestPath, a_service_is_left_alone_for_as_long_as_it_asks) {
  LookupHarness users(
      {.retry = {.retries = 1, .backoff = milliseconds(20), .jitter = Jitter::none, .budget = 1}});
  Question& question = users.ask("1");
  users.turn();
  users.service.under_way()[0].request->leave_alone_for(milliseconds(500));
  users.service.fail(RequestError::overloaded, "not now");
  users.pass(milliseconds(519));
  EXPECT_EQ(users.service.sent().size(), 1U);
  users.pass(milliseconds(1));
  ASSERT_EQ(users.service.sent().size(), 2U);
  EXPECT_FALSE(question.over);
  users.service.fail(RequestError::overloaded, "not now");  // it asks for nothing this time
  EXPECT_EQ(question.outcome, Outcome::error);
}

TEST(RequestPath, a_service_that_asks_for_more_time_than_there_is_has_failed_at_once) {
  LookupHarness users(
      {.retry = {.retries = 1, .backoff = milliseconds(20), .jitter = Jitter::none, .budget = 1}});
  Question& question = users.ask("1");
  users.turn();
  users.service.under_way()[0].request->leave_alone_for(seconds(1));
  users.service.fail(RequestError::overloaded, "not now");
  EXPECT_TRUE(question.over);
  EXPECT_EQ(question.outcome, Outcome::error);
  EXPECT_EQ(question.reason, "not now");
}

TEST(RequestPath, a_client_knows_a_probe_of_the_breakers) {
  LookupHarness users({.breaker = opens_after(1)});
  users.ask("1");
  users.turn();
  EXPECT_FALSE(users.service.under_way()[0].request->is_probe());
  users.service.fail();
  users.pass(seconds(5));
  users.ask("2");
  users.turn();
  ASSERT_EQ(users.service.under_way().size(), 1U);
  EXPECT_TRUE(users.service.under_way()[0].request->is_probe());
  users.service.answer();
  users.ask("3");
  users.turn();
  EXPECT_FALSE(users.service.under_way()[0].request->is_probe());
}

TEST(RequestPath, the_timeout_holds_for_all_attempts_together) {
  LookupHarness users(
      {.retry = {.retries = 5, .backoff = milliseconds(20), .jitter = Jitter::none, .budget = 1},
       .timeout = milliseconds(50)});
  Question& question = users.ask("1");
  users.pass(milliseconds(15));
  users.service.fail();
  users.pass(milliseconds(20));  // sent again, and not answered
  users.pass(milliseconds(14));
  EXPECT_FALSE(question.over);
  users.pass(milliseconds(1));
  EXPECT_TRUE(question.over);
  EXPECT_EQ(question.outcome, Outcome::timeout);
}

TEST(RequestPath, when_the_breaker_opens_those_in_the_line_are_let_go) {
  LookupHarness users({.options = {.client_limit = 1}, .breaker = opens_after(1)});
  users.ask("1");
  Question& waits = users.ask("2");
  users.service.fail();
  EXPECT_TRUE(waits.over);
  EXPECT_EQ(waits.outcome, Outcome::breaker_open);
}

TEST(RequestPath, a_batch_that_is_refused_is_split_down_to_the_key_that_spoils_it) {
  LookupHarness users({.options = {.max_batch = 8, .on_batch_error = OnBatchError::split},
                       .breaker = opens_after(1000)});
  std::vector<Question*> questions;
  for (int i = 0; i < 8; ++i) questions.push_back(&users.ask(std::to_string(i)));
  while (!users.service.under_way().empty()) {
    const Keys& keys = users.service.under_way()[0].keys;
    if (std::find(keys.begin(), keys.end(), "5") != keys.end()) {
      users.service.fail(RequestError::refused, "no");
    } else {
      users.service.answer();
    }
  }
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(questions[i]->outcome, i == 5 ? Outcome::error : Outcome::ok) << i;
  }
}

TEST(RequestPath, a_client_that_refuses_at_once_is_asked_for_each_half_again) {
  BreakerOptions patient = opens_after(1000);
  patient.min_calls = 1000;
  LookupHarness users(
      {.options = {.max_batch = 32, .on_batch_error = OnBatchError::split}, .breaker = patient});
  users.service.on_send = [&] { users.service.fail(RequestError::refused, "no"); };
  std::vector<Question*> questions;
  for (int i = 0; i < 32; ++i) questions.push_back(&users.ask(std::to_string(i)));
  users.turn();
  for (const Question* const question : questions) {
    EXPECT_TRUE(question->over);
    EXPECT_EQ(question->outcome, Outcome::error);
  }
  EXPECT_EQ(users.service.sent().size(), 63U);
}

TEST(RequestPath, parts_and_retries_keep_to_the_limit_as_all_do) {
  for (const bool splits : {true, false}) {
    BreakerOptions patient = opens_after(1000);
    patient.min_calls = 1000;
    LookupSetup setup{.options = {.max_batch = 8, .client_limit = 2}, .breaker = patient};
    if (splits) {
      setup.options.on_batch_error = OnBatchError::split;
    } else {
      setup.retry.retries = 1;
      setup.retry.budget = 1;
    }
    LookupHarness users(setup);
    std::vector<Question*> questions;
    for (int i = 0; i < 16; ++i) questions.push_back(&users.ask(std::to_string(i)));
    EXPECT_EQ(users.service.under_way().size(), 2U);
    bool refuses = true;
    while (!users.service.under_way().empty()) {
      if (refuses) {
        users.service.fail(splits ? RequestError::refused : RequestError::transport);
      } else {
        users.service.answer();
      }
      refuses = users.service.keys_sent() < 40;
      users.pass(milliseconds(50));
      EXPECT_LE(users.service.under_way().size(), 2U);
    }
    for (const Question* const question : questions) EXPECT_TRUE(question->over);
    EXPECT_EQ(users.metrics().in_flight_peak, 2U);
    EXPECT_GT(users.service.keys_sent(), 16U) << "or nothing was sent again";
  }
}

TEST(RequestPath, a_part_that_fails_and_is_sent_again_is_a_retry) {
  LookupSetup setup{.options = {.max_batch = 2}, .breaker = opens_after(1000)};
  setup.options.on_batch_error = OnBatchError::split;
  setup.retry.retries = 2;
  LookupHarness users(setup);
  Question& first = users.ask("1");
  Question& second = users.ask("2");
  users.service.fail(RequestError::bad_request, "no");
  EXPECT_EQ(users.metrics().retries, 0U);
  users.service.answer(1);
  users.service.fail(RequestError::transport);
  users.pass(milliseconds(50));
  EXPECT_EQ(users.metrics().retries, 1U);
  users.service.answer();
  EXPECT_EQ(first.outcome, Outcome::ok);
  EXPECT_EQ(second.outcome, Outcome::ok);
}

TEST(RequestPath, a_part_that_finds_no_place_in_time_is_a_timeout) {
  LookupSetup setup{.options = {.max_batch = 4, .client_limit = 1},
                    .breaker = opens_after(1000),
                    .timeout = milliseconds(50)};
  setup.options.on_batch_error = OnBatchError::split;
  LookupHarness users(setup);
  std::vector<Question*> questions;
  for (int i = 0; i < 4; ++i) questions.push_back(&users.ask(std::to_string(i)));
  users.pass(milliseconds(10));
  users.service.fail(RequestError::refused, "no");
  EXPECT_EQ(users.service.sent().back(), (Keys{"0", "1"}));
  users.pass(milliseconds(40));
  EXPECT_EQ(users.service.sent().size(), 2U);
  for (const Question* const question : questions) {
    EXPECT_TRUE(question->over);
    EXPECT_EQ(question->outcome, Outcome::timeout);
  }
}

TEST(RequestPath, a_rate_spreads_requests) {
  LookupHarness users({.options = {.rate = 10}});
  for (int i = 0; i < 30; ++i) users.ask(std::to_string(i));
  const std::size_t at_once = users.service.sent().size();
  EXPECT_LE(at_once, 10U);
  EXPECT_GE(at_once, 1U);
  users.pass(seconds(1));
  EXPECT_GE(users.service.sent().size(), at_once + 9);
  EXPECT_LE(users.service.sent().size(), at_once + 11);
}

}  // namespace
}  // namespace logbraid::test
