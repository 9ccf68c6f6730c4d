#include "enrichers/hmac_sha256.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <utility>

namespace logbraid {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::unique_ptr<HmacSha256> HmacSha256::make(std::string_view key) {
  const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> mac(
      EVP_MAC_fetch(nullptr, "HMAC", nullptr), &EVP_MAC_free);
  if (!mac) return nullptr;
  Context context(EVP_MAC_CTX_new(mac.get()));
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  if (!context || EVP_MAC_init(context.get(), bytes_of(key), key.size(), parameters) != 1) {
    return nullptr;
  }
  return std::unique_ptr<HmacSha256>(new HmacSha256(std::move(context)));
}

HmacSha256::~HmacSha256() {
  for (const auto& slot : free_) EVP_MAC_CTX_free(slot.load(std::memory_order_relaxed));
}

bool HmacSha256::operator()(std::string_view text, std::span<unsigned char, kSize> digest) {
  Context context = take();
  std::size_t written = 0;
  // Without a key init starts anew under the one the context has.
  const bool done = context && EVP_MAC_init(context.get(), nullptr, 0, nullptr) == 1 &&
                    EVP_MAC_update(context.get(), bytes_of(text), text.size()) == 1 &&
                    EVP_MAC_final(context.get(), digest.data(), &written, digest.size()) == 1;
  if (done) give_back(std::move(context));
  return done;
}

// Acquire and release: who takes a context sees what its last user wrote into it.
HmacSha256::Context HmacSha256::take() {
  for (auto& slot : free_) {
    if (slot.load(std::memory_order_relaxed) == nullptr) continue;
    Context found(slot.exchange(nullptr, std::memory_order_acquire));
    if (found) return found;
  }
  return Context(EVP_MAC_CTX_dup(first_.get()));
}

void HmacSha256::give_back(Context context) {
  for (auto& slot : free_) {
    EVP_MAC_CTX* empty = nullptr;
    if (slot.compare_exchange_strong(empty, context.get(), std::memory_order_release,
                                     std::memory_order_relaxed)) {
      static_cast<void>(context.release());
      return;
    }
  }
}

}  // namespace logbraid
