//! What an alpha channel says. Most put dark ink on a transparent ground; some say nothing, and in some the ink is only
//! there: white ink of a dark screen on a transparent ground is invisible on white paper.

use super::raster::{Channels, Raster, Samples};

/// How alpha is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alpha {
    /// There is none, or it counts for nothing.
    Ignored,
    /// It lets white paper through.
    OnWhite,
    /// It is the ink.
    Ink,
}

/// On white paper anything darker can be seen.
const VISIBLE: u32 = 160;
/// Ink is light where no more than one of so many of its pixels can be seen on white.
const ONE_OF: u64 = 100;

/// What is counted over an image's pixels.
#[derive(Default)]
struct Counts {
    pixels: u64,
    alpha: u64,
    dark: u64,
    is_clear: bool,
    least: [u32; 3],
    most: [u32; 3],
}

impl Alpha {
    pub(super) fn new(raster: &Raster) -> Alpha {
        let step = raster.channels.count();
        if !matches!(raster.channels, Channels::GrayAlpha | Channels::Rgba) {
            return Alpha::Ignored;
        }
        let counts = match &raster.samples {
            Samples::U8(samples) => Counts::new(samples.chunks_exact(step), u32::from),
            Samples::U16(samples) => Counts::new(samples.chunks_exact(step), |v| u32::from(v >> 8)),
        };
        counts.rule()
    }
}

impl Counts {
    fn new<'a, T: Copy + 'a>(pixels: impl Iterator<Item = &'a [T]>, narrow: impl Fn(T) -> u32) -> Self {
        let mut counts = Counts { is_clear: true, least: [u32::MAX; 3], ..Counts::default() };
        for pixel in pixels {
            let color = if pixel.len() == 2 { [0; 3] } else { [0, 1, 2] }.map(|i: usize| narrow(pixel[i]));
            let alpha = narrow(pixel[pixel.len() - 1]);
            let luma = (299 * color[0] + 587 * color[1] + 114 * color[2]) / 1000;
            counts.pixels += 1;
            counts.alpha += u64::from(alpha);
            counts.is_clear &= alpha == 0;
            counts.dark += u64::from(luma * alpha + 255 * (255 - alpha) < 255 * VISIBLE);
            for (channel, value) in color.into_iter().enumerate() {
                counts.least[channel] = counts.least[channel].min(value);
                counts.most[channel] = counts.most[channel].max(value);
            }
        }
        counts
    }

    fn rule(&self) -> Alpha {
        let visible = self.alpha / 255;
        if self.is_clear && self.least != self.most {
            Alpha::Ignored
        } else if !self.is_clear && 2 * visible < self.pixels && self.dark * ONE_OF <= visible {
            Alpha::Ink
        } else {
            Alpha::OnWhite
        }
    }
}
