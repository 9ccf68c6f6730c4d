#include "enrichers/cidr_index.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace logbraid {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;
constexpr int kMostPartBits = 16;

template <class Number>
Number number_of(const IpAddress& address) {
  Number number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    number = static_cast<Number>(number << 8) | address.bytes[i];
  }
  return number;
}

}  // namespace

template <class Number>
auto CidrIndex::Ranges<Number>::range_of(const Cidr& prefix, std::uint32_t row) -> Prefix {
  const Number first = number_of<Number>(prefix.address);
  const int host_bits = static_cast<int>(sizeof(Number) * 8) - prefix.length;
  // A shift by all bits of a number is undefined.
  const Number hosts =
      prefix.length == 0 ? static_cast<Number>(~Number{0}) : (Number{1} << host_bits) - 1;
  return {first, static_cast<Number>(first | hosts), row};
}

template <class Number>
void CidrIndex::Ranges<Number>::add(Number start, std::uint32_t row) {
  if (!starts_.empty() && starts_.back() == start) {
    rows_.back() = row;
    return;
  }
  if (!rows_.empty() && rows_.back() == row) return;
  starts_.push_back(start);
  rows_.push_back(row);
}

template <class Number>
void CidrIndex::Ranges<Number>::build(std::vector<Prefix> prefixes) {
  // Outer prefixes before those inside them; equal ones in the order given.
  std::ranges::stable_sort(prefixes, [](const Prefix& a, const Prefix& b) {
    return a.first != b.first ? a.first < b.first : a.last > b.last;
  });
  std::vector<Prefix> open;  // each inside the one before
  const auto close_until = [&](Number start, bool all) {
    while (!open.empty() && (all || open.back().last < start)) {
      const Number last = open.back().last;
      open.pop_back();
      if (last == static_cast<Number>(~Number{0})) continue;  // nothing comes behind
      add(static_cast<Number>(last + 1), open.empty() ? kNone : open.back().row);
    }
  };
  add(0, kNone);
  for (const Prefix& prefix : prefixes) {
    close_until(prefix.first, false);
    add(prefix.first, prefix.row);
    open.push_back(prefix);
  }
  close_until(0, true);

  const int part_bits = std::min(kMostPartBits, static_cast<int>(std::bit_width(starts_.size())));
  shift_ = static_cast<int>(sizeof(Number) * 8) - part_bits;
  for (std::size_t part = 0; part < std::size_t{1} << part_bits; ++part) {
    const auto first = static_cast<Number>(static_cast<Number>(part) << shift_);
    const auto behind = std::ranges::upper_bound(starts_, first);
    parts_.push_back(static_cast<std::uint32_t>(behind - starts_.begin() - 1));
  }
  parts_.push_back(static_cast<std::uint32_t>(starts_.size() - 1));
}

template <class Number>
std::uint32_t CidrIndex::Ranges<Number>::find(Number address) const {
  const auto part = static_cast<std::size_t>(address >> shift_);
  // The last range at or before the address lies in [low, low + count).
  std::size_t low = parts_[part];
  std::size_t count = parts_[part + 1] - low + 1;
  while (count > 1) {
    const std::size_t half = count / 2;
    low += starts_[low + half] <= address ? half : 0;
    count -= half;
  }
  return rows_[low];
}

CidrIndex::CidrIndex(std::span<const Cidr> prefixes) {
  std::vector<Ranges<std::uint32_t>::Prefix> v4;
  std::vector<Ranges<unsigned __int128>::Prefix> v6;
  for (std::uint32_t row = 0; row < prefixes.size(); ++row) {
    if (prefixes[row].address.is_v4) {
      v4.push_back(v4_.range_of(prefixes[row], row));
    } else {
      v6.push_back(v6_.range_of(prefixes[row], row));
    }
  }
  v4_.build(std::move(v4));
  v6_.build(std::move(v6));
}

std::optional<std::uint32_t> CidrIndex::find(const IpAddress& address) const {
  const std::uint32_t row = address.is_v4 ? v4_.find(number_of<std::uint32_t>(address))
                                          : v6_.find(number_of<unsigned __int128>(address));
  if (row == kNone) return std::nullopt;
  return row;
}

}  // namespace logbraid
