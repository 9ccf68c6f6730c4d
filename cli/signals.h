#pragma once

#include <functional>
#include <thread>

#include "logbraid/result.h"

namespace logbraid::cli {

// Takes SIGINT and SIGTERM: the first calls `on_first`, on a thread of its own, so that it may do
// anything; a second one ends the process at once, with 128 + its number. Signals that were ignored
// when the program was started stay ignored.
//
// Threads:  make it before any other thread, which would take the signals otherwise.
// Lifetime: until the program ends; after the destructor a signal ends the process.
class SignalWatch {
 public:
  explicit SignalWatch(std::function<void(int signal)> on_first);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  void watch();

  const std::function<void(int)> on_first_;
  int signals_ = -1;  // a signalfd
  int end_ = -1;      // an eventfd
  std::thread thread_;
};

}  // namespace logbraid::cli
