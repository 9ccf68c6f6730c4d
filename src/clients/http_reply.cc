#include "clients/http_reply.h"

#include <optional>

#include "core/json_text.h"

namespace logbraid {
namespace {

// A key as it stands in an answer: a string, or whatever its spelling is.
std::string_view key_text(std::string_view json, Arena& arena) {
  if (json.front() != '"') return json;
  return unescape_json(json.substr(1, json.size() - 2), arena);
}

}  // namespace

void HttpReply::read_values(std::string_view json, Request& request, std::size_t row) {
  request.found(row);
  for (std::size_t i = 0; i < options_.fields.size(); ++i) {
    if (const auto value = options_.fields[i].find(json)) {
      request.value(static_cast<std::uint16_t>(i), decode_json(*value, arena_));
    }
  }
}

bool HttpReply::read(std::string_view body, Request& request, std::string& why) {
  arena_.reset();
  if (!document_->read(body)) {
    why = "its reply is no JSON: " + document_->error();
    return false;
  }
  const std::string_view json = document_->json();
  if (!options_.bulk) {
    read_values(json, request, 0);
    return true;
  }
  const std::optional<std::string_view> items = options_.bulk->items.find(json);
  const char first = items ? items->front() : '\0';
  if (first == '{') return read_members(*items, request);
  if (first == '[') {
    return options_.bulk->item_key ? read_by_key(*items, request)
                                   : read_in_order(*items, request, why);
  }
  why = "its reply has no array or object of items";
  return false;
}

void HttpReply::find_rows(Request& request) {
  rows_.clear();
  for (std::size_t row = 0; row < request.size(); ++row) {
    rows_.emplace(request.key(row), row);
    request.not_found(row);
  }
}

void HttpReply::read_item(std::string_view item, Request& request, std::size_t row) {
  if (item == "null") {
    request.not_found(row);
  } else {
    read_values(item, request, row);
  }
}

bool HttpReply::read_members(std::string_view object, Request& request) {
  find_rows(request);
  for (ObjectWalk walk(object); walk.next();) {
    const std::string_view key =
        walk.key_escaped() ? unescape_json(walk.raw_key(), arena_) : walk.raw_key();
    if (const auto row = rows_.find(key); row != rows_.end()) {
      read_item(walk.value(), request, row->second);
    }
  }
  return true;
}

bool HttpReply::read_by_key(std::string_view array, Request& request) {
  find_rows(request);
  for (ArrayWalk walk(array); walk.next();) {
    const auto key = options_.bulk->item_key->find(walk.value());
    if (!key) continue;
    if (const auto row = rows_.find(key_text(*key, arena_)); row != rows_.end()) {
      read_item(walk.value(), request, row->second);
    }
  }
  return true;
}

bool HttpReply::read_in_order(std::string_view array, Request& request, std::string& why) {
  std::size_t count = 0;
  for (ArrayWalk walk(array); walk.next();) ++count;
  if (count != request.size()) {
    why = "its reply has " + std::to_string(count) + " items for " +
          std::to_string(request.size()) + " keys";
    return false;
  }
  std::size_t row = 0;
  for (ArrayWalk walk(array); walk.next();) read_item(walk.value(), request, row++);
  return true;
}

}  // namespace logbraid
