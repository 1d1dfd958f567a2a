#include "server/admin/admin_tokens.hpp"

#include <algorithm>
#include <utility>

#include "crypto/file.hpp"

namespace couponhook::server {

const AdminToken* AdminTokens::find(std::string_view sent) const {
  const AdminToken* found = nullptr;
  for (const AdminToken& token : tokens_) {
    if (!token.secret.empty() && token.secret.equals(sent)) found = &token;
  }
  return found;
}

std::vector<AdminToken> load_admin_tokens(const Config& config, std::vector<Problem>& problems) {
  std::vector<AdminToken> tokens;
  for (const AdminTokenConfig& entry : admin_tokens(config.admin)) {
    if (entry.file.empty()) continue;  // a missing path was already reported as a problem
    const std::string where = config.file.string() + ": " + entry.key + ": " + entry.file.string();
    auto secret = crypto::read_secret_line(entry.file);
    if (!secret) {
      problems.push_back({where, secret.error().text()});
      continue;
    }
    const auto same = std::ranges::find_if(
        tokens, [&](const AdminToken& other) { return other.secret.equals(secret->reveal()); });
    if (same == tokens.end()) {
      tokens.push_back({entry.name, entry.role, std::move(*secret)});
      continue;
    }
    problems.push_back(
        {where, "holds the same token as that of \"" + same->name +
                    "\"; make a token of its own, for example with `openssl rand -hex 32`"});
    same->role = std::min(same->role, entry.role);
  }
  return tokens;
}

}  // namespace couponhook::server
