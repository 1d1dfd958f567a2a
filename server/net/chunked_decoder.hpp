#pragma once

/// \file
/// The chunked transfer coding (RFC 9112, section 7.1).

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace couponhook::server {

/// Takes a chunked body apart as its bytes come, strictly: where two readers might disagree on
/// where a chunk ends, a request could be smuggled past one of them. Chunk extensions and trailers
/// are checked and dropped: a trailer is never taken for a header (RFC 9110, section 6.5.1).
///
/// The result does not depend on the pieces that the bytes come in. Not thread-safe.
class ChunkedDecoder {
 public:
  enum class State : std::uint8_t {
    kMore,
    kDone,
    kMalformed,
    kBodyTooLarge,     ///< a chunk's size brings the body above its limit
    kOverheadTooLarge  ///< chunk extensions and trailers are larger than `overhead_max`
  };

  /// \param body_max bytes of the decoded body.
  /// \param overhead_max bytes of all chunk extensions and trailers together.
  ChunkedDecoder(std::size_t body_max, std::size_t overhead_max)
      : body_left_(body_max), overhead_left_(overhead_max) {}

  /// Takes bytes from the front of `bytes` until the body is done or wrong.
  /// \param body the decoded bytes are appended to it.
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
  std::string line_;  ///< what has come of the line
};

}  // namespace couponhook::server
