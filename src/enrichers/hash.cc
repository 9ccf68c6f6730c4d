// hash: a digest of one field or of several together.

#define XXH_INLINE_ALL
#include <openssl/evp.h>
#include <xxhash.h>

#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

#include "core/value_text.h"
#include "enrichers/builtin.h"
#include "enrichers/hmac_sha256.h"

namespace logbraid {
namespace {

constexpr std::size_t kShortestKey = 16;  // bytes: 128 bits, NIST SP 800-107

using Digest = std::array<unsigned char, HmacSha256::kSize>;

enum class Algorithm : std::uint8_t { xxh3, xxh3_128, hmac_sha256 };

std::size_t digest_size(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::xxh3:
      return 8;
    case Algorithm::xxh3_128:
      return 16;
    case Algorithm::hmac_sha256:
      return 32;
  }
  return 0;
}

struct Options {
  std::vector<FieldPath> inputs;
  FieldPath output;
  std::string separator;
  Algorithm algorithm = Algorithm::xxh3;
  std::size_t size = 8;  // bytes of the digest that are kept
  bool base64 = false;
};

constexpr std::array<std::array<char, 2>, 256> kHexOfByte = [] {
  constexpr char kHex[] = "0123456789abcdef";
  std::array<std::array<char, 2>, 256> pairs{};
  for (std::size_t byte = 0; byte < pairs.size(); ++byte) {
    pairs[byte] = {kHex[byte >> 4], kHex[byte & 15]};
  }
  return pairs;
}();

std::string_view encode(std::span<const unsigned char> digest, bool base64, Arena& arena) {
  if (base64) {
    const std::size_t size = (digest.size() + 2) / 3 * 4;
    auto* const text = arena.allocate_array<unsigned char>(size + 1);  // and a final NUL
    EVP_EncodeBlock(text, digest.data(), static_cast<int>(digest.size()));
    return {reinterpret_cast<const char*>(text), size};
  }
  char* const text = arena.allocate_array<char>(2 * digest.size());
  for (std::size_t i = 0; i < digest.size(); ++i) {
    std::memcpy(text + 2 * i, kHexOfByte[digest[i]].data(), 2);
  }
  return {text, 2 * digest.size()};
}

class HashEnricher final : public SyncEnricher {
 public:
  HashEnricher(Options options, std::unique_ptr<HmacSha256> hmac)
      : options_(std::move(options)), hmac_(std::move(hmac)) {}

  EnrichStatus enrich(const EventView& event, Patch& patch) override {
    ValueTextBuffer buffer;
    std::optional<std::string_view> text;
    if (options_.inputs.size() == 1) {
      const Value value = event.get(options_.inputs.front());
      if (!value.absent() && !value.is_null()) text = value_text(value, buffer);
    } else {
      text = joined(event);
    }
    if (!text) return EnrichStatus::no_match();

    Digest digest;
    if (!compute(*text, digest)) return EnrichStatus::error("OpenSSL could not compute the HMAC");
    // The bytes lie in the patch's own arena already.
    patch.set_view(options_.output,
                   encode({digest.data(), options_.size}, options_.base64, patch.arena()));
    return CallResult::ok;
  }

 private:
  // nullopt where one of the fields is absent or null.
  std::optional<std::string_view> joined(const EventView& event) const {
    Arena& arena = event.arena();
    auto* const texts = arena.allocate_array<std::string_view>(options_.inputs.size());
    std::size_t size = 0;
    std::size_t count = 0;
    for (const FieldPath& input : options_.inputs) {
      const Value value = event.get(input);
      if (value.absent() || value.is_null()) return std::nullopt;
      ValueTextBuffer buffer;
      const std::string_view text = value_text(value, buffer);
      texts[count++] = text.data() == buffer.data() ? arena.copy(text) : text;
      size += text.size() + options_.separator.size();
    }
    char* const start = arena.allocate_array<char>(size);
    char* to = start;
    for (std::size_t i = 0; i < count; ++i) {
      if (i != 0) to = append(to, options_.separator);
      to = append(to, texts[i]);
    }
    return std::string_view(start, static_cast<std::size_t>(to - start));
  }
  static char* append(char* to, std::string_view text) {
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    return to + text.size();
  }

