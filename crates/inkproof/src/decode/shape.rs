//! The shape of pixels: a file may say that they are not square, as a fax's are (204 x 98 dots an inch).

use super::png::chunks_before_pixels;

/// How many pixels there are across and down, on the same length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Density {
    pub across: f64,
    pub down: f64,
    /// Which length that is, in millimetres, where the file says so.
    pub millimetres: Option<f64>,
}

pub(crate) const INCH: f64 = 25.4;
pub(super) const CENTIMETRE: f64 = 10.0;
pub(super) const METRE: f64 = 1000.0;
/// No sheet is longer, in millimetres: A0 is not.
pub(crate) const LONGEST_SHEET: f64 = 1200.0;
/// Nor is its longer side shorter than a stamp's, or its other side than this. Who says otherwise has a default and no scale.
const SHORTEST_SHEET: f64 = 20.0;
const NARROWEST_SHEET: f64 = 1.0;

/// Ratios nearer to 1 are a scanner's rounding.
const SQUARE: f64 = 1.02;
/// No device has pixels longer than this: whoever says so means something else.
const LONGEST: f64 = 4.0;

impl Density {
    /// How many times the rows and the columns have to be enlarged, one of them by 1; None where pixels are square or what
    /// is said of them makes no sense.
    fn enlargement(self) -> Option<(f64, f64)> {
        let ratio = self.across / self.down;
        let is_sane = |ratio: f64| ratio > SQUARE && ratio <= LONGEST;
        if is_sane(ratio) {
            Some((1.0, ratio))
        } else if is_sane(ratio.recip()) {
            Some((ratio.recip(), 1.0))
        } else {
            None
        }
    }

    /// The sides of an image of these pixels once they are square.
    pub(crate) fn square(density: Option<Density>, width: usize, height: usize) -> (usize, usize) {
        let Some((across, down)) = density.and_then(Density::enlargement) else { return (width, height) };
        let enlarged = |side: usize, by: f64| (side as f64 * by).round() as usize;
        (enlarged(width, across), enlarged(height, down))
    }

    /// Width and height of a sheet of so many pixels, in micrometres; None where the file does not say, or nothing that a sheet
    /// may have.
    pub(crate) fn sheet(self, width: usize, height: usize) -> Option<(u32, u32)> {
        let millimetres = self.millimetres?;
        let sides = [width as f64 / self.across * millimetres, height as f64 / self.down * millimetres];
        let may_be = |side: &f64| (NARROWEST_SHEET..=LONGEST_SHEET).contains(side);
        let is_one = sides.iter().all(may_be) && sides[0].max(sides[1]) >= SHORTEST_SHEET;
        let [width, height] = sides.map(|side| (side * 1000.0).round() as u32);
        is_one.then_some((width, height))
    }

    /// Of a PNG's `pHYs` chunk.
    pub(super) fn from_png(bytes: &[u8]) -> Option<Density> {
        let (_, body) = chunks_before_pixels(bytes).find(|(name, _)| *name == b"pHYs")?;
        let word = |at: usize| Some(f64::from(u32::from_be_bytes(*body.get(at..)?.first_chunk()?)));
        let millimetres = (body.get(8) == Some(&1)).then_some(METRE);
        Some(Density { across: word(0)?, down: word(4)?, millimetres })
    }

    /// Of a JPEG's JFIF segment, which is the first.
    pub(super) fn from_jpeg(bytes: &[u8]) -> Option<Density> {
        let segment = bytes.get(2..)?;
        let is_jfif = segment.starts_with(&[0xff, 0xe0]) && segment.get(4..9)? == b"JFIF\0";
        let word = |at: usize| Some(f64::from(u16::from_be_bytes(*segment.get(at..)?.first_chunk()?)));
        if !is_jfif {
            return None;
        }
        let millimetres = match segment.get(11)? {
            1 => Some(INCH),
            2 => Some(CENTIMETRE),
            _ => None,
        };
        Some(Density { across: word(12)?, down: word(14)?, millimetres })
    }

    /// Of a bitmap's header.
    pub(super) fn from_bmp(bytes: &[u8]) -> Option<Density> {
        let word = |at: usize| Some(f64::from(i32::from_le_bytes(*bytes.get(at..)?.first_chunk()?)));
        // The oldest header, of 12 bytes, says nothing.
        if word(14)? < 40.0 {
            return None;
        }
        Some(Density { across: word(38)?, down: word(42)?, millimetres: Some(METRE) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coarser_side_is_enlarged_and_what_makes_no_sense_is_left() {
        let square = |across, down| Density::square(Some(Density { across, down, millimetres: None }), 1728, 1000);
        assert_eq!(square(204.0, 98.0), (1728, 2082));
        assert_eq!(square(98.0, 204.0), (3597, 1000));
        for (across, down) in
            [(300.0, 300.0), (300.0, 301.0), (204.0, 1.0), (0.0, 0.0), (0.0, 98.0), (-2.0, 1.0), (f64::NAN, 1.0)]
        {
            assert_eq!(square(across, down), (1728, 1000), "{across} x {down}");
        }
        assert_eq!(Density::square(None, 5, 6), (5, 6));
    }

    #[test]
    fn a_sheet_has_the_size_that_its_pixels_say() {
        let sheet = |dots, millimetres| Density { across: dots, down: dots, millimetres }.sheet(2480, 3508);
        assert_eq!(sheet(300.0, Some(INCH)), Some((209_973, 297_011)));
        assert_eq!(sheet(11811.0, Some(METRE)), Some((209_974, 297_011)));
        for (dots, millimetres) in [
            (300.0, None),
            (72.0, Some(INCH)),
            (0.0, Some(INCH)),
            (-300.0, Some(INCH)),
            (f64::NAN, Some(INCH)),
            (1e9, Some(INCH)),
        ] {
            assert_eq!(sheet(dots, millimetres), None, "{dots}");
        }
        for (across, down) in [(f64::NAN, 300.0), (300.0, f64::NAN), (1e7, 300.0), (f64::INFINITY, 300.0)] {
            let density = Density { across, down, millimetres: Some(INCH) };
            assert_eq!(density.sheet(2480, 3508), None, "{across} x {down}");
        }
    }
}
