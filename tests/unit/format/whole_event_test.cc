// An event as an enricher sees all of it must be what is written of it.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/batch.h"
#include "core/json_text.h"
#include "format/combined_reader.h"
#include "format/json_writer.h"
#include "logbraid/event_view.h"
#include "tests/support/event_of.h"

namespace logbraid {
namespace {

// As written, without the line end.
std::string written(const Event& event, std::span<const Patch> patches) {
  std::string line;
  JsonWriter().write(event, patches, line);
  line.pop_back();
  return line;
}

TEST(WholeEvent, is_what_would_be_written_after_its_ancestors) {
  const struct {
    const char* event;
    std::vector<std::pair<const char*, const char*>> sets;  // null: removed
  } rows[] = {
      {R"({"a":1, "b":{"c":2}})", {}},
      {"{}", {{"x", "1"}}},
      {R"({"a":1})", {{"x.y", "\"z\""}, {"x.z", "[1]"}}},
      {R"({"a":1,"b":2,"a":3})", {{"a", "4"}}},
      {R"({"a":1,"b":2,"a":3})", {{"a", nullptr}}},
      {R"({"a":{"b":1,"c":2}})", {{"a.b", nullptr}, {"a.d", "{\"e\":null}"}}},
      {R"({"a":{"b":1}})", {{"a", "{\"c\":2}"}}},
      {R"({"a":5})", {{"a.b", "6"}}},
      {R"({"A\n":5})", {{"b", "6"}, {"b", "7"}}},
  };
  for (const auto& row : rows) {
    test::EventOf event(row.event);
    std::vector<FieldPath> paths;
    for (const auto& [path, value] : row.sets) paths.emplace_back(path);
    Patch patch(&event.arena());
    for (std::size_t i = 0; i < paths.size(); ++i) {
      const char* const json = row.sets[i].second;
      if (json == nullptr) {
        patch.remove(paths[i]);
      } else {
        patch.set(paths[i], decode_json(json, event.arena()));
      }
    }
    const std::uint64_t ancestors = 1;
    std::string json;
    EventView(event.event(), &patch, {&ancestors, 1}, event.arena()).append_json(json);
    EXPECT_EQ(json, written(event.event(), {&patch, 1}));
  }
}

TEST(WholeEvent, has_nothing_of_enrichers_that_are_no_ancestors) {
  test::EventOf event(R"({"a":1})");
  const FieldPath x("x");
  std::vector<Patch> row(70, Patch(&event.arena()));
  for (std::size_t i = 0; i < row.size(); ++i) row[i].set(x, static_cast<int>(i));
  const std::uint64_t ancestors[] = {1u << 3, 1u << 2};  // nodes 3 and 66
  std::string json;
  EventView(event.event(), row.data(), {ancestors, 2}, event.arena()).append_json(json);
  EXPECT_EQ(json, R"({"a":1,"x":66})") << "the last in plan order";
}

TEST(WholeEvent, of_a_record_that_was_no_json_is_an_object) {
  constexpr std::string_view kLine =
      R"(10.0.0.1 - ann [10/Oct/2000:13:55:36 -0700] "GET /\x22 HTTP/1.0" 200 5 "-" "a\"b")";
  Batch batch;
  batch.reserve(kLine.size());
  kLine.copy(batch.buffer(), kLine.size());
  batch.set_size(kLine.size());
  CombinedReader().read(batch);
  const Event& event = batch.records().at(0).event;
  std::string json;
  EventView(event, batch.arena()).append_json(json);
  EXPECT_EQ(json, written(event, {}));
}

}  // namespace
}  // namespace logbraid
