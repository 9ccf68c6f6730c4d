#include "tests/support/postgres_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "support/file_descriptor.h"

namespace logbraid::test {
namespace {

// The server and its programs refuse to run as root.
constexpr const char* kUser = "postgres";

std::string programs() {
  const std::filesystem::path all = "/usr/lib/postgresql";
  std::string newest;
  std::error_code ignored;
  for (const auto& version : std::filesystem::directory_iterator(all, ignored)) {
    const std::string folder = version.path() / "bin";
    if (std::filesystem::exists(folder + "/postgres") && folder > newest) newest = folder;
  }
  return newest;
}

std::uint16_t free_port() {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket.get(), generic, size) != 0 ||
      ::getsockname(socket.get(), generic, &size) != 0) {
    throw std::runtime_error("no free port: " + errno_text(errno));
  }
  return ntohs(address.sin_port);
}

std::string encoded(const std::string& text) {
  constexpr const char* kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}

}  // namespace

bool PostgresServer::is_installed() { return !programs().empty(); }

PostgresServer::PostgresServer() : port_(free_port()) {
  const std::string home = directory_.path();
  run("openssl",
      {"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
       "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
       home + "/server.key", "-out", home + "/server.crt"});
  ::chmod((home + "/server.key").c_str(), 0600);
  ::chmod(home.c_str(), 0755);
  if (::geteuid() == 0) {
    const passwd* const user = ::getpwnam(kUser);
    if (user == nullptr) throw std::runtime_error("there is no user postgres to run the server as");
    for (const std::string& path : {home, home + "/server.key"}) {
      if (::chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) {
        throw std::runtime_error("chown: " + errno_text(errno));
      }
    }
  }
  run("initdb", {"--pgdata=" + home + "/data", "--auth=trust", "--username=postgres", "--no-sync",
                 "--encoding=UTF8", "--locale=C", "--no-instructions"});
  directory_.file("pg_hba.conf",
                  "local all all trust\n"
                  "host all all 127.0.0.1/32 scram-sha-256\n");
  start();
  execute("set password_encryption to 'scram-sha-256'; create role reader login password '" +
          std::string("it''s \"secret\"") + "'");
}

std::vector<std::string> PostgresServer::command(const std::string& program,
                                                 std::vector<std::string> arguments) {
  std::vector<std::string> all;
  if (::geteuid() == 0 && program != "openssl") {
    all = {"/usr/bin/setpriv", std::string("--reuid=") + kUser, std::string("--regid=") + kUser,
           "--clear-groups"};
  }
  all.push_back(program == "openssl" ? "/usr/bin/openssl" : programs() + "/" + program);
  for (std::string& argument : arguments) all.push_back(std::move(argument));
  return all;
}

void PostgresServer::run(const std::string& program, std::vector<std::string> arguments) {
  const ProcessResult result = run_process(command(program, std::move(arguments)));
  if (result.code != 0) throw std::runtime_error(program + " failed: " + result.err + result.out);
}

void PostgresServer::start() {
  const std::string home = directory_.path();
  const auto set = [](std::string setting) { return "--" + std::move(setting); };
  process_ = std::make_unique<ChildProcess>(command(
      "postgres",
      {"-D", home + "/data", set("hba_file=" + home + "/pg_hba.conf"),
       set("unix_socket_directories=" + home), set("listen_addresses=127.0.0.1"),
       set("port=" + std::to_string(port_)), set("ssl=on"),
       set("ssl_cert_file=" + home + "/server.crt"), set("ssl_key_file=" + home + "/server.key"),
       set("fsync=off"), set("synchronous_commit=off"), set("full_page_writes=off"),
       set("shared_buffers=16MB"), set("max_connections=20"), set("autovacuum=off"),
       set("log_min_messages=log"), set("log_min_error_statement=panic"),
       set("log_checkpoints=off")}));
  process_->wait_for_error("database system is ready to accept connections");
}

void PostgresServer::stop() {
  process_->signal(SIGINT);
  process_->wait();
}

void PostgresServer::kill() {
  process_->signal(SIGQUIT);
  process_->wait();
}

std::string PostgresServer::execute(const std::string& sql) {
  const ProcessResult result =
      run_process({programs() + "/psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
                   "--set=ON_ERROR_STOP=1", "--host=" + directory_.path().string(),
                   "--port=" + std::to_string(port_), "--username=postgres", "--dbname=postgres",
                   "--command=" + sql});
  if (result.code != 0) throw std::runtime_error(result.err);
  return result.out.substr(0, result.out.find('\n'));
}

std::string PostgresServer::socket_url() const {
  return "postgresql://reader@/postgres?host=" + encoded(directory_.path()) +
         "&port=" + std::to_string(port_);
}

std::string PostgresServer::port_url(const std::string& more) const {
  return "postgresql://reader:" + encoded(kPassword) + "@127.0.0.1:" + std::to_string(port_) +
         "/postgres" + more;
}

}  // namespace logbraid::test
