#pragma once

/// \file
/// Reads a request's JSON body field by field, with WeChat Pay's strict limits. Private to this
/// folder.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <rapidjson/document.h>

#include "sandbox/api_error.hpp"

namespace couponhook::server::sandbox {

/// The highest accepted amount, in fen, for fields whose documentation names none.
inline constexpr std::int64_t kAnyAmount = 1'000'000'000'000;

/// Reader for the fields of one JSON object. After an error, reads still return but their values
/// are useless; only the first error is kept. An absent optional field has its default value.
class Fields {
 public:
  /// \param object, error must outlive this object.
  Fields(const rapidjson::Value& object, std::string pointer, std::optional<ApiError>& error)
      : object_(&object), pointer_(std::move(pointer)), error_(&error) {}

  /// \param least, most limits of the length, in characters, not bytes.
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

  /// Reports an error about the field `name` unless `holds` is true.
  void require(bool holds, const char* name, std::string message);

 private:
  [[nodiscard]] const rapidjson::Value* find(const char* name) const;

  const rapidjson::Value* object_;  // null if the JSON object is missing
  std::string pointer_;
  std::optional<ApiError>* error_;
};

}  // namespace couponhook::server::sandbox
