#pragma once

#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>
#include <type_traits>
#include <utility>

#include "logbraid/async_context.h"

namespace logbraid {

// An executor of Boost.Asio that says, while what is given to it runs, whose code that is: then a
// watchdog can name the enricher of an asio coroutine that holds up its shard. All else is done by
// the executor inside.
//
// Lifetime: may outlive the call, not the loop.
template <class Inner>
class NamedExecutor {
 public:
  NamedExecutor(Inner inner, AsyncContext::Code code) noexcept
      : inner_(std::move(inner)), code_(code) {}

  template <class Function>
  void execute(Function&& function) const {
    inner_.execute([code = code_,
                    function = std::decay_t<Function>(std::forward<Function>(function))]() mutable {
      const AsyncContext::Running running(code);
      std::move(function)();
    });
  }

  // Properties, as Asio asks for them: those of the executor inside.
  template <class Property>
    requires boost::asio::can_query_v<const Inner&, Property>
  decltype(auto) query(const Property& property) const
      noexcept(boost::asio::is_nothrow_query_v<const Inner&, Property>) {
    return boost::asio::query(inner_, property);
  }
  template <class Property>
    requires boost::asio::can_require_v<const Inner&, Property>
  auto require(const Property& property) const {
    return renamed(boost::asio::require(inner_, property));
  }
  template <class Property>
    requires boost::asio::can_prefer_v<const Inner&, Property>
  auto prefer(const Property& property) const {
    return renamed(boost::asio::prefer(inner_, property));
  }

  friend bool operator==(const NamedExecutor& a, const NamedExecutor& b) noexcept {
    return a.inner_ == b.inner_ && a.code_.activity == b.code_.activity &&
           a.code_.node == b.code_.node;
  }
  friend bool operator!=(const NamedExecutor& a, const NamedExecutor& b) noexcept {
    return !(a == b);
  }

 private:
  template <class Other>
  NamedExecutor<std::decay_t<Other>> renamed(Other&& inner) const {
    return {std::forward<Other>(inner), code_};
  }

  Inner inner_;
  AsyncContext::Code code_;
};

}  // namespace logbraid
