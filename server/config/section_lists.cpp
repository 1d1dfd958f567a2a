/// \file
/// The functions of Section that read lists of strings and of paths.

#include <algorithm>

#include "crypto/pasted_text.hpp"
#include "server/config/section.hpp"

namespace couponhook::server {
namespace {

std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> parts;
  while (!crypto::strip_blanks(text).empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    parts.emplace_back(crypto::strip_blanks(text.substr(0, comma)));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

/// Reads a TOML array of strings. Returns nothing if the text is anything else.
std::optional<std::vector<std::string>> parse_text_array(std::string_view text) {
  const auto parsed = parse_toml("list = " + std::string(text));
  if (!parsed || parsed->size() != 1) return std::nullopt;
  const toml::array* array = parsed->get("list")->as_array();
  if (array == nullptr) return std::nullopt;
  std::vector<std::string> parts;
  for (const toml::node& element : *array) {
    if (!element.is_string()) return std::nullopt;
    parts.push_back(element.as_string()->get());
  }
  return parts;
}

std::vector<std::string> to_strings(const std::vector<std::filesystem::path>& paths) {
  std::vector<std::string> texts;
  for (const auto& path : paths) texts.push_back(path.string());
  return texts;
}

}  // namespace

std::optional<std::vector<std::string>> Section::read_list(std::string_view key,
                                                           const toml::node& node) {
  const auto text = read_expanded(key, node, "must be a list of strings: [\"…\"]");
  if (!text) return std::nullopt;
  if (!text->starts_with('[')) return split_at_commas(*text);
  auto list = parse_text_array(*text);
  if (!list) {
    report(key, "must be a TOML array of strings, or texts separated by commas; the value of " +
                    node.as_string()->get() + " is neither: correct the environment variable");
  }
  return list;
}

void Section::read_texts(std::string_view key, std::vector<std::string>& into, Setting& setting) {
  const toml::node* node = find(key, setting);
  if (node == nullptr) return;
  if (node->is_string()) {
    if (auto list = read_list(key, *node)) into = std::move(*list);
    return;
  }
  const auto* array = node->as_array();
  if (array == nullptr) {
    report(key, "must be a list of strings: [\"…\"]");
    return;
  }
  into.clear();
  for (const toml::node& element : *array) {
    if (auto value = read_text(key, element)) into.push_back(std::move(*value));
  }
}

void Section::raw_texts(std::string_view key, std::vector<std::string>& into) {
  Setting& setting = declare(key, SettingKind::kTexts, into);
  read_texts(key, into, setting);
  setting.value = into;
}

void Section::texts(std::string_view key, std::vector<std::string>& into) {
  Setting& setting = declare(key, SettingKind::kTexts, into);
  read_texts(key, into, setting);
  for (std::string& value : into) value = std::string(crypto::strip_blanks(value));
  setting.value = into;
}

void Section::paths(std::string_view key, std::vector<std::filesystem::path>& into) {
  std::vector<std::string> values;
  texts(key, values);
  for (const std::string& value : values) into.push_back(resolve(value));
  declare(key, SettingKind::kPaths, std::vector<std::string>()).value = to_strings(into);
}

}  // namespace couponhook::server
