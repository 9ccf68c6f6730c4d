#include "tests/support/child_process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <system_error>
#include <thread>
#include <utility>

#include "tests/support/pipe.h"
#include "tests/support/temporary_directory.h"

namespace logbraid::test {
namespace {

constexpr int kPatience = 60'000;  // ms

[[noreturn]] void fail(const char* what, int number) {
  throw std::system_error(number, std::generic_category(), what);
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (const std::string& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

// Ours, with `over` over it.
std::vector<std::string> environment(std::vector<std::string> over) {
  std::vector<std::string> result = std::move(over);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('=') + 1);
    bool hidden = false;
    for (const std::string& other : result) hidden = hidden || other.starts_with(name);
    if (!hidden) result.emplace_back(text);
  }
  return result;
}

// With the three descriptors as its standard ones, no signal blocked or ignored.
pid_t spawn(const std::vector<std::string>& command, std::array<int, 3> descriptors,
            const std::vector<std::string>& variables) {
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  for (int i = 0; i < 3; ++i) ::posix_spawn_file_actions_adddup2(&actions, descriptors[i], i);

  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t defaults;
  sigemptyset(&none);
  sigemptyset(&defaults);
  for (const int number : {SIGINT, SIGTERM, SIGPIPE}) sigaddset(&defaults, number);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  pid_t pid = -1;
  const std::vector<std::string> variables_now = environment(variables);
  const int failure = ::posix_spawn(&pid, command[0].c_str(), &actions, &attributes,
                                    pointers(command).data(), pointers(variables_now).data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (failure != 0) fail("posix_spawn", failure);
  return pid;
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) fail("waitpid", errno);
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

FileDescriptor open(const std::string& path, int how) {
  FileDescriptor file(::open(path.c_str(), how | O_CLOEXEC, 0600));
  if (!file.is_open()) fail(path.c_str(), errno);
  return file;
}

// Appends what is there; false at the end, or when patience is over.
bool read_more(int descriptor, std::string& text) {
  pollfd waited = {.fd = descriptor, .events = POLLIN, .revents = 0};
  if (::poll(&waited, 1, kPatience) == 0) {
    ADD_FAILURE() << "the program says nothing; so far: " << text;
    return false;
  }
  std::array<char, 4096> buffer;
  const ssize_t got = ::read(descriptor, buffer.data(), buffer.size());
  if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
  return got > 0;
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& command, const ProcessOptions& options) {
  // Files, not pipes: nobody has to read while it runs.
  const TemporaryDirectory directory;
  const FileDescriptor in = open(directory.file("in", options.input), O_RDONLY);
  const FileDescriptor out = options.output_path.empty()
                                 ? open(directory / "out", O_WRONLY | O_CREAT)
                                 : open(options.output_path, O_WRONLY);
  const FileDescriptor err = open(directory / "err", O_WRONLY | O_CREAT);
  const pid_t pid = spawn(command, {in.get(), out.get(), err.get()}, options.environment);
  ProcessResult result;
  result.code = wait_for(pid);
  if (options.output_path.empty()) result.out = directory.read("out");
  result.err = directory.read("err");
  return result;
}

ChildProcess::ChildProcess(const std::vector<std::string>& command) {
  Pipe in;
  Pipe out;
  Pipe err;
  pid_ = spawn(command, {in.reader.get(), out.writer.get(), err.writer.get()}, {});
  input_ = std::move(in.writer);
  output_ = std::move(out.reader);
  errors_ = std::move(err.reader);
}

ChildProcess::~ChildProcess() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  wait_for(pid_);
}

void ChildProcess::write(std::string_view text) {
  if (::write(input_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    fail("write to the program", errno);
  }
}

void ChildProcess::wait_until_input_is_read() {
  // A pipe tells nobody that it was read: ask.
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatience);
  for (int unread = 1; unread != 0; std::this_thread::yield()) {
    if (::ioctl(input_.get(), FIONREAD, &unread) != 0) fail("FIONREAD", errno);
    if (std::chrono::steady_clock::now() > end) {
      ADD_FAILURE() << "the program reads nothing";
      return;
    }
  }
}

std::string ChildProcess::read_line() {
  std::size_t end;
  while ((end = out_.find('\n')) == std::string::npos) {
    if (!read_more(output_.get(), out_)) return std::exchange(out_, "");
  }
  std::string line = out_.substr(0, end + 1);
  out_.erase(0, end + 1);
  return line;
}

std::string ChildProcess::read_rest() {
  while (read_more(output_.get(), out_)) {
  }
  return std::exchange(out_, "");
}

std::string ChildProcess::wait_for_error(std::string_view text) {
  while (err_.find(text) == std::string::npos) {
    if (!read_more(errors_.get(), err_)) {
      ADD_FAILURE() << "never said \"" << text << "\", but: " << err_;
      break;
    }
  }
  return err_;
}

std::string ChildProcess::read_errors() {
  while (read_more(errors_.get(), err_)) {
  }
  return err_;
}

void ChildProcess::signal(int number) {
  if (::kill(pid_, number) != 0) fail("kill", errno);
}

int ChildProcess::wait() { return wait_for(std::exchange(pid_, -1)); }

}  // namespace logbraid::test
