#pragma once

/// \file
/// Factories: functions that make handlers written by users (in C++) from the configuration.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <boost/system/result.hpp>

#include "handlers/handler.hpp"

namespace couponhook::handlers {

/// Settings from one [[handler]] table of the configuration, passed to the factory function of a
/// handler type that a user has written.
struct HandlerSettings {
  std::string name;
  /// Names and values in the [handler.options] table of the configuration.
  std::map<std::string, std::string> options;
  /// Time limit for one call of the handler. couponhook cannot interrupt a call, so the handler
  /// itself must return in time.
  std::chrono::milliseconds timeout;
  int concurrency;  ///< largest number of calls of the handler that run at the same time
};

/// Function that makes a handler from its settings, or returns an error message that says what is
/// wrong with the settings and how to repair them. couponhook calls this function once for each
/// [[handler]] table of the type. The `check` command calls it too, so this function should open
/// only the files and connections that it needs to check the settings.
using HandlerFactory = std::function<boost::system::result<std::shared_ptr<Handler>, std::string>(
    const HandlerSettings& settings)>;

/// Functions that make handlers, by the name of the handler type. This name is the value of `type`
/// in a [[handler]] table of the configuration.
using HandlerTypes = std::map<std::string, HandlerFactory, std::less<>>;

}  // namespace couponhook::handlers
