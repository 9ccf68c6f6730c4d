#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "logbraid/clock.h"
#include "logbraid/path.h"
#include "logbraid/result.h"

namespace logbraid {

// A setting as it stands in a configuration: a typed tree that knows where it came from. What a
// file, a URI or code gives to a kind of enricher, source or sink.
//
// Threads: immutable use from any thread.
class Setting {
 public:
  enum class Kind : std::uint8_t { null, boolean, integer, real, string, list, map };
  using Member = std::pair<std::string, Setting>;

  Setting() = default;
  Setting(bool value) : kind_(Kind::boolean), boolean_(value) {}                  // NOLINT
  Setting(int value) : Setting(static_cast<std::int64_t>(value)) {}               // NOLINT
  Setting(std::int64_t value) : kind_(Kind::integer), integer_(value) {}          // NOLINT
  Setting(double value) : kind_(Kind::real), real_(value) {}                      // NOLINT
  Setting(std::string value) : kind_(Kind::string), string_(std::move(value)) {}  // NOLINT
  Setting(std::string_view value) : Setting(std::string(value)) {}                // NOLINT
  Setting(const char* value) : Setting(std::string(value)) {}                     // NOLINT
  static Setting list(std::vector<Setting> items);
  static Setting map(std::vector<Member> members);
  // A number that remembers how it was written: as_string() of `1.10` is "1.10".
  static Setting spelled(Setting number, std::string spelling);

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }
  bool is_map() const { return kind_ == Kind::map; }
  bool is_list() const { return kind_ == Kind::list; }
  bool is_string() const { return kind_ == Kind::string; }
  bool is_scalar() const { return !is_map() && !is_list(); }

  // The member of that name, or null. Maps keep their order and have no duplicates.
  const Setting* find(std::string_view name) const;
  const std::vector<Member>& members() const { return members_; }
  const std::vector<Setting>& items() const { return items_; }
  // To change what is there; a caller that adds members keeps their names apart.
  std::vector<Member>& members() { return members_; }
  std::vector<Setting>& items() { return items_; }
  void set(std::string name, Setting value);  // makes a map of null; replaces a member
  void push_back(Setting value);              // makes a list of null

  // Conversions; an error names this setting's place and says what would be right.
  Result<bool> as_bool() const;
  Result<std::int64_t> as_integer(std::int64_t least, std::int64_t most) const;
  Result<double> as_number(double least, double most) const;
  Result<std::string> as_string() const;  // scalars are spelled: 8080 -> "8080"
  // "250ms", "1.5s", "2m", "1h", "10us", "5ns"; a bare number is in seconds.
  Result<Duration> as_duration() const;
  // "64MiB", "1kB", "512"; a bare number is in bytes.
  Result<std::uint64_t> as_bytes() const;
  Result<FieldPath> as_field() const;
  // A list of strings, or one string for a list of one.
  Result<std::vector<std::string>> as_strings() const;
  Result<std::vector<FieldPath>> as_fields() const;

  // Exact scalar access where the kind is known.
  bool boolean() const { return boolean_; }
  std::int64_t integer() const { return integer_; }
  double real() const { return real_; }
  const std::string& string() const { return string_; }

  // Where it was written.
  std::string file;
  int line = 0;     // 1-based; 0: not from a file
  std::string key;  // dotted, from the root: enrichers.geo.database
  // Came from a secret file, or its spec says so: describe() and all that shows settings mask it.
  bool secret = false;

  // An error at this place.
  Error error(std::string message) const;
  // For messages: `"text"`, 12, a list, a map ...
  std::string describe() const;

 private:
  Kind kind_ = Kind::null;
  bool boolean_ = false;
  std::int64_t integer_ = 0;
  double real_ = 0;
  std::string string_;
  std::vector<Setting> items_;
  std::vector<Member> members_;
};

// What a setting must be.
enum class SettingType : std::uint8_t {
  string,
  boolean,
  integer,
  number,
  duration,
  bytes,
  field,      // a field path
  strings,    // a list of strings, or one
  fields,     // a list of field paths, or one
  map,        // names to anything
  list,       // anything
  predicate,  // a map for Predicate::parse
  any,
};

// One setting of a kind: the same description feeds the checks, `logbraid list`, the docs page and
// the JSON schema.
// (The empty initialisers let a designated initialiser leave members out without a warning.)
struct SettingSpec {
  std::string name;
  SettingType type = SettingType::string;
  std::string unit = {};          // "ms", "bytes", "" ...
  std::string default_text = {};  // as it would be written; empty with required == false: unset
  std::string help = {};          // one sentence; "raise it when ..." where it costs something
  bool required = false;
  std::vector<std::string> choices = {};  // for strings with few values
  bool secret = false;                    // masked wherever settings are shown
};

// The settings of one instance, checked against its specs: unknown names, missing ones and wrong
// types are errors that say what would be right ("did you mean ...").
class Settings {
 public:
  // A null map is an empty one; a setting that is null counts as unset. With `open_settings`,
  // unknown names are taken as they are.
  static Result<Settings> check(const Setting& map, const std::vector<SettingSpec>& specs,
                                bool open_settings = false);

  // The setting as written, else its default, else null (Kind::null).
  const Setting& operator[](std::string_view name) const;
  bool has(std::string_view name) const { return !(*this)[name].is_null(); }

  // Typed access to what check() has passed: type errors cannot happen any more; a name that no
  // spec has, or an unset setting without default, is a broken invariant.
  bool boolean(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  double number(std::string_view name) const;
  std::string string(std::string_view name) const;
  Duration duration(std::string_view name) const;
  std::uint64_t bytes(std::string_view name) const;
  FieldPath field(std::string_view name) const;                   // empty() where unset
  std::vector<std::string> strings(std::string_view name) const;  // empty where unset
  std::vector<FieldPath> fields(std::string_view name) const;     // empty where unset

  // An error at the place of that setting (or of the map, where it is unset).
  Error error(std::string_view name, std::string message) const;
  const Setting& map() const { return map_; }

 private:
  Setting map_;  // as written, with defaults added
};

}  // namespace logbraid
