//! A verdict as the service answers it: the document of `inkproof verify --json`, and pictures where they were asked for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inkproof::Model;
use serde::Serialize;
use utoipa::ToSchema;

use super::images::picture;
use crate::verdict::{Seen, Verdict, explanation};

/// A verdict and what shows it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Answer {
    #[serde(flatten)]
    pub verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pictures: Option<Pictures>,
}

/// PNG files in base64.
#[derive(Debug, Serialize, ToSchema)]
pub struct Pictures {
    /// Where the questioned signature agrees (blue) and where not (orange), the most alike references beside it; null for a
    /// model that cannot tell.
    pub explanation: Option<String>,
    /// The questioned ink, black on nothing.
    pub questioned: String,
    /// The references' inks, in their order; all in the frame of the questioned one.
    pub references: Vec<String>,
}

impl Pictures {
    pub fn of(model: &Model, references: &[Seen], questioned: &Seen) -> Self {
        let ink = |seen: &Seen| STANDARD.encode(picture(&seen.ink, model.preprocess()));
        Self {
            explanation: explanation(references, questioned).ok().map(|png| STANDARD.encode(png)),
            questioned: ink(questioned),
            references: references.iter().map(ink).collect(),
        }
    }
}
