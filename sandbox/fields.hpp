#pragma once

/// \file
/// Reads the JSON body of an API request field by field, with WeChat Pay's limits of lengths and
/// values. Private to this folder.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rapidjson/document.h>

#include "sandbox/api_error.hpp"

namespace couponhook::server::sandbox {

/// Highest accepted amount, in fen (分), for fields for which WeChat Pay's documentation gives no
/// maximum.
inline constexpr std::int64_t kAnyAmount = 1'000'000'000'000;

/// Reads the fields of one JSON object. Each read function returns the value of the field `name`.
/// If a field is invalid or missing, it reports an error and returns a useless value; only the
/// first error is kept. An absent optional field has its default value.
class Fields {
 public:
  /// \param object, error both must outlive this reader.
  Fields(const rapidjson::Value& object, std::string pointer, std::optional<ApiError>& error)
      : object_(&object), pointer_(std::move(pointer)), error_(&error) {}

  /// \param least, most smallest and largest length of the text, in characters, not bytes.
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

  /// Reports an error about the field `name` if the condition `holds` is false.
  void require(bool holds, const char* name, std::string message);

 private:
  [[nodiscard]] const rapidjson::Value* find(const char* name) const;

  // JSON object that is read; null if it is missing in the request's body.
  const rapidjson::Value* object_;
  std::string pointer_;
  std::optional<ApiError>* error_;
};

}  // namespace couponhook::server::sandbox
