#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "sinks/builtin.h"
#include "tests/support/pipe.h"
#include "tests/support/plugins.h"

namespace logbraid::test {
namespace {

class StdoutSinkTest : public ::testing::Test {
 protected:
  void SetUp() override { previous_ = std::signal(SIGPIPE, SIG_IGN); }
  void TearDown() override { std::signal(SIGPIPE, previous_); }

  // Only while it writes: a failed expectation prints to the standard output.
  Result<bool> write(std::string_view text, int descriptor) {
    ReplacedDescriptor output(STDOUT_FILENO, descriptor);
    return sink_->write(text);
  }

  std::unique_ptr<Sink> sink_ = make(stdout_sink());

 private:
  void (*previous_)(int) = SIG_DFL;
};

TEST_F(StdoutSinkTest, writes_at_once) {
  Pipe pipe;
  const auto written = write("{\"a\":1}\n", pipe.writer.get());
  ASSERT_TRUE(written);
  EXPECT_TRUE(*written);
  pipe.writer.close();
  EXPECT_EQ(pipe.read_all(), "{\"a\":1}\n");
}

TEST_F(StdoutSinkTest, writes_all_of_what_needs_many_writes) {
  const std::string text(1 << 20, 'x');  // a pipe holds 64 KiB
  for (const int flags : {O_CLOEXEC, O_CLOEXEC | O_NONBLOCK}) {
    Pipe pipe(flags);
    std::string read;
    std::thread reader([&] {
      char buffer[10000];
      while (read.size() < text.size()) {
        const ssize_t got = ::read(pipe.reader.get(), buffer, sizeof(buffer));
        if (got > 0) read.append(buffer, static_cast<std::size_t>(got));
      }
    });
    const auto written = write(text, pipe.writer.get());
    reader.join();
    ASSERT_TRUE(written);
    EXPECT_TRUE(*written);
    EXPECT_EQ(read, text);
  }
}

TEST_F(StdoutSinkTest, ends_quietly_when_the_reader_has_gone) {
  Pipe pipe;
  pipe.reader.close();
  const auto written = write("x\n", pipe.writer.get());
  ASSERT_TRUE(written);
  EXPECT_FALSE(*written);
  const auto again = sink_->write("y\n");
  ASSERT_TRUE(again);
  EXPECT_FALSE(*again);
  EXPECT_FALSE(*sink_->flush());
}

TEST_F(StdoutSinkTest, reports_a_full_disk) {
  const FileDescriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  const auto written = write("x\n", full.get());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "cannot write to stdout: No space left on device");
}

TEST_F(StdoutSinkTest, reports_a_standard_output_that_is_closed) {
  const auto written = write("x\n", -1);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "cannot write to stdout: Bad file descriptor");
}

}  // namespace
}  // namespace logbraid::test
