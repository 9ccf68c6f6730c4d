#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "enrichers/builtin.h"
#include "tests/support/enrich_one.h"
#include "tests/support/temporary_directory.h"

namespace logbraid {
namespace {

using test::enrich_one;
using test::Enriched;
using test::make_enricher;
using test::make_error;
using ::testing::HasSubstr;

class TableTest : public ::testing::Test {
 protected:
  // `settings` without the braces and without `file`.
  std::string with_file(const std::string& settings) const {
    return R"({"file": "t.csv", )" + settings + "}";
  }
  Enriched look_up(std::string_view csv, const std::string& settings, std::string_view event) {
    directory_.file("t.csv", csv);
    return enrich_one(table_enricher(), with_file(settings), event, context());
  }
  std::string error(std::string_view csv, const std::string& settings) {
    directory_.file("t.csv", csv);
    return make_error(table_enricher(), with_file(settings), context());
  }
  MakeContext context() const {
    MakeContext context;
    context.base_directory = directory_.path().string();
    return context;
  }

  test::TemporaryDirectory directory_;
};

constexpr std::string_view kUsers =
    "id,name,age,active\n7,Ann,41,true\n\"8\",\"B, \"\"Bob\"\"\",,false\n";

TEST_F(TableTest, adds_the_columns_of_the_row_with_that_key) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"id":"7"})", R"({"user":{"name":"Ann","age":"41","active":"true"}})"},
      {R"({"id":7})", R"({"user":{"name":"Ann","age":"41","active":"true"}})"},
      {R"({"id":"\u0037"})", R"({"user":{"name":"Ann","age":"41","active":"true"}})"},
      {R"({"id":"8"})", R"({"user":{"name":"B, \"Bob\"","active":"false"}})"},
  };
  for (const auto& [event, fields] : rows) {
    const auto enriched = look_up(kUsers, R"("input": "id", "output": "user")", event);
    EXPECT_EQ(enriched.result, CallResult::ok) << event << enriched.reason;
    EXPECT_EQ(enriched.fields, fields) << event;
  }
}

TEST_F(TableTest, what_is_not_in_the_table_is_no_match) {
  for (const char* event : {R"({"id":"9"})", "{}", R"({"id":null})", R"({"id":""})",
                            R"({"id":[7]})", R"({"id":7.0})", R"({"id":true})", R"({"id":"7 "})"}) {
    const auto enriched = look_up(kUsers, R"("input": "id", "output": "user")", event);
    EXPECT_EQ(enriched.result, CallResult::no_match) << event;
    EXPECT_EQ(enriched.fields, "{}") << event;
  }
  const std::string long_key(1'000'000, 'k');
  EXPECT_EQ(look_up(kUsers, R"("input": "id")", R"({"id":")" + long_key + "\"}").result,
            CallResult::no_match);
}

TEST_F(TableTest, a_row_of_empty_cells_is_a_match_that_sets_nothing) {
  const auto enriched = look_up("k,a\nx,\n", R"("input": "k")", R"({"k":"x"})");
  EXPECT_EQ(enriched.result, CallResult::ok);
  EXPECT_EQ(enriched.fields, "{}");
}

TEST_F(TableTest, typed_cells_are_numbers_and_booleans) {
  constexpr std::string_view kCells =
      "k,a,b,c,d,e,f,g,h\nx,12,-1.50,true,007,1e400,12345678901234567890123,+1,false\n";
  const auto enriched = look_up(kCells, R"("input": "k", "typed": true)", R"({"k":"x"})");
  EXPECT_EQ(enriched.fields,
            R"({"a":12,"b":-1.50,"c":true,"d":"007","e":1e400,"f":12345678901234567890123,)"
            R"("g":"+1","h":false})");
}

TEST_F(TableTest, fields_choose_columns) {
  const auto enriched =
      look_up(kUsers, R"("input": "who.id", "fields": {"who.name": "name", "who.key": "id"})",
              R"({"who":{"id":8}})");
  EXPECT_EQ(enriched.event, R"({"who":{"id":8,"name":"B, \"Bob\"","key":"8"}})");
}

TEST_F(TableTest, any_column_can_be_the_key) {
  EXPECT_EQ(
      look_up(kUsers, R"("input": "n", "key": "name", "fields": {"id": "id"})", R"({"n":"Ann"})")
          .fields,
      R"({"id":"7"})");
}

TEST_F(TableTest, a_dot_in_a_columns_name_is_part_of_the_name) {
  EXPECT_EQ(look_up("k,a.b\nx,1\n", R"("input": "k", "output": "t")", R"({"k":"x"})").fields,
            R"({"t":{"a.b":"1"}})");
}

TEST_F(TableTest, cells_are_written_as_they_are) {
  EXPECT_EQ(look_up("k,v\nx,\"=cmd|' /C calc'!A0\n\xE2\x80\xA8{{y}}\"\n", R"("input": "k")",
                    R"({"k":"x"})")
                .fields,
            "{\"v\":\"=cmd|' /C calc'!A0\\n\xE2\x80\xA8{{y}}\"}");
}

