//! Runs independent tasks on all cores, or one after the other where the engine is built without `rayon`.

/// Calls `task` with every index below `count`, in no particular order.
pub(crate) fn for_each(count: usize, task: impl Fn(usize) + Send + Sync) {
    #[cfg(feature = "rayon")]
    {
        use rayon::prelude::*;
        (0..count).into_par_iter().with_max_len(1).for_each(task);
    }
    #[cfg(not(feature = "rayon"))]
    (0..count).for_each(task);
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
