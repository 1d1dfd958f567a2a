#pragma once

/// \file
/// Reads the JSON body of an API request field by field, and checks WeChat Pay's limits on lengths
/// and values. Internal header: only sandbox/ includes it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rapidjson/document.h>

#include "sandbox/api_error.hpp"

namespace couponhook::server::sandbox {

/// Largest accepted amount of money, in fen (分), in fields for which WeChat Pay's documentation
/// gives no maximum.
inline constexpr std::int64_t kAnyAmount = 1'000'000'000'000;

/// Reads the fields of one JSON object in an API request. Each read function returns the value of
/// the field `name`. If a field is invalid or missing, the function stores an error reply and
/// returns a value that the caller must not use; only the first error is kept. A missing optional
/// field has its default value.
class Fields {
 public:
  /// \param object the JSON object to read; must live longer than this reader.
  /// \param error output for the first error reply; must live longer than this reader.
  Fields(const rapidjson::Value& object, std::string pointer, std::optional<ApiError>& error)
      : object_(&object), pointer_(std::move(pointer)), error_(&error) {}

  /// \param least smallest length of the text in characters (not bytes).
  /// \param most largest length of the text in characters (not bytes).
  [[nodiscard]] std::string text(const char* name, std::size_t least, std::size_t most);
  [[nodiscard]] std::string optional_text(const char* name, std::size_t most);
  [[nodiscard]] std::int64_t integer(const char* name, std::int64_t least, std::int64_t most);
  [[nodiscard]] std::int64_t optional_integer(const char* name, std::int64_t least,
                                              std::int64_t most, std::int64_t otherwise = 0);
  [[nodiscard]] double optional_number(const char* name, double least, double most,
                                       double otherwise);
  [[nodiscard]] bool boolean(const char* name);
  [[nodiscard]] bool optional_boolean(const char* name, bool otherwise);
  [[nodiscard]] std::vector<std::string> texts(const char* name, std::size_t least,
                                               std::size_t most);
  [[nodiscard]] Fields object(const char* name);
  [[nodiscard]] std::vector<Fields> objects(const char* name, std::size_t most);
  [[nodiscard]] bool has(const char* name) const { return find(name) != nullptr; }

  /// Stores an error reply about the field `name` if the condition `holds` is false.
  void require(bool holds, const char* name, std::string message);

 private:
  [[nodiscard]] const rapidjson::Value* find(const char* name) const;

  // JSON object that this class reads; null if the object is missing in the request's body.
  const rapidjson::Value* object_;
  std::string pointer_;
  std::optional<ApiError>* error_;
};

}  // namespace couponhook::server::sandbox
