#pragma once

/// \file
/// How far long work is.

#include <cstdint>
#include <functional>
#include <string_view>

namespace couponhook::storage {

/// Told on the thread that does the work, often: show it now and then only.
/// \param doing what has been done so much of: "copied pages".
/// \param total 0 where it cannot be told.
using WorkObserver =
    std::function<void(std::string_view doing, std::uint64_t done, std::uint64_t total)>;

}  // namespace couponhook::storage
