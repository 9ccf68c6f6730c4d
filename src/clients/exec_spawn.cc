#include "clients/exec_spawn.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <utility>

namespace logbraid {
namespace {

// All that the child needs, in memory that is there before it is.
struct Prepared {
  const char* path;
  char* const* arguments;
  char* const* environment;
  const char* directory;
  std::array<int, 3> descriptors;
  pid_t parent;
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

// The child's side of vfork(): it has our memory, so it changes none of it, and calls only what may
// be called in a signal handler.
[[noreturn]] void become(const Prepared& child) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != child.parent) ::_exit(kExecNotRun);  // which has ended before that call
  if (::chdir(child.directory) != 0) ::_exit(kExecNoDirectory);
  for (int i = 0; i < 3; ++i) ::dup2(child.descriptors[static_cast<std::size_t>(i)], i);
  // Ours are closed on exec anyway; a library that we know nothing of may have others.
  ::close_range(3, UINT_MAX, 0);
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(child.path, child.arguments, child.environment);
  ::_exit(kExecNotRun);
}

// Not one of the standard three, which the child's are put in the place of.
bool lift(FileDescriptor& descriptor) {
  if (descriptor.get() > STDERR_FILENO) return true;
  descriptor = FileDescriptor(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  return descriptor.is_open();
}

struct Ends {
  FileDescriptor reader;
  FileDescriptor writer;
};

bool open_pipe(Ends& ends) {
  int both[2];
  if (::pipe2(both, O_CLOEXEC) != 0) return false;
  ends = {FileDescriptor(both[0]), FileDescriptor(both[1])};
  return lift(ends.reader) && lift(ends.writer);
}

// <sys/pidfd.h> of glibc 2.36 declares it as a function of C++, which it is not.
int open_pidfd(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

void unblock(const FileDescriptor& ours) { ::fcntl(ours.get(), F_SETFL, O_NONBLOCK); }

// No handler of ours may run in the child while it has our memory.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsHeld() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;

 private:
  sigset_t before_;
};

pid_t run(const Prepared& child) {
  const SignalsHeld held;
  const pid_t pid = ::vfork();
  if (pid == 0) become(child);
  return pid;
}

}  // namespace

Result<ExecSpawned> spawn(const ExecProgram& program) {
  const auto failed = [](const char* what) { return Error(what + (": " + errno_text(errno))); };
  Ends in;
  Ends out;
  Ends err;
  if (!open_pipe(in) || !open_pipe(out)) return failed("no pipe for a child");
  int errors = STDERR_FILENO;
  if (program.errors == ExecErrors::log) {
    if (!open_pipe(err)) return failed("no pipe for a child");
    errors = err.writer.get();
  } else if (program.errors == ExecErrors::drop) {
    err.writer = FileDescriptor(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (!err.writer.is_open() || !lift(err.writer)) return failed("/dev/null");
    errors = err.writer.get();
  }
  const std::vector<char*> arguments = pointers(program.arguments);
  const std::vector<char*> environment = pointers(program.environment);
  ExecSpawned child;
  child.pid = run({program.path.c_str(),
                   arguments.data(),
                   environment.data(),
                   program.directory.c_str(),
                   {in.reader.get(), out.writer.get(), errors},
                   ::getpid()});
  if (child.pid < 0) return failed("no process for a child");
  ::setpgid(child.pid, child.pid);  // refused where the child has done it
  child.ended = FileDescriptor(open_pidfd(child.pid));
  if (!child.ended.is_open()) {
    const Error error = failed("a child cannot be watched");
    ::kill(-child.pid, SIGKILL);
    ::waitpid(child.pid, nullptr, 0);
    return error;
  }
  child.input = std::move(in.writer);
  child.output = std::move(out.reader);
  child.errors = std::move(err.reader);
  unblock(child.input);
  unblock(child.output);
  if (child.errors.is_open()) unblock(child.errors);
  return child;
}

}  // namespace logbraid
