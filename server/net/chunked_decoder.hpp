#pragma once

/// \file
/// Decoder of the HTTP/1.1 chunked transfer coding (RFC 9112, section 7.1).

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace couponhook::server {

/// Decodes a chunked body from pieces of any size. The decoder is strict: if a proxy and this
/// server disagreed on where a chunk ends, an attacker could smuggle a second request past the
/// proxy. Chunk extensions and trailers are checked and dropped; a trailer never becomes a header
/// (RFC 9110, section 6.5.1).
///
/// The result does not depend on how the bytes are split into pieces. Not thread-safe.
class ChunkedDecoder {
 public:
  enum class State : std::uint8_t {
    kMore,
    kDone,
    kMalformed,
    kBodyTooLarge,     ///< the decoded body would be longer than the limit `body_max`
    kOverheadTooLarge  ///< chunk extensions and trailers are longer than the limit `overhead_max`
  };

  /// Makes a decoder for one chunked body.
  /// \param body_max limit of the decoded body, in bytes.
  /// \param overhead_max limit of all chunk extensions and trailers together, in bytes.
  ChunkedDecoder(std::size_t body_max, std::size_t overhead_max)
      : body_left_(body_max), overhead_left_(overhead_max) {}

  /// Decodes bytes from the front of `bytes` and removes them, until the chunked body is complete
  /// or an error is found.
  /// \param body the decoded bytes are appended here.
  void put(std::string_view& bytes, std::string& body);
  [[nodiscard]] State state() const { return state_; }

 private:
  enum class Phase : std::uint8_t { kSize, kData, kDataEnd, kTrailers };

  void put_line(std::string_view& bytes);
  void put_data(std::string_view& bytes, std::string& body);
  void put_data_end(std::string_view& bytes);
  void begin_chunk(std::string_view line);
  void take_trailer(std::string_view line);

  State state_ = State::kMore;
  Phase phase_ = Phase::kSize;
  std::size_t body_left_;
  std::size_t overhead_left_;
  std::size_t chunk_left_ = 0;
  /// Bytes of the current line (chunk size or trailer) that have arrived; the line is incomplete.
  std::string line_;
};

}  // namespace couponhook::server
