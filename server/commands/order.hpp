#pragma once

/// \file
/// Private to this folder: orders to the running service, and what becomes of them.

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "server/commands/command_line.hpp"
#include "server/commands/delivery_options.hpp"

namespace couponhook::server {

/// A JSON object of the texts that are not empty.
[[nodiscard]] std::string members(
    std::initializer_list<std::pair<std::string_view, std::string_view>> texts);

/// Asks for something whose answer is {"result": …}, and prints that; a warning goes to stderr.
Exit order(const CommonOptions& common, const std::string& method, const std::string& target,
           const std::string& body, const std::string& what, World& world);

/// An order for all deliveries that a filter matches.
struct FilteredOrder {
  std::string target;  ///< /deliveries/retry or /deliveries/skip
  std::string to{};    ///< the handler that deliveries are moved to; empty: none
  std::string reason{};
  bool dry_run = false;
};

/// The service does the work; this watches, shows how far it is, and cancels it on Ctrl-C.
Exit order_filtered(const CommonOptions& common, const FilteredOrder& wanted,
                    const DeliveryChoice& choice, World& world);

}  // namespace couponhook::server
