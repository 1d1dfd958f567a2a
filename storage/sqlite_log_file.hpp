#pragma once

/// \file
/// How the write-ahead log is written: a page together with what announces it.

namespace couponhook::storage {

/// The name of a VFS that is SQLite's own but for the log: SQLite writes a page's header of 24
/// bytes and then the page, two calls where one will do. The header is held back until the very
/// next call on the file, which nearly always is the write of its page; any other call writes it
/// first. Nothing is held while SQLite does anything but write that page, so an error is told for
/// the page, and nobody can see or miss a header in between.
///
/// Registers the VFS when first called. Thread-safe.
/// \return null, which names SQLite's own, where that cannot be extended.
[[nodiscard]] const char* log_joining_vfs();

}  // namespace couponhook::storage
