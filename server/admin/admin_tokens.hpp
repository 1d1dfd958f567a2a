#pragma once

/// \file
/// The bearer tokens that requests to the status endpoint are checked against.

#include <string>
#include <string_view>
#include <vector>

#include "crypto/secret.hpp"
#include "server/config/config.hpp"

namespace couponhook::server {

/// One token, with the name and the role of its holder.
struct AdminToken {
  std::string name;
  TokenRole role = TokenRole::kRead;
  crypto::Secret secret;
};

/// All tokens of the status endpoint. Never changes, so that several threads may use it.
class AdminTokens {
 public:
  /// \param tokens may be empty; then no request is let in.
  explicit AdminTokens(std::vector<AdminToken> tokens) : tokens_(std::move(tokens)) {}

  /// Compares a text with all tokens. The time does not depend on which token it is, or on where it
  /// differs.
  /// \return the token with this text, valid as long as this object; null if there is none.
  [[nodiscard]] const AdminToken* find(std::string_view sent) const;

 private:
  std::vector<AdminToken> tokens_;
};

/// Reads the files of all tokens.
/// \param problems receives each file that cannot be used, and each token that is in two files.
/// \return the tokens that could be read. A token that is in two files is returned once, with the
///   lesser role: its holder must not gain rights by the mistake.
[[nodiscard]] std::vector<AdminToken> load_admin_tokens(const Config& config,
                                                        std::vector<Problem>& problems);

}  // namespace couponhook::server
