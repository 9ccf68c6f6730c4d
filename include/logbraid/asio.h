#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "logbraid/asio_executor.h"
#include "logbraid/async_context.h"
#include "logbraid/engine.h"
#include "logbraid/enricher.h"

// Boost.Asio and logbraid. The only public header, with the one it includes, that needs more than
// the standard library; build against the Boost that logbraid was built with.
namespace logbraid {

// The event loop of the shard that a call runs on: for timers and sockets of the call.
//
// Errors: throws std::logic_error where the call runs on no shard.
inline boost::asio::io_context& io_context_of(AsyncContext& context) {
  LoopIo* const io = context.io();
  if (io == nullptr) throw std::logic_error("this call runs on no event loop of Boost.Asio");
  io->used = true;
  return *static_cast<boost::asio::io_context*>(io->io_context);
}

// `co_await AsioCall(...)` in a Task: runs an asio coroutine on the shard's loop. When the call is
// told to stop it gets terminal cancellation; it ends when the coroutine does.
//
// Threads:  the shard's.
// Lifetime: when it is destroyed first, the coroutine's end is not told to anybody.
class [[nodiscard]] AsioCall : private WaitPoint {
 public:
  AsioCall(AsyncContext& context, boost::asio::awaitable<EnrichStatus> coroutine)
      : WaitPoint{&AsioCall::on_call_off},
        context_(context),
        coroutine_(std::move(coroutine)),
        link_(std::make_shared<Link>(this)) {}
  AsioCall(const AsioCall&) = delete;
  AsioCall& operator=(const AsioCall&) = delete;
  ~AsioCall() {
    if (link_->call == nullptr) return;
    link_->call = nullptr;
    if (waiter_) context_.wait_at(nullptr);
  }

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiter) {
    boost::asio::io_context& io = io_context_of(context_);
    waiter_ = waiter;
    context_.wait_at(this);
    boost::asio::co_spawn(
        boost::asio::any_io_executor(NamedExecutor(io.get_executor(), context_.code())),
        std::move(coroutine_),
        boost::asio::bind_cancellation_slot(
            link_->stop.slot(), [link = link_](std::exception_ptr thrown, EnrichStatus status) {
              if (link->call != nullptr) link->call->end(thrown, status);
            }));
    if (context_.stop_requested()) link_->stop.emit(boost::asio::cancellation_type::terminal);
  }
  EnrichStatus await_resume() {
    if (thrown_) std::rethrow_exception(thrown_);
    return status_;
  }

 private:
  // Outlives whichever of the two goes first.
  struct Link {
    explicit Link(AsioCall* of) : call(of) {}
    AsioCall* call;
    boost::asio::cancellation_signal stop;
  };

  static void on_call_off(WaitPoint& point) noexcept {
    // A copy: the coroutine may end, and this object with it, before emit() returns.
    const std::shared_ptr<Link> link = static_cast<AsioCall&>(point).link_;
    link->stop.emit(boost::asio::cancellation_type::terminal);
  }
  void end(std::exception_ptr thrown, EnrichStatus status) {
    thrown_ = std::move(thrown);
    status_ = status;
    link_->call = nullptr;
    context_.wait_at(nullptr);
    const AsyncContext::Running running(context_);
    waiter_.resume();
  }

  AsyncContext& context_;
  boost::asio::awaitable<EnrichStatus> coroutine_;
  std::shared_ptr<Link> link_;
  std::coroutine_handle<> waiter_;
  std::exception_ptr thrown_;
  EnrichStatus status_;
};

// An async enricher whose code is an asio coroutine:
//
//   boost::asio::awaitable<EnrichStatus> look_up(const EventView& event, Patch& patch);
//   registry.add(metadata, {.enricher = asio_enricher(look_up)});
//
// `function` is called once an event, from several shards at once; it is kept as long as there are
// calls. event and patch outlive the coroutine.
// In the coroutine `co_await boost::asio::this_coro::executor` is the shard's loop.
template <class Function>
std::shared_ptr<AsyncEnricher> asio_enricher(Function function) {
  class Adaptor final : public AsyncEnricher {
   public:
    explicit Adaptor(Function what) : function_(std::move(what)) {}
    Task<EnrichStatus> enrich(const EventView& event, Patch& patch,
                              AsyncContext& context) override {
      co_return co_await AsioCall(context, function_(event, patch));
    }

   private:
    Function function_;
  };
  return std::make_shared<Adaptor>(std::move(function));
}

// Engine::enrich_async() with a completion token of Asio: the handler, a coroutine with
// use_awaitable, a future. It goes on on its own executor, not on the shard; the execution context
// must outlive the engine, or its close().
template <class Token>
auto async_enrich(Engine& engine, OwnedEvent event, Token&& token) {
  return boost::asio::async_initiate<Token, void(Result<EnrichedEvent>)>(
      [](auto handler, Engine* with, OwnedEvent what) {
        using Handler = decltype(handler);
        struct Waiting {
          explicit Waiting(Handler&& to)
              : handler(std::move(to)),
                executor(boost::asio::get_associated_executor(handler)),
                work(executor) {}
          Handler handler;
          boost::asio::associated_executor_t<Handler> executor;
          boost::asio::executor_work_guard<boost::asio::associated_executor_t<Handler>> work;
        };
        // Shared: std::function wants to be copied, a handler does not.
        auto waiting = std::make_shared<Waiting>(std::move(handler));
        with->enrich_async(std::move(what), [waiting](Result<EnrichedEvent> result) {
          boost::asio::post(waiting->executor, [waiting, result = std::move(result)]() mutable {
            Handler to = std::move(waiting->handler);
            waiting->work.reset();
            std::move(to)(std::move(result));
          });
        });
      },
      token, &engine, std::move(event));
}

}  // namespace logbraid
