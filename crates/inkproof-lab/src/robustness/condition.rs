//! The conditions: what may happen to a signature between the pen and the file, each with one stated strength.
//!
//! Lengths are in stroke widths, or in heights of the signature, so that a condition is equally hard in every resolution.

use inkproof::random::stream;
use inkproof::{GrayRule, Limits, decode};
use rand_chacha::ChaCha8Rng;

use super::specimen::Specimen;
use super::{desk, marks, scene};

/// One thing that is done to a questioned image.
#[derive(Debug, Clone, Copy)]
pub struct Condition {
    /// Its name at the command and in files; never changes.
    pub id: &'static str,
    /// What is done, and how strongly.
    pub title: &'static str,
    /// Whether a person could still judge the signature, so that the demands hold.
    pub can_be_judged: bool,
    make: fn(&Original, &mut ChaCha8Rng) -> Vec<u8>,
}

/// A signature as its data set has it.
#[derive(Debug, Clone)]
pub struct Original {
    /// The file.
    pub(super) bytes: Vec<u8>,
    /// Its ink.
    pub(super) specimen: Specimen,
}

impl Original {
    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// Where the file cannot be decoded, and [`inkproof::Error::NoInk`] where nothing in it stands out from the paper.
    pub fn new(bytes: Vec<u8>, limits: &Limits) -> inkproof::Result<Self> {
        let specimen = Specimen::new(&decode(&bytes, GrayRule::OnWhite, limits)?).ok_or(inkproof::Error::NoInk)?;
        Ok(Self { bytes, specimen })
    }
}

impl Condition {
    /// The condition that references have, and with which all others are compared.
    pub const CLEAN: &'static str = "clean";

    /// The clean one.
    pub(super) fn clean() -> &'static Self {
        &CONDITIONS[0]
    }

    /// The file that an original becomes; image number `index` of a seed always becomes the same.
    pub fn apply(&self, original: &Original, seed: u64, index: u64) -> Vec<u8> {
        (self.make)(original, &mut stream(seed, self.id, index))
    }

    /// The ending of a file's name.
    pub fn extension(bytes: &[u8]) -> &'static str {
        if bytes.starts_with(&[0xff, 0xd8]) { "jpg" } else { "png" }
    }

    /// Those that go by a name: of this id, or of an id that begins with it and a hyphen.
    pub fn find(name: &str) -> impl Iterator<Item = &'static Self> {
        CONDITIONS.iter().filter(move |condition| {
            let rest = condition.id.strip_prefix(name);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        })
    }
}

const fn judged(id: &'static str, title: &'static str, make: fn(&Original, &mut ChaCha8Rng) -> Vec<u8>) -> Condition {
    Condition { id, title, can_be_judged: true, make }
}

