// url: the parts of a URL or request target.

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "core/json_text.h"
#include "enrichers/builtin.h"
#include "enrichers/url_parts.h"

namespace logbraid {
namespace {

// Of each URL; what comes behind is left out. A request with more is an attack or a mistake.
constexpr std::size_t kMaxParameters = 64;

struct Parameter {
  std::string_view name;   // decoded
  std::string_view value;  // as it stands in the URL
};

struct Parameters {
  std::array<Parameter, kMaxParameters> items;
  std::size_t size = 0;

  // The last of a repeated name counts, in the place of the first. At most kMaxParameters times.
  void put(std::string_view name, std::string_view value) {
    for (std::size_t i = 0; i < size; ++i) {
      if (items[i].name == name) {
        items[i].value = value;
        return;
      }
    }
    items[size++] = {name, value};
  }
};

bool needs_escape(std::string_view text) {
  bool found = false;
  for (const char c : text) found |= static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
  return found;
}

std::string_view json_escaped(std::string_view text, Arena& arena) {
  if (!needs_escape(text)) return text;
  std::string escaped;
  append_json_escaped(escaped, text);
  return arena.copy(escaped);
}

char* append(char* to, std::string_view text) {
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

// What a byte of a query means to who copies it.
enum class Mark : std::uint8_t { plain, ampersand, equals, coded };
constexpr std::array<Mark, 256> kMarks = [] {
  std::array<Mark, 256> marks{};
  for (std::size_t c = 0; c < 0x20; ++c) marks[c] = Mark::coded;
  for (const char c : {'"', '\\', '%', '+'}) marks[static_cast<unsigned char>(c)] = Mark::coded;
  marks['&'] = Mark::ampersand;
  marks['='] = Mark::equals;
  return marks;
}();

// {"name":"value",...} in one pass over the query, for those in which nothing is coded, escaped,
// repeated, empty or left out: nearly all. Absent for the others.
Value plain_query_object(std::string_view query, Arena& arena) {
  constexpr std::size_t kMost = 8;  // names that are compared with each other one by one
  std::array<std::string_view, kMost> names;
  // A parameter is a name and its `&` at least, and grows by five bytes: `n&` is `"n":"",`.
  char* const start = arena.allocate_array<char>(query.size() * 7 / 2 + 8);
  char* to = start;
  *to++ = '{';
  const char* at = query.data();
  const char* const end = at + query.size();
  const auto mark = [&] { return kMarks[static_cast<unsigned char>(*at)]; };
  for (std::size_t size = 0; at != end; ++size) {
    *to++ = size == 0 ? '"' : ',';
    if (size != 0) *to++ = '"';
    const char* const name_start = at;
    for (; at != end && mark() == Mark::plain; ++at) *to++ = *at;
    const std::string_view name(name_start, static_cast<std::size_t>(at - name_start));
    if (name.empty() || size == kMost) return {};
    for (std::size_t i = 0; i < size; ++i) {
      if (names[i].size() == name.size() && names[i] == name) return {};
    }
    names[size] = name;
    std::memcpy(to, "\":\"", 3);
    to += 3;
    if (at != end && mark() == Mark::equals) {
      for (++at; at != end && (mark() == Mark::plain || mark() == Mark::equals); ++at) *to++ = *at;
    }
    *to++ = '"';
    if (at == end) break;
    if (mark() != Mark::ampersand) return {};
    ++at;
  }
  *to++ = '}';
  return Value::object({start, static_cast<std::size_t>(to - start)});
}

// {"name":"value",...}
Value query_object(std::string_view query, Arena& arena) {
  if (const Value object = plain_query_object(query, arena)) return object;
  Parameters parameters;
  std::size_t seen = 0;
  for (QueryWalk walk(query); seen < kMaxParameters && walk.next(); ++seen) {
    parameters.put(decode_parameter(walk.name(), arena), walk.value());
  }
  std::size_t size = 2;
  for (std::size_t i = 0; i < parameters.size; ++i) {
    Parameter& parameter = parameters.items[i];
    parameter.name = json_escaped(parameter.name, arena);
    parameter.value = json_escaped(decode_parameter(parameter.value, arena), arena);
    size += parameter.name.size() + parameter.value.size() + 6;
  }
  char* const start = arena.allocate_array<char>(size);
  char* to = start;
  *to++ = '{';
  for (std::size_t i = 0; i < parameters.size; ++i) {
    to = append(to, i == 0 ? "\"" : ",\"");
    to = append(to, parameters.items[i].name);
    to = append(to, "\":\"");
    to = append(to, parameters.items[i].value);
    *to++ = '"';
  }
  *to++ = '}';
  return Value::object({start, static_cast<std::size_t>(to - start)});
}

struct Wanted {
  std::string name;
  FieldPath output;
};

struct Options {
  FieldPath input;
  FieldPath scheme, host, port, path, extension, query, fragment;
  bool whole_query = true;
  std::vector<Wanted> wanted;  // single parameters; none where whole_query
};

class UrlEnricher final : public SyncEnricher {
 public:
  explicit UrlEnricher(Options options) : options_(std::move(options)) {}

  EnrichStatus enrich(const EventView& event, Patch& patch) override {
    const std::string_view input = event.get_string(options_.input);
    if (input.empty()) return EnrichStatus::no_match();
    // One copy for all parts: a decoded input lives no longer than the call.
    Arena& arena = patch.arena();
    const UrlParts parts = split_url(arena.copy(input));
    set(patch, options_.scheme, lower_case(parts.scheme, arena));
    set(patch, options_.host, lower_case(parts.host, arena));
    if (parts.port) patch.set_view(options_.port, *parts.port);
    set(patch, options_.path, parts.path);
    set(patch, options_.extension, parts.extension);
    if (options_.whole_query) {
      if (parts.has_query) patch.set_view(options_.query, query_object(parts.query, arena));
    } else if (!parts.query.empty()) {
      set_wanted(parts.query, patch);
    }
    set(patch, options_.fragment, parts.fragment);
    return CallResult::ok;
  }

 private:
  static void set(Patch& patch, PathView path, std::string_view text) {
    if (!text.empty()) patch.set_view(path, text);
  }

  static std::string_view lower_case(std::string_view text, Arena& arena) {
    const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    if (std::none_of(text.begin(), text.end(), upper)) return text;
    char* const out = arena.allocate_array<char>(text.size());
    std::transform(text.begin(), text.end(), out,
                   [&](char c) { return upper(c) ? static_cast<char>(c | 0x20) : c; });
    return {out, text.size()};
  }

  void set_wanted(std::string_view query, Patch& patch) const {
    std::array<std::string_view, kMaxParameters> values;  // data() null: not in the query
    std::size_t seen = 0;
    for (QueryWalk walk(query); seen < kMaxParameters && walk.next(); ++seen) {
      const std::string_view name = decode_parameter(walk.name(), patch.arena());
      for (std::size_t i = 0; i < options_.wanted.size(); ++i) {
        if (options_.wanted[i].name == name) values[i] = walk.value();
      }
    }
    for (std::size_t i = 0; i < options_.wanted.size(); ++i) {
      if (values[i].data() == nullptr) continue;
      patch.set_view(options_.wanted[i].output, decode_parameter(values[i], patch.arena()));
    }
  }

  const Options options_;
};

Result<void> parse_query(const Settings& settings, Options& options) {
  const Setting& query = settings["query"];
  if (query.kind() == Setting::Kind::boolean) {
    options.whole_query = query.boolean();
    return {};
  }
  options.whole_query = false;
  const auto names = query.as_strings();
  if (!names) return query.error("must be true, false or a list of names, not " + query.describe());
  if (names->size() > kMaxParameters) return query.error("names over 64 parameters");
  for (const std::string& name : *names) {
    if (name.empty()) return query.error("a name is empty");
    options.wanted.push_back({name, options.query.child(name)});
  }
  return {};
}

Result<EnricherInstance> make(const Settings& settings, const MakeContext&) {
  Options options;
  options.input = settings.field("input");
  const FieldPath output = settings.field("output");
  if (overlap(options.input, output) && output.view().size() >= options.input.view().size()) {
    return settings.error(
        "output", "would replace the input " + options.input.to_string() + "; name another field");
  }
  options.scheme = output.child("scheme");
  options.host = output.child("host");
  options.port = output.child("port");
  options.path = output.child("path");
  options.extension = output.child("extension");
  options.query = output.child("query");
  options.fragment = output.child("fragment");
  if (auto parsed = parse_query(settings, options); !parsed) return parsed.error();

  std::vector<FieldPath> reads = {options.input};
  std::vector<FieldPath> writes = {options.scheme, options.host,      options.port,
                                   options.path,   options.extension, options.fragment};
  if (options.whole_query) writes.push_back(options.query);
  for (const Wanted& wanted : options.wanted) writes.push_back(wanted.output);
  return EnricherInstance{.enricher = std::make_shared<UrlEnricher>(std::move(options)),
                          .placement = Placement::inline_,
                          .reads = std::move(reads),
                          .writes = std::move(writes)};
}

}  // namespace

EnricherKind url_enricher() {
  return {
      .name = "url",
      .summary = "Splits a URL or request target into its parts and parameters",
      .help = R"(Sets scheme, host, port, path, extension, query and fragment below `output`, those
that are there. Scheme and host become lower case; names and values of parameters are decoded; the
rest stays as it stands. Every text has parts, so nothing is refused: a broken escape stays as it
is, bytes that are no UTF-8 become U+FFFD. Of a repeated parameter the last one counts; those behind
the 64th are left out. User names and passwords are never written.

  enrichers:
    - name: target
      type: url
      input: path
      output: url
      query: [uid, page]
)",
      .settings =
          {
              {.name = "input",
               .type = SettingType::field,
               .default_text = "path",
               .help = "The field with the URL or request target."},
              {.name = "output",
               .type = SettingType::field,
               .default_text = "url",
               .help = "The object that gets the parts."},
              {.name = "query",
               .type = SettingType::any,
               .default_text = "true",
               .help = "true: all parameters, as the object query; false: none; a list of "
                       "names: these only, which is the cheapest for those who read them."},
          },
      .make = make,
  };
}

}  // namespace logbraid
