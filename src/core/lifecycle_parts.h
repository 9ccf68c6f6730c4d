#pragma once

#include <memory>
#include <variant>

#include "logbraid/enricher.h"
#include "logbraid/lifecycle.h"

namespace logbraid {

// Which of the interfaces of a life cycle an enricher implements; null: not that one. Found by
// dynamic_cast: once an enricher and plan, never per call.
//
// Lifetime: the enricher's.
struct LifecycleParts {
  explicit LifecycleParts(const EnricherPtr& enricher) {
    std::visit(
        [this](const auto& pointer) {
          async = dynamic_cast<AsyncLifecycle*>(pointer.get());
          if (async == nullptr) sync = dynamic_cast<SyncLifecycle*>(pointer.get());
          async_check = dynamic_cast<AsyncHealthCheck*>(pointer.get());
          if (async_check == nullptr) sync_check = dynamic_cast<SyncHealthCheck*>(pointer.get());
          // Of the whole object: registered under two names it is one all the same.
          object = dynamic_cast<const void*>(pointer.get());
        },
        enricher);
  }

  bool starts_and_stops() const { return async != nullptr || sync != nullptr; }
  bool checks_health() const { return async_check != nullptr || sync_check != nullptr; }
  bool none() const { return !starts_and_stops() && !checks_health(); }

  AsyncLifecycle* async = nullptr;
  SyncLifecycle* sync = nullptr;
  AsyncHealthCheck* async_check = nullptr;
  SyncHealthCheck* sync_check = nullptr;
  const void* object = nullptr;
};

}  // namespace logbraid
