//! The sentences of a verdict: what cues, figures and crossings are called.

use super::copies::Crossing;
use super::{CueTables, Probe, TOGETHER};
use crate::report::list;

/// What the cues mean for figures on the set.
pub fn cue_sentences(tables: &CueTables) -> Vec<String> {
    let before = leaking(&tables.as_stored);
    let after = leaking(&tables.after_ink);
    let mut sentences = Vec::new();
    if let Some(worst) = before.first() {
        let groups = unique(before.iter().filter_map(|probe| group(&probe.id)));
        let what = if groups.is_empty() { "all that is not shape".to_owned() } else { list(&groups) };
        let are = if groups.len() > 1 { "are" } else { "is" };
        sentences.push(format!(
            "Figures on this set measure the scanner unless {what} {are} normalised away: as stored, {} tell{} genuine from \
             forged pairs of unseen writers with {}.",
            worst.name,
            s(worst),
            figure(worst)
        ));
    } else {
        sentences.push("As stored, nothing but the shape tells genuine from forged pairs.".to_owned());
    }
    match after.first() {
        Some(worst) => sentences.push(format!(
            "Ink normalisation does not remove all of it: after it, {} still tell{} with {}.",
            worst.name,
            s(worst),
            figure(worst)
        )),
        None => sentences.push("After ink normalisation no probe tells more than chance allows.".to_owned()),
    }
    sentences
}

/// The probes that leak, the most telling first; all together last of equals.
fn leaking(probes: &[Probe]) -> Vec<&Probe> {
    let mut leaking: Vec<&Probe> = probes.iter().filter(|probe| probe.leak).collect();
    let far = |probe: &Probe| (probe.auc.unwrap_or(0.5) - 0.5).abs();
    leaking.sort_by(|a, b| (a.id == TOGETHER).cmp(&(b.id == TOGETHER)).then(far(b).total_cmp(&far(a))));
    leaking
}

/// What would have to be normalised away.
fn group(id: &str) -> Option<&'static str> {
    match id {
        "ink_tone_mean" | "ink_tone_spread" => Some("tone"),
        "paper_level" | "paper_noise" => Some("paper"),
        "stroke_width" => Some("stroke width"),
        "ink_area" | "image_width" | "image_height" | "box_width" | "box_height" => Some("size"),
        TOGETHER => None,
        _ => Some("the file's kind"),
    }
}

pub fn after_ink(after: Option<&Probe>) -> String {
    match after {
        Some(after) if after.constant => "ink normalisation makes it constant".to_owned(),
        Some(after) if after.leak => format!("ink normalisation leaves {}", figure(after)),
        Some(after) => format!("ink normalisation takes that away ({})", figure(after)),
        None => "nothing of it is in the normalised ink".to_owned(),
    }
}

/// "AUC 0.96 (95 % interval 0.94 to 0.98)"
pub fn figure(probe: &Probe) -> String {
    match (probe.auc, probe.ci95) {
        (Some(auc), Some([low, high])) => format!("AUC {auc:.2} (95\u{a0}% interval {low:.2} to {high:.2})"),
        _ => "constant".to_owned(),
    }
}

pub fn s(probe: &Probe) -> &'static str {
    if probe.id == TOGETHER || probe.name.ends_with('s') && !probe.name.ends_with("ss") { "" } else { "s" }
}

pub fn crossing(crossing: &Crossing) -> &'static str {
    match crossing {
        Crossing::Splits => "splits",
        Crossing::Classes => "classes",
        Crossing::Writers => "writers",
    }
}

fn unique(words: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut unique = Vec::new();
    for word in words {
        if !unique.contains(&word) {
            unique.push(word);
        }
    }
    unique
}
