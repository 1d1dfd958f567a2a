#pragma once

/// \file
/// HTTP requests and replies as the rest of the server sees them.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/net/task.hpp"

namespace couponhook::server {

/// The header fields of a request.
class HeaderFields {
 public:
  virtual ~HeaderFields() = default;
  /// The first field's value, surrounding white space removed; letter case of the name does not
  /// matter. Empty where there is none.
  [[nodiscard]] virtual std::string_view find(std::string_view name) const = 0;
};

/// A complete request; views into the session's buffers, valid until its reply is made.
struct Request {
  std::string_view method;
  std::string_view target;  ///< path and query as sent
  const HeaderFields& headers;
  std::string_view body;
  std::string_view peer;  ///< the client's address, without port
};

struct Reply {
  unsigned status = 500;
  std::string body;
  std::string_view content_type = "application/json";
  std::string_view allow;                                      ///< with 405
  std::optional<std::chrono::seconds> retry_after{};           ///< with 503
  std::vector<std::pair<std::string, std::string>> headers{};  ///< any others
  /// The request carried a valid signature: its connection is the last to make room for another.
  bool to_signed_sender = false;
};

/// What can be wrong with a request before anyone has looked at its meaning.
enum class HttpFault : std::uint8_t {
  kMalformed,
  kVersionUnsupported,  ///< of HTTP: neither 1.0 nor 1.1
  kTargetTooLong,
  kHeadersTooLarge,
  kBodyTooLarge,
  kTooSlow,
  kOverloaded,      ///< too many connections, or body bytes in flight
  kInternal,        ///< an exception: a bug, or no memory
  kProxyUntrusted,  ///< a PROXY header from who is no trusted proxy; gets no reply
  kProxyMalformed,  ///< the same from a trusted one that does not speak the protocol
};

/// What a listener is for. Its functions are called on the sessions' threads at once.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;

  /// Looks at a request whose body has not been read.
  /// \param peer the client's address.
  /// \return a reply where the body does not matter: an unknown path, a wrong method.
  [[nodiscard]] virtual std::optional<Reply> refuse(std::string_view method,
                                                    std::string_view target,
                                                    std::string_view peer) const = 0;
  /// \param request must live until the task is done.
  [[nodiscard]] virtual Task<Reply> handle(const Request& request) = 0;
  /// \param peer the client's address.
  /// \param detail which rule was broken, in our own words; may be empty.
  [[nodiscard]] virtual Reply fault(HttpFault fault, std::string_view peer,
                                    std::string_view detail) = 0;
};

}  // namespace couponhook::server
