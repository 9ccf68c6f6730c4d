#pragma once

#include <unistd.h>

#include <string>
#include <system_error>
#include <utility>

namespace logbraid {

// Owns an open file descriptor and closes it.
//
// Threads: as an int.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  FileDescriptor(FileDescriptor&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
      close();
      descriptor_ = std::exchange(other.descriptor_, -1);
    }
    return *this;
  }
  ~FileDescriptor() { close(); }

  int get() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }
  // An error of close() has no cure here: what had to be on disk was synced before.
  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }

 private:
  int descriptor_ = -1;
};

// What an errno means: "No such file or directory". From any thread, unlike strerror().
inline std::string errno_text(int number) { return std::generic_category().message(number); }

}  // namespace logbraid
