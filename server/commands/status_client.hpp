#pragma once

/// \file
/// Client for the status endpoint of the running service, used by commands.

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <rapidjson/document.h>

#include "server/commands/command_line.hpp"

namespace couponhook::server {

/// Sends requests to the status endpoint of the running service, and prints any error.
class StatusClient {
 public:
  StatusClient(const CommonOptions& common, Runtime& runtime)
      : common_(common), runtime_(runtime) {}

  /// Sends a request, and prints the error if there is one.
  /// \return the JSON reply; nothing after an error, and then exit() returns the exit code.
  std::optional<rapidjson::Document> ask(const std::string& method, const std::string& target,
                                         const std::string& body = {});

  [[nodiscard]] Exit exit() const { return exit_; }
  /// Returns the body of the last reply, unchanged.
  [[nodiscard]] const std::string& body() const { return body_; }

 private:
  std::nullopt_t fail(const Problem& problem);
  std::nullopt_t fail_at_endpoint(const std::string& message);
  std::nullopt_t give_up(Exit exit);

  const CommonOptions& common_;
  Runtime& runtime_;
  std::optional<Config> config_;
  Exit exit_ = Exit::kOk;
  std::string body_;
};

/// Returns the path with a query string that contains those parameters that are not empty.
[[nodiscard]] std::string target_with(
    std::string path,
    std::initializer_list<std::pair<std::string_view, std::string_view>> parameters);

/// Returns a description of one pause of deliveries, for the user.
[[nodiscard]] std::string describe_pause(const rapidjson::Value& pause);

/// Returns a JSON member as text for the user; "-" if there is no such member.
[[nodiscard]] std::string text_of(const rapidjson::Value& object, const char* key);

}  // namespace couponhook::server
