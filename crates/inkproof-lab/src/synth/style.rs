//! Script styles: what kind of shapes a signature is made of, so that nobody who learns from them learns one script.
//!
//! A style decides what is written; who writes, moves the pen or forges is the same for all.

mod blocks;
mod flowing;
mod headline;
mod latin;
mod monogram;
mod print;
mod scribe;

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::pen::Pen;
use super::plan::Habits;

pub(super) use scribe::Scribe;

/// What kind of script a signature is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Style {
    /// Joined Latin letters, often with a flourish.
    Latin,
    /// Overlapping initials and much flourish.
    Monogram,
    /// From right to left: long baselines, bowls, dots above and below, as in Arabic and Urdu.
    Flowing,
    /// Short strokes, loops and verticals that hang from a long horizontal line, as in Devanagari and Bengali.
    Headline,
    /// Two to four dense blocks of short straight strokes, as in Chinese and Japanese.
    Blocks,
    /// Several words, or letters that stand apart.
    Print,
}

impl Style {
    /// Every style.
    pub const ALL: [Self; 6] = [Self::Latin, Self::Monogram, Self::Flowing, Self::Headline, Self::Blocks, Self::Print];

    /// A writer's style: joined Latin letters in three of ten, the others with equal chances.
    pub(super) fn draw(rng: &mut impl Rng) -> Self {
        match rng.random_range(0..50) {
            0..15 => Self::Latin,
            other => Self::ALL[1 + (other - 15) / 7],
        }
    }

    pub(super) fn written(self, rng: &mut impl Rng) -> Pen {
        match self {
            Self::Latin => latin::written(rng),
            Self::Monogram => monogram::written(rng),
            Self::Flowing => flowing::written(rng),
            Self::Headline => headline::written(rng),
            Self::Blocks => blocks::written(rng),
            Self::Print => print::written(rng),
        }
    }

    /// The habits of a hand as this style has them: upright scripts lean less, and where shapes are large against the
    /// x-height, more looseness makes two signings as similar as in the other styles (docs/model-card.md).
    pub(super) fn fitted(self, habits: Habits) -> Habits {
        let (lean, loose) = match self {
            Self::Latin => (1.0, 1.0),
            Self::Monogram => (1.0, 0.9),
            Self::Flowing => (-0.6, 1.1),
            Self::Headline => (0.5, 1.0),
            Self::Blocks => (0.3, 1.06),
            Self::Print => (0.7, 1.2),
        };
        Habits { slant: lean * habits.slant, looseness: loose * habits.looseness, ..habits }
    }
}
