#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <random>
#include <string>

#include "enrichers/builtin.h"
#include "enrichers/geoip_database.h"
#include "tests/support/enrich_one.h"
#include "tests/support/shared_data.h"
#include "tests/support/temporary_directory.h"

namespace logbraid {
namespace {

using test::bytes_of;
using test::enrich_one;
using test::make_enricher;
using test::make_error;
using ::testing::HasSubstr;

std::string settings_for(const std::filesystem::path& database, const std::string& more = "") {
  return R"({"database": ")" + database.string() + "\"" + more + "}";
}

std::string event(const std::string& address) { return R"({"client_ip":")" + address + "\"}"; }

TEST(GeoipTest, knows_the_usual_values_of_a_city_database) {
  LOGBRAID_SHARED_OR_SKIP(city, "data/geo/GeoIP2-City-Test.mmdb");
  const auto instance = make_enricher(geoip_enricher(), settings_for(city));
  ASSERT_TRUE(instance.has_value()) << instance.error().to_string();
  const std::pair<const char*, const char*> rows[] = {
      {"81.2.69.142", R"({"geo":{"continent":"EU","country":"GB","region":"ENG","city":"London",)"
                      R"("latitude":51.5142,"longitude":-0.0931,"time_zone":"Europe/London"}})"},
      {"216.160.83.56",
       R"({"geo":{"continent":"NA","country":"US","region":"WA","city":"Milton",)"
       R"("latitude":47.2513,"longitude":-122.3149,"time_zone":"America/Los_Angeles"}})"},
      {"2001:218::",
       R"({"geo":{"continent":"AS","country":"JP","latitude":35.68536,"longitude":139.75309,)"
       R"("time_zone":"Asia/Tokyo"}})"},
  };
  for (const auto& [address, fields] : rows) {
    const auto enriched = enrich_one(*instance, event(address));
    EXPECT_EQ(enriched.result, CallResult::ok) << address << enriched.reason;
    EXPECT_EQ(enriched.fields, fields) << address;
  }
  EXPECT_EQ(enrich_one(*instance, event("::ffff:81.2.69.142")).fields,
            enrich_one(*instance, event("81.2.69.142")).fields);
}

TEST(GeoipTest, knows_other_types_of_database) {
  const struct {
    const char* database;
    const char* address;
    const char* fields;
  } rows[] = {
      {"data/geo/GeoIP2-Country-Test.mmdb", "81.2.69.142",
       R"({"geo":{"continent":"EU","country":"GB","country_name":"United Kingdom"}})"},
      {"data/geo/GeoLite2-ASN-Test.mmdb", "1.128.0.1",
       R"({"geo":{"asn":1221,"organization":"Telstra Pty Ltd"}})"},
      {"data/geo/GeoIP2-Anonymous-IP-Test.mmdb", "1.2.0.1",
       R"({"geo":{"is_anonymous":true,"is_anonymous_vpn":true}})"},
  };
  for (const auto& row : rows) {
    LOGBRAID_SHARED_OR_SKIP(database, row.database);
    EXPECT_EQ(enrich_one(geoip_enricher(), settings_for(database), event(row.address)).fields,
              row.fields)
        << row.database;
  }
}

TEST(GeoipTest, gives_chosen_values_with_their_types) {
  LOGBRAID_SHARED_OR_SKIP(city, "data/geo/GeoIP2-City-Test.mmdb");
  const auto enriched = enrich_one(
      geoip_enricher(), settings_for(city, R"(, "input": "net.peer", "output": "where", "paths": {
        "id": "city/geoname_id", "lat": "/location/latitude", "country.code": "country/iso_code",
        "is_eu": "registered_country/is_in_european_union", "place": "subdivisions/0/names/fr",
        "names": "continent/names", "regions": "subdivisions", "none": "city/none/x",
        "wrong": "city/names/en/x", "also": "city/0"})"),
      R"({"net":{"peer":"81.2.69.142"}})");
  EXPECT_EQ(
      enriched.fields,
      R"({"where":{"id":2643743,"lat":51.5142,"country":{"code":"GB"},"place":"Angleterre",)"
      R"("names":{"de":"Europa","en":"Europe","es":"Europa","fr":"Europe","ja":"ヨーロッパ",)"
      R"("pt-BR":"Europa","ru":"Европа","zh-CN":"欧洲"},)"
      R"("regions":[{"geoname_id":6269131,"iso_code":"ENG","names":{"en":"England","es":"Inglaterra",)"
      R"("fr":"Angleterre","pt-BR":"Inglaterra"}}]}})")
      << enriched.reason;
}