TEST_F(TableTest, finds_the_most_specific_network) {
  constexpr std::string_view kNetworks =
      "network,site\n10.0.0.0/8,core\n10.1.0.0/16,lab\n2001:db8::/32,six\n192.0.2.7,one\n";
  const std::pair<const char*, const char*> rows[] = {
      {"10.2.3.4", "core"}, {"10.1.3.4", "lab"},    {"::ffff:10.1.3.4", "lab"},
      {"192.0.2.7", "one"}, {"2001:db8::9", "six"},
  };
  for (const auto& [address, site] : rows) {
    EXPECT_EQ(look_up(kNetworks, R"("input": "ip", "match": "cidr", "output": "net")",
                      R"({"ip":")" + std::string(address) + "\"}")
                  .fields,
              R"({"net":{"site":")" + std::string(site) + "\"}}")
        << address;
  }
  for (const char* event :
       {R"({"ip":"192.0.2.8"})", R"({"ip":"2001:db9::"})", R"({"ip":"10.1.2"})",
        R"({"ip":"10.1.2.3.4"})", R"({"ip":"10.1.2.256"})", R"({"ip":"localhost"})", R"({"ip":""})",
        R"({"ip":167837955})", R"({"ip":null})", R"({"ip":["10.1.2.3"]})", "{}",
        R"({"ip":"10.1.2.3/32"})", R"({"ip":"[::1]"})", R"({"ip":"10.1.2.3:80"})"}) {
    const auto enriched =
        look_up(kNetworks, R"("input": "ip", "match": "cidr", "output": "net")", event);
    EXPECT_EQ(enriched.result, CallResult::no_match) << event;
    EXPECT_EQ(enriched.fields, "{}") << event;
  }
}

TEST_F(TableTest, names_both_lines_of_a_key_that_stands_there_twice) {
  EXPECT_THAT(error("k,v\nx,1\n\ny,2\nx,3\n", R"("input": "k")"),
              AllOf(HasSubstr("t.csv:5: key \"x\""), HasSubstr("line 2 already")));
  EXPECT_THAT(error("k,v\n10.0.0.0/8,1\n10.1.2.3/8,3\n", R"("input": "k", "match": "cidr")"),
              AllOf(HasSubstr("t.csv:3:"), HasSubstr("line 2 already")));
}

TEST_F(TableTest, the_last_of_two_keys_wins_where_that_is_wanted) {
  EXPECT_EQ(
      look_up("k,v\nx,1\nx,2\n", R"("input": "k", "duplicates": "last")", R"({"k":"x"})").fields,
      R"({"v":"2"})");
  EXPECT_EQ(look_up("k,v\n10.0.0.0/8,1\n10.0.0.0/8,2\n",
                    R"("input": "k", "match": "cidr", "duplicates": "last")", R"({"k":"10.1.1.1"})")
                .fields,
            R"({"v":"2"})");
}

TEST_F(TableTest, refuses_files_and_settings_that_do_not_fit) {
  const struct {
    std::string_view csv;
    const char* settings;
    const char* message;
  } rows[] = {
      {"", R"("input": "k")", "t.csv: is empty"},
      {"k,v\nx\n", R"("input": "k")", "t.csv: line 2: 1 cells"},
      {"k,v\nx,1\n", R"("input": "k", "key": "id")", "has no column \"id\"; it has k, v"},
      {"k,v\nx,1\n", R"("input": "k", "fields": {"a": "w"})", "has no column \"w\"; it has k, v"},
      {"k,v\nx,1\n", R"("input": "k", "fields": {})", "names no field"},
      {"k,v\nx,1\n", R"("input": "k", "fields": {"a..b": "v"})", "a..b"},
      {"k,v\nx,1\n", R"("input": "k", "fields": {"a": "v"}, "output": "o")", "write one"},
      {"k,v\nx,1\n", R"("output": "o")", "input"},
      {"k,v\nx,1\n", R"("input": "k", "separator": ";;")", "separator"},
      {"k,v\nx,1\n", R"("input": "k", "separator": "\n")", "separator"},
      {"k,v\nx,1\n", R"("input": "k", "separator": "")", "separator"},
      {"k,v\nx,1\n", R"("input": "k", "max_size": 7)", "over 7 bytes; raise max_size"},
      {"k,v\nx,1\ny,2\n", R"("input": "k", "max_rows": 1)", "line 3: over 1 rows"},
      {"k,v\nx,1\n", R"("input": "k", "max_rows": 0)", "max_rows"},
      {"k\nx\n", R"("input": "k")", "no column besides the key"},
      {"k,\nx,1\n", R"("input": "k")", "a column has no name"},
      {"k,v\n,1\n", R"("input": "k")", "t.csv:2: the key is empty"},
      {"k,v\n10.0.0.0/33,1\n", R"("input": "k", "match": "cidr")", "t.csv:2: \"10.0.0.0/33\""},
      {"k,v\n\xC3,1\n", R"("input": "k")", "line 2: not UTF-8"},
  };
  for (const auto& row : rows) {
    EXPECT_THAT(error(row.csv, row.settings), HasSubstr(row.message)) << row.csv << row.settings;
  }
}

TEST_F(TableTest, refuses_what_is_no_file) {
  const auto error = [&](const std::string& name) {
    return make_error(table_enricher(), R"({"file": ")" + name + R"(", "input": "k"})", context());
  };
  EXPECT_THAT(error("none.csv"), AllOf(HasSubstr("none.csv"), HasSubstr("No such file")));
  EXPECT_THAT(error("."), HasSubstr("no regular file"));
  ASSERT_EQ(::mkfifo((directory_ / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(error("pipe"), HasSubstr("no regular file"));
  EXPECT_THAT(error("/dev/zero"), HasSubstr("no regular file"));
}

TEST_F(TableTest, says_what_it_reads_and_writes) {
  directory_.file("t.csv", kUsers);
  const auto instance =
      make_enricher(table_enricher(),
                    with_file(R"("input": "who.id", "fields": {"who.name": "name"})"), context());
  ASSERT_TRUE(instance.has_value());
  EXPECT_EQ(instance->placement, Placement::inline_);
  ASSERT_EQ(instance->reads.size(), 1u);
  ASSERT_EQ(instance->writes.size(), 1u);
  EXPECT_EQ(instance->reads[0].to_string(), "who.id");
  EXPECT_EQ(instance->writes[0].to_string(), "who.name");
}

}  // namespace
}  // namespace logbraid
