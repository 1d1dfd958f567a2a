#pragma once

/// \file
/// Progress reports of long operations on a store, such as a backup or a copy.

#include <cstdint>
#include <functional>
#include <string_view>

namespace couponhook::storage {

/// Function that is called often with the progress of a long operation, on the thread that does the
/// work; display the progress only from time to time.
/// \param doing the things that are counted, for example "copied pages".
/// \param done the number of things done so far.
/// \param total the expected number; 0 if it is unknown.
using WorkObserver =
    std::function<void(std::string_view doing, std::uint64_t done, std::uint64_t total)>;

}  // namespace couponhook::storage
