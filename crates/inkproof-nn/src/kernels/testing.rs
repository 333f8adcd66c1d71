//! What the kernels' tests share.

use super::simd::Number;

/// Numbers in ±0.7 that are neither round nor regular.
pub(crate) fn numbers(count: usize, salt: usize) -> Vec<f64> {
    (0..count).map(|i| (((i * 7919 + salt * 104_729 + 13) % 2003) as f64 / 1001.5 - 1.0) * 0.7).collect()
}

pub(crate) fn cast<T: Number>(values: &[f64]) -> Vec<T> {
    values.iter().map(|&value| T::from_f64(value)).collect()
}

/// Errors are relative to the largest number.
pub(crate) fn assert_close<T: Number>(found: &[T], expected: &[f64], tolerance: f64, what: &str) {
    let largest = expected.iter().fold(f64::MIN_POSITIVE, |most, x| most.max(x.abs()));
    assert_eq!(found.len(), expected.len(), "{what}");
    for (place, (found, &expected)) in found.iter().zip(expected).enumerate() {
        let found: f64 = found.to_f64();
        let error = (found - expected).abs() / largest;
        assert!(error < tolerance, "{what} at {place}: {found} against {expected}");
    }
}
