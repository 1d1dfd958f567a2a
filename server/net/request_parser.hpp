#pragma once

/// \file
/// A request as its bytes come in.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/net/chunked_decoder.hpp"
#include "server/net/http_message.hpp"

namespace couponhook::server {

/// What has come of a request. Made for being used again: the next request on a connection finds
/// the memory that this one needed.
class RequestParts final : public HeaderFields {
 public:
  [[nodiscard]] std::string_view method() const { return at(method_); }
  /// As "/path?query"; "*" of OPTIONS and the authority of CONNECT stay as they are.
  [[nodiscard]] std::string_view target() const {
    return rooted_target_.empty() ? at(target_) : rooted_target_;
  }
  [[nodiscard]] std::string_view body() const { return body_; }
  [[nodiscard]] std::string_view find(std::string_view name) const override;
  /// The values of all fields of this name, in order.
  [[nodiscard]] std::vector<std::string_view> find_all(std::string_view name) const;

  /// From a client that waits for the end of the connection unless told that it stays open.
  [[nodiscard]] bool is_http_1_0() const { return is_http_1_0_; }

  /// Forgets the request. What an unusually large one needed is freed.
  void clear();

 private:
  friend class RequestParser;

  /// A part of head_, by place, because head_ moves while it grows.
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
  /// \param part a view into head_.
  [[nodiscard]] Span span_of(std::string_view part) const;

  std::string head_;  ///< request line and header fields as they came
  bool is_http_1_0_ = false;
  Span method_;
  Span target_;
  std::string rooted_target_;  ///< "/?query" of an absolute form without a path
  std::vector<Field> fields_;
  std::string body_;
};

struct RequestLimits {
  std::size_t head_bytes;  ///< request line and fields; also chunk extensions and trailers
  std::size_t body_bytes;
};

/// Reads one request as strictly as RFC 9112 allows where a lenient reading would let a request be
/// smuggled past a proxy, and says which rule was broken. The result does not depend on the pieces
/// that the bytes come in, and what is wrong is told at the first byte that makes it so.
class RequestParser {
 public:
  /// \param parts must be clear, and outlive the parser.
  RequestParser(RequestParts& parts, const RequestLimits& limits)
      : parts_(parts), limits_(limits) {}

  /// Takes bytes, up to the end of the head first, and then of the body.
  /// \return how many; fewer than there are once the head is complete, the request is, or a fault
  ///   was found.
  std::size_t put(std::string_view bytes);

  /// Whether the request has begun; empty lines before it do not count.
  [[nodiscard]] bool begun() const { return !parts_.head_.empty() || phase_ != Phase::kStart; }
  [[nodiscard]] bool is_head_done() const { return phase_ >= Phase::kBody; }
  [[nodiscard]] bool is_done() const { return phase_ == Phase::kDone; }
  [[nodiscard]] std::optional<HttpFault> fault() const { return fault_; }
  /// Which rule was broken, for the reply and the log; nothing that JSON would have to escape.
  [[nodiscard]] std::string_view fault_detail() const { return fault_detail_; }

  // Of a request whose head is done:

  /// Whether the client wants the connection to stay open.
  [[nodiscard]] bool keep_alive() const;
  /// Whether the client waits for "100 Continue" before it sends the body.
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
  std::size_t line_begin_ = 0;  ///< in the head
  std::size_t empty_bytes_ = 0;
  bool after_cr_ = false;  ///< in the empty lines before the request
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
