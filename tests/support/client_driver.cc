#include "tests/support/client_driver.h"

#include <chrono>
#include <utility>

#include "format/json_writer.h"
#include "tests/support/event_of.h"

namespace logbraid::test {
namespace {

std::string as_json(std::string_view answer) {
  std::vector<FieldPath> fields;
  for (int i = 0; i < 64; ++i) fields.push_back(FieldPath::parse(std::to_string(i)).value());
  EventOf nothing("{}");
  Patch patch(&nothing.arena());
  apply_answer(answer, fields, patch);
  std::string json;
  JsonWriter().write(nothing.event(), {&patch, 1}, json);
  if (json.ends_with('\n')) json.pop_back();
  return json;
}

// Runs a function on the loop.
struct Errand : Posted {
  explicit Errand(std::function<void()> errand)
      : Posted([](Posted& posted) noexcept {
          auto& self = static_cast<Errand&>(posted);
          self.what();
          self.done.set_value();
        }),
        what(std::move(errand)) {}
  std::function<void()> what;
  std::promise<void> done;
};

}  // namespace

class ClientDriver::Asked final : public RequestOwner {
 public:
  explicit Asked(bool probe) { request.begin(probe); }
  Request request{*this};
  std::vector<std::string> keys;
  std::promise<Ended> ended;

  void request_ended(Request& back) noexcept override {
    Ended how{back.error(), std::string(back.why()), {}, back.leave_alone_for()};
    for (std::size_t i = 0; i < back.size(); ++i) {
      Row row{back.row(i), {}, back.ttl(i)};
      if (row.what == Request::Row::found) row.answer = as_json(back.answer(i));
      if (row.what == Request::Row::error) row.answer = back.answer(i);
      how.rows.push_back(std::move(row));
    }
    ended.set_value(std::move(how));
  }
};

ClientDriver::ClientDriver(const MakeClient& make, Duration timeout, ManualClock* manual)
    : manual_(manual),
      creeping_(manual),
      clock_(manual != nullptr ? static_cast<const Clock&>(creeping_) : steady_),
      breaker_({}, timeout, 0, {}),
      thread_([this] { loop_.run([] { return false; }); }) {
  on_loop([&] {
    client_ = make({"test", loop_.timers(), clock_, loop_.io(), front_, bulkhead_, retry_, timeout,
                    0, 1, shared_, recorder_});
  });
}

ClientDriver::~ClientDriver() {
  destroy_client();
  loop_.stop();
  thread_.join();
}

void ClientDriver::on_loop(const std::function<void()>& what) {
  Errand errand(what);
  auto done = errand.done.get_future();
  loop_.post(errand);
  done.get();
}

ClientDriver::Asked& ClientDriver::prepare(const std::vector<std::string>& keys, bool probe) {
  Asked& asked = *asked_.emplace_back(std::make_unique<Asked>(probe));
  asked.keys = keys;
  for (const std::string& key : asked.keys) asked.request.add(key);
  return asked;
}

ClientDriver::Sent ClientDriver::send(const std::vector<std::string>& keys) {
  return std::move(send_together(1, keys).front());
}

std::vector<ClientDriver::Sent> ClientDriver::send_together(std::size_t count,
                                                            const std::vector<std::string>& keys) {
  std::vector<Sent> sent;
  for (std::size_t i = 0; i < count; ++i) {
    Asked& asked = prepare(keys);
    sent.push_back({asked.ended.get_future(), &asked.request});
  }
  on_loop([&] {
    for (const Sent& one : sent) client_->send(*one.request);
  });
  return sent;
}

ClientDriver::Ended ClientDriver::ask_until_it_answers(const std::vector<std::string>& keys) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  for (;;) {
    auto ended = ask(keys);
    if (ended.error == RequestError::none || std::chrono::steady_clock::now() > give_up) {
      return ended;
    }
  }
}

ClientDriver::Ended ClientDriver::probe(const std::vector<std::string>& keys) {
  Asked& asked = prepare(keys, true);
  auto ended = asked.ended.get_future();
  on_loop([&] { client_->send(asked.request); });
  return ended.get();
}

void ClientDriver::cancel(Request& request) {
  on_loop([&] { client_->cancel(request); });
}
void ClientDriver::warm_up() {
  on_loop([&] { client_->warm_up(); });
}
void ClientDriver::destroy_client() {
  on_loop([&] { client_.reset(); });
}

void ClientDriver::pass(Duration time) {
  on_loop([&] {
    Timers& timers = loop_.timers();
    const TimePoint end = manual_->now() + time;
    while (timers.next_due() <= end) {
      manual_->advance_to(timers.next_due());
      timers.advance(manual_->now());
    }
    manual_->advance_to(end);
    timers.advance(end);
  });
}

Duration ClientDriver::until_next_timer() {
  Duration left{};
  on_loop([&] { left = loop_.timers().next_due() - clock_.now(); });
  return left;
}

ClientDriver::MakeClient on_shard(unsigned shard, unsigned shards, ClientDriver::MakeClient make) {
  return [shard, shards, make = std::move(make)](const LookupSurroundings& surroundings) {
    LookupSurroundings there = surroundings;
    there.shard = shard;
    there.shards = shards;
    return make(there);
  };
}

}  // namespace logbraid::test
