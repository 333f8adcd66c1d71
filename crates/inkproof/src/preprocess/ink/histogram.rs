//! How often each of the 256 levels occurs, and levels that a share of all is below.

pub(super) type Histogram = [u32; 256];

/// Counts values.
pub(super) fn count<'a>(values: impl IntoIterator<Item = &'a u8>) -> Histogram {
    let mut histogram = [0; 256];
    for &value in values {
        histogram[usize::from(value)] += 1;
    }
    histogram
}

/// The level of the value with this number, from 0, of all in their order; 255 where there are fewer.
pub(super) fn level_of(histogram: &Histogram, number: usize) -> u8 {
    let mut seen = 0;
    let found = histogram.iter().position(|&count| {
        seen += count as usize;
        seen > number
    });
    found.unwrap_or(255) as u8
}

/// The first of any counts up to which half of `all` is counted.
pub(super) fn median(counts: impl IntoIterator<Item = u32>, all: usize) -> Option<usize> {
    let mut seen = 0;
    counts.into_iter().position(|count| {
        seen += count as usize;
        2 * seen >= all
    })
}
