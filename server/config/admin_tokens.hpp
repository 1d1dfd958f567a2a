#pragma once

/// \file
/// The bearer tokens of the status endpoint in the configuration: admin.token_file and
/// [[admin.token]].

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace couponhook::server {

class Section;
struct AdminConfig;

/// Rights of the sender of a request to the status endpoint.
enum class TokenRole : std::uint8_t {
  kRead,     ///< may read everything, and change nothing
  kOperate,  ///< may also do everything that an operator does: retry, pause, discard and so on
};

/// One token of the status endpoint.
struct AdminTokenConfig {
  /// Name in the log and in the audit log; unique.
  std::string name;
  TokenRole role = TokenRole::kRead;
  std::filesystem::path file;
  /// Key of `file`, for messages about the file.
  std::string key;
};

/// Name of the token of admin.token_file.
inline constexpr std::string_view kTokenFileName = "admin";

/// Reads the tables [[admin.token]], and checks them together with admin.token_file, which must
/// have been read.
void read_admin_tokens(Section& section, AdminConfig& admin);

/// Returns all tokens: that of admin.token_file first, then those of [[admin.token]] in their
/// order.
[[nodiscard]] std::vector<AdminTokenConfig> admin_tokens(const AdminConfig& admin);

}  // namespace couponhook::server
