#pragma once

#include <memory>
#include <string>
#include <vector>

#include "clients/http_options.h"
#include "logbraid/kind.h"
#include "logbraid/path.h"
#include "logbraid/result.h"
#include "logbraid/setting.h"

namespace logbraid {

// What the settings of an http enricher come to.
struct HttpParts {
  HttpOptions options;
  std::string authorization;      // the value of that header; empty: none
  std::vector<FieldPath> fields;  // as options.reply.fields counts them
};

std::vector<SettingSpec> http_setting_specs();
Result<HttpParts> parse_http_settings(const Settings& settings, const MakeContext& context);

}  // namespace logbraid
