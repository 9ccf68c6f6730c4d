#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

#include "support/file_descriptor.h"

namespace logbraid::test {

// A pipe with both ends here.
struct Pipe {
  explicit Pipe(int flags = O_CLOEXEC) {
    int ends[2];
    if (::pipe2(ends, flags) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
    reader = FileDescriptor(ends[0]);
    writer = FileDescriptor(ends[1]);
  }
  // Short texts only: what does not fit into the pipe would wait for a reader.
  void write(std::string_view text) {
    if (::write(writer.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
      throw std::system_error(errno, std::generic_category(), "write to a pipe");
    }
  }
  // Everything up to the end of the writers.
  std::string read_all() {
    std::string all;
    char buffer[4096];
    ssize_t got;
    while ((got = ::read(reader.get(), buffer, sizeof(buffer))) > 0) {
      all.append(buffer, static_cast<std::size_t>(got));
    }
    return all;
  }

  FileDescriptor reader;
  FileDescriptor writer;
};

// Puts another descriptor in the place of a standard one, and back at the end.
class ReplacedDescriptor {
 public:
  // `by` -1: closed.
  ReplacedDescriptor(int standard, int by)
      : standard_(standard), saved_(::fcntl(standard, F_DUPFD_CLOEXEC, 10)) {
    if (by < 0) {
      ::close(standard);
    } else {
      ::dup2(by, standard);
    }
  }
  ReplacedDescriptor(const ReplacedDescriptor&) = delete;
  ReplacedDescriptor& operator=(const ReplacedDescriptor&) = delete;
  ~ReplacedDescriptor() {
    if (saved_.is_open()) {
      ::dup2(saved_.get(), standard_);
    } else {
      ::close(standard_);
    }
  }

 private:
  int standard_;
  FileDescriptor saved_;
};

}  // namespace logbraid::test
