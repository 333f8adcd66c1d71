//! An image as a person sees it: upright, on white, in colour where it has any.

use super::GrayRule;
use super::orientation::turned;
use super::raster::{Channels, Raster, Samples};
use crate::Result;
use crate::gray::Gray;

/// A decoded image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// As [`GrayRule::OnWhite`] has it.
    pub gray: Gray,
    /// Red, green and blue of the same pixels; None where the image has no colour to speak of.
    pub colors: Option<Vec<[u8; 3]>>,
}

/// The difference between two channels from which on a pixel is coloured: more than a JPEG of a gray page has.
const COLORED: u8 = 32;
/// An image has colour where one of so many pixels is coloured.
const ONE_OF: usize = 2000;

impl Raster {
    /// What a person sees.
    pub(crate) fn into_picture(self) -> Result<Picture> {
        let colors = self.colors();
        let (width, height, orientation) = (self.width, self.height, self.orientation);
        let gray = self.into_gray(GrayRule::OnWhite)?;
        let colors = colors.map(|colors| turned(colors, width, height, orientation));
        Ok(Picture { gray, colors })
    }

    /// Red, green and blue on white; none where hardly a pixel is coloured.
    fn colors(&self) -> Option<Vec<[u8; 3]>> {
        let Samples::U8(samples) = &self.samples else { return None };
        let on_white = |color: [u8; 3], alpha: u8| {
            let white = 255 * (255 - u32::from(alpha));
            color.map(|value| ((u32::from(value) * u32::from(alpha) + white + 127) / 255) as u8)
        };
        let pixels = samples.chunks_exact(self.channels as usize);
        let colors: Vec<[u8; 3]> = match self.channels {
            Channels::Gray | Channels::GrayAlpha => return None,
            Channels::Rgb => pixels.map(|p| [p[0], p[1], p[2]]).collect(),
            Channels::Rgba => pixels.map(|p| on_white([p[0], p[1], p[2]], p[3])).collect(),
        };
        let colored = |[red, green, blue]: &&[u8; 3]| red.max(green).max(blue) - red.min(green).min(blue) >= COLORED;
        let enough = colors.len() / ONE_OF;
        (colors.iter().filter(colored).take(enough + 1).count() > enough).then_some(colors)
    }
}
