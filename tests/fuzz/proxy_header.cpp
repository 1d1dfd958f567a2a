/// \file
/// Fuzz target: the parser of PROXY protocol headers. Bytes after a header must not change the
/// result for the header, and the parser must not accept an incomplete header.

#include "fuzz.hpp"
#include "server/net/proxy_protocol.hpp"

namespace couponhook::fuzz {
namespace {

using State = server::ProxyHeader::State;

void run(std::string_view input) {
  const server::ProxyHeader whole = server::parse_proxy_header(input);
  if (whole.state == State::kPresent) {
    require(whole.bytes <= input.size(), "a header ends within the bytes that are there");
    require(whole.bytes <= server::kProxyHeaderBytesMax, "a header is within its limit");
    const auto exact = server::parse_proxy_header(input.substr(0, whole.bytes));
    require(exact.state == State::kPresent && exact.source == whole.source,
            "what follows a header changes nothing");
  }
  if (whole.state == State::kIncomplete) {
    require(whole.bytes > input.size(), "more bytes are asked for than are there");
    require(whole.bytes <= server::kProxyHeaderBytesMax, "no more than the limit is asked for");
  }
}

const Registration registered("proxy_header", run);

}  // namespace
}  // namespace couponhook::fuzz
