#pragma once

/// \file
/// A temporary file that gets its final name when it is complete.

#include <filesystem>
#include <memory>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// A file readable only by its owner, with a temporary name beside its final one:
/// NAME.partial-XXXXXX. The destructor deletes it unless it was published. A killed process leaves
/// it behind, where it does no harm.
///
/// Keeps its descriptor open: closing a descriptor drops the locks that SQLite connections of this
/// process hold on the file. So close those connections first.
class PartialFile {
 public:
  using Result = Connection::Result<void>;

  [[nodiscard]] static Connection::Result<std::unique_ptr<PartialFile>> create(
      const std::filesystem::path& final_name);
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;
  ~PartialFile();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Writes the content so far to the disk.
  [[nodiscard]] Result flush() const;

  /// Makes content and name durable. Fails if the final name exists.
  [[nodiscard]] Result publish();
  /// The same as publish(), but replaces an existing file. At every moment the name leads to one of
  /// the two files.
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
