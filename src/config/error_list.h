#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "logbraid/result.h"

namespace logbraid {

// What is wrong with a configuration, all of it at once, as far as anybody reads.
//
// Threads: one.
class ErrorList {
 public:
  static constexpr std::size_t kMost = 20;

  void add(Error error) {
    if (errors_.size() < kMost) {
      errors_.push_back(std::move(error));
    } else {
      ++left_out_;
    }
  }
  void add(std::vector<Error> errors) {
    for (Error& error : errors) add(std::move(error));
  }
  // The value, or nothing and its error is in the list.
  template <class T>
  std::optional<T> take(Result<T> result) {
    if (result) return *std::move(result);
    add(std::move(result.error()));
    return std::nullopt;
  }

  bool empty() const { return errors_.empty(); }
  std::size_t size() const { return errors_.size() + left_out_; }
  const std::vector<Error>& errors() const { return errors_; }
  std::size_t left_out() const { return left_out_; }

 private:
  std::vector<Error> errors_;
  std::size_t left_out_ = 0;
};

}  // namespace logbraid
