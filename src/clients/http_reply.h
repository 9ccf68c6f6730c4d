#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "clients/http_options.h"
#include "format/json_document.h"
#include "logbraid/arena.h"
#include "lookup/request.h"

namespace logbraid {

// From the body of a reply to the rows of its request.
//
// Threads: the shard's.
class HttpReply {
 public:
  // `document`: may be shared, nothing of it is kept.
  HttpReply(const HttpReplyOptions& options, std::shared_ptr<JsonDocument> document)
      : options_(options), document_(std::move(document)) {}

  // False: the body is not what it should be; `why` says so, and no row is set.
  bool read(std::string_view body, Request& request, std::string& why);

 private:
  void read_values(std::string_view json, Request& request, std::size_t row);
  bool read_members(std::string_view object, Request& request);
  bool read_by_key(std::string_view array, Request& request);
  bool read_in_order(std::string_view array, Request& request, std::string& why);
  void read_item(std::string_view item, Request& request, std::size_t row);
  // There are items to look through: what they do not speak of is not there.
  void find_rows(Request& request);

  const HttpReplyOptions& options_;
  const std::shared_ptr<JsonDocument> document_;
  Arena arena_;                                             // of decoded strings
  std::unordered_map<std::string_view, std::size_t> rows_;  // by key
};

}  // namespace logbraid
