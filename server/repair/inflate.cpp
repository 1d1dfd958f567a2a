#include "server/repair/inflate.hpp"

#include <algorithm>
#include <array>
#include <memory>

#include <zlib.h>

namespace couponhook::server {

std::optional<std::string> inflate_bytes(std::string_view compressed, std::size_t bytes_max) {
  // 15 is the largest window; 32 makes zlib recognise gzip and zlib headers by itself.
  constexpr int kWindowBits = 15 + 32;
  z_stream stream{};
  if (inflateInit2(&stream, kWindowBits) != Z_OK) return std::nullopt;
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  std::string input(compressed);  // zlib takes a pointer to non-const, although it changes nothing
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  std::string bytes;
  std::array<char, 16384> piece{};
  while (true) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int answer = inflate(&stream, Z_NO_FLUSH);
    bytes.append(piece.data(), piece.size() - stream.avail_out);
    if (bytes.size() > bytes_max) return std::nullopt;
    if (answer == Z_STREAM_END) return bytes;
    if (answer != Z_OK) return std::nullopt;
  }
}

}  // namespace couponhook::server
