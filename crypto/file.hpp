#pragma once

/// \file
/// Small files: read whole, or written whole.

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "crypto/secret.hpp"

namespace couponhook::crypto {

/// \return the content, or why the file cannot be read (the caller names it). Refuses more than
///   `bytes_max`.
[[nodiscard]] boost::system::result<Secret, std::string> read_file(
    const std::filesystem::path& file, std::size_t bytes_max = 1 << 20);

/// A token or one-line key: visible ASCII, without the blanks, line ends and invisible characters
/// that surround what is pasted.
/// \return an error where there is anything else within.
[[nodiscard]] boost::system::result<Secret, std::string> read_secret_line(
    const std::filesystem::path& file);

/// A password: the file's content without its line end; blanks may be part of it.
[[nodiscard]] boost::system::result<Secret, std::string> read_password(
    const std::filesystem::path& file);

enum class FileMode : unsigned char {
  kPublic,   ///< 0644
  kPrivate,  ///< 0600
};

/// Makes a new file with its folders; refuses one that exists.
/// \throws std::runtime_error naming the file.
void write_new_file(const std::filesystem::path& file, std::string_view content, FileMode mode);

/// The files that a path stands for: itself, a folder's files that end in .pem or .crt, or the
/// matches of a glob. Sorted; empty where there are none.
[[nodiscard]] std::vector<std::filesystem::path> expand_path(const std::filesystem::path& path);

}  // namespace couponhook::crypto
