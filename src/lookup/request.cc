#include "lookup/request.h"

#include "core/assert.h"

namespace logbraid {

std::string_view to_string(RequestError error) {
  switch (error) {
    case RequestError::none:
      return "none";
    case RequestError::transport:
      return "transport";
    case RequestError::timeout:
      return "timeout";
    case RequestError::overloaded:
      return "overloaded";
    case RequestError::refused:
      return "refused";
    case RequestError::malformed:
      return "malformed";
    case RequestError::oversize:
      return "oversize";
    case RequestError::bad_request:
      return "bad_request";
  }
  return "unknown";
}

void Request::begin(bool probe) {
  rows_.clear();
  bytes_.clear();
  open_ = kNone;
  error_ = RequestError::none;
  why_.clear();
  leave_alone_for_ = {};
  probe_ = probe;
  client_data = nullptr;
  client_number = 0;
}

void Request::close_row() {
  if (open_ == kNone) return;
  Entry& entry = rows_[open_];
  entry.size = bytes_.size() - entry.first;
  if (entry.size == 0) entry.what = Row::not_found;
  open_ = kNone;
}

void Request::found(std::size_t row) {
  close_row();
  rows_[row].what = Row::found;
  rows_[row].first = bytes_.size();
  open_ = row;
}

void Request::not_found(std::size_t row) {
  close_row();
  rows_[row].what = Row::not_found;
}

void Request::failed(std::size_t row, std::string_view why) {
  close_row();
  rows_[row] = {rows_[row].key, Row::error, bytes_.size(), why.size()};
  bytes_ += why;
}

void Request::finish(RequestError error, std::string_view why) {
  close_row();
  error_ = error;
  why_ = why;
  owner_.request_ended(*this);
}

}  // namespace logbraid
