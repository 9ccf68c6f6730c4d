// table: look-up in a CSV file, by equal key or by longest network prefix.

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <boost/unordered/unordered_flat_map.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/value_text.h"
#include "enrichers/builtin.h"
#include "enrichers/cidr_index.h"
#include "enrichers/csv_table.h"
#include "enrichers/prepared_rows.h"
#include "enrichers/read_file.h"
#include "support/cidr.h"

namespace logbraid {
namespace {

struct HashText {
  using is_avalanching = void;
  std::size_t operator()(std::string_view text) const noexcept {
    return XXH3_64bits(text.data(), text.size());
  }
};
using TextIndex = boost::unordered_flat_map<std::string_view, std::uint32_t, HashText>;

// The rows as they are written: one value for each row and output, absent where the cell is empty.
struct Rows {
  std::shared_ptr<const char[]> text;  // what keys and values point at
  std::vector<FieldPath> outputs;
  std::vector<Value> values;
  PreparedRows prepared;  // the same, where there are few

  void set_on(Patch& patch, std::uint32_t row) const {
    if (prepared.size() != 0) return patch.set_constant(prepared[row]);
    const Value* value = values.data() + std::size_t{row} * outputs.size();
    for (const FieldPath& output : outputs) patch.set_view(output, *value++);
  }
};

class ExactTable final : public SyncEnricher {
 public:
  ExactTable(FieldPath input, TextIndex index, Rows rows)
      : input_(std::move(input)), index_(std::move(index)), rows_(std::move(rows)) {}

  EnrichStatus enrich(const EventView& event, Patch& patch) override {
    const Value value = event.get(input_);
    if (value.absent() || value.is_null()) return EnrichStatus::no_match();
    ValueTextBuffer buffer;
    const auto found = index_.find(value_text(value, buffer));
    if (found == index_.end()) return EnrichStatus::no_match();
    rows_.set_on(patch, found->second);
    return CallResult::ok;
  }

 private:
  const FieldPath input_;
  const TextIndex index_;
  const Rows rows_;
};

class CidrTable final : public SyncEnricher {
 public:
  CidrTable(FieldPath input, CidrIndex index, Rows rows)
      : input_(std::move(input)), index_(std::move(index)), rows_(std::move(rows)) {}

  EnrichStatus enrich(const EventView& event, Patch& patch) override {
    const auto address = parse_ip(event.get_string(input_));
    if (!address) return EnrichStatus::no_match();
    const auto row = index_.find(*address);
    if (!row) return EnrichStatus::no_match();
    rows_.set_on(patch, *row);
    return CallResult::ok;
  }

