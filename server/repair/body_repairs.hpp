#pragma once

/// \file
/// Undoes changes that software between WeChat Pay and couponhook makes to a body, such as an added
/// newline or compression. The layouts of re-serialised JSON are in json_layouts.hpp.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "server/repair/damage.hpp"

namespace couponhook::server {

/// A body that may be the one that WeChat Pay sent, and the change that would have led to the body
/// that arrived.
struct RepairedBody {
  std::string body;
  FoundDamage damage;
};

/// Returns the body with one change undone, once for each change that could have led to it. Bodies
/// equal to the argument are left out. Pure; thread-safe. Time and memory are linear in the size of
/// the body.
/// \param bytes_max limit of a decompressed body.
[[nodiscard]] std::vector<RepairedBody> repair_body(std::string_view body, std::size_t bytes_max);

}  // namespace couponhook::server
