//! What happens when a reader of the program's output goes away.
//!
//! A write to a pipe or a socket that nobody reads raises SIGPIPE. A command whose output went to `head` should then end
//! without a message, as every other program does. The service must not: there, and where a command speaks to a database,
//! the reader that left is a stranger at the other end of a socket. Rust's runtime has the signal ignored, so that such
//! a write is an error like any other; `serve` leaves it so.

#[cfg(unix)]
use libc::{POLLERR, POLLHUP, SIG_DFL, SIGPIPE, STDERR_FILENO, STDOUT_FILENO, c_int, pollfd};

/// From now on the program ends when the reader of its output goes away. Does nothing where the system has no such signal.
pub fn end_with_reader() {
    // SAFETY: the handler calls only what POSIX allows in one.
    #[cfg(unix)]
    unsafe {
        libc::signal(SIGPIPE, end_if_unread as extern "C" fn(c_int) as libc::sighandler_t);
    }
}

/// Ends the program by the signal itself where its output has no reader; any other write that failed is left to whoever
/// wrote.
#[cfg(unix)]
extern "C" fn end_if_unread(signal: c_int) {
    if is_unread(STDOUT_FILENO) || is_unread(STDERR_FILENO) {
        // SAFETY: both may be called in a handler; the signal is delivered once the handler has returned.
        unsafe {
            libc::signal(signal, SIG_DFL);
            libc::raise(signal);
        }
    }
}

#[cfg(unix)]
fn is_unread(descriptor: c_int) -> bool {
    let mut asked = pollfd { fd: descriptor, events: 0, revents: 0 };
    // SAFETY: one structure, which outlives the call; poll may be called in a handler and does not wait here.
    let found = unsafe { libc::poll(&raw mut asked, 1, 0) };
    found == 1 && asked.revents & (POLLERR | POLLHUP) != 0
}
