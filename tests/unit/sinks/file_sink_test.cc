#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "sinks/builtin.h"
#include "tests/support/plugins.h"
#include "tests/support/temporary_directory.h"

namespace logbraid::test {
namespace {

Setting settings(std::vector<Setting::Member> members) { return Setting::map(std::move(members)); }

void write(Sink& sink, std::string_view text) {
  const auto written = sink.write(text);
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_TRUE(*written);
}

void flush(Sink& sink) {
  const auto flushed = sink.flush();
  ASSERT_TRUE(flushed) << flushed.error().message;
  EXPECT_TRUE(*flushed);
}

TEST(FileSink, makes_its_file_and_writes_at_once) {
  const TemporaryDirectory directory;
  MakeContext context;
  context.base_directory = directory.path();
  const mode_t mask = ::umask(022);
  const auto sink = make(file_sink(), settings({{"path", "out.json"}}), context);
  write(*sink, "one\n");
  ::umask(mask);
  EXPECT_EQ(directory.read("out.json"), "one\n");
  write(*sink, "two\n");
  EXPECT_EQ(directory.read("out.json"), "one\ntwo\n");
  struct stat status;
  ASSERT_EQ(::stat((directory / "out.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0644u);
}

TEST(FileSink, appends_to_what_is_there) {
  const TemporaryDirectory directory;
  const auto sink = make(file_sink(), settings({{"path", directory.file("out", "old\n")}}));
  write(*sink, "new\n");
  EXPECT_EQ(directory.read("out"), "old\nnew\n");
}

TEST(FileSink, empties_the_file_if_asked_to_but_not_before_it_writes) {
  const TemporaryDirectory directory;
  const auto sink =
      make(file_sink(), settings({{"path", directory.file("out", "old\n")}, {"append", false}}));
  EXPECT_EQ(directory.read("out"), "old\n");
  write(*sink, "new\n");
  EXPECT_EQ(directory.read("out"), "new\n");
}

TEST(FileSink, a_run_without_events_leaves_an_empty_file) {
  const TemporaryDirectory directory;
  const auto sink =
      make(file_sink(), settings({{"path", directory.file("out", "old\n")}, {"append", false}}));
  flush(*sink);
  EXPECT_EQ(directory.read("out"), "");
}

TEST(FileSink, syncs_files_and_takes_devices_that_cannot) {
  const TemporaryDirectory directory;
  for (const std::string& path : {directory / "out", std::string("/dev/null")}) {
    const auto sink = make(file_sink(), settings({{"path", path}, {"sync", true}}));
    write(*sink, "x\n");
    flush(*sink);
  }
}

TEST(FileSink, reports_a_full_disk) {
  const auto sink = make(file_sink(), settings({{"path", "/dev/full"}}));
  const auto written = sink->write("x\n");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "cannot write to /dev/full: No space left on device");
}

TEST(FileSink, reports_what_it_cannot_make) {
  const auto sink = make(file_sink(), settings({{"path", "/proc/logbraid"}}));
  const auto written = sink->write("x\n");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message.find("cannot open /proc/logbraid: "), 0u);
}

TEST(FileSink, refuses_paths_that_cannot_work) {
  const TemporaryDirectory directory;
  struct Row {
    std::string path;
    std::string error;
  };
  for (const Row& row :
       {Row{"", "needs the name of a file"},
        Row{directory.path(), directory.path().string() + " is a directory; name a file in it"},
        Row{directory / "no/out", "there is no folder " + (directory / "no")}}) {
    const auto made = try_make(file_sink(), settings({{"path", row.path}}));
    ASSERT_FALSE(made) << row.path;
    EXPECT_EQ(made.error().message, row.error);
  }
}

}  // namespace
}  // namespace logbraid::test
