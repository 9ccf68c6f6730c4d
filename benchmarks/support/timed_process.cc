#include "benchmarks/support/timed_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "benchmarks/support/rounds.h"
#include "support/file_descriptor.h"

namespace logbraid::bench {
namespace {

// As the kernel keeps it for the program. (The peak that wait4() gives has that of the process
// which it was forked from in it.)
double peak_mib(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == "VmHWM:" && status >> kib) return kib / 1024;
  }
  return 0;
}

pid_t start(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const pid_t pid = ::fork();
  require(pid >= 0, "fork");
  if (pid > 0) return pid;
  const int nowhere = ::open("/dev/null", O_RDWR);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nowhere, standard);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

}  // namespace

EndedProcess wait_for_end(pid_t pid) {
  rusage usage{};
  int status = 0;
  require(::wait4(pid, &status, 0, &usage) == pid, "wait4");
  return {status, seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime)};
}

TimedProcess timed_process(const std::vector<std::string>& command,
                           const TimedProcessOptions& options) {
  const FileDescriptor watch(::inotify_init1(IN_CLOEXEC));
  require(::inotify_add_watch(watch.get(), options.watched.c_str(), IN_MODIFY) >= 0, "inotify");
  TimedProcess used;
  const double begin = wall_seconds();
  const pid_t pid = start(command);
  // The C library's own function has no C linkage in its header (glibc 2.36).
  const FileDescriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  require(process.get() >= 0, "pidfd_open");
  pollfd waited[] = {{process.get(), POLLIN, 0}, {watch.get(), POLLIN, 0}};
  while (waited[0].revents == 0) {
    // The second is waited for until it came; then the time is for the next look at the memory.
    ::poll(waited, used.first_output_ms == 0 ? 2 : 1, 5);
    if (used.first_output_ms == 0 && waited[1].revents != 0) {
      used.first_output_ms = (wall_seconds() - begin) * 1e3;
      if (options.only_first_output) ::kill(pid, SIGKILL);
    }
    // The last one counts: the first may be from before the program was there.
    if (const double peak = peak_mib(pid); peak > 0) used.peak_mib = peak;
  }
  const auto [status, cpu_seconds] = wait_for_end(pid);
  used.seconds = wall_seconds() - begin;
  used.cpu_seconds = cpu_seconds;
  require(used.first_output_ms > 0, command[0] + " wrote nothing");
  require(options.only_first_output || (WIFEXITED(status) && WEXITSTATUS(status) == 0),
          command[0] + " failed");
  return used;
}

}  // namespace logbraid::bench
