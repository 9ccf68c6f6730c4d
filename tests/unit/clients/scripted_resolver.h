#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "clients/host_resolver.h"
#include "support/cidr.h"

namespace logbraid::test {

// Answers what it was told, or leaves the question open.
class ScriptedResolver final : public HostResolver {
 public:
  std::map<std::string, Answer> answers;
  std::vector<std::string> asked;
  std::vector<Waiter*> open;

  void resolve(const std::string& host, Waiter& waiter) noexcept override {
    asked.push_back(host);
    const auto known = answers.find(host);
    if (known == answers.end()) {
      open.push_back(&waiter);
    } else {
      waiter.host_resolved(known->second);
    }
  }
  void forget(Waiter& waiter) noexcept override { std::erase(open, &waiter); }

  static Answer at(std::vector<std::string_view> addresses, Duration ttl = std::chrono::hours(1)) {
    Answer answer{{}, ttl, {}};
    for (const std::string_view address : addresses) {
      answer.addresses.push_back(*parse_ip(address));
    }
    return answer;
  }
};

}  // namespace logbraid::test
