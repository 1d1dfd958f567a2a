#pragma once

/// \file
/// Progress reports of long work, such as a backup or a copy.

#include <cstdint>
#include <functional>
#include <string_view>

namespace couponhook::storage {

/// Called often, on the thread that does the work; show the progress only now and then.
/// \param doing the unit that is counted: "copied pages".
/// \param total the expected number; 0 if it is unknown.
using WorkObserver =
    std::function<void(std::string_view doing, std::uint64_t done, std::uint64_t total)>;

}  // namespace couponhook::storage
