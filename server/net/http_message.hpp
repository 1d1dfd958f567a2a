#pragma once

/// \file
/// HTTP requests and replies, and the interface of the handler that answers them.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/net/task.hpp"

namespace couponhook::server {

/// The header fields of an HTTP request, searched by name.
class HeaderFields {
 public:
  virtual ~HeaderFields() = default;
  /// Returns the value of the first header field with this name, without surrounding spaces. The
  /// letter case of the name does not matter. Empty if the request has no such field.
  [[nodiscard]] virtual std::string_view find(std::string_view name) const = 0;
};

/// A complete HTTP request. Its members are views into the buffers of the HTTP session, valid until
/// the reply is made.
struct Request {
  std::string_view method;
  std::string_view target;  ///< path and query of the URL, as the client sent them
  const HeaderFields& headers;
  std::string_view body;
  std::string_view peer;  ///< IP address of the client, without port
  /// IP address of the TCP client, without port: the client itself, or the proxy nearest to
  /// couponhook.
  std::string_view hop{};
};

/// The body of a reply that is sent while it is made, such as a stream of events. Used by one HTTP
/// session, on its thread.
class ReplyStream {
 public:
  virtual ~ReplyStream() = default;
  /// Waits for the next piece of the body. Must return within about a second, so that the session
  /// notices soon that its client has gone or that the server shuts down.
  /// \return the piece; empty if there is none yet; nothing at the end of the body.
  [[nodiscard]] virtual Task<std::optional<std::string>> next() = 0;
};

struct Reply {
  unsigned status = 500;
  std::string body;
  std::string_view content_type = "application/json";
  /// Value of the Allow header, for a reply with status 405.
  std::string allow;
  /// Value of the Retry-After header, for a reply with status 503.
  std::optional<std::chrono::seconds> retry_after{};
  /// Headers of the reply, except those that have a member of their own in this structure, such as
  /// Allow.
  std::vector<std::pair<std::string, std::string>> headers{};
  /// True if the request carried a valid signature. If connections must be closed to make room for
  /// new ones, connections of senders with a valid signature are closed last.
  bool to_signed_sender = false;
  /// If set, the body of the reply is what the stream gives, and `body` is not sent. The connection
  /// closes after the stream.
  std::shared_ptr<ReplyStream> stream{};
};

/// Errors for which an HTTP request is refused before any application code reads it.
enum class HttpFault : std::uint8_t {
  kMalformed,
  kVersionUnsupported,  ///< the request has an HTTP version other than 1.0 and 1.1
  kTargetTooLong,
  kHeadersTooLarge,
  kBodyTooLarge,
  kTooSlow,
  kOverloaded,      ///< the server has too many connections, or too many body bytes in memory
  kInternal,        ///< an unexpected exception was thrown: a bug, or no memory
  kProxyUntrusted,  ///< a client that is no trusted proxy sent a PROXY header; no reply is sent
  kProxyMalformed,  ///< a trusted proxy sent a malformed PROXY header; no reply is sent
};

/// Interface of the application that answers the requests of a listener. Its functions are called
/// from several session threads at the same time.
class RequestHandler {
 public:
  virtual ~RequestHandler() = default;

  /// Refuses an HTTP request because of its method and target (path and query) alone, before the
  /// body is read.
  /// \param peer IP address of the client.
  /// \return the reply to send if the body does not matter, for example for an unknown path or a
  ///   wrong method; nothing if the body must be read.
  [[nodiscard]] virtual std::optional<Reply> refuse(std::string_view method,
                                                    std::string_view target,
                                                    std::string_view peer) const = 0;
  /// Answers a complete HTTP request.
  /// \param request must live until the task is done.
  /// \return the reply to send.
  [[nodiscard]] virtual Task<Reply> handle(const Request& request) = 0;
  /// Makes the reply to a request that is refused because of an HTTP error.
  /// \param fault the kind of the error.
  /// \param peer IP address of the client.
  /// \param detail the rule of HTTP that the request broke, in our own words; may be empty.
  /// \return the reply to send.
  [[nodiscard]] virtual Reply fault(HttpFault fault, std::string_view peer,
                                    std::string_view detail) = 0;
};

}  // namespace couponhook::server
