#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <typeindex>
#include <utility>

namespace logbraid {

// What several look-ups of one shard share: connections to one endpoint, found by its name. Each is
// there as long as somebody holds it.
//
// Threads: the shard's.
class SharedOnShard {
 public:
  // `key` must say all that makes a difference: address, user, TLS. `make()` gives a
  // shared_ptr<T>.
  template <class T, class Make>
  std::shared_ptr<T> get(std::string_view key, Make&& make) {
    std::weak_ptr<void>& known = known_[{std::type_index(typeid(T)), std::string(key)}];
    if (auto there = std::static_pointer_cast<T>(known.lock())) return there;
    std::shared_ptr<T> made = std::forward<Make>(make)();
    known = made;
    return made;
  }

 private:
  std::map<std::pair<std::type_index, std::string>, std::weak_ptr<void>> known_;
};

}  // namespace logbraid
