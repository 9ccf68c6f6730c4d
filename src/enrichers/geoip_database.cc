#include "enrichers/geoip_database.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <system_error>

#include "core/json_text.h"
#include "enrichers/read_file.h"

namespace logbraid {
namespace {

constexpr int kMaxDepth = 32;  // of a value, where an event as a whole may have 64
constexpr const char* kBadText = "the database has text that is not UTF-8";
constexpr const char* kTooDeep = "the database has a value nested over 32 levels";

std::string system_reason() { return std::generic_category().message(errno); }

// A copy of a file in anonymous memory. Once sealed nobody can shrink or change it.
class SealedCopy {
 public:
  SealedCopy() : descriptor_(::memfd_create("logbraid-geoip", MFD_CLOEXEC | MFD_ALLOW_SEALING)) {}
  SealedCopy(const SealedCopy&) = delete;
  SealedCopy& operator=(const SealedCopy&) = delete;
  ~SealedCopy() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

  bool valid() const { return descriptor_ >= 0; }
  std::optional<std::string> append(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return "cannot be copied into memory: " + system_reason();
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return std::nullopt;
  }
  bool seal() {
    return ::fcntl(descriptor_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0;
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  const int descriptor_;
};

std::string_view text_of(const MMDB_entry_data_s& data) {
  return {data.utf8_string, data.data_size};
}

// Decimal digits of a 128-bit number, in `arena`.
std::string_view spell(unsigned __int128 number, Arena& arena) {
  char digits[40];
  char* at = digits + sizeof digits;
  do {
    *--at = static_cast<char>('0' + static_cast<int>(number % 10));
    number /= 10;
  } while (number != 0);
  return arena.copy({at, static_cast<std::size_t>(digits + sizeof digits - at)});
}

// All but maps and arrays.
Value scalar(const MMDB_entry_data_s& data, Arena& arena) {
  switch (data.type) {
    case MMDB_DATA_TYPE_UTF8_STRING:
      return text_of(data);
    case MMDB_DATA_TYPE_DOUBLE:
      return data.double_value;
    case MMDB_DATA_TYPE_FLOAT:
      return static_cast<double>(data.float_value);
    case MMDB_DATA_TYPE_BOOLEAN:
      return data.boolean;
    case MMDB_DATA_TYPE_UINT16:
      return data.uint16;
    case MMDB_DATA_TYPE_UINT32:
      return data.uint32;
    case MMDB_DATA_TYPE_INT32:
      return data.int32;
    case MMDB_DATA_TYPE_UINT64:
      return data.uint64;
    case MMDB_DATA_TYPE_UINT128:
      return Value::number(spell(data.uint128, arena));
    default:
      return {};
  }
}

// Writes the value that `list` begins with as JSON and moves `list` behind it. An error or null.
const char* append_json(std::string& json, const MMDB_entry_data_list_s*& list, int depth,
                        Arena& arena) {
  if (depth > kMaxDepth) return kTooDeep;
  if (list == nullptr) return MMDB_strerror(MMDB_INVALID_DATA_ERROR);
  const MMDB_entry_data_s& data = list->entry_data;
  list = list->next;
  if (data.type == MMDB_DATA_TYPE_UTF8_STRING) {
    if (valid_utf8_prefix(text_of(data)) != data.data_size) return kBadText;
  }
  const bool map = data.type == MMDB_DATA_TYPE_MAP;
  if (!map && data.type != MMDB_DATA_TYPE_ARRAY) {
    append_json(json, scalar(data, arena));
    return nullptr;
  }
  json += map ? '{' : '[';
  for (std::uint32_t i = 0; i < data.data_size; ++i) {
    if (i != 0) json += ',';
    if (map) {
      if (list == nullptr || list->entry_data.type != MMDB_DATA_TYPE_UTF8_STRING) {
        return MMDB_strerror(MMDB_INVALID_DATA_ERROR);
      }
      if (const char* error = append_json(json, list, depth, arena)) return error;
      json += ':';
    }
    if (const char* error = append_json(json, list, depth + 1, arena)) return error;
  }
  json += map ? '}' : ']';
  return nullptr;
}

}  // namespace

Result<GeoipDatabase::Path> GeoipDatabase::Path::parse(std::string_view text) {
  if (text.starts_with('/')) text.remove_prefix(1);
  Path path;
  path.text_ = std::make_unique<std::string>(text);
  std::replace(path.text_->begin(), path.text_->end(), '/', '\0');
  for (std::size_t at = 0; at <= text.size(); at += std::strlen(path.keys_.back()) + 1) {
    path.keys_.push_back(path.text_->c_str() + at);
    if (*path.keys_.back() == '\0') {
      return Error("\"" + std::string(text) +
                   "\" is no place in a database; write it like country/iso_code");
    }
  }
  path.keys_.push_back(nullptr);
  return path;
}

void GeoipDatabase::Close::operator()(MMDB_s* database) const {
  MMDB_close(database);
  delete database;
}

Result<GeoipDatabase> GeoipDatabase::open(const std::string& file, std::uint64_t max_bytes) {
  SealedCopy copy;
  if (!copy.valid())
    return Error(file + ": there is no memory to read it into: " + system_reason());
  auto read =
      read_file(file, max_bytes, [&](std::string_view piece) { return copy.append(piece); });
  if (!read) return read.error();
  if (!copy.seal()) return Error(file + ": its copy cannot be sealed: " + system_reason());

  auto opened = std::make_unique<MMDB_s>();
  const int status = MMDB_open(copy.path().c_str(), MMDB_MODE_MMAP, opened.get());
  if (status != MMDB_SUCCESS) {
    return Error(file + ": is no usable MaxMind database: " + MMDB_strerror(status));
  }
  return GeoipDatabase(Handle(opened.release()));
}

GeoipDatabase::Found GeoipDatabase::find(const IpAddress& address) const {
  sockaddr_storage storage;
  if (address.is_v4) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    v4.sin_family = AF_INET;
    std::memcpy(&v4.sin_addr, address.bytes.data(), 4);
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    v6.sin6_family = AF_INET6;
    std::memcpy(&v6.sin6_addr, address.bytes.data(), 16);
  }
  int status = MMDB_SUCCESS;
  const MMDB_lookup_result_s result =
      MMDB_lookup_sockaddr(database_.get(), reinterpret_cast<sockaddr*>(&storage), &status);
  if (status == MMDB_IPV6_LOOKUP_IN_IPV4_DATABASE_ERROR) return {};
  if (status != MMDB_SUCCESS) return {.error = MMDB_strerror(status)};
  return {.found = result.found_entry, .entry = result.entry.offset};
}

GeoipDatabase::Read GeoipDatabase::read(std::uint32_t entry, const Path& path, Arena& arena) const {
  MMDB_entry_s start{database_.get(), entry};
  MMDB_entry_data_s data;
  const int status = MMDB_aget_value(&start, &data, path.keys_.data());
  // A map where the path has a number, or a scalar where it goes on.
  if (status == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR) return {};
  if (status == MMDB_INVALID_LOOKUP_PATH_ERROR) return {};
  if (status != MMDB_SUCCESS) return {.error = MMDB_strerror(status)};
  if (!data.has_data) return {};
  if (data.type == MMDB_DATA_TYPE_UTF8_STRING) {
    if (valid_utf8_prefix(text_of(data)) != data.data_size) return {.error = kBadText};
  }
  if (data.type != MMDB_DATA_TYPE_MAP && data.type != MMDB_DATA_TYPE_ARRAY) {
    return {.value = scalar(data, arena)};
  }

  MMDB_entry_s nested{database_.get(), data.offset};
  MMDB_entry_data_list_s* list = nullptr;
  const int listed = MMDB_get_entry_data_list(&nested, &list);
  const std::unique_ptr<MMDB_entry_data_list_s, decltype(&MMDB_free_entry_data_list)> owner(
      list, &MMDB_free_entry_data_list);
  if (listed != MMDB_SUCCESS) return {.error = MMDB_strerror(listed)};
  std::string json;
  const MMDB_entry_data_list_s* at = list;
  if (const char* error = append_json(json, at, 1, arena)) return {.error = error};
  const std::string_view kept = arena.copy(json);
  return {.value = data.type == MMDB_DATA_TYPE_MAP ? Value::object(kept) : Value::array(kept)};
}

}  // namespace logbraid
