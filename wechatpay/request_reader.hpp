#pragma once

/// \file
/// Strict reader for API requests that a person wrote as JSON. Internal header: only wechatpay/
/// includes it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wechatpay/json_view.hpp"
#include "wechatpay/validation.hpp"

namespace couponhook::wechatpay {

/// Reads one JSON object of an API request that a person wrote. Unlike JsonView, this reader
/// reports a member of the wrong type and an unknown member: if the name of a limit is misspelt,
/// the request must not be sent without the limit. The JsonText and the list of violations must
/// live longer than the reader.
class RequestReader {
 public:
  /// \param path name of the JSON object, written before the names of its members in error
  ///   messages; empty for the outermost object.
  RequestReader(JsonView object, std::string path, std::vector<RuleViolation>& broken)
      : object_(object), path_(std::move(path)), broken_(&broken) {}

  [[nodiscard]] bool exists() const { return object_.is_object(); }

  [[nodiscard]] std::string text(std::string_view name);
  [[nodiscard]] std::optional<std::int64_t> number(std::string_view name);
  [[nodiscard]] std::optional<bool> boolean(std::string_view name);
  [[nodiscard]] std::vector<std::string> texts(std::string_view name);
  [[nodiscard]] std::vector<std::int64_t> numbers(std::string_view name);
  [[nodiscard]] RequestReader object(std::string_view name);

  /// Reports every member of the JSON object that was not read as an unknown member. Call this
  /// function once, after all known members were read.
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
