//! The threads that images are computed on.

use std::process;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::answer::{Failure, Outcome, Status};

/// Does `work` on all cores.
pub fn on_all_cores<T: Send>(work: impl FnOnce() -> Outcome<T> + Send) -> Outcome<T> {
    pool()?.install(work)
}

/// Threads of this process. A process that was forked from one that had computed inherits its pool without the threads,
/// and would wait for them forever.
fn pool() -> Outcome<Arc<ThreadPool>> {
    static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);
    let mut current = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    match &*current {
        Some((process, pool)) if *process == process::id() => Ok(pool.clone()),
        _ => {
            let pool = ThreadPoolBuilder::new().build();
            let no_threads = |error| Failure { status: Status::Internal, text: format!("no threads begin ({error})") };
            let pool = Arc::new(pool.map_err(no_threads)?);
            // An inherited one is left alone: to drop it is to wait for its threads.
            std::mem::forget(current.replace((process::id(), pool.clone())));
            Ok(pool)
        }
    }
}