TEST(GeoipTest, what_the_database_does_not_know_is_no_match) {
  LOGBRAID_SHARED_OR_SKIP(city, "data/geo/GeoIP2-City-Test.mmdb");
  const auto instance = make_enricher(geoip_enricher(), settings_for(city));
  ASSERT_TRUE(instance.has_value());
  const std::string rows[] = {
      event("10.0.0.1"),
      event("127.0.0.1"),
      event("::1"),
      event("fe80::1"),
      event("0.0.0.0"),
      event("localhost"),
      event(""),
      event("81.2.69.142:80"),
      event("81.2.69"),
      event("[2001:218::]"),
      event("81.2.69.0142"),
      event("fe80::1%eth0"),
      event(std::string(1'000'000, '1')),
      "{}",
      R"({"client_ip":null})",
      R"({"client_ip":1359095182})",
      R"({"client_ip":["81.2.69.142"]})",
  };
  for (const std::string& row : rows) {
    const auto enriched = enrich_one(*instance, row);
    EXPECT_EQ(enriched.result, CallResult::no_match) << row.substr(0, 60);
    EXPECT_EQ(enriched.fields, "{}") << row.substr(0, 60);
  }
  // Known, but not by what was asked for.
  EXPECT_EQ(enrich_one(geoip_enricher(), settings_for(city, R"(, "paths": {"x": "no/such"})"),
                       event("81.2.69.142"))
                .result,
            CallResult::no_match);
}

TEST(GeoipTest, a_file_that_is_replaced_in_place_or_emptied_touches_nobody) {
  LOGBRAID_SHARED_OR_SKIP(city, "data/geo/GeoIP2-City-Test.mmdb");
  const test::TemporaryDirectory directory;
  const std::string file = directory.file("city.mmdb", bytes_of(city));
  const auto instance = make_enricher(geoip_enricher(), settings_for(file));
  ASSERT_TRUE(instance.has_value());
  const std::string before = enrich_one(*instance, event("81.2.69.142")).fields;
  directory.file("city.mmdb", "");
  EXPECT_EQ(enrich_one(*instance, event("81.2.69.142")).fields, before);
  EXPECT_THAT(before, HasSubstr("London"));
}

