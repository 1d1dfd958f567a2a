#pragma once

/// \file
/// Reads HTTP/1 replies as leniently as common clients do.

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
  std::string retry_after;  ///< empty where absent
  std::vector<std::pair<std::string, std::string>> headers{};
};

/// One reply, fed as it comes in; sans-I/O. Takes what curl, Go and Python take, since a receiver
/// that has done its work must not be called again for the form of its reply: a status line without
/// reason phrase, bare line feeds, HTTP/1.0, a body that ends with the connection, white space
/// around names and values, header lines that are none. What such a form leaves in doubt costs the
/// connection, never the reply: it is then not reusable.
///
/// Not thread-safe.
class ReplyParser {
 public:
  /// Of status line and headers together, interim replies included; of any one chunk's line.
  static constexpr std::size_t kHeadBytesMax = 262144;
  static constexpr int kInterimRepliesMax = 32;

  /// \param head whether this replies to HEAD, and so has no body.
  ReplyParser(bool head, std::size_t body_bytes_max)
      : body_bytes_max_(body_bytes_max), head_(head) {}

  /// \return how many of the bytes were of this reply: all unless it is done or has failed.
  std::size_t feed(std::string_view bytes);
  /// The server has closed the connection in order.
  void end_of_stream();

  /// Whether any byte of a reply, or of an interim one, has come.
  [[nodiscard]] bool has_begun() const { return has_begun_; }
  /// Whether status and headers are known: what follows is only the body.
  [[nodiscard]] bool head_is_read() const { return state_ >= State::kBody; }
  [[nodiscard]] bool is_done() const { return state_ == State::kDone; }
  /// What is wrong with the reply, as a sentence that begins with "the reply"; empty: nothing yet.
  [[nodiscard]] const std::string& problem() const { return problem_; }
  /// Whether another request may be sent over the connection.
  [[nodiscard]] bool is_reusable() const { return is_done() && keeps_alive_; }
  [[nodiscard]] std::optional<std::uint64_t> content_length() const { return content_length_; }
  /// Of use once the head is read; the body is what has come of it.
  [[nodiscard]] ClientReply& reply() { return reply_; }

 private:
  enum class State : std::uint8_t {
    kStatusLine,
    kHeaders,
    kBody,  // the first state in which the head is read
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
  bool has_strange_line_ = false;  // among the headers
  bool length_in_doubt_ = false;
  std::optional<std::uint64_t> content_length_;
  std::uint64_t left_ = 0;  // of the body, or of the chunk
  std::string line_;
  std::string problem_;
  ClientReply reply_;
};

}  // namespace couponhook::server