 private:
  const FieldPath input_;
  const CidrIndex index_;
  const Rows rows_;
};

struct Output {
  std::size_t column;
  FieldPath path;
};

std::string known_columns(const CsvTable& table) {
  std::string names;
  for (const std::string_view name : table.columns()) {
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  return names;
}

// `fields: {net.site: site}`: field paths and their columns.
Result<std::vector<Output>> chosen_outputs(const Setting& fields, const CsvTable& table) {
  std::vector<Output> outputs;
  for (const auto& [name, setting] : fields.members()) {
    auto path = FieldPath::parse(name);
    if (!path) return setting.error(path.error().message);
    const auto column = setting.as_string();
    if (!column) return column.error();
    const std::size_t place = table.find_column(*column);
    if (place == table.columns().size()) {
      return setting.error("the file has no column \"" + *column + "\"; it has " +
                           known_columns(table));
    }
    outputs.push_back({place, *std::move(path)});
  }
  if (outputs.empty()) return fields.error("names no field; write {net.site: site}");
  return outputs;
}

// Every column but the key, below `output`; a dot in a column's name is part of the name.
Result<std::vector<Output>> all_outputs(const Settings& settings, const CsvTable& table,
                                        std::size_t key) {
  const FieldPath output = settings.field("output");
  std::vector<Output> outputs;
  for (std::size_t i = 0; i < table.columns().size(); ++i) {
    const std::string_view name = table.columns()[i];
    if (i == key) continue;
    if (name.empty()) return settings.error("file", "a column has no name; choose with `fields`");
    outputs.push_back({i, output.empty() ? FieldPath::literal(name) : output.child(name)});
  }
  if (outputs.empty()) return settings.error("file", "has no column besides the key");
  return outputs;
}

Rows make_rows(const CsvTable& table, const std::vector<Output>& outputs, bool typed) {
  Rows rows;
  rows.text = table.text();
  for (const Output& output : outputs) rows.outputs.push_back(output.path);
  rows.values.reserve(table.rows() * outputs.size());
  for (std::size_t i = 0; i < table.rows(); ++i) {
    for (const Output& output : outputs) {
      const std::string_view cell = table.row(i)[output.column];
      rows.values.push_back(cell.empty() ? Value() : typed ? typed_value(cell) : Value(cell));
    }
  }
  if (rows.values.size() <= PreparedRows::kMostCells) {
    rows.prepared = PreparedRows(rows.outputs, rows.values);
  }
  return rows;
}

// Which row each key stands for; names both lines where one stands there twice.
class KeyRules {
 public:
  KeyRules(const Settings& settings, const CsvTable& table, std::string file)
      : settings_(settings),
        table_(table),
        file_(std::move(file)),
        last_wins_(settings.string("duplicates") == "last") {}

  Error error(std::size_t row, const std::string& why) const {
    return settings_.error("file", file_ + ":" + std::to_string(table_.line(row)) + ": " + why);
  }
  std::optional<Error> duplicate(std::size_t row, std::size_t earlier, std::string_view key) const {
    if (last_wins_) return std::nullopt;
    return error(row, "key \"" + std::string(key) + "\" stands in line " +
                          std::to_string(table_.line(earlier)) +
                          " already; `duplicates: last` lets the last one win");
  }

 private:
  const Settings& settings_;
  const CsvTable& table_;
  std::string file_;
  bool last_wins_;
};

Result<TextIndex> index_texts(const CsvTable& table, std::size_t key, const KeyRules& rules) {
  TextIndex index;
  index.reserve(table.rows());
  for (std::uint32_t i = 0; i < table.rows(); ++i) {
    const std::string_view text = table.row(i)[key];
    if (text.empty()) return rules.error(i, "the key is empty");
    const auto [place, fresh] = index.emplace(text, i);
    if (fresh) continue;
    if (auto error = rules.duplicate(i, place->second, text)) return *std::move(error);
    place->second = i;
  }
  return index;
}

Result<CidrIndex> index_networks(const CsvTable& table, std::size_t key, const KeyRules& rules) {
  std::vector<Cidr> networks;
  std::map<std::pair<std::array<std::uint8_t, 16>, int>, std::uint32_t> seen;
  for (std::uint32_t i = 0; i < table.rows(); ++i) {
    const std::string_view text = table.row(i)[key];
    const auto network = parse_cidr(text);
    if (!network) {
      return rules.error(i,
                         "\"" + std::string(text) + "\" is no network; write it like 10.0.0.0/8");
    }
    const int kind_and_length = network->length + (network->address.is_v4 ? 256 : 0);
    const auto [place, fresh] = seen.try_emplace({network->address.bytes, kind_and_length}, i);
    if (!fresh) {
      if (auto error = rules.duplicate(i, place->second, text)) return *std::move(error);
      place->second = i;
    }
    networks.push_back(*network);
  }
  return CidrIndex(networks);
}

Result<CsvTable> load(const Settings& settings, const std::string& file) {
  const std::string separator = settings.string("separator");
  if (separator.size() != 1 || separator.find_first_of("\"\r\n") != std::string::npos ||
      static_cast<unsigned char>(separator[0]) >= 0x80) {
    return settings.error("separator", "must be one ASCII character, no quote and no line end");
  }
  const auto max_rows = settings["max_rows"].as_integer(1, UINT32_MAX - 1);
  if (!max_rows) return max_rows.error();
  const auto text = read_file(file, settings.bytes("max_size"));
  if (!text) return settings.error("file", text.error().message);
  auto table = CsvTable::parse(*text, separator[0], static_cast<std::size_t>(*max_rows));
  if (!table) return settings.error("file", file + ": " + table.error().message);
  return table;
}

Result<EnricherInstance> make(const Settings& settings, const MakeContext& context) {
  const std::string file = context.resolve_path(settings.string("file"));
  const auto table = load(settings, file);
  if (!table) return table.error();

  const std::string key_name =
      settings.has("key") ? settings.string("key") : std::string(table->columns().front());
  const std::size_t key = table->find_column(key_name);
  if (key == table->columns().size()) {
    return settings.error(
        "key", file + " has no column \"" + key_name + "\"; it has " + known_columns(*table));
  }
  if (settings.has("fields") && settings.has("output")) {
    return settings.error("fields", "`output` takes all columns, `fields` chooses: write one");
  }
  const auto outputs = settings.has("fields") ? chosen_outputs(settings["fields"], *table)
                                              : all_outputs(settings, *table, key);
  if (!outputs) return outputs.error();

  Rows rows = make_rows(*table, *outputs, settings.boolean("typed"));
  const FieldPath input = settings.field("input");
  EnricherInstance instance;
  instance.reads = {input};
  instance.writes = rows.outputs;
  const KeyRules rules(settings, *table, file);
  if (settings.string("match") == "cidr") {
    auto index = index_networks(*table, key, rules);
    if (!index) return index.error();
    instance.enricher = std::make_shared<CidrTable>(input, *std::move(index), std::move(rows));
  } else {
    auto index = index_texts(*table, key, rules);
    if (!index) return index.error();
    instance.enricher = std::make_shared<ExactTable>(input, *std::move(index), std::move(rows));
  }
  return instance;
}

}  // namespace

EnricherKind table_enricher() {
  return {
      .name = "table",
      .summary = "Adds columns of a CSV file, found by equal key or longest network prefix",
      .help =
          R"(Reads a CSV file with a header row (RFC 4180) when the pipeline is built and adds the
columns of the row whose key is the text of `input`; numbers and booleans match as JSON spells
them. With `match: cidr` the keys are networks and the most specific one that holds the address
counts. An empty cell sets nothing. Where no row is found, or the input is absent, null or (cidr)
no address, the outcome is no_match.

  enrichers:
    - name: network
      type: table
      file: networks.csv
      key: network
      match: cidr
      input: client_ip
      fields: {net.site: site, net.owner: owner}
)",
      .settings =
          {
              {.name = "file",
               .type = SettingType::string,
               .help = "The CSV file; a relative name starts at the configuration's folder.",
               .required = true},
              {.name = "input",
               .type = SettingType::field,
               .help = "The field whose value is looked up.",
               .required = true},
              {.name = "key",
               .type = SettingType::string,
               .help = "The column with the keys; the first one where unset."},
              {.name = "match",
               .type = SettingType::string,
               .default_text = "exact",
               .help = "How keys match: equal text, or longest network prefix (IPv4 and IPv6).",
               .choices = {"exact", "cidr"}},
              {.name = "output",
               .type = SettingType::field,
               .help = "The object that gets every column but the key; where unset, and without "
                       "`fields`, they become fields of the event itself."},
              {.name = "fields",
               .type = SettingType::map,
               .help = "Field paths and their columns, instead of all: {net.site: site}."},
              {.name = "typed",
               .type = SettingType::boolean,
               .default_text = "false",
               .help = "Cells that read true, false or a number as JSON spells it become that; "
                       "else every cell is a string."},
              {.name = "separator",
               .type = SettingType::string,
               .default_text = ",",
               .help = "Stands between cells; one ASCII character."},
              {.name = "duplicates",
               .type = SettingType::string,
               .default_text = "error",
               .help = "What a key that stands there twice means.",
               .choices = {"error", "last"}},
              {.name = "max_size",
               .type = SettingType::bytes,
               .unit = "bytes",
               .default_text = "64MiB",
               .help =
                   "A larger file is refused. The table takes its size and 16 bytes a cell, up to "
                   "65,536 cells some 100 more; "
                   "raise it where there is memory."},
              {.name = "max_rows",
               .type = SettingType::integer,
               .unit = "rows",
               .default_text = "1000000",
               .help = "A longer file is refused. Raise it together with max_size."},
          },
      .make = make,
  };
}

}  // namespace logbraid
