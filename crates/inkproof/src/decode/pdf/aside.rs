//! Work of a library that cannot be interrupted, on a thread of its own: it is given up at its deadline, its stack is as
//! deep as a document may nest, and where it panics the caller gets an error.

use std::panic::{self, AssertUnwindSafe};

use crate::error::{Error, Result};
#[cfg(target_family = "wasm")]
use crate::limits::Limits;

/// So many threads that were given up may still run at a time, with what they hold. Nothing new is begun then.
pub const MOST_GIVEN_UP: usize = 2;

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

    use super::{MOST_GIVEN_UP, caught};
    use crate::error::{Error, Result};
    use crate::limits::Limits;

    /// A page takes less than a second; one that is not done by now is meant to take longer.
    const LONGEST: Duration = Duration::from_secs(20);
    /// Forms may lie in forms, and patterns in these. Memory is taken only for what is used of it.
    const STACK: usize = 64 << 20;
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
        let wait = deadline.saturating_duration_since(Instant::now());
        if let Ok(answer) = answered.recv_timeout(wait) {
            return answer;
        }
        if GIVEN_UP.fetch_add(1, Ordering::Relaxed) >= MOST_GIVEN_UP {
            GIVEN_UP.fetch_sub(1, Ordering::Relaxed);
            return answered.recv().unwrap_or(Err(Error::OutOfTime));
        }
        if is_over.swap(true, Ordering::AcqRel) {
            GIVEN_UP.fetch_sub(1, Ordering::Relaxed);
        }
        Err(Error::OutOfTime)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        fn within(milliseconds: u64) -> Limits {
            Limits { deadline: Some(Instant::now() + Duration::from_millis(milliseconds)), ..Limits::default() }
        }

        #[test]
        fn work_is_given_up_at_its_deadline_and_only_so_much_of_it_runs_on() {
            let (end, ends) = mpsc::channel::<()>();
            let ends = Arc::new(std::sync::Mutex::new(ends));
            let endless = || {
                let ends = Arc::clone(&ends);
                run(&within(50), move |_| {
                    let _ = ends.lock().expect("nobody panics").recv();
                    Ok(())
                })
            };
            for _ in 0..MOST_GIVEN_UP {
                assert!(matches!(endless(), Err(Error::OutOfTime)));
            }
            assert!(matches!(run(&within(10_000), |_| Ok(())), Err(Error::OutOfTime)), "nothing new is begun");
            drop(end);
            let begin = Instant::now();
            while run(&within(10_000), |_| Ok(())).is_err() {
                assert!(begin.elapsed() < Duration::from_secs(10), "what has ended counts no longer");
                thread::sleep(Duration::from_millis(5));
            }
            let stopped: Result<()> = run(&Limits::default(), |_| super::super::stop(Error::Empty));
            assert!(matches!(stopped, Err(Error::Empty)));
            let panicked: Result<()> = run(&Limits::default(), |_| panic!("as a library may"));
            assert!(matches!(panicked, Err(Error::Broken { .. })));
        }
    }
}
