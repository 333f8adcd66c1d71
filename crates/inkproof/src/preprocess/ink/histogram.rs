//! How often each of the 256 levels occurs, and levels that a share of all is below.

pub(crate) type Histogram = [u32; 256];

/// Counts values.
pub(crate) fn count(values: &[u8]) -> Histogram {
    let mut histogram = [0; 256];
    add(&mut histogram, values);
    histogram
}

/// Counts values besides those that are counted already.
pub(crate) fn add(histogram: &mut Histogram, values: &[u8]) {
    const AT_ONCE: usize = 8;
    let mut blocks = values.chunks_exact(AT_ONCE);
    for block in &mut blocks {
        // Paper, mostly: one level has to wait for its own last count.
        if block.iter().all(|value| *value == block[0]) {
            histogram[usize::from(block[0])] += AT_ONCE as u32;
        } else {
            block.iter().for_each(|&value| histogram[usize::from(value)] += 1);
        }
    }
    blocks.remainder().iter().for_each(|&value| histogram[usize::from(value)] += 1);
}

/// The level of the value with this number, from 0, of all in their order; 255 where there are fewer.
pub(crate) fn level_of(histogram: &Histogram, number: usize) -> u8 {
    let mut seen = 0;
    let found = histogram.iter().position(|&count| {
        seen += count as usize;
        seen > number
    });
    found.unwrap_or(255) as u8
}

/// The first of any counts up to which half of `all` is counted.
pub(crate) fn median(counts: impl IntoIterator<Item = u32>, all: usize) -> Option<usize> {
    let mut seen = 0;
    counts.into_iter().position(|count| {
        seen += count as usize;
        2 * seen >= all
    })
}
