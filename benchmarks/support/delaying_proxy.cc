#include "benchmarks/support/delaying_proxy.h"

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace logbraid::bench {
namespace {

using boost::asio::io_context;
using boost::asio::ip::tcp;
using boost::asio::ip::udp;
using boost::system::error_code;

const auto kLoopback = boost::asio::ip::address_v4::loopback();

// Does things after one and the same time, in order.
class Later {
 public:
  Later(io_context& io, Duration delay) : timer_(io), delay_(delay) {}
  void run(std::function<void()> what) {
    due_.emplace_back(std::chrono::steady_clock::now() + delay_, std::move(what));
    if (due_.size() == 1) wait();
  }

 private:
  void wait() {
    timer_.expires_at(due_.front().first);
    timer_.async_wait([this](const error_code& cancelled) {
      if (cancelled) return;
      const auto now = std::chrono::steady_clock::now();
      while (!due_.empty() && due_.front().first <= now) {
        const auto what = std::move(due_.front().second);
        due_.pop_front();
        what();
      }
      if (!due_.empty()) wait();
    });
  }

  boost::asio::steady_timer timer_;
  const Duration delay_;
  std::deque<std::pair<std::chrono::steady_clock::time_point, std::function<void()>>> due_;
};

// One connection, and its other end.
class Stream : public std::enable_shared_from_this<Stream> {
 public:
  Stream(tcp::socket near, Later& later)
      : near_(std::move(near)), far_(near_.get_executor()), later_(later) {}
  void start(std::uint16_t port) {
    far_.async_connect({kLoopback, port}, [self = shared_from_this()](const error_code& failed) {
      if (failed) return self->close();
      error_code ignored;
      self->near_.set_option(tcp::no_delay(true), ignored);
      self->far_.set_option(tcp::no_delay(true), ignored);
      self->pass_on();
      self->pass_back();
    });
  }

 private:
  void pass_on() {
    near_.async_read_some(boost::asio::buffer(there_),
                          [self = shared_from_this()](const error_code& failed, std::size_t size) {
                            if (failed) return self->close();
                            boost::asio::async_write(self->far_,
                                                     boost::asio::buffer(self->there_, size),
                                                     [self](const error_code& broken, std::size_t) {
                                                       broken ? self->close() : self->pass_on();
                                                     });
                          });
  }
  void pass_back() {
    far_.async_read_some(boost::asio::buffer(back_),
                         [self = shared_from_this()](const error_code& failed, std::size_t size) {
                           if (failed) return self->close();
                           self->later_.run([self, bytes = std::string(self->back_.data(), size)] {
                             self->held_back_ += bytes;
                             if (self->writing_.empty()) self->write();
                           });
                           self->pass_back();
                         });
  }
  void write() {
    writing_.swap(held_back_);
    boost::asio::async_write(near_, boost::asio::buffer(writing_),
                             [self = shared_from_this()](const error_code& failed, std::size_t) {
                               self->writing_.clear();
                               if (failed) return self->close();
                               if (!self->held_back_.empty()) self->write();
                             });
  }
  void close() {
    error_code ignored;
    near_.close(ignored);
    far_.close(ignored);
  }

  tcp::socket near_;
  tcp::socket far_;
  Later& later_;
  std::array<char, 65536> there_;
  std::array<char, 65536> back_;
  std::string held_back_;
  std::string writing_;
};

}  // namespace

class DelayingProxy::Ports {
 public:
  Ports() : work_(io_.get_executor()), thread_([this] { io_.run(); }) {}
  ~Ports() {
    io_.stop();
    thread_.join();
  }

  std::uint16_t stream(std::uint16_t port, Duration delay) {
    return on_thread([&] {
      auto& later = laters_.emplace_back(io_, delay);
      auto& acceptor = acceptors_.emplace_back(io_, tcp::endpoint(kLoopback, 0));
      accept(acceptor, port, later);
      return acceptor.local_endpoint().port();
    });
  }

  std::uint16_t datagrams(std::uint16_t port, Duration delay) {
    return on_thread([&] {
      auto& later = laters_.emplace_back(io_, delay);
      auto& near = datagrams_.emplace_back(io_, later, port);
      near.receive();
      return near.socket.local_endpoint().port();
    });
  }

 private:
  // A port for questions; each asker has a socket of his own on the other side.
  struct Datagrams {
    Datagrams(io_context& io, Later& when, std::uint16_t to)
        : socket(io, udp::endpoint(kLoopback, 0)), later(when), port(to) {}

    struct Asker {
      Asker(io_context& io, const udp::endpoint& who)
          : address(who), socket(io, udp::endpoint(kLoopback, 0)) {}
      const udp::endpoint address;
      udp::socket socket;
      std::array<char, 4096> bytes;
    };

    void receive() {
      socket.async_receive_from(
          boost::asio::buffer(bytes), from, [this](const error_code& failed, std::size_t size) {
            if (failed) return;
            error_code ignored;
            asker().socket.send_to(boost::asio::buffer(bytes, size), {kLoopback, port}, 0, ignored);
            receive();
          });
    }
    Asker& asker() {
      for (const auto& each : askers) {
        if (each->address == from) return *each;
      }
      askers.push_back(
          std::make_unique<Asker>(static_cast<io_context&>(socket.get_executor().context()), from));
      answer(*askers.back());
      return *askers.back();
    }
    void answer(Asker& to) {
      to.socket.async_receive(
          boost::asio::buffer(to.bytes), [this, &to](const error_code& failed, std::size_t size) {
            if (failed) return;
            later.run([this, &to, packet = std::string(to.bytes.data(), size)] {
              error_code ignored;
              socket.send_to(boost::asio::buffer(packet), to.address, 0, ignored);
            });
            answer(to);
          });
    }

    udp::socket socket;
    Later& later;
    const std::uint16_t port;
    udp::endpoint from;
    std::array<char, 4096> bytes;
    std::vector<std::unique_ptr<Asker>> askers;
  };

  std::uint16_t on_thread(const std::function<std::uint16_t()>& what) {
    std::promise<std::uint16_t> port;
    boost::asio::post(io_, [&] { port.set_value(what()); });
    return port.get_future().get();
  }

  void accept(tcp::acceptor& acceptor, std::uint16_t port, Later& later) {
    acceptor.async_accept(
        [this, &acceptor, port, &later](const error_code& failed, tcp::socket near) {
          if (failed) return;
          std::make_shared<Stream>(std::move(near), later)->start(port);
          accept(acceptor, port, later);
        });
  }

  io_context io_{1};
  boost::asio::executor_work_guard<io_context::executor_type> work_;
  std::deque<Later> laters_;
  std::deque<tcp::acceptor> acceptors_;
  std::deque<Datagrams> datagrams_;
  std::thread thread_;
};

DelayingProxy::DelayingProxy() : ports_(std::make_unique<Ports>()) {}
DelayingProxy::~DelayingProxy() = default;
std::uint16_t DelayingProxy::stream(std::uint16_t port, Duration delay) {
  return ports_->stream(port, delay);
}
std::uint16_t DelayingProxy::datagrams(std::uint16_t port, Duration delay) {
  return ports_->datagrams(port, delay);
}

}  // namespace logbraid::bench
