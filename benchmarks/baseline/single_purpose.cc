#include "benchmarks/baseline/single_purpose.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <charconv>
#include <cstdlib>

#include "core/json_text.h"
#include "support/cidr.h"

namespace logbraid::bench {
namespace {

CidrIndex index_of(const std::vector<Network>& networks) {
  std::vector<Cidr> prefixes;
  for (const Network& network : networks) prefixes.push_back(*parse_cidr(network.prefix));
  return CidrIndex(prefixes);
}

void append_url(std::string& out, std::string_view target) {
  std::string_view query;
  const std::size_t mark = target.find('?');
  std::string_view path = target.substr(0, mark);
  if (mark != std::string_view::npos) query = target.substr(mark + 1);
  out += ",\"url\":{\"path\":\"";
  out += path;
  const std::size_t slash = path.rfind('/');
  const std::size_t dot = path.rfind('.');
  if (dot != std::string_view::npos && dot > slash && dot + 1 < path.size()) {
    out += "\",\"extension\":\"";
    out += path.substr(dot + 1);
  }
  out += '"';
  if (mark != std::string_view::npos) {
    out += ",\"query\":{";
    const char* separator = "\"";
    while (!query.empty()) {
      const std::size_t end = query.find('&');
      const std::string_view parameter = query.substr(0, end);
      query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
      const std::size_t equals = parameter.find('=');
      out += separator;
      separator = ",\"";
      out += parameter.substr(0, equals);
      out += "\":\"";
      out += parameter.substr(equals + 1);
      out += '"';
    }
    out += '}';
  }
  out += '}';
}

void append_hash(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  const XXH64_hash_t hash = XXH3_64bits(text.data(), text.size());
  out += ",\"user_hash\":\"";
  for (int shift = 60; shift >= 0; shift -= 4) out += kHex[(hash >> shift) & 15];
  out += '"';
}

}  // namespace

SinglePurpose::SinglePurpose(const std::vector<Network>& networks) : index_(index_of(networks)) {
  for (const Network& network : networks) {
    network_texts_.push_back(",\"net\":{\"site\":\"" + network.site + "\",\"zone\":\"" +
                             network.zone + "\"}");
  }
}

void SinglePurpose::process(Batch& batch, std::string& out) {
  reader_.read(batch);
  for (const Record& record : batch.records()) {
    std::string_view client_ip;
    std::string_view path;
    std::string_view user;
    int status = 0;
    for (const Field& field : record.event.fields()) {
      const std::string_view key = field.key_text();
      if (key == "client_ip") {
        client_ip = field.raw_text();
      } else if (key == "path") {
        path = field.raw_text();
      } else if (key == "user") {
        user = field.raw_text();
      } else if (key == "status") {
        std::from_chars(field.raw, field.raw + field.raw_size, status);
      }
    }
    const std::string_view json = record.event.json();
    out.append(json.data(), json.size() - 1);
    out += ",\"version\":\"1.4.2\",\"region\":\"eu-west\"";
    if (const auto address = parse_ip(client_ip)) {
      if (const auto row = index_.find(*address)) out += network_texts_[*row];
    }
    if (status >= 500) {
      out += ",\"class\":\"error\",\"score\":5";
    } else if (path.starts_with("/api/")) {
      out += ",\"class\":\"api\",\"score\":1";
    } else {
      out += ",\"class\":\"page\",\"score\":0";
    }
    append_url(out, path);
    append_hash(out, user);
    out += "}\n";
  }
}

}  // namespace logbraid::bench
