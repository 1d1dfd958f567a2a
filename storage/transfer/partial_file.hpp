#pragma once

/// \file
/// A temporary file that gets its final name when it is complete.

#include <filesystem>
#include <memory>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// A file with a temporary name, NAME.partial-XXXXXX, in the folder of its final name; only its
/// owner can read the file. The destructor deletes the file unless it was published. A killed
/// process leaves the file behind, where it does no harm.
///
/// The object keeps a descriptor of the file open, and its destructor closes the descriptor.
/// Closing a descriptor drops the locks that SQLite connections of this process hold on the file,
/// so close those connections first.
class PartialFile {
 public:
  using Result = Connection::Result<void>;

  [[nodiscard]] static Connection::Result<std::unique_ptr<PartialFile>> create(
      const std::filesystem::path& final_name);
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;
  ~PartialFile();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Writes to the disk the content that the file has so far.
  [[nodiscard]] Result flush() const;

  /// Gives the file its final name, and makes its content and name durable. Fails if a file with
  /// the final name exists.
  [[nodiscard]] Result publish();
  /// Publishes the file like publish(), but replaces an existing file. At every moment the final
  /// name leads to the old file or to the new file.
  [[nodiscard]] Result publish_replacing();

 private:
  PartialFile(std::filesystem::path final_name, std::filesystem::path path, int descriptor);
  [[nodiscard]] Result rename_durably(unsigned flags);

  std::filesystem::path final_name_;
  std::filesystem::path path_;
  int descriptor_;
  bool published_ = false;
};

}  // namespace couponhook::storage
