//! `inkproof verify`: is this questioned signature by the writer of these references?

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use inkproof::find::{Finder, FoundSignature};
use inkproof::{Decision, Embedding, Explanation, Ink, Signature, Threshold, Verdict, Verifier, VerifyOptions};
use inkproof_service::{
    CaseFile, Door, ImageFlaw, Judged, Made, NamedImage, Question, Seen, Service, Threads, ThresholdFrom, Verification,
    verify_references, viewed,
};
use inkproof_store::{Actor, Time, WriterId};

use crate::arguments::{ImageOptions, ModelFile, StorePlace};
use crate::commands::find::{FoundPage, found_pages};
use crate::images::ImageFiles;
use crate::outputs::{self, Inputs};
use crate::terminal::{command_line, one_line};
use crate::text::meaning;

/// Judge a questioned signature against references of a writer
///
/// Of several files after the options the last is judged, and the others are references too; that is said.
///
/// Exit code 0 when it is accepted, 1 when it is rejected, 3 when the evidence supports neither and a person has to decide,
/// 2 when something is wrong.
#[derive(Debug, Args)]
pub struct Verify {
    /// A signature known to be the writer's; give the option once for each
    #[arg(long, value_name = "IMAGE")]
    reference: Vec<PathBuf>,
    /// Judge against the references that this writer was enrolled with, and write the decision down in the store's audit
    #[arg(long, value_name = "ID", conflicts_with = "reference")]
    writer: Option<WriterId>,
    /// The signature to be judged; `-` reads it from standard input
    #[arg(required = true, value_name = "QUESTIONED")]
    questioned: Vec<PathBuf>,
    #[command(flatten)]
    model: ModelFile,
    #[command(flatten)]
    store: StorePlace,
    #[command(flatten)]
    image: ImageOptions,
    /// QUESTIONED is a page, as a letter or a cheque: its signatures are found and each is judged. Without --page its first
    /// page that is signed
    #[arg(long, conflicts_with_all = ["explain", "report"])]
    document: bool,
    /// Accept from this score on and reject below it, instead of from the model's own threshold; nothing is left undecided
    #[arg(long)]
    threshold: Option<f64>,
    /// Write a picture that shows where the questioned signature agrees with the references (blue) and where not (orange);
    /// the most similar references are shown next to it
    #[arg(long, value_name = "OUT.png")]
    explain: Option<PathBuf>,
    /// Write a case file, a page that prints well: the finding, its strength with its interval, where the signatures differ,
    /// the images with their hashes, what the finding does not say, and how it was made
    #[arg(long, value_name = "CASE.html")]
    report: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub fn run(self) -> Result<ExitCode> {
        let is_stdin = |path: &&PathBuf| path.as_os_str() == "-";
        if self.reference.iter().chain(&self.questioned).filter(is_stdin).count() > 1 {
            bail!("standard input (-) can be one image only; give the others as files");
        }
        let (asked, assumed) = self.asked()?;
        if let (Some(assumed), true) = (&assumed, asked.json) {
            eprintln!("note: {assumed}");
        }
        asked.judge(assumed.as_deref())
    }

    /// The same with one questioned signature, and what was assumed for that, in words.
    fn asked(mut self) -> Result<(Self, Option<String>)> {
        let shown = |path: &PathBuf| one_line(path.display());
        match (&self.writer, &self.reference[..], &self.questioned[..]) {
            (Some(_), _, [_]) | (None, [_, ..], [_]) => return Ok((self, None)),
            (Some(_), ..) => bail!("give one signature to be judged; `inkproof verify-batch` judges many"),
            (None, [], [only]) => bail!(
                "there is nothing to compare {} with; give references with --reference, or an enrolled writer with --writer",
                shown(only)
            ),
            (None, [], [a, b]) => bail!(
                "which of the two is to be judged is not said: with `--reference {a} {b}` it is {b}, with `--reference {b} {a}` \
                 it is {a}",
                a = shown(a),
                b = shown(b)
            ),
            _ => {}
        }
        let last = self.questioned.pop().expect("clap demands one");
        self.reference.append(&mut self.questioned);
        let references = self.reference.iter().map(shown).collect::<Vec<_>>().join(", ");
        let assumed =
            format!("{} is judged, since it is the last; {references} are taken for the references.", shown(&last));
        self.questioned.push(last);
        Ok((self, Some(assumed)))
    }

    fn questioned(&self) -> &PathBuf {
        &self.questioned[0]
    }

