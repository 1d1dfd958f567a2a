#pragma once

/// \file
/// Filter options (--handler, --state and so on) of the commands that list or change deliveries.

#include <string>

#include "server/commands/options.hpp"

namespace couponhook::server {

struct DeliveryChoice {
  std::string handler;
  std::string state;
  std::string type;
  std::string mchid;
  std::string since;
  std::string until;
  std::string error;

  [[nodiscard]] bool empty() const {
    return handler.empty() && state.empty() && type.empty() && mchid.empty() && since.empty() &&
           until.empty() && error.empty();
  }
  void declare(Options& options, const std::string& states_help) {
    options.text("--handler", handler, "Only deliveries to this handler");
    options.text("--state", state, states_help);
    options.text("--type", type, "Only of this event type");
    options.text("--mchid", mchid, "Only of this merchant");
    options.text("--since", since, "Received at or after: RFC 3339 or Unix seconds");
    options.text("--until", until, "Received before");
    options.text("--error", error, "Only deliveries whose last error contains this text");
  }
};

}  // namespace couponhook::server
