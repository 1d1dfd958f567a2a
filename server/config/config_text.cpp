#include "server/config/config_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/ascii.hpp"
#include "base/json_writer.hpp"
#include "base/utf8.hpp"

namespace couponhook::server {
namespace {

/// Returns true if a name is usual for a password, token or key, such as "sasl.password" or
/// "--api-key".
bool names_secret(std::string_view name) {
  constexpr std::array<std::string_view, 9> kWords = {"password",  "passwd", "secret",
                                                      "token",     "apikey", "privatekey",
                                                      "accesskey", "keypem", "credential"};
  std::string letters;
  for (const char c : name) {
    if (!base::is_alphanumeric(c)) continue;
    letters += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return std::ranges::any_of(
      kWords, [&](std::string_view word) { return letters.find(word) != std::string::npos; });
}

/// Hides values in the query string of a URL.
/// \param all true: every value; false: only values whose name is the name of a secret.
std::string hide_parameters(std::string_view query, bool all) {
  std::string out;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view parameter = query.substr(0, end);
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    const std::string_view name = parameter.substr(0, equals);
    const bool is_hidden = equals < parameter.size() && (all || names_secret(name));
    out.append(is_hidden ? std::string(name) + "=" + std::string(kHiddenSecret)
                         : std::string(parameter));
    if (end < query.size()) out += '&';
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return out;
}

std::string hide_in_url(std::string_view text) {
  const std::size_t host = text.find("://") + 3;
  const std::string_view start = text.substr(0, host);
  const bool is_http = start.ends_with("http://") || start.ends_with("https://");
  const std::size_t query = std::min(text.find('?', host), text.size());
  // With other schemes the user information ends at the last "@", because a password may hold "@"
  // and "/" that are not encoded. In a path of http, "@" is usual.
  const std::size_t user_limit = is_http ? std::min(text.find('/', host), query) : query;
  const std::string_view authority = text.substr(host, user_limit - host);
  const std::size_t at = authority.rfind('@');
  std::string out(start);
  if (at == std::string_view::npos) {
    out += authority;
  } else {
    const std::string_view user = authority.substr(0, std::min(authority.find(':'), at));
    if (!is_http) out += user;
    if (is_http) out += kHiddenSecret;
    if (!is_http && user.size() < at) out.append(":").append(kHiddenSecret);
    out += authority.substr(at);
  }
  out += text.substr(user_limit, query - user_limit);
  if (query < text.size()) out += "?" + hide_parameters(text.substr(query + 1), is_http);
  return out;
}

/// Hides secrets in a list of arguments: also a value that follows an option such as --token.
std::vector<std::string> hide_in_list(const std::vector<std::string>& texts) {
  std::vector<std::string> out;
  bool follows_secret = false;
  for (const std::string& text : texts) {
    out.push_back(follows_secret ? std::string(kHiddenSecret) : without_secrets(text));
    const bool is_option = text.starts_with('-');
    follows_secret = is_option && text.find('=') == std::string::npos && names_secret(text);
  }
  return out;
}

std::string valid_text(std::string_view text) {
  return base::is_utf8(text) ? std::string(text) : base::replace_bytes_outside_ascii(text);
}

std::string toml_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : valid_text(text)) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (code < 0x20 || code == 0x7F) {
      std::array<char, 8> escape{};
      static_cast<void>(std::snprintf(escape.data(), escape.size(), "\\u%04X", code));
      out += escape.data();
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string toml_key(std::string_view key) {
  const auto is_bare = [](char c) { return base::is_alphanumeric(c) || c == '_' || c == '-'; };
  return !key.empty() && std::ranges::all_of(key, is_bare) ? std::string(key) : toml_text(key);
}

/// Returns the value that is shown: without secrets.
SettingValue shown_value(const Setting& setting) {
  if (setting.kind == SettingKind::kText) {
    return without_secrets(std::get<std::string>(setting.value));
  }
  if (setting.kind == SettingKind::kTexts) {
    return hide_in_list(std::get<std::vector<std::string>>(setting.value));
  }
  if (setting.kind != SettingKind::kTextMap) return setting.value;
  auto texts = std::get<std::map<std::string, std::string>>(setting.value);
  for (auto& [key, text] : texts) {
    text = names_secret(key) ? std::string(kHiddenSecret) : without_secrets(text);
  }
  return texts;
}

std::string toml_value(const SettingValue& value) {
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean ? "true" : "false";
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return toml_text(*text);
  std::string out = "[";
  for (const std::string& text : std::get<std::vector<std::string>>(value)) {
    out += (out.size() == 1 ? "" : ", ") + toml_text(text);
  }
  return out + "]";
}

std::string origin_of(const Setting& setting) {
  if (setting.origin == SettingOrigin::kEnvironment) return setting.variable;
  return setting.origin == SettingOrigin::kFile ? "file" : "default";
}

void write_toml_table(const Setting& table, const std::string& name, std::string& out) {
  if (table.kind == SettingKind::kTextMap) {
    const SettingValue value = shown_value(table);
    for (const auto& [key, text] : std::get<std::map<std::string, std::string>>(value)) {
      out += toml_key(key) + " = " + toml_text(text) + "\n";
    }
    return;
  }
  for (const Setting& setting : table.children) {
    if (setting.kind >= SettingKind::kTable) continue;
    out += toml_key(setting.key) + " = " + toml_value(shown_value(setting)) + "  # " +
           origin_of(setting) + "\n";
  }
  for (const Setting& setting : table.children) {
    const std::string full = (name.empty() ? "" : name + ".") + toml_key(setting.key);
    if (setting.kind == SettingKind::kTables) {
      for (const Setting& element : setting.children) {
        out += "\n[[" + full + "]]\n";
        write_toml_table(element, full, out);
      }
    } else if (setting.kind >= SettingKind::kTable) {
      out += "\n[" + full + "]\n";
      write_toml_table(setting, full, out);
    }
  }
}

void write_json_table(const Setting& table, base::JsonWriter& json);

void write_json_value(const Setting& setting, base::JsonWriter& json) {
  const SettingValue value = shown_value(setting);
  if (const auto* boolean = std::get_if<bool>(&value)) {
    json.boolean(setting.key, *boolean);
  } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
    json.number(setting.key, *number);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    json.text(setting.key, *text);
  } else if (const auto* texts = std::get_if<std::vector<std::string>>(&value)) {
    json.begin_list(setting.key);
    for (const std::string& each : *texts) json.value_of(each);
    json.end_list();
  } else if (setting.kind == SettingKind::kTables) {
    if (setting.children.empty()) return;
    json.begin_list(setting.key);
    for (const Setting& element : setting.children) {
      json.begin();
      write_json_table(element, json);
      json.end();
    }
    json.end_list();
  } else {
    json.begin(setting.key);
    write_json_table(setting, json);
    json.end();
  }
}

void write_json_table(const Setting& table, base::JsonWriter& json) {
  if (table.kind == SettingKind::kTextMap) {
    const SettingValue value = shown_value(table);
    for (const auto& [key, text] : std::get<std::map<std::string, std::string>>(value)) {
      json.text(valid_text(key), text);
    }
    return;
  }
  for (const Setting& setting : table.children) write_json_value(setting, json);
}

}  // namespace

std::string without_secrets(std::string_view text) {
  if (text.find("://") != std::string_view::npos) return hide_in_url(text);
  const std::size_t equals = text.find('=');
  if (equals != std::string_view::npos && names_secret(text.substr(0, equals))) {
    return std::string(text.substr(0, equals + 1)) + std::string(kHiddenSecret);
  }
  return std::string(text);
}

std::string settings_as_toml(const Setting& settings) {
  std::string out;
  write_toml_table(settings, "", out);
  if (out.starts_with('\n')) out.erase(0, 1);
  return out;
}

std::string settings_as_json(const Setting& settings) {
  base::JsonWriter json;
  json.begin();
  write_json_table(settings, json);
  json.end();
  return json.take();
}

}  // namespace couponhook::server
