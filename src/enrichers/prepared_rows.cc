#include "enrichers/prepared_rows.h"

#include "core/constant_steps.h"

namespace logbraid {

PreparedRows::PreparedRows(std::span<const FieldPath> outputs, std::span<const Value> values) {
  struct Ends {
    std::size_t ops;
    std::size_t json;
  };
  std::vector<Ends> ends;
  ops_.reserve(values.size());  // they do not move: added_json() looks at them
  for (std::size_t first = 0; first < values.size(); first += outputs.size()) {
    const std::size_t begin = ops_.size();
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (!values[first + i].absent()) ops_.push_back({outputs[i], values[first + i]});
    }
    const std::string json = added_json(std::span(ops_).subspan(begin));
    json_.insert(json_.end(), json.begin(), json.end());
    ends.push_back({ops_.size(), json_.size()});
  }
  rows_.reserve(ends.size());
  Ends begin{0, 0};
  for (const Ends& end : ends) {
    rows_.push_back(constant_steps({ops_.data() + begin.ops, end.ops - begin.ops},
                                   {json_.data() + begin.json, end.json - begin.json}));
    begin = end;
  }
}

}  // namespace logbraid
