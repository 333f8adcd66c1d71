//! Signatures of writers who do not exist, genuine and forged, so that nobody needs anybody's.
//!
//! A writer is a `plan`: targets of strokes, bent letters of one [style](Style), a flourish, and habits. Each `signing` varies it a little,
//! or, by a forger, copies one signing with errors, slower and with tremor. `motor` moves the pen along the targets by
//! the sigma-lognormal model, and `render` lays plain ink on plain paper, in one way for whoever signs. Everything
//! follows from a seed: picture number r of writer number k is the same whatever else is made.

pub(crate) mod draw;
mod files;
mod letters;
mod motor;
pub mod pages;
mod pen;
mod plan;
mod render;
mod signing;
mod style;

use inkproof::random::stream;
use inkproof::{Gray, Ink, Preprocess};
use rand::RngExt;
use rayon::prelude::*;

use draw::{between, normal};
use plan::{Habits, Plan};
use render::Sheet;
use signing::{Path, Signing};

pub(crate) use files::writer_number;
pub use files::{SynthInfo, read_info, write};
pub use style::Style;

/// The version of the generator; another version makes other pictures of the same seed.
pub const GENERATOR: u32 = 3;

/// Pixels of every picture.
pub const WIDTH: usize = 640;
/// Rows of a picture.
pub const HEIGHT: usize = 260;

/// Forgers of one seed; a writer is forged by two of them.
const FORGERS: u64 = 60;

/// What is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SynthOptions {
    /// How many.
    pub writers: usize,
    /// Genuine signatures of each writer.
    pub genuine: usize,
    /// Skilled forgeries of each writer.
    pub forgeries: usize,
    /// Decides everything.
    pub seed: u64,
    /// Of all writers; mixed where there is none.
    pub style: Option<Style>,
}

impl Default for SynthOptions {
    /// Ten writers with eight genuine signatures and eight forgeries each, in mixed styles.
    fn default() -> Self {
        Self { writers: 10, genuine: 8, forgeries: 8, seed: 0, style: None }
    }
}

impl SynthOptions {
    /// Writer number `index` of these.
    pub fn writer(&self, index: u64) -> Writer {
        match self.style {
            Some(style) => Writer::in_style(self.seed, index, style),
            None => Writer::new(self.seed, index),
        }
    }
}

/// Signatures of strangers, one of each, to which everybody's are compared; of a seed that no data set, bundled model or
/// test has.
pub fn strangers(preprocess: &Preprocess) -> Vec<Ink> {
    const SEED: u64 = 20_050_625;
    const WRITERS: u64 = 32;
    let sign = |writer| preprocess.apply_gray(&Writer::new(SEED, writer).genuine(0));
    (0..WRITERS).into_par_iter().map(|writer| sign(writer).expect("the synthesiser's pictures have ink")).collect()
}

/// A writer who does not exist.
#[derive(Debug, Clone)]
pub struct Writer {
    seed: u64,
    index: u64,
    plan: Plan,
}

impl Writer {
    /// Writer number `index` of a seed, in a style of his own.
    pub fn new(seed: u64, index: u64) -> Self {
        Self::in_style(seed, index, Style::draw(&mut stream(seed, "style", index)))
    }

    /// The writer of this number in a given style.
    pub fn in_style(seed: u64, index: u64, style: Style) -> Self {
        Self { seed, index, plan: Plan::draw(style, &mut stream(seed, "writer", index)) }
    }

    /// The writer's own signature number `repeat`.
    pub fn genuine(&self, repeat: u64) -> Gray {
        let mut rng = stream(self.seed, "genuine", self.number(repeat));
        let signing = Signing::genuine(&self.plan, &mut rng);
        self.picture(&signing, 2 * self.number(repeat), &mut rng)
    }

    /// A skilled forgery of the writer's signature, by someone who had seen one that is not among the genuine ones.
    pub fn forgery(&self, repeat: u64) -> Gray {
        let forger = u64::from(self.forger(repeat));
        let mut own = stream(self.seed, "forger", forger);
        let habits = Habits::draw(&mut own);
        let skill = between(&mut own, 0.2, 0.9);
        let seen = Signing::genuine(&self.plan, &mut stream(self.seed, "seen", self.number(forger)));
        let mut rng = stream(self.seed, "forgery", self.number(repeat));
        let skill = (skill + 0.15 * normal(&mut rng)).clamp(0.0, 1.0);
        let signing = Signing::forged(&seen, self.plan.letters, &habits, skill, &mut rng);
        self.picture(&signing, 2 * self.number(repeat) + 1, &mut rng)
    }

    /// The pen's ways in the writer's own signature number `repeat`, in x-heights, y up.
    fn paths(&self, repeat: u64) -> Vec<Path> {
        let mut rng = stream(self.seed, "genuine", self.number(repeat));
        Signing::genuine(&self.plan, &mut rng).paths(&mut rng)
    }

    /// Who makes forgery number `repeat`: the number, from 1, of a forger of the seed.
    pub fn forger(&self, repeat: u64) -> u16 {
        let mut rng = stream(self.seed, "forgers of a writer", 2 * self.index + repeat % 2);
        rng.random_range(1..=FORGERS as u16)
    }

    /// One stream for each picture of each writer.
    fn number(&self, repeat: u64) -> u64 {
        (self.index << 24) + repeat
    }

    /// Ink and paper come from a stream of their own, in which genuine and forged pictures are numbered alike.
    fn picture(&self, signing: &Signing, number: u64, rng: &mut impl rand::Rng) -> Gray {
        let sheet = Sheet::draw(&mut stream(self.seed, "sheet", number));
        sheet.picture(&signing.paths(rng), signing.habits().size)
    }
}

#[cfg(test)]
mod tests;
