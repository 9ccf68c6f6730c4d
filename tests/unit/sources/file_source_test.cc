#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "sources/builtin.h"
#include "tests/support/plugins.h"
#include "tests/support/temporary_directory.h"

namespace logbraid::test {
namespace {

using ::testing::HasSubstr;

Setting settings(std::vector<Setting> paths) {
  return Setting::map({{"paths", Setting::list(std::move(paths))}});
}

MakeContext in(const TemporaryDirectory& directory) {
  MakeContext context;
  context.base_directory = directory.path();
  return context;
}

std::string error_of(const Setting& map, const MakeContext& context) {
  const auto made = try_make(file_source(), map, context);
  return made ? "made" : made.error().to_string();
}

// As nobody, where the tests run as root.
class Unprivileged {
 public:
  Unprivileged() : user_(::geteuid()) {
    if (user_ == 0 && ::seteuid(65534) != 0) ADD_FAILURE() << "cannot become nobody";
  }
  Unprivileged(const Unprivileged&) = delete;
  Unprivileged& operator=(const Unprivileged&) = delete;
  ~Unprivileged() {
    if (user_ == 0 && ::seteuid(user_) != 0) std::abort();
  }

 private:
  uid_t user_;
};

TEST(FileSource, reads_the_files_in_the_order_they_are_named) {
  const TemporaryDirectory directory;
  directory.file("b", "b1\nb2\n");
  directory.file("a", "a1\n");
  const auto source = make(file_source(), settings({"b", "a"}), in(directory));
  EXPECT_EQ(source->expected_bytes(), 9u);
  EXPECT_EQ(source->description(), (directory / "b") + " (1 of 2)");
  EXPECT_EQ(read_all(*source), "b1\nb2\na1\n");
  EXPECT_EQ(read_some(*source), "");
}

TEST(FileSource, reads_what_a_pattern_matches_by_name) {
  const TemporaryDirectory directory;
  directory.file("x/3.log", "3\n");
  directory.file("x/1.log", "1\n");
  directory.file("x/2.txt", "2\n");
  directory.file("y/0.log", "0\n");
  EXPECT_EQ(read_all(*make(file_source(), settings({"?/[0-9].log"}), in(directory))), "1\n3\n0\n");
}

TEST(FileSource, takes_a_file_that_exists_by_its_name_not_as_a_pattern) {
  const TemporaryDirectory directory;
  directory.file("[ab]", "brackets\n");
  directory.file("a", "a\n");
  EXPECT_EQ(read_all(*make(file_source(), settings({"[ab]"}), in(directory))), "brackets\n");
}

TEST(FileSource, the_folder_of_the_configuration_is_no_pattern) {
  const TemporaryDirectory directory;
  directory.file("[x]/a.log", "right\n");
  directory.file("x/a.log", "wrong\n");
  MakeContext context;
  context.base_directory = directory / "[x]";
  EXPECT_EQ(read_all(*make(file_source(), settings({"*.log"}), context)), "right\n");
}

TEST(FileSource, reads_a_file_once_that_two_patterns_match) {
  const TemporaryDirectory directory;
  directory.file("1.log", "1\n");
  directory.file("2.log", "2\n");
  EXPECT_EQ(read_all(*make(file_source(), settings({"2.log", "*.log"}), in(directory))), "2\n1\n");
}

TEST(FileSource, a_last_line_without_its_end_does_not_join_the_next_file) {
  const TemporaryDirectory directory;
  directory.file("1", "one");
  directory.file("2", "");
  directory.file("3", "two\nthree");
  const auto source = make(file_source(), settings({"1", "2", "3"}), in(directory));
  EXPECT_EQ(read_all(*source), "one\ntwo\nthree\n");
}

TEST(FileSource, an_interrupted_source_finishes_the_line) {
  const TemporaryDirectory directory;
  directory.file("1", "first\nsecond\n");
  directory.file("2", "third\n");
  const auto source = make(file_source(), settings({"1", "2"}), in(directory));
  EXPECT_EQ(read_some(*source, 3), "fir");
  source->interrupt();
  EXPECT_EQ(read_all(*source), "st\n");
  EXPECT_EQ(read_some(*source), "");
}

TEST(FileSource, an_interrupt_ends_the_wait_for_a_named_pipe) {
  const TemporaryDirectory directory;
  ASSERT_EQ(::mkfifo((directory / "pipe").c_str(), 0600), 0);
  const auto source = make(file_source(), settings({"pipe"}), in(directory));
  std::thread other([&] { source->interrupt(); });
  EXPECT_EQ(read_some(*source), "");  // nobody has opened it for writing
  other.join();
}

TEST(FileSource, reads_a_named_pipe_to_its_end) {
  const TemporaryDirectory directory;
  ASSERT_EQ(::mkfifo((directory / "pipe").c_str(), 0600), 0);
  const auto source = make(file_source(), settings({"pipe"}), in(directory));
  std::thread writer([&] { directory.file("pipe", "through\n"); });
  EXPECT_EQ(read_all(*source), "through\n");
  writer.join();
}

TEST(FileSource, says_what_is_missing) {
  const TemporaryDirectory directory;
  EXPECT_EQ(error_of(settings({"a.log"}), in(directory)),
            "no such file: " + (directory / "a.log") + " (`missing: ignore` lets it be absent)");
  EXPECT_EQ(error_of(settings({"*.log"}), in(directory)),
            "no file matches " + (directory / "*.log") + " (`missing: ignore` lets it be absent)");
  EXPECT_THAT(error_of(settings({}), in(directory)), HasSubstr("at least one file"));
  EXPECT_THAT(error_of(Setting(), in(directory)), HasSubstr("paths"));
}

TEST(FileSource, passes_over_what_is_missing_if_asked_to) {
  const TemporaryDirectory directory;
  directory.file("there", "x\n");
  Setting map = settings({"*.log", "gone", "there"});
  map.set("missing", "ignore");
  EXPECT_EQ(read_all(*make(file_source(), map, in(directory))), "x\n");
}

TEST(FileSource, refuses_a_directory) {
  const TemporaryDirectory directory;
  directory.file("logs/a.log", "x\n");
  EXPECT_EQ(error_of(settings({"logs"}), in(directory)),
            (directory / "logs") +
                " is a directory; to read the files in it: " + (directory / "logs/*.log"));
}

TEST(FileSource, names_the_file_that_it_may_not_read) {
  const TemporaryDirectory directory;
  ASSERT_EQ(::chmod(directory.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(directory.file("secret", "x\n").c_str(), 0), 0);
  const Unprivileged unprivileged;  // root may read everything
  EXPECT_EQ(error_of(settings({"secret"}), in(directory)),
            "cannot read " + (directory / "secret") + ": Permission denied");
}

TEST(FileSource, names_the_file_that_went_away_before_its_turn) {
  const TemporaryDirectory directory;
  directory.file("1", "1\n");
  const std::string second = directory.file("2", "2\n");
  const auto source = make(file_source(), settings({"1", "2"}), in(directory));
  EXPECT_EQ(read_some(*source), "1\n");
  ASSERT_EQ(::unlink(second.c_str()), 0);
  char buffer[16];
  const auto got = source->read(buffer);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().message, "cannot open " + second + ": No such file or directory");
}

}  // namespace
}  // namespace logbraid::test
