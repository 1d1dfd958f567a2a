#pragma once

/// \file
/// Parser of HTTP/1 requests, strict against request smuggling.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/net/chunked_decoder.hpp"
#include "server/net/http_message.hpp"

namespace couponhook::server {

/// The parts of an HTTP request that have arrived. The object is reusable: the next request of the
/// connection uses the memory that this request allocated.
class RequestParts final : public HeaderFields {
 public:
  [[nodiscard]] std::string_view method() const { return at(method_); }
  /// Returns the request's target as "/path?query". Only the target of OPTIONS ("*") and the target
  /// of CONNECT (host and port) are returned unchanged.
  [[nodiscard]] std::string_view target() const {
    return rooted_target_.empty() ? at(target_) : rooted_target_;
  }
  [[nodiscard]] std::string_view body() const { return body_; }
  [[nodiscard]] std::string_view find(std::string_view name) const override;
  /// Returns the values of all header fields with this name, in the order of the request.
  [[nodiscard]] std::vector<std::string_view> find_all(std::string_view name) const;

  /// Returns true if the request uses HTTP/1.0. Such a client expects the server to close the
  /// connection, unless the reply has "Connection: keep-alive".
  [[nodiscard]] bool is_http_1_0() const { return is_http_1_0_; }

  /// Clears the request for reuse. Memory of an unusually large request is freed.
  void clear();

 private:
  friend class RequestParser;

  /// A part of the text `head_`, as position and size: pointers would become invalid when `head_`
  /// grows.
  struct Span {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };
  struct Field {
    Span name;
    Span value;
  };

  [[nodiscard]] std::string_view at(Span span) const {
    return std::string_view(head_).substr(span.begin, span.size);
  }
  /// Converts a view into `head_` to a position and a size. \param part must be a view into
  /// `head_`.
  [[nodiscard]] Span span_of(std::string_view part) const;

  std::string head_;  ///< request line and header fields of the request, as received
  bool is_http_1_0_ = false;
  Span method_;
  Span target_;
  std::string rooted_target_;  ///< the target "/?query", made from an absolute URL without a path
  std::vector<Field> fields_;
  std::string body_;
};

struct RequestLimits {
  /// Largest size of the request line and the header fields together, in bytes. The limit also
  /// applies to all chunk extensions and trailers of a body together.
  std::size_t head_bytes;
  std::size_t body_bytes;
};

/// Parses one HTTP request and says which rule a bad request broke. The parser is as strict as RFC
/// 9112 allows, wherever a lenient parser would let an attacker smuggle a request past a proxy. The
/// result does not depend on how the bytes are split into pieces. An error is reported at the first
/// byte that causes it.
class RequestParser {
 public:
  /// Makes a parser for one request. \param parts must be clear, and must outlive the parser.
  RequestParser(RequestParts& parts, const RequestLimits& limits)
      : parts_(parts), limits_(limits) {}

  /// Parses bytes of the request up to the end of the header; later calls parse the body.
  /// \return the number of bytes taken. It is less than the number of given bytes if the header or
  ///   the request is complete, or if an error was found.
  std::size_t put(std::string_view bytes);

  /// Returns true if a byte of the request has come. Empty lines before the request do not count.
  [[nodiscard]] bool begun() const { return !parts_.head_.empty() || phase_ != Phase::kStart; }
  [[nodiscard]] bool is_head_done() const { return phase_ >= Phase::kBody; }
  [[nodiscard]] bool is_done() const { return phase_ == Phase::kDone; }
  [[nodiscard]] std::optional<HttpFault> fault() const { return fault_; }
  /// Returns the rule of HTTP that the request broke, for the reply and the log. The text needs no
  /// escaping in JSON.
  [[nodiscard]] std::string_view fault_detail() const { return fault_detail_; }

  // The functions below are valid once the header of the request is complete.

  /// Returns true if the client wants the connection to stay open.
  [[nodiscard]] bool keep_alive() const;
  /// Returns true if the client waits for "100 Continue" before it sends the body.
  [[nodiscard]] bool expects_continue() const { return expects_continue_; }

 private:
  enum class Phase : std::uint8_t { kStart, kFields, kBody, kChunks, kDone };

  void skip_empty_lines(std::string_view& bytes);
  void put_head(std::string_view& bytes);
  void put_body(std::string_view& bytes);
  void put_chunks(std::string_view& bytes);
  void take_request_line(std::string_view line);
  bool take_target(std::string_view method, std::string_view target);
  void take_field(std::string_view line);
  void take_known_field(std::string_view name, std::string_view value);
  void take_length(std::string_view value);
  bool contradicts(std::string_view name, std::string_view value) const;
  void end_head();
  void fail(HttpFault fault, std::string_view detail);

  RequestParts& parts_;
  RequestLimits limits_;
  Phase phase_ = Phase::kStart;
  std::size_t line_begin_ = 0;  ///< position in `head_` at which the current line begins
  std::size_t empty_bytes_ = 0;
  /// True if the last byte was a CR. This is used only for empty lines before the request.
  bool after_cr_ = false;
  int hosts_ = 0;
  int codings_ = 0;
  bool close_ = false;
  bool keep_alive_ = false;
  bool expects_continue_ = false;
  std::optional<std::uint64_t> length_;
  std::uint64_t body_left_ = 0;
  std::optional<ChunkedDecoder> chunks_;
  std::optional<HttpFault> fault_;
  std::string_view fault_detail_;
};

}  // namespace couponhook::server
