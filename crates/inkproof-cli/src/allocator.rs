//! The program's memory.
//!
//! A training step takes and gives back gigabytes, in the same sizes every time.
//!
//! The system's allocator returns such blocks to the system, which has to clear every page of them when they are taken
//! again: 40 % of a training step's time. mimalloc, configured to keep freed memory, does not. It also asks for huge
//! pages, which suit gigabytes; a program that is done in 20 milliseconds would mostly clear pages that it never uses.

use libmimalloc_sys::{mi_option_set, mi_option_t};
use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// `mi_option_purge_delay` of mimalloc.h: milliseconds until memory goes back to the system, -1 for never.
const PURGE_DELAY: mi_option_t = 15;

/// From now on memory that was given back is kept for the next use.
pub fn keep_memory() {
    // SAFETY: an option that exists, which mimalloc lets set at any time.
    unsafe { mi_option_set(PURGE_DELAY, -1) }
}

/// From now on memory goes back to the system at once: for a service, in which each thread that waits would otherwise
/// hold what its largest image took (a delay is only looked at when that thread asks for memory again).
pub fn return_memory() {
    // SAFETY: an option that exists, which mimalloc lets set at any time.
    unsafe { mi_option_set(PURGE_DELAY, 0) }
}

/// From now on memory comes in small pages: for work that is soon done. Does nothing where the system has no such say.
pub fn small_pages() {
    // SAFETY: a flag of this process, which the system keeps; where it refuses, pages stay huge and all else as it is.
    #[cfg(target_os = "linux")]
    unsafe {
        libc::prctl(libc::PR_SET_THP_DISABLE, 1, 0, 0, 0);
    }
}
