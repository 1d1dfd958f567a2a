#pragma once

/// \file
/// A file that gets its name when it is whole.

#include <filesystem>
#include <memory>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// A file for its owner only, under a name of its own beside the one that it will have:
/// NAME.partial-XXXXXX. Removed with this object unless it was published; a process that is killed
/// leaves it behind, where it is in nobody's way.
///
/// Its descriptor stays open meanwhile: closing one would drop the locks that this process's SQLite
/// connections hold on the file, so those must be closed first.
class PartialFile {
 public:
  using Result = Connection::Result<void>;

  [[nodiscard]] static Connection::Result<std::unique_ptr<PartialFile>> create(
      const std::filesystem::path& final_name);
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;
  ~PartialFile();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Hands what was written so far to the disk.
  [[nodiscard]] Result flush() const;

  /// Makes content and name durable. Refuses where the name is taken.
  [[nodiscard]] Result publish();
  /// As publish(), in the place of the file that has the name: whoever looks finds one of the two.
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
