//! Buffers that parallel tasks fill together, each in places of its own.

use super::simd::Number;

/// `len` numbers that `write` writes. A buffer that is cleared first would be written twice, the first time by one
/// thread alone.
///
/// # Safety
/// `write` writes every number, and reads none that it has not written.
pub(crate) unsafe fn written<T: Number>(len: usize, write: impl FnOnce(Shared<T>)) -> Vec<T> {
    let mut buffer = Vec::with_capacity(len);
    if cfg!(test) {
        // A number that was forgotten shows in every comparison.
        buffer.resize(len, T::from_f64(f64::NAN));
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
