#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "sources/builtin.h"
#include "tests/support/pipe.h"
#include "tests/support/plugins.h"
#include "tests/support/temporary_directory.h"

namespace logbraid::test {
namespace {

TEST(StdinSource, gives_what_is_there_without_waiting_for_more) {
  Pipe pipe;
  ReplacedDescriptor input(STDIN_FILENO, pipe.reader.get());
  const auto source = make(stdin_source());
  pipe.write("one\n");
  EXPECT_EQ(read_some(*source), "one\n");  // the writer is still there
  pipe.write("two\n");
  EXPECT_EQ(read_some(*source), "two\n");
}

TEST(StdinSource, ends_when_the_writer_has_gone) {
  Pipe pipe;
  ReplacedDescriptor input(STDIN_FILENO, pipe.reader.get());
  const auto source = make(stdin_source());
  pipe.write("last");
  pipe.writer.close();
  EXPECT_EQ(read_some(*source), "last");
  EXPECT_EQ(read_some(*source), "");
  EXPECT_EQ(read_some(*source), "");
}

TEST(StdinSource, reads_a_regular_file) {
  const TemporaryDirectory directory;
  const FileDescriptor file(::open(directory.file("in", "a\nb\n").c_str(), O_RDONLY | O_CLOEXEC));
  ReplacedDescriptor input(STDIN_FILENO, file.get());
  EXPECT_EQ(read_all(*make(stdin_source()), 3), "a\nb\n");
}

TEST(StdinSource, is_empty_where_standard_input_is_closed) {
  ReplacedDescriptor input(STDIN_FILENO, -1);
  // Whatever is opened next takes the number 0; it must not be taken for input.
  EXPECT_EQ(read_all(*make(stdin_source())), "");
}

TEST(StdinSource, says_that_a_directory_cannot_be_read) {
  const FileDescriptor directory(::open("/", O_RDONLY | O_CLOEXEC));
  ReplacedDescriptor input(STDIN_FILENO, directory.get());
  const auto source = make(stdin_source());
  char buffer[16];
  const auto got = source->read(buffer);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().message, "cannot read stdin: Is a directory");
}

TEST(StdinSource, leaves_the_shared_descriptor_blocking) {
  Pipe pipe;
  ReplacedDescriptor input(STDIN_FILENO, pipe.reader.get());
  const auto source = make(stdin_source());
  pipe.write("x\n");
  read_some(*source);
  EXPECT_EQ(::fcntl(STDIN_FILENO, F_GETFL) & O_NONBLOCK, 0);
}

TEST(StdinSource, waits_where_somebody_made_the_descriptor_non_blocking) {
  Pipe pipe(O_CLOEXEC | O_NONBLOCK);
  ReplacedDescriptor input(STDIN_FILENO, pipe.reader.get());
  const auto source = make(stdin_source());
  std::thread writer([&] { pipe.write("late\n"); });
  EXPECT_EQ(read_some(*source), "late\n");
  writer.join();
}

TEST(StdinSource, an_interrupt_ends_a_read_that_waits) {
  Pipe pipe;
  ReplacedDescriptor input(STDIN_FILENO, pipe.reader.get());
  const auto source = make(stdin_source());
  std::thread other([&] { source->interrupt(); });
  EXPECT_EQ(read_some(*source), "");
  other.join();
  pipe.write("more\n");
  EXPECT_EQ(read_some(*source), "");  // and for good
}

TEST(StdinSource, an_interrupted_source_finishes_the_line_and_leaves_the_rest) {
  Pipe pipe;
  ReplacedDescriptor input(STDIN_FILENO, pipe.reader.get());
  const auto source = make(stdin_source());
  pipe.write("first\nsecond\nthird\n");
  EXPECT_EQ(read_some(*source, 8), "first\nse");
  source->interrupt();
  EXPECT_EQ(read_all(*source, 2), "cond\n");
  pipe.writer.close();
  EXPECT_EQ(pipe.read_all(), "third\n");
}

TEST(StdinSource, an_interrupted_source_does_not_wait_for_the_end_of_the_line) {
  Pipe pipe;
  ReplacedDescriptor input(STDIN_FILENO, pipe.reader.get());
  const auto source = make(stdin_source());
  pipe.write("half a l");
  EXPECT_EQ(read_some(*source, 4), "half");
  source->interrupt();
  EXPECT_EQ(read_some(*source), " a l");
  EXPECT_EQ(read_some(*source), "");
}

}  // namespace
}  // namespace logbraid::test
