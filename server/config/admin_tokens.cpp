#include "server/config/admin_tokens.hpp"

#include <algorithm>
#include <set>

#include "base/ascii.hpp"
#include "server/config/config.hpp"
#include "server/config/section.hpp"

namespace couponhook::server {
namespace {

constexpr std::size_t kNameMax = 64;

/// Names appear in logs and in rows, and must not be mistaken for another field.
bool is_token_name(std::string_view name) {
  return name.size() <= kNameMax && std::ranges::all_of(name, [](char c) {
           return base::is_alphanumeric(c) || c == '-' || c == '_' || c == '.';
         });
}

AdminTokenConfig read_token(Section section) {
  AdminTokenConfig token;
  section.text("name", token.name);
  section.require(
      !token.name.empty(), "name",
      "who uses the token, for example \"grafana\"; the log and `couponhook audit` show "
      "this name");
  if (!is_token_name(token.name)) {
    section.report("name",
                   "must be 1 to 64 letters, digits, \"-\", \"_\" and \".\", for example "
                   "\"night-shift\"");
  }
  std::string role = "read";
  section.word("role", role, {"read", "operate"});
  section.require(section.has("role"), "role",
                  "\"read\" (sees everything, changes nothing) or \"operate\"");
  token.role = role == "operate" ? TokenRole::kOperate : TokenRole::kRead;
  section.path("file", token.file);
  section.require(!token.file.empty(), "file", "a file with a random token of its own");
  section.refuse_unknown_keys();
  return token;
}

}  // namespace

void read_admin_tokens(Section& section, AdminConfig& admin) {
  std::set<std::string> names;
  if (!admin.token_file.empty()) names.emplace(kTokenFileName);
  for (Section& table : section.tables("token")) {
    AdminTokenConfig token = read_token(table);
    if (!token.name.empty() && !names.insert(token.name).second) {
      table.report("name", "\"" + token.name + "\" is there twice" +
                               (token.name == kTokenFileName
                                    ? " (it is the name of the token in admin.token_file)"
                                    : "") +
                               "; give each token its own name");
    }
    token.key = "admin.token \"" + token.name + "\".file";
    admin.tokens.push_back(std::move(token));
  }
  section.require(!admin.token_file.empty() || !admin.tokens.empty(), "token_file",
                  "a file with a random token, as `couponhook init` makes it, or add "
                  "[[admin.token]] with name, role and file");
}

std::vector<AdminTokenConfig> admin_tokens(const AdminConfig& admin) {
  std::vector<AdminTokenConfig> all;
  if (!admin.token_file.empty()) {
    all.push_back(
        {std::string(kTokenFileName), TokenRole::kOperate, admin.token_file, "admin.token_file"});
  }
  all.insert(all.end(), admin.tokens.begin(), admin.tokens.end());
  return all;
}

}  // namespace couponhook::server
