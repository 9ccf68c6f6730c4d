// exec: a program of the user's, asked over its standard input and output.

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clients/exec_client.h"
#include "clients/exec_options.h"
#include "enrichers/builtin.h"
#include "lookup/cached_lookup.h"
#include "lookup/json_key.h"

namespace logbraid {
namespace {

namespace fs = std::filesystem;

// Where the environment has none; what shells take then.
constexpr const char* kUsualPath = "/usr/local/bin:/usr/bin:/bin";

LookupOptions defaults() {
  LookupOptions options;
  options.max_batch = 1;  // a line is a request: each is answered when its child is done with it
  return options;
}

std::string path_variable(const MakeContext& context) {
  const auto path = context.environment ? context.environment("PATH") : std::nullopt;
  return path && !path->empty() ? *path : kUsualPath;
}

bool is_program(const fs::path& file) {
  std::error_code ignored;  // one that cannot be looked at cannot be run
  return fs::is_regular_file(file, ignored) && ::access(file.c_str(), X_OK) == 0;
}

// As a shell finds a command, but that a slash in it starts at the configuration's folder.
Result<std::string> find_program(const Settings& settings, const std::string& name,
                                 const MakeContext& context) {
  const fs::path beside = fs::absolute(context.resolve_path(name));
  std::error_code ignored;
  const bool is_beside = fs::exists(beside, ignored);
  if (name.find('/') != std::string::npos) {
    if (is_program(beside)) return beside.string();
    return settings.error(
        "command", beside.string() + (is_beside ? " cannot be executed; chmod +x lets it, or "
                                                  "name its interpreter first: [python3, "
                                                  "enrich.py]"
                                                : " is not there"));
  }
  std::string_view rest;
  const std::string folders = path_variable(context);
  for (rest = folders; !rest.empty();) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
    const fs::path file = fs::path(folder.empty() ? "." : folder) / name;
    if (is_program(file)) return fs::absolute(file).string();
  }
  std::string why = "there is no program \"" + name + "\" in PATH (" + folders + ")";
  if (name.find(' ') != std::string::npos) {
    why += "; a command is a list of words and no shell reads it: [python3, enrich.py]";
  } else if (is_beside) {
    why += "; ./" + name + " is the one in the configuration's folder";
  }
  return settings.error("command", why);
}

Result<std::vector<std::string>> environment_of(const Settings& settings,
                                                const MakeContext& context) {
  std::vector<std::string> variables = {"PATH=" + path_variable(context)};
  if (!settings.has("environment")) return variables;
  for (const auto& [name, setting] : settings["environment"].members()) {
    const auto value = setting.as_string();
    if (!value) return value.error();
    if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos ||
        value->find('\0') != std::string::npos) {
      return setting.error("a variable has a name without =, and no NUL");
    }
    if (name == "PATH") variables.front().clear();
    variables.push_back(name + "=" + *value);
  }
  std::erase(variables, "");
  return variables;
}

Result<ExecProgram> program_of(const Settings& settings, const MakeContext& context) {
  ExecProgram program;
  program.arguments = settings.strings("command");
  if (program.arguments.empty() || program.arguments.front().empty()) {
    return settings.error("command", "names no program; write [python3, enrich.py]");
  }
  for (const std::string& argument : program.arguments) {
    if (argument.find('\0') != std::string::npos) {
      return settings.error("command", "a word of a command has no NUL");
    }
  }
  auto path = find_program(settings, program.arguments.front(), context);
  if (!path) return path.error();
  program.path = *std::move(path);

  const std::string folder =
      settings.has("working_directory") ? settings.string("working_directory") : ".";
  program.directory = fs::absolute(context.resolve_path(folder)).lexically_normal().string();
  std::error_code ignored;
  if (!fs::is_directory(program.directory, ignored)) {
    return settings.error("working_directory", program.directory + " is no folder");
  }
  auto environment = environment_of(settings, context);
  if (!environment) return environment.error();
  program.environment = *std::move(environment);
  const std::string errors = settings.string("stderr");
  program.errors = errors == "pass"   ? ExecErrors::pass
                   : errors == "drop" ? ExecErrors::drop
                                      : ExecErrors::log;
  return program;
}

Result<JsonKey> key_of(const Settings& settings) {
  const bool whole = settings.boolean("whole_event");
  if (whole == settings.has("input")) {
    return settings.error(whole ? "input" : "command",
                          whole ? "`whole_event: true` sends all fields: write one of the two"
                                : "what is sent is not said: write `input: [client_ip]`, or "
                                  "`whole_event: true`");
  }
  if (whole) return JsonKey::whole_event();
  auto key = JsonKey::of(settings.fields("input"));
  if (!key) return settings.error("input", key.error().message);
  return key;
}

Result<JsonFields> answer_of(const Settings& settings) {
  const int ways = static_cast<int>(settings.has("output")) +
                   static_cast<int>(settings.has("fields")) +
                   static_cast<int>(settings.boolean("top_level"));
  if (ways != 1) {
    return settings.error(ways == 0 ? "command" : "output",
                          ways == 0
                              ? "where answers go is not said: write `output: net`, `fields: "
                                "{net.owner: /owner}` or `top_level: true`"
                              : "`output`, `fields` and `top_level` each say where answers go: "
                                "write one");
  }
  if (settings.has("fields")) return JsonFields::parse(settings["fields"]);
  return JsonFields(settings.field("output"));
}

