//! The few vector operations that the kernels are written in, once per instruction set.
//!
//! A kernel is a generic `#[inline(always)]` function over [`Lanes`]; a thin `#[target_feature]` wrapper per
//! instruction set makes the compiler inline it with that set switched on. One binary serves every CPU: the set is
//! chosen at run time by [`crate::kernels::conv3x3`].

/// A register of `N` numbers.
///
/// # Safety
/// `load` reads `N` numbers at any alignment, `store` writes as many. The caller makes sure that the memory is there
/// and that the CPU has the instruction set of the implementing type.
pub(crate) trait Lanes: Copy {
    type Number: Number;
    const N: usize;
    unsafe fn splat(value: Self::Number) -> Self;
    unsafe fn load(at: *const Self::Number) -> Self;
    unsafe fn store(self, at: *mut Self::Number);
    unsafe fn add(self, other: Self) -> Self;
    /// `self * factor + addend`.
    unsafe fn multiply_add(self, factor: Self, addend: Self) -> Self;
}

/// The number types that networks are computed in: f32 always, f64 where tests take finite differences.
pub(crate) trait Number:
    Copy
    + Default
    + PartialOrd
    + Send
    + Sync
    + std::ops::Add<Output = Self>
    + std::ops::AddAssign
    + std::ops::Mul<Output = Self>
    + 'static
{
}
impl Number for f32 {}
impl Number for f64 {}

/// One number at a time: for planes that are smaller than a register.
macro_rules! scalar_lanes {
    ($($number:ty),*) => {$(
        impl Lanes for $number {
            type Number = $number;
            const N: usize = 1;
            #[inline(always)]
            unsafe fn splat(value: $number) -> Self {
                value
            }
            #[inline(always)]
            unsafe fn load(at: *const $number) -> Self {
                unsafe { *at }
            }
            #[inline(always)]
            unsafe fn store(self, at: *mut $number) {
                unsafe { *at = self }
            }
            #[inline(always)]
            unsafe fn add(self, other: Self) -> Self {
                self + other
            }
            #[inline(always)]
            unsafe fn multiply_add(self, factor: Self, addend: Self) -> Self {
                self * factor + addend
            }
        }
    )*};
}
scalar_lanes!(f32, f64);

/// Four numbers in an array, which the compiler turns into the baseline's registers (SSE2, NEON, WASM SIMD).
impl<T: Number> Lanes for [T; 4] {
    type Number = T;
    const N: usize = 4;
    #[inline(always)]
    unsafe fn splat(value: T) -> Self {
        [value; 4]
    }
    #[inline(always)]
    unsafe fn load(at: *const T) -> Self {
        unsafe { at.cast::<[T; 4]>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(self, at: *mut T) {
        unsafe { at.cast::<[T; 4]>().write_unaligned(self) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        std::array::from_fn(|i| self[i] + other[i])
    }
    #[inline(always)]
    unsafe fn multiply_add(self, factor: Self, addend: Self) -> Self {
        std::array::from_fn(|i| self[i] * factor[i] + addend[i])
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Lanes;
    use std::arch::x86_64::*;

    impl Lanes for __m256 {
        type Number = f32;
        const N: usize = 8;
        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            unsafe { _mm256_set1_ps(value) }
        }
        #[inline(always)]
        unsafe fn load(at: *const f32) -> Self {
            unsafe { _mm256_loadu_ps(at) }
        }
        #[inline(always)]
        unsafe fn store(self, at: *mut f32) {
            unsafe { _mm256_storeu_ps(at, self) }
        }
        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            unsafe { _mm256_add_ps(self, other) }
        }
        #[inline(always)]
        unsafe fn multiply_add(self, factor: Self, addend: Self) -> Self {
            unsafe { _mm256_fmadd_ps(self, factor, addend) }
        }
    }

    impl Lanes for __m512 {
        type Number = f32;
        const N: usize = 16;
        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            unsafe { _mm512_set1_ps(value) }
        }
        #[inline(always)]
        unsafe fn load(at: *const f32) -> Self {
            unsafe { _mm512_loadu_ps(at) }
        }
        #[inline(always)]
        unsafe fn store(self, at: *mut f32) {
            unsafe { _mm512_storeu_ps(at, self) }
        }
        #[inline(always)]
        unsafe fn add(self, other: Self) -> Self {
            unsafe { _mm512_add_ps(self, other) }
        }
        #[inline(always)]
        unsafe fn multiply_add(self, factor: Self, addend: Self) -> Self {
            unsafe { _mm512_fmadd_ps(self, factor, addend) }
        }
    }
}
