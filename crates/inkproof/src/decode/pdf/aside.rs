//! Work of a library that cannot be interrupted, on a thread of its own: it is given up at its deadline, its stack is as
//! deep as a document may nest, and where it panics the caller gets an error.

use std::panic::{self, AssertUnwindSafe};

use crate::error::{Error, Result};
#[cfg(target_family = "wasm")]
use crate::limits::Limits;

/// Stops work from within a callback of a library that has no other way to end: [`run`] returns the error. No panic is
/// reported anywhere, as the hook is not called.
pub(super) fn stop(error: Error) -> ! {
    panic::resume_unwind(Box::new(error))
}

/// The work's answer; what it panicked with is an error of its file, as the library has been given whatever somebody wrote.
fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| match payload.downcast::<Error>() {
        Ok(error) => Err(*error),
        Err(_) => Err(super::broken("the program that draws pages gave up")),
    })
}

/// A browser has neither threads nor a clock here.
#[cfg(target_family = "wasm")]
pub(super) fn run<T>(limits: &Limits, work: impl FnOnce(&Limits) -> Result<T>) -> Result<T> {
    caught(|| work(limits))
}

#[cfg(not(target_family = "wasm"))]
pub(super) use threads::run;

#[cfg(not(target_family = "wasm"))]
mod threads {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::mpsc;
    use std::thread;
    use std::time::{Duration, Instant};

    use super::caught;
    use crate::error::{Error, Result};
    use crate::limits::Limits;

    /// A page takes less than a second; one that is not done by now is meant to take longer.
    const LONGEST: Duration = Duration::from_secs(20);
    /// Forms may lie in forms, and patterns in these. Memory is taken only for what is used of it.
    const STACK: usize = 256 << 20;
    /// Where so many threads that were given up still run, no other is started.
    const MOST_GIVEN_UP: usize = 4;
    static GIVEN_UP: AtomicUsize = AtomicUsize::new(0);

    /// Runs the work with limits that end with it.
    pub(in super::super) fn run<T: Send + 'static>(
        limits: &Limits,
        work: impl FnOnce(&Limits) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        limits.check_time()?;
        if GIVEN_UP.load(Ordering::Relaxed) >= MOST_GIVEN_UP {
            return Err(Error::OutOfTime);
        }
        let longest = Instant::now() + LONGEST;
        let deadline = limits.deadline.map_or(longest, |deadline| deadline.min(longest));
        let limits = Limits { deadline: Some(deadline), ..*limits };
        let (answer, answered) = mpsc::sync_channel(1);
        // Whoever sets it first: the thread that has done its work, or the caller who waits no longer.
        let is_over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&is_over);
        let work = move || {
            // Nobody may listen any more.
            let _ = answer.send(caught(|| work(&limits)));
            if ends.swap(true, Ordering::AcqRel) {
                GIVEN_UP.fetch_sub(1, Ordering::Relaxed);
            }
        };
        thread::Builder::new().name("pdf".to_owned()).stack_size(STACK).spawn(work).map_err(|_| Error::OutOfTime)?;
        answered.recv_timeout(deadline.saturating_duration_since(Instant::now())).unwrap_or_else(|_| {
            GIVEN_UP.fetch_add(1, Ordering::Relaxed);
            if is_over.swap(true, Ordering::AcqRel) {
                GIVEN_UP.fetch_sub(1, Ordering::Relaxed);
            }
            Err(Error::OutOfTime)
        })
    }
}
