#include "server/config/config_schema.hpp"

#include <set>

#include "base/json_writer.hpp"

namespace couponhook::server {
namespace {

/// Pattern of a string with an environment reference.
constexpr std::string_view kReference = R"(\$\{[^}]+\})";
constexpr std::string_view kTypeKey = "type";
/// Value of `type` in the description's table for types of the user's own.
constexpr std::string_view kOwnType = "own";

void write_table(const Setting& table, base::JsonWriter& json);

void write_reference(base::JsonWriter& json) {
  json.begin().text("type", "string").text("pattern", kReference).end();
}

void write_preset(const Setting& setting, base::JsonWriter& json) {
  if (const auto* boolean = std::get_if<bool>(&setting.preset)) {
    json.boolean("default", *boolean);
  } else if (const auto* number = std::get_if<std::int64_t>(&setting.preset)) {
    json.number("default", *number);
  } else if (const auto* text = std::get_if<std::string>(&setting.preset)) {
    json.optional_text("default", *text);
  }
}

/// Writes a value that may be a string with ${NAME} instead of its own kind.
void write_scalar(const Setting& setting, base::JsonWriter& json) {
  json.begin_list("anyOf").begin();
  if (setting.kind == SettingKind::kBoolean) {
    json.text("type", "boolean");
  } else if (!setting.words.empty()) {
    json.optional_texts("enum", setting.words);
  } else if (!setting.numbers.empty()) {
    json.optional_numbers("enum", setting.numbers);
  } else if (setting.kind == SettingKind::kInteger) {
    json.text("type", "integer").number("minimum", setting.least).number("maximum", setting.most);
  } else {
    json.text("type", "array").begin("items").text("type", "string").end();
  }
  json.end();
  write_reference(json);
  json.end_list();
}

/// Writes the members of the schema of one table's `properties`.
/// \param written keys that are skipped, and to which the table's keys are added; may be null.
void write_properties(const Setting& table, std::set<std::string>* written,
                      base::JsonWriter& json) {
  for (const Setting& setting : table.children) {
    if (written != nullptr && !written->insert(setting.key).second) continue;
    json.begin(setting.key);
    if (!setting.help.empty()) json.text("description", "Required: " + setting.help);
    write_preset(setting, json);
    switch (setting.kind) {
      case SettingKind::kText:
      case SettingKind::kPath:
        if (!setting.words.empty()) {
          write_scalar(setting, json);
        } else {
          json.text("type", "string");
        }
        break;
      case SettingKind::kBoolean:
      case SettingKind::kInteger:
      case SettingKind::kTexts:
      case SettingKind::kPaths:
        write_scalar(setting, json);
        break;
      case SettingKind::kTable:
        write_table(setting, json);
        break;
      case SettingKind::kTextMap:
        json.text("type", "object").begin("additionalProperties").text("type", "string").end();
        break;
      case SettingKind::kTables:
        json.text("type", "array").begin("items");
        write_table(setting.children.size() == 1 ? setting.children.front() : setting, json);
        json.end();
        break;
    }
    json.end();
  }
}

const std::string& type_of(const Setting& element) {
  return std::get<std::string>(element.find(kTypeKey)->value);
}

/// Writes the condition under which one type's keys are the allowed ones. Without `type`, which the
/// environment may set, none of the conditions is true.
void write_condition(const Setting& tables, const Setting& element, base::JsonWriter& json) {
  json.begin("if").begin_list("required").value_of(kTypeKey).end_list();
  json.begin("properties").begin(kTypeKey);
  if (type_of(element) != kOwnType) {
    json.text("const", type_of(element));
  } else {
    json.begin("not").begin_list("anyOf").begin().begin_list("enum");
    for (const Setting& each : tables.children) {
      if (type_of(each) != kOwnType) json.value_of(type_of(each));
    }
    json.end_list().end();
    write_reference(json);
    json.end_list().end();
  }
  json.end().end().end();
}

/// Writes the schema of a table whose keys depend on the value of its key `type`.
void write_typed_table(const Setting& tables, base::JsonWriter& json) {
  json.text("type", "object");
  std::set<std::string> written;
  json.begin("properties");
  for (const Setting& element : tables.children) write_properties(element, &written, json);
  json.end().boolean("additionalProperties", false).begin_list("allOf");
  for (const Setting& element : tables.children) {
    json.begin();
    write_condition(tables, element, json);
    json.begin("then").begin("properties");
    write_properties(element, nullptr, json);
    json.end().boolean("additionalProperties", false).end().end();
  }
  json.end_list();
}

void write_table(const Setting& table, base::JsonWriter& json) {
  if (table.kind == SettingKind::kTables) return write_typed_table(table, json);
  json.text("type", "object").begin("properties");
  write_properties(table, nullptr, json);
  json.end().boolean("additionalProperties", false);
}

}  // namespace

std::string config_schema(const Setting& description) {
  base::JsonWriter json;
  json.begin()
      .text("$schema", "https://json-schema.org/draft/2020-12/schema")
      .text("title", "Configuration of couponhook (couponhook.toml)");
  write_table(description, json);
  json.end();
  return json.take();
}

}  // namespace couponhook::server
