#pragma once

/// \file
/// Strict reader for API requests that a person wrote as JSON. Internal header of wechatpay/.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/json_view.hpp"
#include "wechatpay/validation.hpp"

namespace couponhook::wechatpay {

/// Reads one JSON object of an API request. Unlike JsonView, this reader is strict: it reports a
/// member of the wrong type and an unknown member, because a limit with a misspelt name must not be
/// sent as "no limit". The JsonText and the list of violations must outlive the reader.
class RequestReader {
 public:
  /// \param path name of the object, to be written before its members' names in reports; empty for
  ///   the outermost object.
  RequestReader(JsonView object, std::string path, std::vector<RuleViolation>& broken)
      : object_(object), path_(std::move(path)), broken_(&broken) {}

  [[nodiscard]] bool exists() const { return object_.is_object(); }

  [[nodiscard]] std::string text(std::string_view name);
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view name);
  [[nodiscard]] std::optional<bool> boolean(std::string_view name);
  [[nodiscard]] std::vector<std::string> texts(std::string_view name);
  [[nodiscard]] std::vector<std::int64_t> numbers(std::string_view name);
  [[nodiscard]] RequestReader object(std::string_view name);

  /// Reports every member of the object that was not read, as unknown. Call this function once,
  /// after all known members were read.
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
