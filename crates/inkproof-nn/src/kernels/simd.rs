//! The few vector operations that the kernels are written in, once per instruction set.
//!
//! A kernel is a [`Job`]: a generic `#[inline(always)]` function over [`Lanes`]. [`Number::run`] calls it inside a
//! function that has the instruction set switched on, so that the compiler makes one version per set. One binary serves
//! every CPU: the set is chosen at run time.

/// An instruction set that kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Set {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// With FMA.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Registers of four numbers, as the compiler's baseline has them: NEON on aarch64, SSE2 on x86-64, SIMD on wasm.
    Baseline,
}

impl Set {
    /// What this CPU has, best first; never empty.
    #[cfg(test)]
    pub(crate) fn all() -> Vec<Self> {
        let mut sets = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                sets.push(Self::Avx512);
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                sets.push(Self::Avx2);
            }
        }
        sets.push(Self::Baseline);
        sets
    }

    /// The fastest that this CPU has.
    pub(crate) fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                return Self::Avx512;
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                return Self::Avx2;
            }
        }
        Self::Baseline
    }
}

/// What one call of a kernel computes, with the places of its numbers.
pub(crate) trait Job<T: Number> {
    type Result;
    /// # Safety
    /// The CPU has the instruction set of `L`. That the job's pointers are valid is up to who made the job.
    unsafe fn run<L: Lanes<Number = T>>(self) -> Self::Result;
}

/// A register of `N` numbers.
///
/// # Safety
/// `load` reads `N` numbers at any alignment, `store` writes as many; `load_part` and `store_part` the first `count`, at
/// most `N`. The caller makes sure that the memory is there and that the CPU has the instruction set.
pub(crate) trait Lanes: Copy {
    type Number: Number;
    const N: usize;
    /// How many registers the set has: decides how many sums a kernel keeps in them.
    const REGISTERS: usize;
    unsafe fn splat(value: Self::Number) -> Self;
    unsafe fn load(at: *const Self::Number) -> Self;
    unsafe fn store(self, at: *mut Self::Number);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn subtract(self, other: Self) -> Self;
    unsafe fn multiply(self, other: Self) -> Self;
    unsafe fn divide(self, other: Self) -> Self;
    unsafe fn max(self, other: Self) -> Self;
    unsafe fn min(self, other: Self) -> Self;
    /// `self * factor + addend`.
    unsafe fn multiply_add(self, factor: Self, addend: Self) -> Self;
    /// `self * 2^power`, where `power` holds whole numbers that keep the result normal.
    unsafe fn times_two_to(self, power: Self) -> Self;
    /// Bit i says whether number i is greater than that of `other`.
    unsafe fn above(self, other: Self) -> u32;
    /// The numbers whose bit is set, 0 elsewhere.
    unsafe fn keep(self, bits: u32) -> Self;

    /// The first `count` numbers, then zeros.
    #[inline(always)]
    unsafe fn load_part(at: *const Self::Number, count: usize) -> Self {
        let mut copy = [Self::Number::default(); 16];
        unsafe {
            std::ptr::copy_nonoverlapping(at, copy.as_mut_ptr(), count);
            Self::load(copy.as_ptr())
        }
    }

    #[inline(always)]
    unsafe fn store_part(self, at: *mut Self::Number, count: usize) {
        let mut copy = [Self::Number::default(); 16];
        unsafe {
            self.store(copy.as_mut_ptr());
            std::ptr::copy_nonoverlapping(copy.as_ptr(), at, count);
        }
    }
}

/// The first `here` numbers, at most `L::N`; zeros follow.
///
/// # Safety
/// That of [`Lanes::load`].
#[inline(always)]
pub(crate) unsafe fn load<L: Lanes>(at: *const L::Number, here: usize) -> L {
    unsafe { if here == L::N { L::load(at) } else { L::load_part(at, here) } }
}

