//! What commands say in words.

use inkproof::Decision;

/// What a decision means for a questioned signature.
pub fn meaning(decision: Decision) -> &'static str {
    match decision {
        Decision::Accepted => "is similar enough to be by the writer",
        Decision::Rejected => "is not similar enough to be by the writer",
        Decision::Undecided => "has to be looked at by a person: it may or may not be by the writer",
    }
}
