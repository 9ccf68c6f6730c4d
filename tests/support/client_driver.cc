#include "tests/support/client_driver.h"

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
  Asked() { request.begin(); }
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

ClientDriver::ClientDriver(const MakeClient& make, Duration timeout)
    : breaker_({}, timeout, 0, {}), thread_([this] { loop_.run([] { return false; }); }) {
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

ClientDriver::Sent ClientDriver::send(const std::vector<std::string>& keys) {
  auto asked = std::make_unique<Asked>();
  asked->keys = keys;
  for (const std::string& key : asked->keys) asked->request.add(key);
  Sent sent{asked->ended.get_future(), &asked->request};
  asked_.push_back(std::move(asked));
  on_loop([&] { client_->send(*sent.request); });
  return sent;
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

ClientDriver::MakeClient on_shard(unsigned shard, unsigned shards, ClientDriver::MakeClient make) {
  return [shard, shards, make = std::move(make)](const LookupSurroundings& surroundings) {
    LookupSurroundings there = surroundings;
    there.shard = shard;
    there.shards = shards;
    return make(there);
  };
}

}  // namespace logbraid::test
