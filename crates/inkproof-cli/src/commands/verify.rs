//! `inkproof verify`: is this questioned signature by the writer of these references?

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use inkproof::find::{Finder, FoundSignature};
use inkproof::{Decision, Embedding, Explanation, Ink, Signature, Threshold, Verdict, Verifier, VerifyOptions};
use inkproof_service::{
    CaseFile, DocumentVerification, Door, ImageFlaw, Judged, JudgedDocument, Made, NamedImage, Question, Seen, Service,
    Threads, ThresholdFrom, Verification, refusal, verify_document, verify_references, viewed,
};
use inkproof_store::{Actor, Time, WriterId};

use crate::arguments::{ImageOptions, ModelFile, StorePlace};
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
        let judged = match &self.writer {
            None => self.by_files(options),
            Some(writer) => self.by_enrolled(options, writer),
        }?;
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

    /// Each signature of a page: one that is accepted is enough for exit code 0.
    fn judge_document(&self, options: VerifyOptions, assumed: Option<&str>) -> Result<ExitCode> {
        let document = match &self.writer {
            None => self.document_by_files(options),
            Some(writer) => self.document_by_enrolled(options, writer),
        }?;
        let decided = |decision| document.done().any(|judged| judged.verdict.decision == decision);
        let code = match () {
            () if decided(Decision::Accepted) => exit_code(Decision::Accepted),
            () if document.signatures.iter().any(|(_, judged)| judged.is_err()) => exit_code(Decision::Undecided),
            () if decided(Decision::Undecided) => exit_code(Decision::Undecided),
            () => exit_code(Decision::Rejected),
        };
        if self.json {
            println!("{:#}", serde_json::to_value(DocumentVerification::from(document))?);
        } else {
            println!("{}", document_sentences(&document));
            assumed.iter().for_each(|assumed| println!("{assumed}"));
        }
        Ok(code)
    }

    fn document_by_files(&self, options: VerifyOptions) -> Result<JudgedDocument> {
        let verifier = self.model.verifier(&self.image)?;
        let files = self.read(&self.reference, &verifier)?;
        let images = files.named();
        let question = Question { questioned: images[0], options, pictures: false };
        let (finder, by) = (Finder::bundled(), Actor::local());
        Ok(verify_document(&verifier, &finder, &images[1..], &question, &by, Threads::All)?)
    }

    fn document_by_enrolled(&self, options: VerifyOptions, writer: &WriterId) -> Result<JudgedDocument> {
        let service = self.store.service(&self.model, &self.image)?;
        let files = self.read(&[], service.verifier())?;
        let question = Question { questioned: files.named()[0], options, pictures: false };
        let mut document = service.verify_writer_document(&Finder::bundled(), writer, &question, &Actor::local())?;
        service.record(document.done_mut())?;
        Ok(document)
    }

    /// The questioned image and references.
    fn read(&self, references: &[PathBuf], verifier: &Verifier) -> Result<ImageFiles> {
        let paths: Vec<&PathBuf> = [self.questioned()].into_iter().chain(references).collect();
        Ok(ImageFiles::read(&paths, verifier.limits())?.on_page(self.image.page, 1))
    }

    fn inputs(&self) -> Inputs {
        let images = self.reference.iter().chain([self.questioned()]);
        Inputs::default().and(images).and(self.model.path()).and_store(self.store.place().ok().as_deref())
    }

    fn by_files(&self, options: VerifyOptions) -> Result<Judged> {
        let verifier = self.model.verifier(&self.image)?;
        let files = self.read(&self.reference, &verifier)?;
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
    fn by_enrolled(&self, options: VerifyOptions, writer: &WriterId) -> Result<Judged> {
        let service = self.store.service(&self.model, &self.image)?;
        let files = self.read(&[], service.verifier())?;
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

fn document_sentences(document: &JudgedDocument) -> String {
    let count = document.signatures.len();
    let signature = |(at, (found, judged)): (usize, &(FoundSignature, inkproof::Result<Judged>))| {
        let (number, page, area) = (at + 1, document.page.number, found.area);
        let place = format!("at x {}, y {} ({} x {} pixels)", area.x, area.y, area.width, area.height);
        let judged = match judged {
            Ok(judged) => sentences(&judged.answer, &judged.verdict),
            Err(error) => format!("UNDECIDED: {}.", refusal(error)),
        };
        format!("Signature {number} of {count} on page {page}, {place}:\n{judged}")
    };
    document.signatures.iter().enumerate().map(signature).collect::<Vec<_>>().join("\n")
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