    fn judge(self, assumed: Option<&str>) -> Result<ExitCode> {
        let outputs: Vec<&Path> = [&self.explain, &self.report].into_iter().flatten().map(PathBuf::as_path).collect();
        if !outputs.is_empty() {
            self.inputs().spare(&outputs)?;
        }
        let threshold = self.threshold.map(Threshold::new).transpose()?;
        let options = VerifyOptions { threshold, ..VerifyOptions::default() };
        if self.document {
            return self.judge_document(options, assumed);
        }
        let judged = self.judged(options, None)?;
        if let Some(path) = &self.explain {
            explain(path, &judged.references, &judged.verdict, &judged.questioned)?;
        }
        if self.json {
            println!("{:#}", serde_json::to_value(&judged.answer)?);
        } else {
            println!("{}", sentences(&judged.answer, &judged.verdict));
            if let Some(assumed) = assumed {
                println!("{assumed}");
            }
            if let Some(path) = &self.explain {
                println!("Where it agrees (blue) and where not (orange) is in {}.", one_line(path.display()));
            }
            if let Some(path) = &self.report {
                println!("The case file is {}.", one_line(path.display()));
            }
        }
        Ok(exit_code(judged.verdict.decision))
    }

    /// The questioned image, or what was cut of it.
    fn judged(&self, options: VerifyOptions, cut: Option<Vec<u8>>) -> Result<Judged> {
        match &self.writer {
            None => self.by_files(options, cut),
            Some(writer) => self.by_enrolled(options, writer, cut),
        }
    }

    /// Each signature of a page: one that is accepted is enough for exit code 0.
    fn judge_document(&self, options: VerifyOptions, assumed: Option<&str>) -> Result<ExitCode> {
        let document = self.signed_page()?;
        let mut judged = Vec::new();
        for (found, cut) in &document.signatures {
            judged.push((found, self.judged(options, Some(cut.clone()))?));
        }
        if self.json {
            let signatures: Vec<_> = judged
                .iter()
                .map(|(found, judged)| serde_json::json!({"found": found, "verification": judged.answer}))
                .collect();
            println!("{:#}", serde_json::json!({"page": document.page, "signatures": signatures}));
        } else {
            for (at, (found, judged)) in judged.iter().enumerate() {
                let area = found.area;
                println!(
                    "Signature {} of {} on page {}, at x {}, y {} ({} x {} pixels):",
                    at + 1,
                    document.signatures.len(),
                    document.page,
                    area.x,
                    area.y,
                    area.width,
                    area.height
                );
                println!("{}", sentences(&judged.answer, &judged.verdict));
            }
            assumed.iter().for_each(|assumed| println!("{assumed}"));
        }
        let any = |decision| judged.iter().any(|(_, judged)| judged.verdict.decision == decision);
        let decisions = [Decision::Accepted, Decision::Undecided];
        Ok(exit_code(decisions.into_iter().find(|decision| any(*decision)).unwrap_or(Decision::Rejected)))
    }

    fn signed_page(&self) -> Result<SignedPage> {
        let path = self.questioned();
        if let Some(found) = SignedPage::find(&Finder::bundled(), path, &self.image)? {
            return Ok(found);
        }
        let page = self.image.page.map_or(String::new(), |page| format!(", page {page}"));
        bail!(
            "{}{page}: no signature was found on it; one that was cut out by hand is judged without --document",
            path.display()
        )
    }

    fn inputs(&self) -> Inputs {
        let images = self.reference.iter().chain([self.questioned()]);
        Inputs::default().and(images).and(self.model.path()).and_store(self.store.place().ok().as_deref())
    }

    fn by_files(&self, options: VerifyOptions, cut: Option<Vec<u8>>) -> Result<Judged> {
        let verifier = self.model.verifier(&self.image)?;
        let paths: Vec<&PathBuf> = [self.questioned()].into_iter().chain(&self.reference).collect();
        let files = ImageFiles::read(&paths, verifier.limits())?.on_page(self.image.page, 1);
        let files = with_cut(files, cut);
        let images = files.named();
        let question = Question { questioned: images[0], options, pictures: self.report.is_some() };
        let mut judged = verify_references(&verifier, &images[1..], &question, Actor::local(), Threads::All)?;
        let threshold = if self.threshold.is_some() { ThresholdFrom::Caller } else { ThresholdFrom::Model };
        self.write_report(&mut judged, &verifier, &images, threshold)?;
        Ok(judged)
    }

