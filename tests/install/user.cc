// Every installed header that a user may name, a built-in enricher, and one written for Asio.
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstdio>

#include "logbraid/asio.h"
#include "logbraid/builtin.h"
#include "logbraid/engine.h"

using namespace logbraid;

boost::asio::awaitable<EnrichStatus> waited(const EventView&, Patch& patch) {
  static const FieldPath kWaited("waited");
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor,
                                  std::chrono::milliseconds(1));
  co_await timer.async_wait(boost::asio::use_awaitable);
  patch.set(kWaited, true);
  co_return EnrichStatus();
}

int main() {
  Registry registry;
  for (const EnricherKind& kind : builtin_enrichers()) {
    if (!registry.add_kind(kind)) return 1;
  }
  EnricherMetadata url;
  url.name = "url";
  const Setting settings = Setting::map({{"input", "path"}});
  if (const auto made = registry.add_instance(url, "url", settings, MakeContext()); !made) {
    std::fprintf(stderr, "%s\n", made.error().to_string().c_str());
    return 1;
  }
  EnricherMetadata wait;
  wait.name = "wait";
  EnricherInstance instance;
  instance.enricher = asio_enricher(waited);
  if (!registry.add(wait, instance)) return 1;

  auto engine = Engine::create(registry, {"url", "wait"});
  if (!engine) return 1;
  auto event = EventBuilder().set(FieldPath("path"), "/cart?id=7").build();
  const auto enriched = (*engine)->enrich(*std::move(event));
  std::printf("%s\n", enriched->to_json().c_str());
  return enriched->complete() ? 0 : 1;
}
