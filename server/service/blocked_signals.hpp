#pragma once

/// \file
/// Blocks signals that have no meaning for the service but would end the process.

namespace couponhook::server {

/// Blocks signals that nobody sends to this service on purpose, but whose default action ends the
/// process: SIGUSR1 and SIGUSR2 (other programs reopen their logs on these signals), SIGALRM and
/// the other timer signals, SIGIO, SIGPWR, SIGSTKFLT and the real-time signals. The signals are
/// blocked, not ignored: a child process would inherit ignored signals, but it starts with an empty
/// signal mask.
///
/// Call this function before the first thread starts, because threads inherit the signal mask.
/// Signals that end a process on purpose (SIGTERM, SIGINT, SIGQUIT, SIGABRT), or after a fault of
/// the process itself, are not blocked.
void block_unexpected_signals();

}  // namespace couponhook::server