TEST(GeoipTest, refuses_what_is_no_database_and_names_it) {
  const test::TemporaryDirectory directory;
  const auto error = [&](const std::string& name) {
    MakeContext context;
    context.base_directory = directory.path().string();
    return make_error(geoip_enricher(), settings_for(name), context);
  };
  directory.file("empty.mmdb", "");
  directory.file("text.mmdb", "not a database\n");
  directory.file("marker.mmdb", "\xAB\xCD\xEFMaxMind.com");
  EXPECT_THAT(error("empty.mmdb"), HasSubstr("empty.mmdb: is no usable MaxMind database"));
  EXPECT_THAT(error("text.mmdb"), HasSubstr("text.mmdb: is no usable MaxMind database"));
  EXPECT_THAT(error("marker.mmdb"), HasSubstr("marker.mmdb: is no usable MaxMind database"));
  EXPECT_THAT(error("none.mmdb"), AllOf(HasSubstr("none.mmdb"), HasSubstr("No such file")));
  EXPECT_THAT(error("."), HasSubstr("is no regular file"));
  EXPECT_THAT(error("/dev/zero"), HasSubstr("is no regular file"));
  ASSERT_EQ(::mkfifo((directory / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(error("pipe"), HasSubstr("is no regular file"));
}

TEST(GeoipTest, refuses_settings_that_do_not_fit) {
  LOGBRAID_SHARED_OR_SKIP(city, "data/geo/GeoIP2-City-Test.mmdb");
  const std::pair<const char*, const char*> rows[] = {
      {R"(, "max_size": "1kB")", "is over 1000 bytes; raise max_size"},
      {R"(, "paths": {})", "paths"},
      {R"(, "paths": {"a..b": "x"})", "a..b"},
      {R"(, "paths": {"a": ""})", "is no place in a database"},
      {R"(, "paths": {"a": "x//y"})", "is no place in a database"},
      {R"(, "paths": {"a": "x/"})", "is no place in a database"},
      {R"(, "paths": {"a": ["x"]})", "paths.a"},
  };
  for (const auto& [more, message] : rows) {
    EXPECT_THAT(make_error(geoip_enricher(), settings_for(city, more)), HasSubstr(message)) << more;
  }
}

// The type of a database stands in its metadata, with its length before it.
TEST(GeoipTest, a_type_without_defaults_asks_for_paths) {
  LOGBRAID_SHARED_OR_SKIP(city, "data/geo/GeoIP2-City-Test.mmdb");
  std::string bytes = bytes_of(city);
  const std::size_t type = bytes.rfind("GeoIP2-City");
  ASSERT_NE(type, std::string::npos);
  bytes.replace(type, 11, "Weather-Map");
  const test::TemporaryDirectory directory;
  const std::string file = directory.file("weather.mmdb", bytes);
  EXPECT_THAT(make_error(geoip_enricher(), settings_for(file)),
              AllOf(HasSubstr("Weather-Map"), HasSubstr("have no default")));
  EXPECT_EQ(make_error(geoip_enricher(), settings_for(file, R"(, "paths": {"a": "b"})")), "");
}

TEST(GeoipTest, a_corrupt_database_is_an_error_and_never_a_crash) {
  LOGBRAID_SHARED_OR_SKIP(city, "data/geo/GeoIP2-City-Test.mmdb");
  const std::string good = bytes_of(city);
  const std::string more =
      R"(, "paths": {"a": "city/names/en", "b": "subdivisions", "c": "location"})";
  const std::size_t metadata = good.rfind(
      "\xAB\xCD\xEF"
      "MaxMind.com");
  ASSERT_NE(metadata, std::string::npos);
  const test::TemporaryDirectory directory;
  std::mt19937_64 random(20261124);
  int refused = 0;
  int failed = 0;
  for (int round = 0; round < 80; ++round) {
    std::string bad = good;
    if (round < 10) {
      bad.resize(random() % bad.size());
    } else {
      for (int i = 0; i < 500; ++i) bad[random() % metadata] = static_cast<char>(random());
    }
    const auto instance =
        make_enricher(geoip_enricher(), settings_for(directory.file("bad.mmdb", bad), more));
    if (!instance) {
      EXPECT_THAT(instance.error().message, HasSubstr("bad.mmdb"));
      ++refused;
      continue;
    }
    for (const char* address : {"81.2.69.142", "216.160.83.56", "2001:218::", "2a02:cf40::1"}) {
      const auto enriched = enrich_one(*instance, event(address));
      if (enriched.result == CallResult::error) {
        EXPECT_FALSE(enriched.reason.empty());
        ++failed;
      }
    }
  }
  EXPECT_GT(refused, 5);
  EXPECT_GT(failed, 5);
}

TEST(GeoipTest, equal_places_have_equal_entries) {
  LOGBRAID_SHARED_OR_SKIP(city, "data/geo/GeoIP2-City-Test.mmdb");
  const auto database = GeoipDatabase::open(city.string(), 1 << 20);
  ASSERT_TRUE(database.has_value());
  EXPECT_EQ(database->type(), "GeoIP2-City");
  const auto one = database->find(*parse_ip("81.2.69.142"));
  const auto other = database->find(*parse_ip("81.2.69.143"));
  EXPECT_TRUE(one.found);
  EXPECT_EQ(one.entry, other.entry);
  EXPECT_FALSE(database->find(*parse_ip("10.0.0.1")).found);
}

}  // namespace
}  // namespace logbraid
