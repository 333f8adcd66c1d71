//! Runs work without the GIL, so that other Python threads go on, and so that nothing of Rust's goes wrong in Python.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::errors::{Error, InternalError};

/// Runs `work` on this thread without the GIL. What panics in it is an `InternalError`; an exception that a callback left
/// with ([`leave_with`]) goes on.
pub fn detached<T: Send>(py: Python<'_>, work: impl FnOnce() -> PyResult<T> + Send) -> PyResult<T> {
    // Nothing that was being changed is used again after a panic: what is shared by calls is immutable or behind a lock.
    py.detach(|| catch_unwind(AssertUnwindSafe(work))).unwrap_or_else(|payload| Err(raised(payload)))
}

/// The same on all cores.
pub fn on_all_cores<T: Send>(py: Python<'_>, work: impl FnOnce() -> PyResult<T> + Send) -> PyResult<T> {
    let pool = pool()?;
    detached(py, move || pool.install(work))
}

/// The same for work of the laboratory, which uses threads of the process at large: they begin once, and a process that was
/// forked after that has none.
pub fn in_laboratory<T: Send>(py: Python<'_>, work: impl FnOnce() -> PyResult<T> + Send) -> PyResult<T> {
    static FIRST: OnceLock<u32> = OnceLock::new();
    if *FIRST.get_or_init(process::id) != process::id() {
        return Err(Error::new_err(
            "this process was forked from one that had trained or evaluated, and has none of its threads; begin processes with \
             multiprocessing's method 'spawn' or 'forkserver'",
        ));
    }
    detached(py, work)
}

/// Leaves work with an exception that a callback raised, through whatever called it.
pub fn leave_with(error: PyErr) -> ! {
    resume_unwind(Box::new(error))
}

/// Threads of this process. A process that was forked from one that had computed inherits its pool without the threads,
/// and would wait for them forever.
fn pool() -> PyResult<Arc<ThreadPool>> {
    static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);
    let mut current = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    match &*current {
        Some((process, pool)) if *process == process::id() => Ok(pool.clone()),
        _ => {
            let pool = ThreadPoolBuilder::new().build();
            let pool = Arc::new(pool.map_err(|error| InternalError::new_err(error.to_string()))?);
            // An inherited one is left alone: to drop it is to wait for its threads.
            std::mem::forget(current.replace((process::id(), pool.clone())));
            Ok(pool)
        }
    }
}

fn raised(payload: Box<dyn Any + Send>) -> PyErr {
    match payload.downcast::<PyErr>() {
        Ok(error) => *error,
        Err(payload) => {
            let text = payload.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no words");
            InternalError::new_err(format!("a fault in inkproof ({text}); please report it with what it was given"))
        }
    }
}
