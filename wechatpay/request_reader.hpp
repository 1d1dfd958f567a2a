#pragma once

/// \file
/// Reading a request that a person wrote as JSON. Private to this room's sources.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/json_view.hpp"
#include "wechatpay/validation.hpp"

namespace couponhook::wechatpay {

/// One object of the request. Unlike JsonView it is strict: a member of another type than asked
/// for, and one that nobody asks for, is reported, because a misspelt limit must not be sent as no
/// limit. The JsonText and the list must outlive it.
class RequestReader {
 public:
  /// \param path what stands before the names of members in reports; empty at the top.
  RequestReader(JsonView object, std::string path, std::vector<RuleViolation>& broken)
      : object_(object), path_(std::move(path)), broken_(&broken) {}

  [[nodiscard]] bool exists() const { return object_.is_object(); }

  [[nodiscard]] std::string text(std::string_view name);
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name);
  [[nodiscard]] std::optional<bool> flag(std::string_view name);
  [[nodiscard]] std::vector<std::string> texts(std::string_view name);
  [[nodiscard]] std::vector<std::int64_t> integers(std::string_view name);
  [[nodiscard]] RequestReader object(std::string_view name);

  /// Reports every member that was not asked for. To be called once, at the end.
  void report_unknown() const;

 private:
  const rapidjson::Value* take(std::string_view name);
  void report(std::string_view name, std::string_view message) const;

  JsonView object_;
  std::string path_;
  std::vector<RuleViolation>* broken_;
  std::vector<std::string> asked_for_;
};

}  // namespace couponhook::wechatpay
