#pragma once

/// \file
/// Places on disk for people's data.

#include <filesystem>
#include <string_view>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// Makes the folder and what is missing above it, for its owner only, durably.
[[nodiscard]] Connection::Result<void> make_private_folder(const std::filesystem::path& folder);

/// Makes an empty file for its owner only, durably. One that exists is not opened: closing it would
/// drop the locks that this process's SQLite connections hold on it (POSIX locks belong to a
/// process and a file).
[[nodiscard]] Connection::Result<void> make_private_file(const std::filesystem::path& file);

/// A name is durable once its folder is.
[[nodiscard]] Connection::Result<void> sync_folder(const std::filesystem::path& folder);
/// \return "." for a name without a folder.
[[nodiscard]] std::filesystem::path folder_of(const std::filesystem::path& file);

/// \param doing what failed: "cannot sync". \param error of the system.
[[nodiscard]] Failure file_failure(std::string_view doing, const std::filesystem::path& path,
                                   int error);

/// Refuses folders on network file systems, whose locks and flushes do not keep what SQLite needs
/// of them.
[[nodiscard]] Connection::Result<void> refuse_network_file_system(
    const std::filesystem::path& folder);

/// \param type as statfs gives it in f_type.
/// \return empty for file systems that are not refused. FUSE is not: behind it may be anything.
[[nodiscard]] std::string_view network_file_system(unsigned long type);

}  // namespace couponhook::storage
