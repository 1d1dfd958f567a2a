/// \file
/// Fuzz target: the parser of HTTP requests. The result must be the same if the bytes of a request
/// arrive all at once or in pieces.

#include <algorithm>
#include <string>

#include "fuzz.hpp"
#include "server/net/request_parser.hpp"

namespace couponhook::fuzz {
namespace {

using server::RequestParser;
using server::RequestParts;

constexpr server::RequestLimits kLimits{.head_bytes = 16384, .body_bytes = 65536};
/// A fuzz input longer than this number of bytes is not split at every byte, because the time would
/// grow with the square of the length.
constexpr std::size_t kSplitMax = 600;

/// The result of parsing one fuzz input as an HTTP request.
struct Read {
  bool failed = false;
  bool done = false;
  std::string method, target, body, signature, connection;

  bool operator==(const Read&) const = default;
};

/// Parses the fuzz input in pieces, as if it arrived over a connection. Bytes that the parser did
/// not use are passed to it again, together with the next piece. Returns the parsed request.
Read read(std::string_view input, std::size_t first, std::size_t step) {
  RequestParts parts;
  RequestParser parser(parts, kLimits);
  Read result;
  std::size_t begin = 0;
  for (std::size_t end = std::min(first, input.size()); !parser.fault() && !parser.is_done();) {
    const std::size_t used = parser.put(input.substr(begin, end - begin));
    begin += used;
    const bool stuck = used == 0 || begin == end;
    if (stuck && end == input.size()) break;
    if (stuck) end = std::min(end + step, input.size());
  }
  result.failed = parser.fault().has_value();
  result.done = parser.is_done();
  if (!result.done) return result;
  result.method = parts.method();
  result.target = parts.target();
  result.body = parts.body();
  result.signature = parts.find("Wechatpay-Signature");
  result.connection = parts.find("Connection");
  return result;
}

void run(std::string_view input) {
  const Read whole = read(input, input.size(), input.size());
  if (whole.done) require(whole.body.size() <= kLimits.body_bytes, "a body is within its limit");
  require(read(input, 1, 1) == whole, "byte by byte is as whole");
  for (std::size_t at = 1; at < std::min(input.size(), kSplitMax); ++at) {
    require(read(input, at, input.size()) == whole, "split in two is as whole");
  }
}

const Registration registered("request_parser", run);

}  // namespace
}  // namespace couponhook::fuzz