  bool compute(std::string_view text, Digest& digest) {
    switch (options_.algorithm) {
      case Algorithm::xxh3: {
        XXH64_canonical_t bytes;
        XXH64_canonicalFromHash(&bytes, XXH3_64bits(text.data(), text.size()));
        std::memcpy(digest.data(), bytes.digest, sizeof bytes.digest);
        return true;
      }
      case Algorithm::xxh3_128: {
        XXH128_canonical_t bytes;
        XXH128_canonicalFromHash(&bytes, XXH3_128bits(text.data(), text.size()));
        std::memcpy(digest.data(), bytes.digest, sizeof bytes.digest);
        return true;
      }
      case Algorithm::hmac_sha256:
        return (*hmac_)(text, digest);
    }
    return false;
  }

  const Options options_;
  const std::unique_ptr<HmacSha256> hmac_;  // null but for that algorithm
};

Algorithm algorithm_of(const std::string& name) {
  if (name == "xxh3") return Algorithm::xxh3;
  return name == "xxh3_128" ? Algorithm::xxh3_128 : Algorithm::hmac_sha256;
}

Result<EnricherInstance> make(const Settings& settings, const MakeContext&) {
  Options options;
  options.inputs = settings.fields("input");
  options.output = settings.field("output");
  options.separator = settings.string("separator");
  options.algorithm = algorithm_of(settings.string("algorithm"));
  options.base64 = settings.string("encoding") == "base64";
  options.size = digest_size(options.algorithm);
  if (options.inputs.empty()) return settings.error("input", "names no field to hash");
  if (settings.has("truncate")) {
    auto kept = settings["truncate"].as_integer(1, static_cast<std::int64_t>(options.size));
    if (!kept) return kept.error();
    options.size = static_cast<std::size_t>(*kept);
  }

  std::unique_ptr<HmacSha256> hmac;
  if (options.algorithm == Algorithm::hmac_sha256) {
    const std::string key = settings.has("key") ? settings.string("key") : "";
    if (key.size() < kShortestKey) {
      return settings.error("key", key.empty() ? "hmac_sha256 needs a key of at least 16 bytes"
                                               : "is " + std::to_string(key.size()) +
                                                     " bytes long; hmac_sha256 needs at least 16");
    }
    hmac = HmacSha256::make(key);
    if (!hmac) return settings.error("algorithm", "OpenSSL has no HMAC-SHA-256 here");
  } else if (settings.has("key")) {
    return settings.error("key", "only hmac_sha256 takes a key; " + settings.string("algorithm") +
                                     " hides nothing from who can guess the value");
  }

  std::vector<FieldPath> reads = options.inputs;
  std::vector<FieldPath> writes = {options.output};
  return EnricherInstance{
      .enricher = std::make_shared<HashEnricher>(std::move(options), std::move(hmac)),
      .placement = Placement::inline_,
      .reads = std::move(reads),
      .writes = std::move(writes)};
}

}  // namespace

EnricherKind hash_enricher() {
  return {
      .name = "hash",
      .summary = "Adds a digest of one or several fields",
      .help = R"(Hashes the text of a field, or of several joined by `separator`: strings as they
are, all else as JSON spells it. xxh3 (64 bits) and xxh3_128 are for grouping and sampling; to hide
a value from those who could try all of them (addresses, names), take hmac_sha256 with a key. The
outcome is no_match where one of the fields is absent or null.

  enrichers:
    - name: visitor
      type: hash
      input: [client_ip, user_agent]
      algorithm: xxh3
      output: visitor
)",
      .settings =
          {
              {.name = "input",
               .type = SettingType::fields,
               .help = "The field, or the fields in their order.",
               .required = true},
              {.name = "output",
               .type = SettingType::field,
               .default_text = "hash",
               .help = "Where the digest goes."},
              {.name = "algorithm",
               .type = SettingType::string,
               .default_text = "xxh3",
               .help = "hmac_sha256 costs ten times what the others do, and needs a key.",
               .choices = {"xxh3", "xxh3_128", "hmac_sha256"}},
              {.name = "key",
               .type = SettingType::string,
               .help = "For hmac_sha256: at least 16 bytes.",
               .secret = true},
              {.name = "separator",
               .type = SettingType::string,
               .default_text = "|",
               .help = "Stands between the texts of several fields."},
              {.name = "encoding",
               .type = SettingType::string,
               .default_text = "hex",
               .help = "How the digest is written; base64 with padding.",
               .choices = {"hex", "base64"}},
              {.name = "truncate",
               .type = SettingType::integer,
               .unit = "bytes",
               .help = "Keep the first bytes of the digest only; all where unset."},
          },
      .make = make,
  };
}

}  // namespace logbraid
