#pragma once

/// \file
/// HTTP requests and replies, and the interface of the handler that answers them.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/net/task.hpp"

namespace couponhook::server {

/// The header fields of a request, searched by name.
class HeaderFields {
 public:
  virtual ~HeaderFields() = default;
  /// Returns the value of the first field with this name, without surrounding spaces. The letter
  /// case of the name does not matter. Empty if the request has no such field.
  [[nodiscard]] virtual std::string_view find(std::string_view name) const = 0;
};

/// A complete request. Its members are views into the session's buffers, valid until the reply is
/// made.
struct Request {
  std::string_view method;
  std::string_view target;  ///< path and query, as the client sent them
  const HeaderFields& headers;
  std::string_view body;
  std::string_view peer;  ///< IP address of the client, without port
};

struct Reply {
  unsigned status = 500;
  std::string body;
  std::string_view content_type = "application/json";
  std::string allow;                                  ///< value of the Allow header, for 405
  std::optional<std::chrono::seconds> retry_after{};  ///< value of the Retry-After header, for 503
  std::vector<std::pair<std::string, std::string>> headers{};  ///< all other headers
  /// True if the request carried a valid signature. Under overload, connections of signed senders
  /// are the last to be closed.
  bool to_signed_sender = false;
};

/// Errors of a request that are found before any handler reads it.
enum class HttpFault : std::uint8_t {
  kMalformed,
  kVersionUnsupported,  ///< an HTTP version other than 1.0 and 1.1
  kTargetTooLong,
  kHeadersTooLarge,
  kBodyTooLarge,
  kTooSlow,
  kOverloaded,      ///< too many connections, or too many body bytes in flight
  kInternal,        ///< an unexpected exception: a bug, or out of memory
  kProxyUntrusted,  ///< a PROXY header from a client that is no trusted proxy; gets no reply
  kProxyMalformed,  ///< a malformed PROXY header from a trusted proxy; gets no reply
};

/// The application behind a listener. Its functions are called from several session threads at the
/// same time.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;

  /// Decides from method and target alone, before the body is read.
  /// \param peer IP address of the client.
  /// \return the reply to send if the body does not matter, for example for an unknown path or a
  ///   wrong method; nothing if the body must be read.
  [[nodiscard]] virtual std::optional<Reply> refuse(std::string_view method,
                                                    std::string_view target,
                                                    std::string_view peer) const = 0;
  /// Answers a complete request.
  /// \param request must live until the task is done.
  [[nodiscard]] virtual Task<Reply> handle(const Request& request) = 0;
  /// Makes the reply to a request that is refused because of an HTTP error.
  /// \param peer IP address of the client.
  /// \param detail the rule that the request broke, in our own words; may be empty.
  [[nodiscard]] virtual Reply fault(HttpFault fault, std::string_view peer,
                                    std::string_view detail) = 0;
};

}  // namespace couponhook::server
