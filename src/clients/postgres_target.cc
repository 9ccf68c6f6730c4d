#include "clients/postgres_target.h"

#include <postgresql/libpq-fe.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "clients/sql_row.h"
#include "support/cidr.h"

namespace logbraid {
namespace {

constexpr const char* kUrlLooksLike = "write it like postgresql://user@host:5432/database";

bool is_uri(std::string_view url) {
  return url.starts_with("postgresql://") || url.starts_with("postgres://");
}

// libpq quotes what it could not read, which may hold the password.
std::string complaint_about_url(std::string_view libpq) {
  const bool names_a_keyword = libpq.starts_with("invalid connection option") ||
                               libpq.starts_with("invalid URI query parameter");
  std::string text = sql_message(libpq);
  if (names_a_keyword) return text;
  const std::size_t quote = text.find('"');
  const std::size_t last = text.rfind('"');
  if (quote != last) text.replace(quote + 1, last - quote - 1, "...");
  return text;
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  for (std::size_t start = 0;;) {
    const std::size_t end = list.find(',', start);
    parts.push_back(list.substr(start, end - start));
    if (end == std::string::npos) return parts;
    start = end + 1;
  }
}

bool is_socket_directory(std::string_view host) {
  return host.empty() || host.starts_with('/') || host.starts_with('@');
}

// No name has a colon; that libpq knows the address (a zone in it, too) is its business.
bool is_address(std::string_view host) {
  return host.find(':') != std::string_view::npos || parse_ip(host).has_value();
}

}  // namespace

Result<PostgresTarget> PostgresTarget::parse(const std::string& url, const std::string& password) {
  if (url.find('\0') != std::string::npos) return Error("holds a NUL byte");
  char* complaint = nullptr;
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(
      PQconninfoParse(url.c_str(), &complaint), PQconninfoFree);
  if (options == nullptr) {
    const std::string why = complaint == nullptr ? "out of memory" : complaint_about_url(complaint);
    PQfreemem(complaint);
    return Error(why + "; " + kUrlLooksLike);
  }
  PostgresTarget target;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    const bool has_default = option->compiled != nullptr && *option->compiled != '\0';
    if (option->val != nullptr && *option->val != '\0') {
      target.set(option->keyword, option->val);
    } else if (option->envvar != nullptr && has_default) {
      target.set(option->keyword, option->compiled);  // and so not from the environment
    }
  }
  if (!is_uri(url) && !target.get("password").empty()) {
    return Error("put the password into the setting `password`, where it is masked");
  }
  if (!password.empty()) target.set("password", password);
  if (target.get("host").empty() && target.get("hostaddr").empty()) {
    return Error(std::string("names no host; ") + kUrlLooksLike +
                 ", or with ?host=/run/postgresql for a socket");
  }
  if (target.get("user").empty()) return Error(std::string("names no user; ") + kUrlLooksLike);
  if (target.get("dbname").empty()) target.set("dbname", target.get("user"));
  // Looking for a Kerberos ticket may block.
  if (PQconninfoOption* option = options.get()) {
    while (option->keyword != nullptr && std::string_view(option->keyword) != "gssencmode")
      ++option;
    if (option->keyword != nullptr && option->val == nullptr) target.set("gssencmode", "disable");
  }
  if (target.get("application_name").empty()) target.set("application_name", "logbraid");
  target.set("client_encoding", "UTF8");
  const std::string& host =
      target.get("host").empty() ? target.get("hostaddr") : target.get("host");
  const std::string port = split(target.get("port")).front();
  target.name_ =
      split(host).front() + ":" + (port.empty() ? "5432" : port) + "/" + target.get("dbname");
  if (auto taken = target.take_hosts(); !taken) return taken.error();
  return target;
}

Result<void> PostgresTarget::take_hosts() {
  if (!get("hostaddr").empty()) return {};
  const std::vector<std::string> names = split(get("host"));
  const std::vector<std::string> ports = split(get("port"));
  if (ports.size() != 1 && ports.size() != names.size()) {
    return Error("names " + std::to_string(names.size()) + " hosts and " +
                 std::to_string(ports.size()) + " ports; write one port, or one for each host");
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    Host host{names[i], is_address(names[i]) ? names[i] : "", ports[ports.size() == 1 ? 0 : i]};
    host.is_name = host.address.empty() && !is_socket_directory(host.name);
    hosts_.push_back(std::move(host));
  }
  std::erase_if(parameters_,
                [](const auto& one) { return one.first == "host" || one.first == "port"; });
  return {};
}

void PostgresTarget::set(const std::string& keyword, std::string value) {
  for (auto& [known, now] : parameters_) {
    if (known == keyword) {
      now = std::move(value);
      return;
    }
  }
  parameters_.emplace_back(keyword, std::move(value));
}

const std::string& PostgresTarget::get(const std::string& keyword) const {
  static const std::string unset;
  for (const auto& [known, value] : parameters_) {
    if (known == keyword) return value;
  }
  return unset;
}

std::string PostgresTarget::identity() const {
  std::string text;
  for (const auto& [keyword, value] : parameters_) text += keyword + '=' + value + '\0';
  for (const Host& host : hosts_) text += host.name + '\0' + host.port + '\0';
  return text;
}

PostgresTarget::Parameters PostgresTarget::session(Duration statement_timeout) const {
  using std::chrono::milliseconds;
  const auto most = std::max(std::chrono::ceil<milliseconds>(statement_timeout), milliseconds(1));
  PostgresTarget with_options = *this;
  with_options.set("options", get("options") +
                                  " -c default_transaction_read_only=on -c DateStyle=ISO"
                                  " -c statement_timeout=" +
                                  std::to_string(std::min<std::int64_t>(most.count(), INT32_MAX)));
  return with_options.parameters_;
}

}  // namespace logbraid
