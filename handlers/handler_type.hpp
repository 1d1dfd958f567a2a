#pragma once

/// \file
/// Factories that make a user's own handlers from the configuration.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include <boost/system/result.hpp>

#include "handlers/handler.hpp"

namespace couponhook::handlers {

/// Settings of one [[handler]] table, passed to the factory of a user's own handler type.
struct HandlerSettings {
  std::string name;
  std::map<std::string, std::string> options;  ///< the [handler.options] table of the configuration
  /// Time limit for one call. couponhook cannot interrupt a call, so the handler itself must return
  /// in time.
  std::chrono::milliseconds timeout;
  int concurrency;  ///< maximum number of parallel calls
};

/// Makes a handler, or returns an error that says what is wrong with the settings and how to repair
/// it. Called once for each [[handler]] table of the type. The `check` command calls the factory
/// too, so open only the files and connections that are needed to validate the settings.
using HandlerFactory = std::function<boost::system::result<std::shared_ptr<Handler>, std::string>(
    const HandlerSettings& settings)>;

/// Handler factories by type name, as `type` in a [[handler]] table.
using HandlerTypes = std::map<std::string, HandlerFactory, std::less<>>;

}  // namespace couponhook::handlers
