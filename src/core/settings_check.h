#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "logbraid/setting.h"

namespace logbraid {

// All that is wrong with a map of settings, where Settings::check() gives the first. `beside` is
// what else might have been meant: it stands in the messages about unknown names.
std::vector<Error> setting_errors(const Setting& map, const std::vector<SettingSpec>& specs,
                                  bool open_settings = false,
                                  const std::vector<SettingSpec>& beside = {});

// What keeps one setting from being of that type; null has no type.
std::optional<Error> type_error(const Setting& setting, SettingType type);

// A null where `name` would stand in `map`: for errors about what is not there.
Setting unset_setting(const Setting& map, std::string_view name);

// "duration", "list of fields" ...: for `logbraid list` and the docs.
std::string_view to_string(SettingType type);

}  // namespace logbraid
