#pragma once

/// \file
/// Sends orders, such as retry, skip or pause, to the running service and reports their results.
/// Private to this folder.

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "server/commands/command_line.hpp"
#include "server/commands/delivery_options.hpp"

namespace couponhook::server {

/// Returns a JSON object with those texts that are not empty.
[[nodiscard]] std::string members(
    std::initializer_list<std::pair<std::string_view, std::string_view>> texts);

/// Sends a request whose answer is {"result": …}, and prints the result. A warning in the answer
/// goes to stderr.
Exit order(const CommonOptions& common, const std::string& method, const std::string& target,
           const std::string& body, const std::string& what, World& world);

/// An order for all deliveries that match a filter.
struct FilteredOrder {
  std::string target;  ///< path of the request: /deliveries/retry or /deliveries/skip
  std::string to{};    ///< handler that receives the deliveries; empty: they are not moved
  std::string reason{};
  bool dry_run = false;
};

/// Sends an order that the service carries out as a job. Shows the job's progress, and cancels the
/// job on Ctrl-C.
Exit order_filtered(const CommonOptions& common, const FilteredOrder& wanted,
                    const DeliveryChoice& choice, World& world);

}  // namespace couponhook::server
