#pragma once

/// \file
/// Random bytes, texts and UUIDs. The source of random bytes is a parameter, so that a test can use
/// a fixed source.

#include <cstddef>
#include <functional>
#include <span>
#include <string>

namespace couponhook::crypto {

/// A function that fills a span with random bytes.
using RandomSource = std::function<void(std::span<unsigned char>)>;

/// Returns a random source that uses the operating system's random generator through OpenSSL.
/// Thread-safe.
/// \throws std::runtime_error if the generator fails (never seen on Linux).
[[nodiscard]] RandomSource system_random();

/// Returns a text of `length` random characters from 0-9, A-Z and a-z, each equally likely.
[[nodiscard]] std::string random_alphanumeric(const RandomSource& random, std::size_t length);

/// Returns a random UUID (version 4) in lower case, 36 characters long.
[[nodiscard]] std::string random_uuid(const RandomSource& random);

}  // namespace couponhook::crypto