/// Every condition, in the order of the table; the first is that with which the others are compared.
pub const CONDITIONS: &[Condition] = &[
    judged(Condition::CLEAN, "its ink on white paper, black", |o, rng| scene::redrawn(&o.specimen, rng)),
    judged("original", "the data set's own file", |o, _| o.bytes.clone()),
    judged("rotation-3", "turned by 3 degrees", |o, rng| scene::turned(&o.specimen, 3.0, rng)),
    judged("rotation-8", "turned by 8 degrees", |o, rng| scene::turned(&o.specimen, 8.0, rng)),
    judged("rotation-15", "turned by 15 degrees", |o, rng| scene::turned(&o.specimen, 15.0, rng)),
    judged("rotation-90", "sideways, either way", |o, rng| scene::sideways(&o.specimen, rng)),
    judged("rotation-180", "upside down", |o, rng| scene::upside_down(&o.specimen, rng)),
    judged("scale-0.25", "a quarter of the resolution", |o, rng| scene::scaled(&o.specimen, 0.25, rng)),
    judged("scale-0.5", "half the resolution", |o, rng| scene::scaled(&o.specimen, 0.5, rng)),
    judged("scale-2", "twice the resolution", |o, rng| scene::scaled(&o.specimen, 2.0, rng)),
    judged("jpeg-10", "JPEG of quality 10", |o, rng| scene::jpeg(&o.specimen, 10, rng)),
    judged("jpeg-25", "JPEG of quality 25", |o, rng| scene::jpeg(&o.specimen, 25, rng)),
    judged("jpeg-50", "JPEG of quality 50", |o, rng| scene::jpeg(&o.specimen, 50, rng)),
    judged("blur-0.3", "blurred by 0.3 stroke widths", |o, rng| scene::blurred(&o.specimen, 0.3, rng)),
    judged("blur-0.6", "blurred by 0.6 stroke widths", |o, rng| scene::blurred(&o.specimen, 0.6, rng)),
    judged("noise-8", "noise of 8 levels", |o, rng| scene::noisy(&o.specimen, 8.0, rng)),
    judged("noise-20", "noise of 20 levels", |o, rng| scene::noisy(&o.specimen, 20.0, rng)),
    judged("gamma", "a tone curve of gamma 0.4", |o, rng| scene::gamma(&o.specimen, 0.4, rng)),
    judged("pencil", "pencil of 18 levels over noise of 4", |o, rng| scene::pencil(&o.specimen, 18.0, 4.0, rng)),
    judged("tint", "blue ink on salmon paper", |o, rng| scene::tinted(&o.specimen, rng)),
    judged("uneven", "light that falls to 45 %", |o, rng| scene::uneven_light(&o.specimen, 0.45, rng)),
    judged("shadow", "a hand's hard shadow of 55 %", |o, rng| scene::hand_shadow(&o.specimen, 0.55, rng)),
    judged("perspective", "seen from aside, corners moved by 12 %", |o, rng| desk::perspective(&o.specimen, 0.12, rng)),
    judged("desk", "a sheet on a dark desk, askew by up to 6 degrees", |o, rng| desk::on_desk(&o.specimen, rng)),
    judged("scanner", "a scanner's black edges, 6 % wide", |o, rng| desk::scanner_edges(&o.specimen, 0.06, rng)),
    judged("inverted", "light ink on dark ground", |o, rng| scene::inverted(&o.specimen, rng)),
    judged("transparent", "white ink on a transparent ground", |o, _| scene::transparent(&o.specimen)),
    judged("ruled", "ruled paper, askew by 2 degrees", |o, rng| marks::ruled_paper(&o.specimen, rng)),
    judged("squared", "squared paper, askew by 1 degree", |o, rng| marks::squared_paper(&o.specimen, rng)),
    judged("line-below", "a form's line of 70 % below", |o, rng| marks::form_line(&o.specimen, 1.08, rng)),
    judged("line-touching", "a form's line of 70 % through its foot", |o, rng| {
        marks::form_line(&o.specimen, 0.85, rng)
    }),
    judged("dotted", "a dotted line through its foot", |o, rng| marks::dotted_line(&o.specimen, rng)),
    judged("box-ruled", "a ruled box around", |o, rng| marks::ruled_box(&o.specimen, rng)),
    judged("box-drawn", "a box by hand, touching the border", |o, rng| marks::drawn_box(&o.specimen, rng)),
    judged("stamp", "a red round stamp across blue ink", |o, rng| marks::stamp(&o.specimen, rng)),
    judged("print-under", "blue ink over black print", |o, rng| marks::over_print(&o.specimen, rng)),
    judged("print-name", "a printed name below", |o, rng| marks::printed_name(&o.specimen, rng)),
    judged("guilloche", "a cheque's light wavy lines, blue ink", |o, rng| marks::guilloche(&o.specimen, rng)),
    judged("trimmed-450", "cut to the last pixel, 450 high", |o, _| scene::trimmed(&o.specimen, 450)),
    judged("trimmed-54", "cut to the last pixel, 54 high", |o, _| scene::trimmed(&o.specimen, 54)),
    Condition {
        id: "cut",
        title: "the right half is missing",
        can_be_judged: false,
        make: |o, rng| scene::cut_in_half(&o.specimen, rng),
    },
    judged("photocopy", "1 bit, specks, askew by up to 1 degree", |o, rng| desk::photocopy(&o.specimen, rng)),
    judged("fax", "204 x 98 dpi, 1 bit", |o, rng| desk::fax(&o.specimen, rng)),
    judged("phone", "aslant, a shadow, noise, JPEG 50", |o, rng| desk::phone(&o.specimen, rng)),
];
