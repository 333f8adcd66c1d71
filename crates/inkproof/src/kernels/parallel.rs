//! Runs independent tasks on all cores, or one after the other where the engine is built without `rayon`.

use super::lanes::Number;

#[cfg(feature = "rayon")]
thread_local! {
    /// Whether this thread is in a task of [`map`] that does its work alone.
    static ALONE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Calls `task` with every index below `count`, in no particular order.
pub(crate) fn for_each(count: usize, task: impl Fn(usize) + Send + Sync) {
    #[cfg(feature = "rayon")]
    if !ALONE.get() {
        use rayon::prelude::*;
        return (0..count).into_par_iter().with_max_len(1).for_each(task);
    }
    (0..count).for_each(task);
}

/// What `task` makes of every index below `count`, in order.
///
/// While there is a task for every thread, each does its own [`for_each`] alone: threads that take parts of each other's
/// tasks wait for each other, and for memory. The last tasks are shared again, or all threads would wait for one.
pub(crate) fn map<R: Send>(count: usize, task: impl Fn(usize) -> R + Send + Sync) -> Vec<R> {
    #[cfg(feature = "rayon")]
    {
        use rayon::prelude::*;
        let threads = rayon::current_num_threads();
        let begun = std::sync::atomic::AtomicUsize::new(0);
        let task = |index| {
            let others = begun.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let before = ALONE.replace(others + threads < count);
            let result = task(index);
            ALONE.set(before);
            result
        };
        (0..count).into_par_iter().with_max_len(1).map(task).collect()
    }
    #[cfg(not(feature = "rayon"))]
    (0..count).map(task).collect()
}

/// `len` numbers that `write` writes. A buffer that is cleared first would be written twice, the first time by one
/// thread alone.
///
/// # Safety
/// `write` writes every number, and reads none that it has not written.
pub(crate) unsafe fn written<T: Number>(len: usize, write: impl FnOnce(Shared<T>)) -> Vec<T> {
    let mut buffer = Vec::with_capacity(len);
    if cfg!(test) {
        // A number that was forgotten shows in every comparison.
        buffer.resize(len, T::of(f64::NAN));
    }
    write(Shared(buffer.as_mut_ptr()));
    unsafe { buffer.set_len(len) };
    buffer
}

/// A buffer that tasks write to at places which do not overlap.
#[derive(Clone, Copy)]
pub(crate) struct Shared<T>(*mut T);

// Safety: the tasks that share the pointer write to disjoint places; each use says why they are.
unsafe impl<T: Send> Send for Shared<T> {}
unsafe impl<T: Send> Sync for Shared<T> {}

impl<T> Shared<T> {
    pub(crate) fn new(buffer: &mut [T]) -> Self {
        Self(buffer.as_mut_ptr())
    }

    /// The place of element `index`.
    ///
    /// # Safety
    /// `index` lies inside the buffer that this was made from.
    pub(crate) unsafe fn at(self, index: usize) -> *mut T {
        unsafe { self.0.add(index) }
    }
}
