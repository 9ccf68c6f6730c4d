#include "engine/intake.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "format/lines.h"
#include "format/reader.h"

namespace logbraid {

Result<void> Intake::run() {
  // One byte more than a line may have, so that the format sees that it is too long.
  constexpr std::size_t kMost = Reader::kMaxLine + 1;
  std::string rest;       // the beginning of a line whose end has not come yet
  bool skipping = false;  // inside a line that was cut already
  for (;;) {
    std::unique_ptr<Batch> batch = ends_.take();
    batch->reserve(std::max(batch_bytes_, rest.size() + batch_bytes_ / 2));
    if (!rest.empty()) std::memcpy(batch->buffer(), rest.data(), rest.size());
    std::size_t size = rest.size();
    rest.clear();

    const Result<std::size_t> count =
        source_.read({batch->buffer() + size, batch->capacity() - size});
    if (!count || *count == 0) {
      if (size != 0) {
        deliver(std::move(batch), size);
      } else {
        ends_.give_back(std::move(batch));
      }
      if (!count) return count.error();
      return {};
    }
    char* const text = batch->buffer();
    std::size_t fresh = size;
    size += *count;
    if (skipping) {
      const void* const end = std::memchr(text, '\n', size);
      if (end == nullptr) {
        ends_.thrown_away(size);
        ends_.give_back(std::move(batch));
        continue;
      }
      skipping = false;
      const auto skipped = static_cast<std::size_t>(static_cast<const char*>(end) - text) + 1;
      ends_.thrown_away(skipped);
      std::memmove(text, text + skipped, size - skipped);
      size -= skipped;
      fresh = 0;
    }
    const void* const last = ::memrchr(text + fresh, '\n', size - fresh);
    std::size_t whole = 0;
    if (last != nullptr)
      whole = static_cast<std::size_t>(static_cast<const char*>(last) - text) + 1;
    if (whole == 0 && size >= kMost) {
      // The line is too long already: it goes on its way cut, what follows of it is skipped.
      skipping = true;
      ends_.thrown_away(size - kMost);
      deliver(std::move(batch), kMost);
      continue;
    }
    rest.assign(text + whole, size - whole);
    if (whole != 0) {
      deliver(std::move(batch), whole);
    } else {
      ends_.give_back(std::move(batch));
    }
  }
}

void Intake::deliver(std::unique_ptr<Batch> batch, std::size_t size) {
  batch->set_size(size);
  batch->sequence = sequence_++;
  const char* const text = batch->buffer();
  batch->lines = count_line_ends({text, size});
  if (text[size - 1] != '\n') ++batch->lines;
  batch->lines_before = lines_;
  lines_ += batch->lines;
  ends_.deliver(std::move(batch));
}

}  // namespace logbraid
