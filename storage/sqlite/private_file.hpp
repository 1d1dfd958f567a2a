#pragma once

/// \file
/// Creates files and folders that hold personal data, durably and readable only by their owner.

#include <filesystem>
#include <string_view>

#include "storage/connection.hpp"

namespace couponhook::storage {

/// Creates a folder and its missing parents, durably and accessible only to their owner.
[[nodiscard]] Connection::Result<void> make_private_folder(const std::filesystem::path& folder);

/// Creates an empty file, durably and accessible only to its owner. Does not open an existing file:
/// POSIX locks belong to a process and a file, so closing the file would drop the locks that SQLite
/// connections of this process hold on the file.
[[nodiscard]] Connection::Result<void> make_private_file(const std::filesystem::path& file);

/// Flushes a folder to the disk. The name of a new file is durable only after its folder was
/// flushed.
[[nodiscard]] Connection::Result<void> sync_folder(const std::filesystem::path& folder);
/// \return the folder that contains a file; "." for a file name without a folder.
[[nodiscard]] std::filesystem::path folder_of(const std::filesystem::path& file);

/// \return the failure for an operation on a file or folder, with a message for the operator.
/// \param doing the operation that failed, for example "cannot sync".
/// \param error the errno of the operation.
[[nodiscard]] Failure file_failure(std::string_view doing, const std::filesystem::path& path,
                                   int error);

/// Fails if the folder is on a network file system, because locks and flushes do not work there as
/// SQLite needs.
[[nodiscard]] Connection::Result<void> refuse_network_file_system(
    const std::filesystem::path& folder);

/// Finds out whether a file system is a network file system, by the number of its type.
/// \param type the field f_type of statfs(2).
/// \return the name of the network file system; empty for other types. FUSE is not refused, because
/// it may stand for any file system.
[[nodiscard]] std::string_view network_file_system(unsigned long type);

}  // namespace couponhook::storage
