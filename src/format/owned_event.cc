#include "logbraid/owned_event.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "core/batch.h"
#include "core/json_text.h"
#include "format/json_reader.h"
#include "format/json_writer.h"
#include "logbraid/patch.h"

namespace logbraid {
namespace {

// First block of an event's arena: its fields, and the rows and patches of some ten enrichers.
constexpr std::size_t kArenaBytes = 4 * 1024;

// The reader takes a line for a record: line ends between tokens become blanks. Those within a
// string are an error, and stay one.
void join_lines(char* text, std::size_t size) {
  if (std::string_view(text, size).find('\n') == std::string_view::npos) return;
  bool in_string = false;
  for (std::size_t i = 0; i < size; ++i) {
    if (text[i] == '"') {
      in_string = !in_string;
    } else if (in_string && text[i] == '\\') {
      ++i;
    } else if (!in_string && text[i] == '\n') {
      text[i] = ' ';
    }
  }
}

}  // namespace

OwnedEvent::OwnedEvent(std::unique_ptr<Batch> batch) : batch_(std::move(batch)) {}
OwnedEvent::~OwnedEvent() = default;
OwnedEvent::OwnedEvent(OwnedEvent&& other) noexcept = default;
OwnedEvent& OwnedEvent::operator=(OwnedEvent&& other) noexcept = default;

std::unique_ptr<Batch> OwnedEvent::take_batch() && { return std::move(batch_); }
const Event& OwnedEvent::event() const { return batch_->records().front().event; }

Result<OwnedEvent> OwnedEvent::from_json(std::string_view json) {
  if (json.size() > Reader::kMaxLine) return Error("an event of more than 1 MiB is refused");
  auto batch = std::make_unique<Batch>(kArenaBytes);
  batch->reserve(json.size());
  std::copy(json.begin(), json.end(), batch->buffer());
  join_lines(batch->buffer(), json.size());
  batch->set_size(json.size());
  batch->sequence = 1;  // 0 may begin with a byte order mark
  JsonReader().read(*batch);
  if (batch->records().empty()) return Error("there is no JSON object, only blanks");
  const Record& record = batch->records().front();
  if (record.malformed()) return Error(std::string(record.parse_error));
  if (batch->records().size() != 1) return Error("there is more behind the JSON object");
  return OwnedEvent(std::move(batch));
}

struct EventBuilder::Fields {
  Arena arena{kArenaBytes};
  Patch patch{&arena};
  std::vector<FieldPath> paths;  // the patch has views of them
};

EventBuilder::EventBuilder() : fields_(std::make_unique<Fields>()) {}
EventBuilder::~EventBuilder() = default;

EventBuilder& EventBuilder::set(const FieldPath& path, const Value& value) {
  Fields& fields = *fields_;
  fields.paths.push_back(path);
  if (value.is_string() && valid_utf8_prefix(value.text()) != value.text().size()) {
    std::string repaired;
    append_valid_utf8(repaired, value.text());
    fields.patch.set(path.view(), repaired);
  } else {
    fields.patch.set(path.view(), value);
  }
  return *this;
}

Result<OwnedEvent> EventBuilder::build() {
  const std::unique_ptr<Fields> fields = std::exchange(fields_, std::make_unique<Fields>());
  if (fields->patch.overflowed()) return Error("an event of more than 1 MiB is refused");
  // Written and read: an event comes to be in one way, and JSON that was given is checked.
  std::string json;
  JsonWriter().write(Event({}, 0, "{}"), {&fields->patch, 1}, json);
  return OwnedEvent::from_json(json);
}

}  // namespace logbraid
