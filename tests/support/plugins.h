#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "logbraid/kind.h"
#include "logbraid/sink.h"
#include "logbraid/source.h"

namespace logbraid::test {

// Makes a source or sink of a kind, as a configuration would.
template <class Kind>
auto try_make(const Kind& kind, const Setting& map, const MakeContext& context = {})
    -> decltype(kind.make(std::declval<const Settings&>(), context)) {
  const Result<Settings> settings = Settings::check(map, kind.settings);
  if (!settings) return settings.error();
  return kind.make(*settings, context);
}

template <class Kind>
auto make(const Kind& kind, const Setting& map = {}, const MakeContext& context = {}) {
  auto made = try_make(kind, map, context);
  if (!made) {
    ADD_FAILURE() << made.error().to_string();
    throw std::runtime_error(made.error().to_string());
  }
  return std::move(*made);
}

// What a source gives until its end, in reads of `size` bytes.
inline std::string read_all(Source& source, std::size_t size = 4096) {
  std::string all;
  std::string buffer(size, '\0');
  while (true) {
    const Result<std::size_t> got = source.read(buffer);
    if (!got) {
      ADD_FAILURE() << got.error().to_string();
      return all;
    }
    if (*got == 0) return all;
    all.append(buffer, 0, *got);
  }
}

// One read; "" at the end.
inline std::string read_some(Source& source, std::size_t size = 4096) {
  std::string buffer(size, '\0');
  const Result<std::size_t> got = source.read(buffer);
  if (!got) {
    ADD_FAILURE() << got.error().to_string();
    return "";
  }
  return buffer.substr(0, *got);
}

}  // namespace logbraid::test
