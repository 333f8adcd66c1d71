//! What makes an image unfit to decide on, though something can be computed from it.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::Ink;

/// The longer side of the ink, in pixels of the scan, from which on its strokes can be made out.
const LEAST_LONGEST: usize = 50;
/// Ink pixels of a signature that says anything: some 100 pixels of stroke, less than a single letter.
const LEAST_INK: usize = 200;
/// From this value on a pixel of an ink counts.
const INK: u8 = 128;
/// Two groups of ink this far apart, in heights of the taller one, are not words of one signature.
const LEAST_GAP: f32 = 0.85;

/// One thing that is wrong with an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// The ink is this long in the scan, in pixels, and strokes run into each other.
    LowResolution {
        /// The longer side of the box around the ink, in pixels of the scan.
        longest: usize,
    },
    /// Strokes run into the edge of the image: the rest of the signature may be missing.
    CutAtEdge,
    /// Hardly any stroke.
    LittleInk,
    /// Two groups of ink that are as heavy as each other and far apart.
    TwoGroups,
    /// A stamp, print, a box or a line that could not be told from the strokes for certain.
    SomethingElse,
    /// Print, and hardly any writing.
    Print,
    /// A questioned signature that would be accepted if it was turned.
    Turned {
        /// How far, clockwise.
        degrees: i16,
    },
    /// A questioned signature that shows the same signing as a reference.
    Copy {
        /// The reference's index, from 0.
        reference: usize,
    },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LowResolution { longest } => {
                write!(f, "the signature is only {longest} pixels long; scan it with {LEAST_LONGEST} or more")
            }
            Self::CutAtEdge => {
                f.write_str("strokes go on beyond the edge of the image; scan the whole signature with paper around")
            }
            Self::TwoGroups => f.write_str("there seems to be more than one signature; give one at a time"),
            Self::SomethingElse => f.write_str(
                "there is something beside the signature (a stamp, print, a box, a line); crop it to the signature",
            ),
            Self::Print => f.write_str("it shows print and no signature; crop it to the signature"),
            Self::Turned { degrees } => write!(f, "it agrees when turned by {}; scan it upright", Turn(*degrees)),
            Self::Copy { reference } => f.write_str(&copy_of(reference + 1)),
            Self::LittleInk => f.write_str("there is hardly any ink; give the whole signature"),
        }
    }
}

/// What is said of a copy of a reference, by the number that the reader knows the reference by.
pub fn copy_of(number: impl fmt::Display) -> String {
    format!("it is the same signing as reference {number}, and nobody signs twice alike; ask for the original")
}

/// Degrees clockwise, in words.
pub(crate) struct Turn(pub i16);

impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (degrees, way) = match self.0 {
            180 => (180, ""),
            270 => (90, " counterclockwise"),
            degrees if degrees < 0 => (-degrees, " counterclockwise"),
            degrees => (degrees, " clockwise"),
        };
        write!(f, "{degrees} degrees{way}")
    }
}

impl Serialize for Flaw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// How the ink lies in the scan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scan {
    /// The longer side of the box around the ink, in pixels.
    pub longest: usize,
    /// Whether strokes go on beyond the image.
    pub is_cut: bool,
    /// The widest gap between two groups of ink of similar weight, in heights of the taller one.
    pub gap: f32,
    /// Whether there is print and no writing.
    pub is_print: bool,
    /// Whether there is something else that could not be told from the signature for certain.
    pub has_something_else: bool,
}

/// All that is wrong with the image that this ink was made from.
pub(crate) fn flaws(scan: &Scan, ink: &Ink) -> Vec<Flaw> {
    let inked = ink.pixels().iter().filter(|&&pixel| pixel >= INK).count();
    let found = [
        (scan.longest < LEAST_LONGEST, Flaw::LowResolution { longest: scan.longest }),
        (scan.is_cut, Flaw::CutAtEdge),
        (inked < LEAST_INK, Flaw::LittleInk),
        (scan.is_print, Flaw::Print),
        (scan.has_something_else, Flaw::SomethingElse),
        (scan.gap >= LEAST_GAP && !scan.is_print, Flaw::TwoGroups),
    ];
    found.into_iter().filter_map(|(is_so, flaw)| is_so.then_some(flaw)).collect()
}
