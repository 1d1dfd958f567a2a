#pragma once

/// \file
/// How a user's own type of handler is made from configuration.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <boost/system/result.hpp>

#include "handlers/handler.hpp"

namespace couponhook::handlers {

/// What a [[handler]] table says to a handler of the user's own.
struct HandlerSettings {
  std::string name;
  std::map<std::string, std::string> options;  ///< the [handler.options] table
  /// What a call should end within. Nothing can end it from outside: keep to it.
  std::chrono::milliseconds timeout;
  int concurrency;  ///< calls that may come at once
};

/// Makes a handler, or says what is wrong with its settings and what to do about it. Called once
/// for each [[handler]] table of the type, by `check` too: open no more than it takes to be sure.
using HandlerFactory = std::function<boost::system::result<std::shared_ptr<Handler>, std::string>(
    const HandlerSettings& settings)>;

/// Factories by the name that configuration calls the type by.
using HandlerTypes = std::map<std::string, HandlerFactory, std::less<>>;

}  // namespace couponhook::handlers
