#pragma once

#include <curl/curl.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "async/timers.h"
#include "clients/host_resolver.h"
#include "clients/http_options.h"
#include "lookup/request.h"

namespace logbraid {

// The addresses of the hosts that one set of connections goes to. A transfer starts when the names
// it needs are known, and then teaches them to libcurl, so that libcurl never resolves.
//
// A name that is known stays known: when its time is over it is resolved anew beside the requests,
// and where that fails it keeps the addresses it has.
//
// Threads:  the shard's.
// Lifetime: waiters are told or forgotten before they go.
class HttpNames {
 public:
  // Hosts of redirects come on top of the configuration's; not without end.
  static constexpr std::size_t kMostNames = 64;

  class Waiter {
   public:
    virtual void names_known() noexcept = 0;
    virtual void names_unknown(RequestError error, std::string_view why) noexcept = 0;

   protected:
    ~Waiter() = default;
  };

  // CURLOPT_RESOLVE of one transfer; must stay until the transfer has ended.
  class Lesson {
   public:
    Lesson() = default;
    ~Lesson() { curl_slist_free_all(entries_); }
    Lesson(const Lesson&) = delete;
    Lesson& operator=(const Lesson&) = delete;

   private:
    friend class HttpNames;
    curl_slist* entries_ = nullptr;
    std::uint64_t version_ = 0;
  };

  HttpNames(std::shared_ptr<HostResolver> resolver, const Timers& timers, RefusesAddress refuses);
  ~HttpNames();
  HttpNames(const HttpNames&) = delete;
  HttpNames& operator=(const HttpNames&) = delete;

  // True: the addresses of `origin` are known. False: the waiter is told, from within or later.
  // `alias`: what the URL has in the host's place; empty: the host itself.
  bool know(const HttpOrigin& origin, std::string_view alias, Waiter& waiter);
  void forget(Waiter& waiter) noexcept;
  // Of an origin that is known by that alias, in the order to try them.
  std::vector<IpAddress> addresses(const HttpOrigin& origin, std::string_view alias) const;

  // Before a transfer starts.
  void teach(CURL* transfer, Lesson& lesson);
  // The transfer has run: libcurl knows.
  void taught(const Lesson& lesson) noexcept { taught_ = std::max(taught_, lesson.version_); }
  // What libcurl has learned went with its handle.
  void unlearn() noexcept { taught_ = 0; }
  // There was no connection to it: perhaps it has moved.
  void doubt(const HttpOrigin& origin, std::string_view alias) noexcept;

 private:
  struct Name;
  void resolve(Name& name);
  void resolved(Name& name, const HostResolver::Answer& answer);
  void failed(Name& name, RequestError error, std::string_view why);
  void set_addresses(Name& name, const std::vector<IpAddress>& addresses);

  const std::shared_ptr<HostResolver> resolver_;
  const Timers& timers_;
  const RefusesAddress refuses_;
  std::map<std::string, std::unique_ptr<Name>, std::less<>> names_;  // see key_of()
  std::uint64_t version_ = 0;                                        // of what there is to teach
  std::uint64_t taught_ = 0;  // the latest that libcurl has learned
};

}  // namespace logbraid
