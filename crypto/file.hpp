#pragma once

/// \file
/// Reads and writes small files as a whole.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "base/detailed_error.hpp"
#include "crypto/secret.hpp"

namespace couponhook::crypto {

/// Reasons why a file cannot be used. The messages do not contain the file's name; the caller adds
/// the name.
enum class FileError : std::uint8_t {
  kIsFolder = 1,    ///< the path is a folder, not a file
  kNoAccess = 2,    ///< this user may not read the file or a folder above it
  kUnreadable = 3,  ///< the file does not exist, or the system cannot open it for another reason
  kTooLarge = 4,    ///< the file is larger than any file of its kind
  kUtf16 = 5,       ///< the file is UTF-16, as some editors save text
  kEmpty = 6,       ///< the file holds only blanks and line ends
  /// The file has a blank, an invisible character or a character outside of ASCII within the key.
  kOddCharacter = 7,
};
[[nodiscard]] std::string_view describe(FileError error);
using FileFailure = base::DetailedError<FileError>;

/// Makes the error for a file or folder that the user of this process may not read.
[[nodiscard]] FileFailure no_access();

/// Reads a file of at most `bytes_max` bytes.
[[nodiscard]] boost::system::result<Secret, FileFailure> read_file(
    const std::filesystem::path& file, std::size_t bytes_max = 1 << 20);

/// Reads a file that holds a token or a key of visible ASCII characters on one line. Removes the
/// blanks, line ends and invisible characters around the key, which people often add when they copy
/// and paste.
/// \return the token or key; an error if other characters are inside it.
[[nodiscard]] boost::system::result<Secret, FileFailure> read_secret_line(
    const std::filesystem::path& file);

/// Reads a file that holds a password: the password is the file's content without its line end.
/// Blanks are kept, because they may be part of the password.
/// \return the password, or an error.
[[nodiscard]] boost::system::result<Secret, FileFailure> read_password(
    const std::filesystem::path& file);

enum class FileMode : unsigned char {
  kPublic,   ///< the file gets mode 0644: everybody may read it
  kPrivate,  ///< the file gets mode 0600: only its owner may read it
};

/// Creates a new file with the given content, and the folders above it if they are missing. Fails
/// if the file already exists.
/// \throws std::runtime_error with the file's name.
void write_new_file(const std::filesystem::path& file, std::string_view content, FileMode mode);

/// Returns the files that a path in the configuration means: the file itself if the path is a file;
/// the files whose names end in .pem or .crt if it is a folder; the matching files if it is a glob
/// pattern such as keys/*.pem. The result is sorted; it is empty if no such file exists.
[[nodiscard]] std::vector<std::filesystem::path> expand_path(const std::filesystem::path& path);

}  // namespace couponhook::crypto
