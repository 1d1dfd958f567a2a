#pragma once

/// \file
/// Reads and writes small files as a whole.

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "crypto/secret.hpp"

namespace couponhook::crypto {

/// Reads a file of at most `bytes_max` bytes.
/// \return the content, or the reason of the failure without the file's name, which the caller
///   adds.
[[nodiscard]] boost::system::result<Secret, std::string> read_file(
    const std::filesystem::path& file, std::size_t bytes_max = 1 << 20);

/// Reads a token or a one-line key of visible ASCII characters. Removes the blanks, line ends and
/// invisible characters around it, which copying and pasting often adds.
/// \return the token or key; an error when other characters are inside it.
[[nodiscard]] boost::system::result<Secret, std::string> read_secret_line(
    const std::filesystem::path& file);

/// Reads a password: the file's content without its line end. Blanks stay, because they may be part
/// of the password.
[[nodiscard]] boost::system::result<Secret, std::string> read_password(
    const std::filesystem::path& file);

enum class FileMode : unsigned char {
  kPublic,   ///< 0644
  kPrivate,  ///< 0600
};

/// Creates a new file, and its folders if they are missing. Refuses a file that exists.
/// \throws std::runtime_error with the file's name.
void write_new_file(const std::filesystem::path& file, std::string_view content, FileMode mode);

/// Resolves a path from the configuration: a file stands for itself, a folder for its files that
/// end in .pem or .crt, and a glob for its matches. The result is sorted, and empty when no file
/// exists.
[[nodiscard]] std::vector<std::filesystem::path> expand_path(const std::filesystem::path& path);

}  // namespace couponhook::crypto
