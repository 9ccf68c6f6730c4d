#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace logbraid {

// What went wrong, where, and what would be right. Made for people who read it on a terminal.
struct Error {
  Error() = default;
  explicit Error(std::string what) : message(std::move(what)) {}

  std::string message;  // a sentence without its full stop; says what would be right where it can
  std::string file;     // configuration file, empty where there is none
  int line = 0;         // 1-based; 0: unknown
  std::string key;      // dotted key of the setting, empty where there is none

  // "pipeline.yaml:12: enrichers.geo.database: no such file". Parts that are unknown are left out.
  std::string to_string() const {
    std::string out;
    if (!file.empty()) out += file + (line > 0 ? ":" + std::to_string(line) : "") + ": ";
    if (!key.empty()) out += key + ": ";
    return out + message;
  }
};

// A value or an Error; the member names are those of std::expected (C++23).
//
// Errors: value() on an error and error() on a value are broken invariants: they throw
//         std::bad_variant_access and std::bad_optional_access.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT: a value is a result
  Result(Error error) : state_(std::move(error)) {}  // NOLINT: an error is a result

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  Error& error() { return std::get<1>(state_); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: an error is a result

  bool has_value() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }
  Error& error() { return error_.value(); }
  const Error& error() const { return error_.value(); }

 private:
  std::optional<Error> error_;
};

}  // namespace logbraid
