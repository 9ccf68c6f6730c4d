#include "cli/child_output.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

namespace logbraid::cli {
namespace {

std::string text_of(int error) { return std::generic_category().message(error); }

// Both ends are this process's alone.
class Pipe {
 public:
  Pipe() { failed_ = ::pipe2(ends_, O_CLOEXEC) == 0 ? 0 : errno; }
  ~Pipe() {
    close_writer();
    if (ends_[0] >= 0) ::close(ends_[0]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int failed() const { return failed_; }  // 0: not
  int writer() const { return ends_[1]; }
  void close_writer() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }
  std::string read_all() const {
    std::string text;
    char buffer[4096];
    for (ssize_t got; (got = ::read(ends_[0], buffer, sizeof buffer)) != 0;) {
      if (got > 0) {
        text.append(buffer, static_cast<std::size_t>(got));
      } else if (errno != EINTR) {
        break;
      }
    }
    return text;
  }

 private:
  int ends_[2] = {-1, -1};
  int failed_;
};

// Its error; 0 where it runs. What it writes goes into the pipe, its stderr is ours.
int spawn(std::vector<std::string>& command, const Pipe& pipe, pid_t& pid) {
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, pipe.writer(), STDOUT_FILENO);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t defaults;  // the agent ignores it
  ::sigemptyset(&defaults);
  ::sigaddset(&defaults, SIGPIPE);
  ::posix_spawnattr_setsigdefault(&attributes, &defaults);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  const int failed =
      ::posix_spawnp(&pid, arguments.front(), &actions, &attributes, arguments.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return failed;
}

}  // namespace

Result<ChildOutput> child_output(std::vector<std::string> command) {
  Pipe pipe;
  if (pipe.failed() != 0) return Error("no pipe: " + text_of(pipe.failed()));
  pid_t pid = -1;
  if (const int failed = spawn(command, pipe, pid); failed != 0) return Error(text_of(failed));
  pipe.close_writer();
  ChildOutput output;
  output.text = pipe.read_all();
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  output.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return output;
}

}  // namespace logbraid::cli
