#pragma once

#include "format/reader.h"

namespace logbraid {

// Format `combined`: the access logs of web servers, in combined and in common log format:
//
//   client_ip ident user [time] "method path protocol" status bytes "referer" "user_agent"
//
//   client_ip, ident, user   text; a user may have blanks in it
//   time                     text as written, 17/May/2015:10:05:03 +0000
//   timestamp                the same by RFC 3339, 2015-05-17T10:05:03+00:00
//   method, path, protocol   text; the path with its query
//   request                  instead of these three, a request line that has not three such parts
//   status, bytes            numbers; without leading zeros
//   referer, user_agent      text; missing in common log format
//   forwarded_for            text: one more quoted column
//   extra                    text: any other columns behind the user agent, as they are
//
// A dash means that a value is not known: the field is left out. In quoted columns \" and \\ are
// decoded; other escapes, such as \xe4 for a byte that is not ASCII, stay as the server wrote them.
// Refused are lines of another shape, over kMaxLine, or not UTF-8; any other line has its
// client_ip, time, timestamp and status, unless they are dashes.
class CombinedReader : public Reader {
 public:
  void read(Batch& batch) override;
};

}  // namespace logbraid
