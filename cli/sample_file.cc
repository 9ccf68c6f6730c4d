#include "cli/sample_file.h"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace logbraid::cli {
namespace {

Result<std::string> read_sample(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  // A folder opens, but does not read.
  if (!in) return Error("cannot read " + path + ": " + std::generic_category().message(errno));
  if (text.empty()) return Error(path + " is empty");
  return text;
}

}  // namespace

std::optional<LoadedWithSample> load_with_sample(const ConfigArguments& config,
                                                 const std::string& path, Console& console) {
  ErrorList errors;
  auto loaded = load(config, errors);
  if (!loaded) {
    report(errors, console);
    return std::nullopt;
  }
  for (const std::string& warning : loaded->plan->warnings()) console.warning(warning);
  Result<std::string> sample = read_sample(path);
  if (!sample) {
    console.error(sample.error());
    return std::nullopt;
  }
  return LoadedWithSample{*std::move(loaded), *std::move(sample)};
}

}  // namespace logbraid::cli