Result<std::size_t> count_of(const Settings& settings, std::string_view name, std::int64_t most) {
  const auto count = settings[name].as_integer(1, most);
  if (!count) return count.error();
  return static_cast<std::size_t>(*count);
}

Result<LookupOptions> lookup_options(const Settings& settings, std::size_t processes,
                                     std::size_t lines) {
  auto options = defaults().parse(settings);
  if (!options) return options;
  options->client_limit = static_cast<std::uint32_t>(lines);
  options->connections = static_cast<std::uint32_t>(processes);
  const Setting* const size = settings["cache"].find("size");
  // Whole events are seldom the same again: their cache is for who asks for one.
  if (settings.boolean("whole_event") && size == nullptr) options->cache_bytes = 0;
  return options;
}

Result<EnricherInstance> make(const Settings& settings, const MakeContext& context) {
  auto key = key_of(settings);
  if (!key) return key.error();
  auto answer = answer_of(settings);
  if (!answer) return answer.error();
  auto program = program_of(settings, context);
  if (!program) return program.error();
  const auto processes = count_of(settings, "processes", 1024);
  if (!processes) return processes.error();
  const auto lines = count_of(settings, "batch", 4096);
  if (!lines) return lines.error();
  const std::uint64_t max_reply = settings.bytes("max_reply");
  if (max_reply < 64 || max_reply > Reader::kMaxLine) {
    return settings.error("max_reply",
                          "must be 64 bytes to 1MiB, not " + settings["max_reply"].describe());
  }
  auto lookup = lookup_options(settings, *processes, *lines);
  if (!lookup) return lookup.error();

  auto options = std::make_shared<ExecOptions>();
  options->program = *std::move(program);
  options->name = fs::path(options->program.arguments.front()).filename().string();
  options->processes = static_cast<std::uint32_t>(*processes);
  options->lines = *lines;
  options->max_reply = static_cast<std::size_t>(max_reply);
  options->answer = *std::move(answer);
  EnricherInstance instance =
      make_lookup({KeySpec(*std::move(key)), options->answer.paths(), *std::move(lookup),
                   [options](const LookupSurroundings& surroundings) -> std::unique_ptr<Client> {
                     return std::make_unique<ExecClient>(surroundings, options);
                   }});
  // What a program sets at the top level is not known beforehand.
  if (settings.boolean("top_level")) instance.writes.clear();
  return instance;
}

}  // namespace

EnricherKind exec_enricher() {
  return {
      .name = "exec",
      .summary = "Asks a program of yours, in any language, over its standard input and output",
      .help =
          R"(Starts the program and writes a line of JSON to its standard input for each event that
is not in the cache: {"id": 17, "event": {"client_ip": "10.0.0.1"}}. The program answers with a line
on its standard output, in any order: {"id": 17, "set": {"owner": "ops"}}, {"id": 17, "no_match":
true} or {"id": 17, "error": "why"}, and flushes it. It ends when its input ends. One that exits,
hangs or says what is no answer is started anew; it holds up nobody.

  enrichers:
    - name: owner
      type: exec
      command: [python3, owner.py]
      input: [client_ip]
      fields: {net.owner: /owner, net.contact: /contact}
)",
      .settings = with_lookup_settings(
          {
              {.name = "command",
               .type = SettingType::strings,
               .help = "The program and its arguments; no shell reads them. A program with a slash "
                       "in its name starts at the configuration's folder, another is found in "
                       "PATH.",
               .required = true},
              {.name = "input",
               .type = SettingType::fields,
               .help = "The fields that are sent. They are the key: what is equal in them is asked "
                       "once and kept. An event that has none of them is not asked for."},
              {.name = "whole_event",
               .type = SettingType::boolean,
               .default_text = "false",
               .help =
                   "Sends all of the event instead of some fields, with what the enrichers that "
                   "it depends on have added. There is no cache then unless cache.size is "
                   "set."},
              {.name = "output",
               .type = SettingType::field,
               .help = "The object that gets all that the program sets."},
              {.name = "fields",
               .type = SettingType::map,
               .help = "Field paths and where their values stand in what the program sets, as JSON "
                       "pointers: {net.owner: /owner}."},
              {.name = "top_level",
               .type = SettingType::boolean,
               .default_text = "false",
               .help = "What the program sets become fields of the event itself, whichever they "
                       "are."},
              {.name = "processes",
               .type = SettingType::integer,
               .default_text = "1",
               .help = "How many of it run, divided among the shards and at least one each. Raise "
                       "it for a program that computes much and cores that are free."},
              {.name = "batch",
               .type = SettingType::integer,
               .unit = "lines",
               .default_text = "64",
               .help = "Lines that one process has and has not answered yet; lower it for a "
                       "program that is slow and answers one after the other."},
              {.name = "environment",
               .type = SettingType::map,
               .help = "Its environment variables. It has these and PATH, and no other."},
              {.name = "working_directory",
               .type = SettingType::string,
               .help = "Where it runs; the configuration's folder where unset."},
              {.name = "max_reply",
               .type = SettingType::bytes,
               .unit = "bytes",
               .default_text = "1MiB",
               .help = "A longer line of it is a fault, and it is started anew."},
              {.name = "stderr",
               .type = SettingType::string,
               .default_text = "log",
               .help = "What it says there: log shows up to 20 lines a second with the enricher's "
                       "name, pass gives it the agent's own, drop shows nothing.",
               .choices = {"log", "pass", "drop"}},
          },
          defaults()),
      .make = make,
  };
}

}  // namespace logbraid
