#pragma once

/// \file
/// Parser of HTTP/1 replies, as lenient as common HTTP clients.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace couponhook::server {

struct ClientReply {
  unsigned status = 0;
  std::string body;
  /// Value of the Retry-After header; empty if the reply has no such header.
  std::string retry_after;
  std::vector<std::pair<std::string, std::string>> headers{};
};

/// Parses one HTTP reply from bytes as they arrive; does no I/O. Accepts all replies that curl, Go
/// and Python accept: a receiver that has processed a notification must not be called again only
/// because its reply has an unusual form. Accepted are a status line without reason phrase, bare
/// line feeds, HTTP/1.0, a body that ends with the connection, spaces around names and values, and
/// header lines without a colon. If the end of the reply is not certain, the reply is still
/// accepted, but the connection is not used again.
///
/// Not thread-safe.
class ReplyParser {
 public:
  /// Largest size of the status line and the headers together, in bytes, including interim replies
  /// (status 1xx). The limit also applies to the line before each chunk of a body.
  static constexpr std::size_t kHeadBytesMax = 262144;
  static constexpr int kInterimRepliesMax = 32;

  /// Makes a parser for the reply to one request.
  /// \param head true for the reply to a HEAD request, which has no body.
  ReplyParser(bool head, std::size_t body_bytes_max)
      : body_bytes_max_(body_bytes_max), head_(head) {}

  /// Parses more bytes of the reply. \return the number of bytes that belong to this reply: all of
  /// them, unless the reply is complete or invalid.
  std::size_t feed(std::string_view bytes);
  /// Call this function when the server has closed the connection without an error.
  void end_of_stream();

  /// Returns true if any byte of a reply, or of an interim reply (1xx), has come.
  [[nodiscard]] bool has_begun() const { return has_begun_; }
  /// Returns true if the status and the headers are complete, so that only the body follows.
  [[nodiscard]] bool head_is_read() const { return state_ >= State::kBody; }
  [[nodiscard]] bool is_done() const { return state_ == State::kDone; }
  /// Returns the error in the reply, as a sentence that begins with "the reply"; empty if no error
  /// was found so far.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  /// Returns true if another request may be sent over the same connection after this reply.
  [[nodiscard]] bool is_reusable() const { return is_done() && keeps_alive_; }
  [[nodiscard]] std::optional<std::uint64_t> content_length() const { return content_length_; }
  /// Returns the reply; valid after its headers are complete. Its body holds the bytes that have
  /// come so far.
  [[nodiscard]] ClientReply& reply() { return reply_; }

 private:
  enum class State : std::uint8_t {
    kStatusLine,
    kHeaders,
    kBody,  // the body of the reply is read; this is the first state after the headers
    kBodyUntilClosed,
    kChunkSize,
    kChunk,
    kChunkEnd,
    kTrailers,
    kDone,
  };

  bool take_line(std::string_view& bytes);
  void take_body(std::string_view& bytes);
  void on_line(std::string_view line);
  void on_status_line(std::string_view line);
  void on_header(std::string_view line);
  void on_headers_end();
  void on_chunk_size(std::string_view line);
  void choose_framing();
  void note_header(std::string_view name, std::string_view value);
  void check_beginning();
  void fail(std::string problem) { problem_ = std::move(problem); }
  void fail_unreadable(std::string_view beginning);

  std::size_t body_bytes_max_;
  std::size_t head_bytes_left_ = kHeadBytesMax;
  int interim_left_ = kInterimRepliesMax;
  State state_ = State::kStatusLine;
  bool head_;
  bool has_begun_ = false;
  bool keeps_alive_ = true;
  bool is_chunked_ = false;
  bool has_transfer_coding_ = false;
  // True if the reply had a header line without a name or a colon.
  bool has_invalid_line_ = false;
  bool length_is_ambiguous_ = false;
  std::optional<std::uint64_t> content_length_;
  // Number of bytes that are still missing from the body, or from the current chunk of the body.
  std::uint64_t left_ = 0;
  std::string line_;
  std::string problem_;
  ClientReply reply_;
};

}  // namespace couponhook::server