/// Writes the first `here` numbers, at most `L::N`.
///
/// # Safety
/// That of [`Lanes::store`].
#[inline(always)]
pub(crate) unsafe fn store<L: Lanes>(value: L, at: *mut L::Number, here: usize) {
    unsafe { if here == L::N { value.store(at) } else { value.store_part(at, here) } }
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
    + std::ops::Sub<Output = Self>
    + std::ops::Mul<Output = Self>
    + std::ops::Div<Output = Self>
    + std::iter::Sum
    + std::fmt::Display
    + std::fmt::Debug
    + bytemuck::Pod
    + 'static
{
    /// How many terms of the series of `exp` give this type's precision within ±ln(2) / 2.
    const EXP_TERMS: usize;
    /// Beyond this the exponential of a negative number counts as 0.
    const EXP_LIMIT: f64;
    /// Adding and subtracting it rounds to a whole number.
    const ROUNDER: f64;
    fn from_f64(value: f64) -> Self;
    fn to_f64(self) -> f64;
    fn root(self) -> Self;
    /// `self^exponent`.
    fn power(self, exponent: f64) -> Self;
    fn ln(self) -> Self;
    fn exp(self) -> Self;
    fn logistic(self) -> Self;
    /// `self * factor + addend`, fused where that is one instruction on every CPU of the architecture.
    fn multiply_add(self, factor: Self, addend: Self) -> Self;
    /// `self * 2^power` for a whole `power` that keeps the result normal.
    fn times_two_to(self, power: Self) -> Self;
    /// The sets that this CPU has for this type, best first.
    #[cfg(test)]
    fn sets() -> Vec<Set>;
    /// Numbers to a register of `set`, and registers.
    fn lanes(set: Set) -> (usize, usize);
    /// Runs `job` with the registers of `set`, which this CPU has to have.
    fn run<J: Job<Self>>(set: Set, job: J) -> J::Result;
}

impl Number for f32 {
    const EXP_TERMS: usize = 8;
    const EXP_LIMIT: f64 = 87.0;
    const ROUNDER: f64 = 12_582_912.0;

    fn from_f64(value: f64) -> Self {
        value as f32
    }

    fn to_f64(self) -> f64 {
        self.into()
    }

    fn root(self) -> Self {
        self.sqrt()
    }

    fn power(self, exponent: f64) -> Self {
        self.powf(exponent as f32)
    }

    fn ln(self) -> Self {
        self.ln()
    }

    fn exp(self) -> Self {
        self.exp()
    }

    fn logistic(self) -> Self {
        1.0 / (1.0 + (-self).exp())
    }

    #[inline(always)]
    fn multiply_add(self, factor: Self, addend: Self) -> Self {
        if cfg!(target_arch = "aarch64") { self.mul_add(factor, addend) } else { self * factor + addend }
    }

    #[inline(always)]
    fn times_two_to(self, power: Self) -> Self {
        self * f32::from_bits(((power as i32 + 127) << 23) as u32)
    }

    #[cfg(test)]
    fn sets() -> Vec<Set> {
        Set::all()
    }

    fn lanes(set: Set) -> (usize, usize) {
        match set {
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => x86::size::<std::arch::x86_64::__m512>(),
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => x86::size::<std::arch::x86_64::__m256>(),
            Set::Baseline => (4, <[f32; 4] as Lanes>::REGISTERS),
        }
    }

    fn run<J: Job<Self>>(set: Set, job: J) -> J::Result {
        match set {
            // Safety: the set was found on this CPU.
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => unsafe { x86::run_avx512(job) },
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => unsafe { x86::run_avx2(job) },
            Set::Baseline => unsafe { job.run::<[f32; 4]>() },
        }
    }
}

impl Number for f64 {
    const EXP_TERMS: usize = 15;
    const EXP_LIMIT: f64 = 700.0;
    const ROUNDER: f64 = 6_755_399_441_055_744.0;

    fn from_f64(value: f64) -> Self {
        value
    }

    fn to_f64(self) -> f64 {
        self
    }

    fn root(self) -> Self {
        self.sqrt()
    }

    fn power(self, exponent: f64) -> Self {
        self.powf(exponent)
    }

    fn ln(self) -> Self {
        self.ln()
    }

    fn exp(self) -> Self {
        self.exp()
    }

    fn logistic(self) -> Self {
        1.0 / (1.0 + (-self).exp())
    }

    #[inline(always)]
    fn multiply_add(self, factor: Self, addend: Self) -> Self {
        if cfg!(target_arch = "aarch64") { self.mul_add(factor, addend) } else { self * factor + addend }
    }

    #[inline(always)]
    fn times_two_to(self, power: Self) -> Self {
        self * f64::from_bits(((power as i64 + 1023) << 52) as u64)
    }

    #[cfg(test)]
    fn sets() -> Vec<Set> {
        vec![Set::Baseline]
    }

    fn lanes(_set: Set) -> (usize, usize) {
        (4, <[f64; 4] as Lanes>::REGISTERS)
    }

    fn run<J: Job<Self>>(_set: Set, job: J) -> J::Result {
        // Safety: every CPU has the baseline.
        unsafe { job.run::<[f64; 4]>() }
    }
}

/// Four numbers in an array, which the compiler turns into the baseline's registers.
impl<T: Number> Lanes for [T; 4] {
    type Number = T;
    const N: usize = 4;
    const REGISTERS: usize = if cfg!(target_arch = "aarch64") { 32 } else { 16 };
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
    unsafe fn subtract(self, other: Self) -> Self {
        std::array::from_fn(|i| self[i] - other[i])
    }
    #[inline(always)]
    unsafe fn multiply(self, other: Self) -> Self {
        std::array::from_fn(|i| self[i] * other[i])
    }
    #[inline(always)]
    unsafe fn divide(self, other: Self) -> Self {
        std::array::from_fn(|i| self[i] / other[i])
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        std::array::from_fn(|i| if self[i] > other[i] { self[i] } else { other[i] })
    }
    #[inline(always)]
    unsafe fn min(self, other: Self) -> Self {
        std::array::from_fn(|i| if self[i] < other[i] { self[i] } else { other[i] })
    }
    #[inline(always)]
    unsafe fn multiply_add(self, factor: Self, addend: Self) -> Self {
        std::array::from_fn(|i| self[i].multiply_add(factor[i], addend[i]))
    }
    #[inline(always)]
    unsafe fn times_two_to(self, power: Self) -> Self {
        std::array::from_fn(|i| self[i].times_two_to(power[i]))
    }
    #[inline(always)]
    unsafe fn above(self, other: Self) -> u32 {
        (0..4).map(|i| u32::from(self[i] > other[i]) << i).sum()
    }
    #[inline(always)]
    unsafe fn keep(self, bits: u32) -> Self {
        std::array::from_fn(|i| if bits >> i & 1 == 1 { self[i] } else { T::default() })
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Job, Lanes};
    use std::arch::x86_64::*;

    #[target_feature(enable = "avx512f")]
    pub(super) unsafe fn run_avx512<J: Job<f32>>(job: J) -> J::Result {
        unsafe { job.run::<__m512>() }
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn run_avx2<J: Job<f32>>(job: J) -> J::Result {
        unsafe { job.run::<__m256>() }
    }

    pub(super) fn size<L: Lanes>() -> (usize, usize) {
        (L::N, L::REGISTERS)
    }

    impl Lanes for __m256 {
        type Number = f32;
        const N: usize = 8;
        const REGISTERS: usize = 16;
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
        unsafe fn subtract(self, other: Self) -> Self {
            unsafe { _mm256_sub_ps(self, other) }
        }
        #[inline(always)]
        unsafe fn multiply(self, other: Self) -> Self {
            unsafe { _mm256_mul_ps(self, other) }
        }
        #[inline(always)]
        unsafe fn divide(self, other: Self) -> Self {
            unsafe { _mm256_div_ps(self, other) }
        }
        #[inline(always)]
        unsafe fn max(self, other: Self) -> Self {
            unsafe { _mm256_max_ps(self, other) }
        }
        #[inline(always)]
        unsafe fn min(self, other: Self) -> Self {
            unsafe { _mm256_min_ps(self, other) }
        }
        #[inline(always)]
        unsafe fn multiply_add(self, factor: Self, addend: Self) -> Self {
            unsafe { _mm256_fmadd_ps(self, factor, addend) }
        }
        #[inline(always)]
        unsafe fn times_two_to(self, power: Self) -> Self {
            unsafe {
                let exponent = _mm256_add_epi32(_mm256_cvtps_epi32(power), _mm256_set1_epi32(127));
                _mm256_mul_ps(self, _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23)))
            }
        }
        #[inline(always)]
        unsafe fn above(self, other: Self) -> u32 {
            unsafe { _mm256_movemask_ps(_mm256_cmp_ps(self, other, _CMP_GT_OQ)) as u32 }
        }
        #[inline(always)]
        unsafe fn keep(self, bits: u32) -> Self {
            unsafe {
                let bit = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
                let set = _mm256_and_si256(_mm256_set1_epi32(bits as i32), bit);
                _mm256_and_ps(self, _mm256_castsi256_ps(_mm256_cmpeq_epi32(set, bit)))
            }
        }
    }

    impl Lanes for __m512 {
        type Number = f32;
        const N: usize = 16;
        const REGISTERS: usize = 32;
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
        unsafe fn subtract(self, other: Self) -> Self {
            unsafe { _mm512_sub_ps(self, other) }
        }
        #[inline(always)]
        unsafe fn multiply(self, other: Self) -> Self {
            unsafe { _mm512_mul_ps(self, other) }
        }
        #[inline(always)]
        unsafe fn divide(self, other: Self) -> Self {
            unsafe { _mm512_div_ps(self, other) }
        }
        #[inline(always)]
        unsafe fn max(self, other: Self) -> Self {
            unsafe { _mm512_max_ps(self, other) }
        }
        #[inline(always)]
        unsafe fn min(self, other: Self) -> Self {
            unsafe { _mm512_min_ps(self, other) }
        }
        #[inline(always)]
        unsafe fn multiply_add(self, factor: Self, addend: Self) -> Self {
            unsafe { _mm512_fmadd_ps(self, factor, addend) }
        }
        #[inline(always)]
        unsafe fn times_two_to(self, power: Self) -> Self {
            unsafe { _mm512_scalef_ps(self, power) }
        }
        #[inline(always)]
        unsafe fn above(self, other: Self) -> u32 {
            unsafe { u32::from(_mm512_cmp_ps_mask(self, other, _CMP_GT_OQ)) }
        }
        #[inline(always)]
        unsafe fn keep(self, bits: u32) -> Self {
            unsafe { _mm512_maskz_mov_ps(bits as u16, self) }
        }
        #[inline(always)]
        unsafe fn load_part(at: *const f32, count: usize) -> Self {
            unsafe { _mm512_maskz_loadu_ps(((1_u32 << count) - 1) as u16, at) }
        }
        #[inline(always)]
        unsafe fn store_part(self, at: *mut f32, count: usize) {
            unsafe { _mm512_mask_storeu_ps(at, ((1_u32 << count) - 1) as u16, self) }
        }
    }
}
