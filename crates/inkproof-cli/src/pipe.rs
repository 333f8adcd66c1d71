//! What happens when nobody reads on.

/// From now on a reader that goes away, as `head` does, ends the program without a word, as it ends every other program.
/// Does nothing where the system has no such signal.
pub fn end_with_reader() {
    // SAFETY: before any thread is begun, and what a program has that does not say otherwise.
    #[cfg(target_os = "linux")]
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
}
