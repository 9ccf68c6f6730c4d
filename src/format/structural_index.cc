#include "format/structural_index.h"

#include <simdjson.h>

#include <algorithm>
#include <new>

#include "core/assert.h"

namespace logbraid {

// The parser behind simdjson's DOM, chosen at run time for this processor; of it we use the first
// stage alone and so need no tape.
struct StructuralIndex::Stage1 {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser;
  // Processors without SIMD: a backslash makes this one pass over a line end within a string.
  bool is_fallback = simdjson::get_active_implementation()->name() == "fallback";
};

StructuralIndex::StructuralIndex() : stage1_(std::make_unique<Stage1>()) {
  constexpr std::size_t kFirstCapacity = 16 * 1024;
  constexpr std::size_t kDepthOfStage2 = 1;  // which never runs
  const simdjson::error_code error =
      simdjson::get_active_implementation()->create_dom_parser_implementation(
          kFirstCapacity, kDepthOfStage2, stage1_->parser);
  if (error == simdjson::MEMALLOC) throw std::bad_alloc();
  LOGBRAID_ASSERT(error == simdjson::SUCCESS, "simdjson runs on every processor we build for");
}

StructuralIndex::~StructuralIndex() = default;

bool StructuralIndex::build(std::string_view text) {
  auto& parser = *stage1_->parser;
  if (text.size() > parser.capacity()) {
    const std::size_t wanted = std::max(text.size(), 2 * parser.capacity());
    if (parser.set_capacity(wanted) != simdjson::SUCCESS) throw std::bad_alloc();
  }
  begin_ = parser.structural_indexes.get();
  size_ = 0;
  const simdjson::error_code error =
      parser.stage1(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(),
                    simdjson::stage1_mode::regular);
  if (error == simdjson::EMPTY) return true;
  if (error != simdjson::SUCCESS) return false;
  if (stage1_->is_fallback && text.substr(0, text.size() - 1).find("\\\n") != text.npos) {
    return false;
  }
  size_ = parser.n_structural_indexes;
  return true;
}

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

}  // namespace logbraid
