#pragma once

/// \file
/// Signals that have no meaning for a service, and end a process all the same.

namespace couponhook::server {

/// Keeps signals that nobody means for a service (SIGUSR1 and SIGUSR2, which tell other programs to
/// open their logs anew, SIGALRM and the other timers, SIGIO, SIGPWR, the real-time signals) from
/// ending it. They are blocked rather than ignored: programs that the service starts begin with a
/// clear mask, but would inherit what is ignored.
///
/// Call it before the first thread is started, which inherits the mask. What ends a process by
/// intention (SIGTERM, SIGINT, SIGQUIT, SIGABRT) or by its own fault is left alone.
void hold_off_stray_signals();

}  // namespace couponhook::server
