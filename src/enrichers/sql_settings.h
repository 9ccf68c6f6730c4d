#pragma once

#include <string>
#include <vector>

#include "clients/sql_row.h"
#include "logbraid/kind.h"
#include "logbraid/path.h"
#include "lookup/lookup_key.h"

namespace logbraid {

// What enrichers that ask an SQL database have in common: parameters made from the event, and
// fields made from columns.
struct SqlSettings {
  KeySpec key;                       // a part is a parameter
  std::vector<FieldPath> fields;     // what is set
  std::vector<std::string> columns;  // of each field; empty: one field, which gets the whole row
  SqlRowsRule rows;
};

// The settings `parameters`, `fields`, `output`, `multiple` and `max_rows`.
std::vector<SettingSpec> with_sql_settings(std::vector<SettingSpec> specs);
Result<SqlSettings> parse_sql_settings(const Settings& settings);

}  // namespace logbraid
