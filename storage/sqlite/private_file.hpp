#pragma once

/// \file
/// Creates files and folders that hold personal data, durably and readable only by their owner.

#include <filesystem>
#include <string_view>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// Creates the folder and its missing parents, durably and for their owner only.
[[nodiscard]] Connection::Result<void> make_private_folder(const std::filesystem::path& folder);

/// Creates an empty file, durably and for its owner only. An existing file is not opened: POSIX
/// locks belong to a process and a file, so closing the file would drop the locks that SQLite
/// connections of this process hold on it.
[[nodiscard]] Connection::Result<void> make_private_file(const std::filesystem::path& file);

/// Syncs a folder. The name of a new file is durable only after its folder was synced.
[[nodiscard]] Connection::Result<void> sync_folder(const std::filesystem::path& folder);
/// \return the folder of a file; "." for a name without a folder.
[[nodiscard]] std::filesystem::path folder_of(const std::filesystem::path& file);

/// \param doing the action that failed, for example "cannot sync".
/// \param error an errno value.
[[nodiscard]] Failure file_failure(std::string_view doing, const std::filesystem::path& path,
                                   int error);

/// Refuses folders on network file systems: their locks and flushes do not give what SQLite needs.
[[nodiscard]] Connection::Result<void> refuse_network_file_system(
    const std::filesystem::path& folder);

/// \param type f_type of statfs().
/// \return the name of the network file system; empty for all others. FUSE is not refused, because
/// any file system may be behind it.
[[nodiscard]] std::string_view network_file_system(unsigned long type);

}  // namespace couponhook::storage
