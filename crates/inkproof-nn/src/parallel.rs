//! Runs independent tasks on all cores, or one after the other in builds without the feature `rayon`.

#[cfg(feature = "rayon")]
thread_local! {
    /// Whether this thread is in a task of [`map`] that does its work alone.
    static ALONE: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Calls `task` with every index below `count`, in no particular order.
pub fn for_each(count: usize, task: impl Fn(usize) + Send + Sync) {
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
pub fn map<R: Send>(count: usize, task: impl Fn(usize) -> R + Send + Sync) -> Vec<R> {
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

/// Calls `task` with every chunk of `len` numbers and its place among the chunks, in no particular order; the last chunk
/// may be shorter.
pub fn for_each_chunk<T: Send>(values: &mut [T], len: usize, task: impl Fn(usize, &mut [T]) + Send + Sync) {
    #[cfg(feature = "rayon")]
    if !ALONE.get() {
        use rayon::prelude::*;
        return values.par_chunks_mut(len).enumerate().for_each(|(place, chunk)| task(place, chunk));
    }
    values.chunks_mut(len).enumerate().for_each(|(place, chunk)| task(place, chunk));
}
