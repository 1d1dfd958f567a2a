#pragma once

/// \file
/// Sends orders of an operator (retry, skip, pause and so on) to the running service and prints
/// their results. Only the files in server/commands use this header.

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "server/commands/command_line.hpp"
#include "server/commands/delivery_options.hpp"

namespace couponhook::server {

/// Returns a JSON object that has those of the given members whose text is not empty.
[[nodiscard]] std::string members(
    std::initializer_list<std::pair<std::string_view, std::string_view>> texts);

/// Sends an order to the service, whose reply is {"result": …}, and prints the result. If the reply
/// has a warning, the warning is printed on the error stream.
/// \return the exit code.
Exit order(const CommonOptions& common, const std::string& method, const std::string& target,
           const std::string& body, const std::string& what, Runtime& runtime);

/// An order (retry, move or skip) for all deliveries that match a filter.
struct FilteredOrder {
  /// Path of the request: /deliveries/retry or /deliveries/skip.
  std::string target;
  /// Name of the handler to which the deliveries are moved. If this name is empty, the deliveries
  /// are not moved.
  std::string to{};
  std::string reason{};
  bool dry_run = false;
};

/// Sends an order that the service does as a background job. Shows the progress of the job, and
/// cancels the job on Ctrl-C.
/// \return the exit code.
Exit order_filtered(const CommonOptions& common, const FilteredOrder& wanted,
                    const DeliveryChoice& choice, Runtime& runtime);

}  // namespace couponhook::server
