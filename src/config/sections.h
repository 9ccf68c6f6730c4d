#pragma once

#include <vector>

#include "logbraid/setting.h"

namespace logbraid {

// The keys of a configuration that belong to no kind: one description each for the checks, the
// docs page and the JSON schema.

const std::vector<SettingSpec>& top_level_specs();
const std::vector<SettingSpec>& execution_specs();
const std::vector<SettingSpec>& status_specs();
const std::vector<SettingSpec>& enricher_specs();    // of every enricher, beside its kind's own
const std::vector<SettingSpec>& breaker_specs();     // of an enricher's `breaker`
const std::vector<SettingSpec>& retry_specs();       // of an enricher's `retry`
const std::vector<SettingSpec>& lifecycle_specs();   // of an enricher's `lifecycle`
const std::vector<SettingSpec>& conditions_specs();  // fapilog's conditions
const std::vector<SettingSpec>& time_range_specs();
const std::vector<SettingSpec>& request_specs();
const std::vector<SettingSpec>& source_specs();
const std::vector<SettingSpec>& queue_specs();
const std::vector<SettingSpec>& sink_specs();

const SettingSpec* find_spec(const std::vector<SettingSpec>& specs, std::string_view name);

}  // namespace logbraid
