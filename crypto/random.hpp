#pragma once

/// \file
/// Randomness, passed in so that a test can say what it is.

#include <cstddef>
#include <functional>
#include <span>
#include <string>

namespace couponhook::crypto {

/// Fills the span with random bytes.
using RandomSource = std::function<void(std::span<unsigned char>)>;

/// The operating system's generator through OpenSSL. Thread-safe.
/// \throws std::runtime_error where the generator fails (never seen on Linux).
[[nodiscard]] RandomSource system_random();

/// `length` characters out of 0-9, A-Z and a-z, each equally likely.
[[nodiscard]] std::string random_alphanumeric(const RandomSource& random, std::size_t length);

/// A random (version 4) UUID in lower case, 36 characters.
[[nodiscard]] std::string random_uuid(const RandomSource& random);

}  // namespace couponhook::crypto
