#include "server/config/setting_changes.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace couponhook::server {
namespace {

/// Keys that a reload puts into use, outside of [[merchant]], [[handler]] and [[admin.token]].
constexpr std::array<std::string_view, 6> kReloaded{
    "listener.tls_certificate", "listener.tls_private_key", "admin.tls_certificate",
    "admin.tls_private_key",    "admin.token_file",         "log.level"};

void compare(const Setting& before, const Setting& after, const std::string& name,
             std::vector<std::string>& changed);

void compare_tables(const Setting& before, const Setting& after, const std::string& name,
                    std::vector<std::string>& changed) {
  auto old = before.children.begin();
  std::size_t number = 0;
  for (const Setting& table : after.children) {
    const std::string element = name + "[" + std::to_string(++number) + "]";
    if (old == before.children.end()) {
      changed.push_back(element);
    } else {
      compare(*old++, table, element, changed);
    }
  }
  for (; old != before.children.end(); ++old) {
    changed.push_back(name + "[" + std::to_string(++number) + "]");
  }
}

void compare(const Setting& before, const Setting& after, const std::string& name,
             std::vector<std::string>& changed) {
  if (after.kind == SettingKind::kTables) return compare_tables(before, after, name, changed);
  if (after.kind != SettingKind::kTable) {
    if (before.value != after.value) changed.push_back(name);
    return;
  }
  const auto full = [&](const std::string& key) { return name.empty() ? key : name + "." + key; };
  for (const Setting& child : after.children) {
    if (const Setting* old = before.find(child.key)) {
      compare(*old, child, full(child.key), changed);
    } else {
      changed.push_back(full(child.key));
    }
  }
  for (const Setting& child : before.children) {
    if (after.find(child.key) == nullptr) changed.push_back(full(child.key));
  }
}

}  // namespace

std::vector<std::string> changed_keys(const Setting& before, const Setting& after) {
  std::vector<std::string> changed;
  if (!before.children.empty() && !after.children.empty()) compare(before, after, "", changed);
  return changed;
}

bool is_reloaded(std::string_view key) {
  for (const std::string_view tables : {"merchant[", "admin.token[", "alert["}) {
    if (key.starts_with(tables)) return true;
  }
  if (key.starts_with("handler[")) {
    return key.ends_with("].secret_file") || key.ends_with("].password_file");
  }
  return std::ranges::find(kReloaded, key) != kReloaded.end();
}

}  // namespace couponhook::server
