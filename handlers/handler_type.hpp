#pragma once

/// \file
/// Factories that make user-defined handlers (written in C++) from the configuration.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <boost/system/result.hpp>

#include "handlers/handler.hpp"

namespace couponhook::handlers {

/// Settings from one [[handler]] table of the configuration, passed to the factory of a
/// user-defined handler type.
struct HandlerSettings {
  std::string name;
  /// The [handler.options] table of the configuration, as names and values.
  std::map<std::string, std::string> options;
  /// Time limit for one call of the handler. couponhook cannot interrupt a call, so the handler
  /// itself must return in time.
  std::chrono::milliseconds timeout;
  int concurrency;  ///< maximum number of parallel calls of the handler
};

/// Function that makes a handler from its settings, or returns an error that says what is wrong
/// with the settings and how to repair it. Called once for each [[handler]] table of the type. The
/// `check` command calls the factory too, so a factory should open only the files and connections
/// that are needed to validate the settings.
using HandlerFactory = std::function<boost::system::result<std::shared_ptr<Handler>, std::string>(
    const HandlerSettings& settings)>;

/// Handler factories by the name of the handler type, which is the value of `type` in a [[handler]]
/// table of the configuration.
using HandlerTypes = std::map<std::string, HandlerFactory, std::less<>>;

}  // namespace couponhook::handlers
