// A JSON document as another parser (RapidJSON; Debian package rapidjson-dev) reads it, for tests
// of what we write for programs.
#pragma once

// Its stack adds to a null pointer before it first grows, which the sanitizers report.
#ifndef RAPIDJSON_FORCEINLINE
#define RAPIDJSON_FORCEINLINE __attribute__((no_sanitize("pointer-overflow")))
#endif
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace logbraid::test {

class JsonDocument {
 public:
  explicit JsonDocument(const std::string& text) {
    document_.Parse<rapidjson::kParseValidateEncodingFlag>(text.c_str(), text.size());
    EXPECT_FALSE(document_.HasParseError()) << text;
  }

  const rapidjson::Value& root() const { return document_; }
  // The member whose way from the root has these dotted names; where it is not there the test fails
  // and null is given. Elements of an array go by their number.
  const rapidjson::Value& at(std::string_view path) const {
    static const rapidjson::Value kNull;
    const rapidjson::Value* value = &document_;
    for (std::string_view rest = path; !rest.empty();) {
      const std::size_t dot = std::min(rest.find('.'), rest.size());
      const std::string name(rest.substr(0, dot));
      rest.remove_prefix(std::min(dot + 1, rest.size()));
      if (value->IsArray() && std::stoul(name) < value->Size()) {
        value = &(*value)[static_cast<rapidjson::SizeType>(std::stoul(name))];
      } else if (value->IsObject() && value->HasMember(name.c_str())) {
        value = &(*value)[name.c_str()];
      } else {
        ADD_FAILURE() << "there is no " << path;
        return kNull;
      }
    }
    return *value;
  }
  std::uint64_t count(std::string_view path) const {
    const rapidjson::Value& value = at(path);
    EXPECT_TRUE(value.IsUint64()) << path;
    return value.IsUint64() ? value.GetUint64() : 0;
  }
  double number(std::string_view path) const {
    const rapidjson::Value& value = at(path);
    EXPECT_TRUE(value.IsNumber()) << path;
    return value.IsNumber() ? value.GetDouble() : 0;
  }
  std::string text(std::string_view path) const {
    const rapidjson::Value& value = at(path);
    EXPECT_TRUE(value.IsString()) << path;
    return value.IsString() ? std::string(value.GetString(), value.GetStringLength()) : "";
  }
  // Of all members of an object that are counts.
  std::uint64_t sum(std::string_view path) const {
    std::uint64_t sum = 0;
    for (const auto& member : at(path).GetObject()) sum += member.value.GetUint64();
    return sum;
  }

 private:
  rapidjson::Document document_;
};

}  // namespace logbraid::test
