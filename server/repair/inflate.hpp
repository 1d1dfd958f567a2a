#pragma once

/// \file
/// Decompresses a body that software in front of couponhook compressed.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace couponhook::server {

/// Decompresses gzip or zlib data (RFC 1952 and RFC 1950). Thread-safe.
/// \param bytes_max limit of the result, in bytes.
/// \return the data; nothing if the input is not complete gzip or zlib data, or the result would be
///   longer than the limit.
[[nodiscard]] std::optional<std::string> inflate_bytes(std::string_view compressed,
                                                       std::size_t bytes_max);

}  // namespace couponhook::server
