#pragma once

/// \file
/// How many files and sockets this process may have open.

#include <cstdint>

namespace couponhook::server {

/// Raises the limit as far as an ordinary user may: many systems start programs with 1024.
/// \return what it is now.
std::uint64_t raise_open_files_limit();

}  // namespace couponhook::server
