#pragma once

/// \file
/// How commands talk to the running service.

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <rapidjson/document.h>

#include "server/commands/command_line.hpp"

namespace couponhook::server {

/// Asks the running service's status endpoint; prints what went wrong.
class StatusClient {
 public:
  StatusClient(const CommonOptions& common, World& world) : common_(common), world_(world) {}

  /// \return the answer, or nothing with exit() set.
  std::optional<rapidjson::Document> ask(const std::string& method, const std::string& target,
                                         const std::string& body = {});

  [[nodiscard]] Exit exit() const { return exit_; }
  /// The last answer as it came.
  [[nodiscard]] const std::string& body() const { return body_; }

 private:
  std::nullopt_t fail(const Problem& problem);
  std::nullopt_t fail_at_endpoint(const std::string& message);
  std::nullopt_t give_up(Exit exit);

  const CommonOptions& common_;
  World& world_;
  std::optional<Config> config_;
  Exit exit_ = Exit::kOk;
  std::string body_;
};

/// A path with the parameters that are not empty.
[[nodiscard]] std::string target_with(
    std::string path,
    std::initializer_list<std::pair<std::string_view, std::string_view>> parameters);

/// One entry of a list of pauses, for people.
[[nodiscard]] std::string pause_in_words(const rapidjson::Value& pause);

/// A member for people: "-" where there is none.
[[nodiscard]] std::string text_of(const rapidjson::Value& object, const char* key);

}  // namespace couponhook::server
