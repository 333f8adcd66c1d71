//! The leakage of a data set in words: what was found, how bad each finding is, and what follows for whoever trains on the set.

use std::fmt::Write as _;

use serde::Serialize;

use super::copies::{Copies, Crossing, Sameness};
use super::text::{after_ink, crossing, cue_sentences, figure, s};
use super::{CueTables, Leakage, Probe, TOGETHER, raster, stored};
use crate::dataset::{Kind, Split};
use crate::error::some;
use crate::report::list;

/// How many examples a finding keeps for the page.
const EXAMPLES: usize = 4;

/// What a finding does to a result on the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Any result is worthless, that of a model with `ink` preprocessing too.
    AnyPreprocessing,
    /// A result is worthless for a model that sees the images as stored; `ink` takes this away.
    AsStored,
    /// To be known; no leak.
    Caution,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What it does to a result.
    pub severity: Severity,
    /// What it is about.
    pub kind: FindingKind,
    /// What was found, with its figures.
    pub sentence: String,
    /// LoadedImages side by side that show it.
    pub examples: Vec<[Shown; 2]>,
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// The same picture more than once.
    Copies,
    /// Writers in both splits.
    SharedWriters,
    /// Forgers in both splits.
    SharedForgers,
    /// Something other than the shape.
    Cue,
}

/// One picture of an example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Index into the set's images.
    pub image: usize,
    /// Which image it is, and what is to be seen.
    pub caption: String,
    /// Shown as normalised ink, not as stored.
    pub as_ink: bool,
}

