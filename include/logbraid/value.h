#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace logbraid {

enum class ValueKind : std::uint8_t {
  absent,  // no such field
  null,
  boolean,
  int64,
  uint64,  // integers over the range of int64
  real,    // every other number, and integers over the range of uint64
  string,
  object,  // as JSON text
  array,   // as JSON text
};

std::string_view to_string(ValueKind kind);

// One value of an event: 16 bytes, a view. Strings, objects and arrays point at memory that
// belongs to the batch, to a patch's arena, or to whoever made the value.
//
// Threads: as for any const object.
// Errors:  none; the as_...() functions give nullopt where the value is of another kind.
class Value {
 public:
  constexpr Value() noexcept : integer_(0) {}
  constexpr Value(std::nullptr_t) noexcept : integer_(0), kind_(ValueKind::null) {}  // NOLINT
  template <std::same_as<bool> B>
  constexpr Value(B value) noexcept : integer_(value), kind_(ValueKind::boolean) {}  // NOLINT
  template <std::integral I>
    requires(!std::same_as<I, bool>)
  constexpr Value(I value) noexcept {  // NOLINT
    if constexpr (std::is_signed_v<I>) {
      integer_ = value;
      kind_ = ValueKind::int64;
    } else if (value <= static_cast<std::uint64_t>(INT64_MAX)) {
      integer_ = static_cast<std::int64_t>(value);
      kind_ = ValueKind::int64;
    } else {
      unsigned_ = value;
      kind_ = ValueKind::uint64;
    }
  }
  // NaN and the infinities have no JSON spelling and are written as null.
  constexpr Value(double value) noexcept : real_(value), kind_(ValueKind::real) {}  // NOLINT
  constexpr Value(std::string_view text) noexcept                                   // NOLINT
      : text_(text.data()),
        size_(static_cast<std::uint32_t>(text.size())),
        kind_(ValueKind::string) {}
  constexpr Value(const char* text) noexcept : Value(std::string_view(text)) {}  // NOLINT
  Value(const std::string& text) noexcept : Value(std::string_view(text)) {}     // NOLINT

  // `json` must be one valid JSON object or array; it is not checked here.
  static constexpr Value object(std::string_view json) noexcept {
    return spelled(json, ValueKind::object);
  }
  static constexpr Value array(std::string_view json) noexcept {
    return spelled(json, ValueKind::array);
  }
  // A number that keeps its spelling (1.10, 1e400, 20 digits); `json` must be a valid JSON number.
  static constexpr Value number(std::string_view json) noexcept {
    return spelled(json, ValueKind::real);
  }

  constexpr ValueKind kind() const noexcept { return kind_; }
  constexpr bool absent() const noexcept { return kind_ == ValueKind::absent; }
  constexpr bool is_null() const noexcept { return kind_ == ValueKind::null; }
  constexpr bool is_string() const noexcept { return kind_ == ValueKind::string; }
  constexpr bool is_object() const noexcept { return kind_ == ValueKind::object; }
  constexpr bool is_array() const noexcept { return kind_ == ValueKind::array; }
  constexpr bool is_number() const noexcept {
    return kind_ >= ValueKind::int64 && kind_ <= ValueKind::real;
  }
  constexpr explicit operator bool() const noexcept { return !absent(); }

  std::optional<bool> as_bool() const noexcept {
    if (kind_ != ValueKind::boolean) return std::nullopt;
    return integer_ != 0;
  }
  // Integers only; a real is not rounded.
  std::optional<std::int64_t> as_int64() const noexcept {
    if (kind_ != ValueKind::int64) return std::nullopt;
    return integer_;
  }
  std::optional<std::uint64_t> as_uint64() const noexcept {
    if (kind_ == ValueKind::uint64) return unsigned_;
    if (kind_ == ValueKind::int64 && integer_ >= 0) return static_cast<std::uint64_t>(integer_);
    return std::nullopt;
  }
  // Any number, to the nearest double (1e400 gives infinity).
  std::optional<double> as_double() const noexcept;
  std::optional<std::string_view> as_string() const noexcept {
    if (kind_ != ValueKind::string) return std::nullopt;
    return text();
  }
  // The JSON text of an object or an array, or of a number that kept its spelling.
  std::optional<std::string_view> as_json() const noexcept {
    if (!spelled_) return std::nullopt;
    return text();
  }
  // The bytes of a string, or of whatever has a JSON text; empty for all else.
  constexpr std::string_view text() const noexcept {
    return kind_ == ValueKind::string || spelled_ ? std::string_view(text_, size_)
                                                  : std::string_view();
  }

 private:
  static constexpr Value spelled(std::string_view json, ValueKind kind) noexcept {
    Value value(json);
    value.kind_ = kind;
    value.spelled_ = true;
    return value;
  }

  union {
    std::int64_t integer_;
    std::uint64_t unsigned_;
    double real_;
    const char* text_;
  };
  std::uint32_t size_ = 0;
  ValueKind kind_ = ValueKind::absent;
  bool spelled_ = false;
};
static_assert(sizeof(Value) == 16);

}  // namespace logbraid
