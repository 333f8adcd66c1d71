//! Working memory that each thread keeps between calls, so that kernels allocate nothing once they are warm.

use std::cell::RefCell;

use super::simd::Number;

thread_local! {
    static FREE: RefCell<Vec<Vec<u64>>> = const { RefCell::new(Vec::new()) };
}

/// Calls `work` with `len` numbers of any content. Calls may be nested, and each has memory of its own.
#[inline]
pub(crate) fn with<T: Number, R>(len: usize, work: impl FnOnce(&mut [T]) -> R) -> R {
    let mut memory = FREE.with_borrow_mut(Vec::pop).unwrap_or_default();
    let words = (len * size_of::<T>()).div_ceil(size_of::<u64>());
    if memory.len() < words {
        memory.resize(words, 0);
    }
    let result = work(&mut bytemuck::cast_slice_mut(&mut memory)[..len]);
    FREE.with_borrow_mut(|free| free.push(memory));
    result
}