impl Leakage {
    /// All findings, the worst first.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = self.copies_by_crossing();
        findings.extend(self.shared_writers());
        findings.extend(self.shared_forgers());
        if let Some(tables) = &self.cues {
            findings
                .extend(tables.as_stored.iter().filter(|probe| probe.leak).map(|probe| self.cue(tables, probe, false)));
            findings
                .extend(tables.after_ink.iter().filter(|probe| probe.leak).map(|probe| self.cue(tables, probe, true)));
        }
        findings.sort_by_key(|finding| finding.severity);
        findings
    }

    /// Copies in groups by what they cross, those that cross nothing last.
    fn copies_by_crossing(&self) -> Vec<Finding> {
        let mut kinds: Vec<(Sameness, &[Crossing])> = Vec::new();
        for copies in &self.copies {
            let kind = (copies.how, &copies.crosses[..]);
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        let finding = |(how, crosses): (Sameness, &[Crossing])| {
            let of_kind: Vec<&Copies> = self.copies.iter().filter(|c| c.how == how && c.crosses == crosses).collect();
            let pictures: usize = of_kind.iter().map(|copies| copies.images.len()).sum();
            let what = match how {
                Sameness::Bytes => "the same byte for byte as",
                Sameness::Pixels => "the same pixel for pixel as",
                Sameness::Near => "nearly the same as",
            };
            let across = match crosses {
                [] => "another of the same class and writer: a comparison of the two says nothing".to_owned(),
                crosses => format!("another, across {}", list(&crosses.iter().map(crossing).collect::<Vec<_>>())),
            };
            let verb = if pictures == 1 { "is" } else { "are" };
            Finding {
                severity: if crosses.is_empty() { Severity::Caution } else { Severity::AnyPreprocessing },
                kind: FindingKind::Copies,
                sentence: format!("{pictures} images {verb} {what} {across}."),
                examples: of_kind.iter().take(EXAMPLES).map(|copies| self.two_of(copies)).collect(),
            }
        };
        kinds.into_iter().map(finding).collect()
    }

    /// Two copies that show best what they cross.
    fn two_of(&self, copies: &Copies) -> [Shown; 2] {
        let first = copies.images[0];
        let place = |image: usize| {
            let image = &self.set.images[image];
            (image.split, image.kind, &image.writer)
        };
        let other = copies.images[1..].iter().find(|&&image| place(image) != place(first)).unwrap_or(&copies.images[1]);
        let similarity = match copies.how {
            Sameness::Near => format!(", likeness {:.3}", copies.similarity),
            _ => String::new(),
        };
        [first, *other].map(|image| Shown {
            image,
            caption: format!("{}{similarity}", self.described(image)),
            as_ink: false,
        })
    }

    fn shared_writers(&self) -> Option<Finding> {
        let first = self.shared_writers.first()?;
        let of = |split| {
            let wanted = |i: &&crate::dataset::Image| i.writer == *first && i.split == Some(split);
            self.set.images.iter().position(|image| wanted(&image))
        };
        let examples = of(Split::Train).zip(of(Split::Test)).map(|(train, test)| [self.shown(train), self.shown(test)]);
        let names: Vec<&str> = self.shared_writers.iter().map(|writer| writer.as_str()).collect();
        Some(Finding {
            severity: Severity::AnyPreprocessing,
            kind: FindingKind::SharedWriters,
            sentence: format!("Writers in both train and test: {}. A test on them measures memory.", some(&names)),
            examples: examples.into_iter().collect(),
        })
    }

    fn shared_forgers(&self) -> Option<Finding> {
        let first = self.shared_forgers.first()?;
        let names: Vec<&str> = self.shared_forgers.iter().map(|forger| forger.forger.as_str()).collect();
        Some(Finding {
            severity: Severity::AnyPreprocessing,
            kind: FindingKind::SharedForgers,
            sentence: format!(
                "Forgers in both train and test: {}. A model that learns from forgeries may know the hand of those in the test.",
                some(&names)
            ),
            examples: vec![[self.shown(first.train[0]), self.shown(first.test[0])]],
        })
    }

    fn cue(&self, tables: &CueTables, probe: &Probe, as_ink: bool) -> Finding {
        let (place, severity) = if as_ink {
            ("After ink normalisation", Severity::AnyPreprocessing)
        } else {
            ("As stored", Severity::AsStored)
        };
        let mut sentence =
            format!("{place}, {} tell{} genuine from forged pairs: {}", probe.name, s(probe), figure(probe));
        if !as_ink {
            let after = tables.after_ink.iter().find(|after| after.id == probe.id);
            let _ = write!(sentence, "; {}", after_ink(after));
        }
        sentence.push('.');
        Finding {
            severity,
            kind: FindingKind::Cue,
            sentence,
            examples: self.pair_of(tables, probe, as_ink).into_iter().collect(),
        }
    }

    /// The pair that shows a cue best: the forged pair that differs most, or the genuine one where those differ more.
    fn pair_of(&self, tables: &CueTables, probe: &Probe, as_ink: bool) -> Option<[Shown; 2]> {
        let (cues, values) = if as_ink {
            (&raster::CUES[..], &tables.raster_values)
        } else {
            (&stored::CUES[..], &tables.stored_values)
        };
        if probe.id == TOGETHER {
            let [a, b] = if as_ink { tables.most_telling_ink } else { tables.most_telling_stored }?;
            return Some([a, b].map(|image| Shown { image, caption: self.described(image), as_ink }));
        }
        let at = cues.iter().position(|cue| cue.id == probe.id)?;
        let genuine = probe.auc? < 0.5;
        let pairs = super::Pairs::from_set(&self.set).list.into_iter().filter(|pair| pair.genuine == genuine);
        let difference = |pair: &super::Pair| values[pair.a][at].difference(&values[pair.b][at]);
        let best = pairs.reduce(|best, pair| if difference(&pair) > difference(&best) { pair } else { best })?;
        let caption = |image: usize| format!("{}: {} {}", self.described(image), probe.name, values[image][at]);
        Some([best.a, best.b].map(|image| Shown { image, caption: caption(image), as_ink }))
    }

    fn shown(&self, image: usize) -> Shown {
        Shown { image, caption: self.described(image), as_ink: false }
    }

    /// "train, writer 003, forgery by 0021, 0021003_01.png"
    fn described(&self, image: usize) -> String {
        let image = &self.set.images[image];
        let mut words = Vec::new();
        words.extend(
            image.split.map(|split| if split == Split::Train { "train".to_owned() } else { "test".to_owned() }),
        );
        words.push(format!("writer {}", image.writer));
        words.push(match (image.kind, &image.forger) {
            (Kind::Genuine, _) => "genuine".to_owned(),
            (Kind::Forgery, Some(forger)) => format!("forgery by {forger}"),
            (Kind::Forgery, None) => "forgery".to_owned(),
        });
        words.push(image.path.file_name().unwrap_or_default().to_string_lossy().into_owned());
        words.join(", ")
    }

    /// Whether a model that sees the images as stored would be misled.
    pub fn leaks_as_stored(&self) -> bool {
        self.findings().iter().any(|finding| finding.severity != Severity::Caution)
    }

    /// Whether a model with `ink` preprocessing would be misled.
    pub fn leaks_with_ink(&self) -> bool {
        self.findings().iter().any(|finding| finding.severity == Severity::AnyPreprocessing)
    }

    /// The outcome for a person.
    pub fn verdict(&self) -> String {
        let findings = self.findings();
        let of = |kind| move |finding: &&Finding| finding.kind == kind && finding.severity != Severity::Caution;
        let mut sentences = Vec::new();
        if findings.iter().any(|finding| of(FindingKind::Copies)(&finding)) {
            sentences.push(
                "The same pictures are on both sides of a line that a test draws, so figures measure memory."
                    .to_owned(),
            );
        }
        for kind in [FindingKind::SharedWriters, FindingKind::SharedForgers] {
            sentences.extend(findings.iter().filter(of(kind)).map(|finding| finding.sentence.clone()));
        }
        match &self.cues {
            Some(tables) => sentences.extend(cue_sentences(tables)),
            None => sentences.push("What cues other than the shape would score could not be computed.".to_owned()),
        }
        if findings.iter().all(|finding| finding.severity == Severity::Caution) {
            sentences.insert(0, "No leak was found.".to_owned());
        }
        sentences.join(" ")
    }
}