    /// Writes the case file, if one is wanted; the pictures were made for it alone.
    fn write_report(
        &self,
        judged: &mut Judged,
        verifier: &Verifier,
        files: &[NamedImage<'_>],
        threshold: ThresholdFrom,
    ) -> Result<()> {
        let Some(path) = &self.report else { return Ok(()) };
        let command = command_line();
        let made = Made { command, version: env!("CARGO_PKG_VERSION").to_owned(), at: Time::now() };
        outputs::write(path, CaseFile::new(judged, verifier, files, threshold, made)?.to_html().as_bytes())?;
        judged.answer.pictures = None;
        Ok(())
    }

    /// A decision that could not be written down is not given, and no picture of references that were looked at unseen.
    fn by_enrolled(&self, options: VerifyOptions, writer: &WriterId, cut: Option<Vec<u8>>) -> Result<Judged> {
        let service = self.store.service(&self.model, &self.image)?;
        let files = ImageFiles::read(&[self.questioned()], service.verifier().limits())?.on_page(self.image.page, 1);
        let files = with_cut(files, cut);
        let images = files.named();
        let question = Question { questioned: images[0], options, pictures: self.report.is_some() };
        let mut judged = [service.verify_writer(writer, &question, Actor::local())?];
        service.record(&mut judged)?;
        let [mut judged] = judged;
        if self.explain.is_some() || self.report.is_some() {
            looked(&service, &judged)?;
        }
        let threshold = match (self.threshold, judged.answer.calibration) {
            (Some(_), _) => ThresholdFrom::Caller,
            (None, Some(_)) => service.calibration()?.map_or(ThresholdFrom::Model, ThresholdFrom::Store),
            (None, None) => ThresholdFrom::Model,
        };
        self.write_report(&mut judged, service.verifier(), &images, threshold)?;
        Ok(judged)
    }
}

/// The files with what was cut of the first in its place.
fn with_cut(files: ImageFiles, cut: Option<Vec<u8>>) -> ImageFiles {
    match cut {
        Some(cut) => files.with_first(cut),
        None => files,
    }
}

/// A page and its signatures, each with an image of its own.
pub struct SignedPage {
    pub page: u32,
    pub signatures: Vec<(FoundSignature, Vec<u8>)>,
}

impl SignedPage {
    /// The wanted page, or the first with a signature; None where no signature was found.
    pub fn find(finder: &Finder, path: &Path, image: &ImageOptions) -> Result<Option<Self>> {
        let limits = image.limits();
        let files = ImageFiles::read(&[path], &limits)?.on_page(image.page, 1);
        let NamedImage { bytes, page: wanted, .. } = files.named()[0];
        for found in found_pages(finder, bytes, wanted, &limits) {
            let FoundPage { page, picture, findings } = found.map_err(|error| error.at(path))?;
            if !findings.signatures.is_empty() {
                let cut = |found: &FoundSignature| (*found, picture.cut(&found.area).to_png(u32::MAX));
                return Ok(Some(Self { page: page.number, signatures: findings.signatures.iter().map(cut).collect() }));
            }
        }
        Ok(None)
    }
}

/// Writes down that a picture will show what is enrolled.
fn looked(service: &Service, judged: &Judged) -> Result<()> {
    let seen = Seen::Verification(judged.answer.audit.expect("it was recorded"));
    Ok(service.store().append(&[viewed(seen, judged.decision.writer, Door::Command, Actor::local())])?)
}

fn explain(path: &Path, references: &[Signature], verdict: &Verdict, questioned: &Signature) -> Result<()> {
    let (ink, embedding) = verdict.judged(questioned);
    let embeddings: Vec<&Embedding> = references.iter().map(|reference| &reference.embedding).collect();
    let inks: Vec<&Ink> = references.iter().map(|reference| &reference.ink).collect();
    let picture = Explanation::new(&embeddings, embedding)?.picture(&inks, ink);
    outputs::write(path, &picture.to_png())
}

fn exit_code(decision: Decision) -> ExitCode {
    ExitCode::from(match decision {
        Decision::Accepted => 0,
        Decision::Rejected => 1,
        Decision::Undecided => 3,
    })
}

fn sentences(answer: &Verification, verdict: &Verdict) -> String {
    let word = verdict.decision.to_string().to_uppercase();
    let relation = if verdict.score.get() >= verdict.threshold.get() { "reaches" } else { "is below" };
    let references = match (answer.references.len(), &answer.writer) {
        (1, None) => "the reference".to_owned(),
        (count, None) => format!("the {count} references"),
        (1, Some(writer)) => format!("the one reference of '{writer}'"),
        (count, Some(writer)) => format!("the {count} references of '{writer}'"),
    };
    let decision = format!(
        "{word}: {} {} of {references}.\nScore {:.4} {relation} the threshold {:.4} (model {}).",
        one_line(&answer.questioned),
        meaning(verdict.decision),
        verdict.score.get(),
        verdict.threshold.get(),
        one_line(&answer.model.name)
    );
    let pages = answer.references.iter().map(|scored| scored.page.sentence(&one_line(&scored.reference)));
    let pages = [answer.page.sentence(&one_line(&answer.questioned))].into_iter().chain(pages).flatten();
    let flaws = answer.flaws.iter().map(|ImageFlaw { path, flaw }| format!("Unfit: {}: {flaw}.", one_line(path)));
    let notes = answer.notes.iter().map(|note| format!("Note: {}.", one_line(note)));
    let own = answer.calibration.map(|number| {
        format!(
            "The threshold is that of this store's own writers (`inkproof calibrate`; number {number} in the audit)."
        )
    });
    let recorded = answer.audit.map(|number| match verdict.decision {
        Decision::Undecided => format!("Recorded as {number} and left to a person's review."),
        _ => format!("Recorded as {number}."),
    });
    let age = answer.age.and_then(|age| age.advice());
    [decision]
        .into_iter()
        .chain(pages)
        .chain(flaws)
        .chain(notes)
        .chain(own)
        .chain(verdict.evidence())
        .chain(age)
        .chain(recorded)
        .collect::<Vec<_>>()
        .join("\n")
}
