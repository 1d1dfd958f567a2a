#pragma once

/// \file
/// Makes SQLite write its log in one system call for each commit.

namespace couponhook::storage {

/// Registers, once in the process, a layer over SQLite's own file access which gathers consecutive
/// writes to a write-ahead log and hands them on when the log is synced, read, measured or cut: SQLite
/// writes each page in two calls, and a commit of sixteen notifications in about a hundred.
///
/// Only for connections with synchronous=FULL, where SQLite syncs the log at every commit before it
/// lets anybody see the commit; all other files are SQLite's own business.
///
/// \return the name to open a database with. Thread-safe.
[[nodiscard]] const char* gathering_vfs();

}  // namespace couponhook::storage
