//! `inkproof writers`: who is enrolled, and what is kept of each.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::arguments::StorePlace;
use crate::outputs;
use crate::terminal::one_line;
use inkproof_service::Age;
use inkproof_store::{Actor, Reference, Store, StoreError, Time, Writer, WriterId, WriterSummary};

/// List, show, export and erase the writers that are enrolled
#[derive(Debug, Args)]
pub struct Writers {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    List(List),
    Show(Show),
    Approve(OfReference),
    Remove(OfReference),
    Export(Export),
    Erase(Erase),
}

/// All writers, in the order in which they were enrolled
#[derive(Debug, Args)]
struct List {
    /// Only those whose id begins so
    #[arg(long, default_value = "")]
    prefix: String,
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// One writer's references, and how old they are
#[derive(Debug, Args)]
struct Show {
    writer: WriterId,
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// Let a reference count that somebody else enrolled with --four-eyes; `remove` forgets one
#[derive(Debug, Args)]
struct OfReference {
    writer: WriterId,
    /// Its number, as `show` says
    reference: i64,
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// Write all that is kept of a writer to a folder: writer.json with references, reviews, notes and the audit's entries, the
/// inks as pictures, and the images that were kept
#[derive(Debug, Args)]
struct Export {
    writer: WriterId,
    /// A new folder
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// Forget a writer for ever; the audit keeps entries that nothing connects to the id any more
#[derive(Debug, Args)]
struct Erase {
    writer: WriterId,
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Writers {
    pub fn run(self) -> Result<ExitCode> {
        match self.verb {
            Verb::List(verb) => verb.run(),
            Verb::Show(verb) => verb.run(),
            Verb::Approve(verb) => verb.run("approved", Store::approve),
            Verb::Remove(verb) => verb.run("removed", Store::remove),
            Verb::Export(verb) => verb.run(),
            Verb::Erase(verb) => verb.run(),
        }?;
        Ok(ExitCode::SUCCESS)
    }
}

impl List {
    fn run(self) -> Result<()> {
        let store = self.store.open_existing()?;
        let (now, mut nobody, mut all) = (Time::now(), true, Vec::new());
        for writer in store.all_writers(&self.prefix) {
            let writer = writer?;
            nobody = false;
            if self.json {
                all.push(with_age(json!(writer), writer.newest, now));
            } else {
                println!("{}", line(&writer, now));
            }
        }
        let pending = store.pending_erasures()?;
        if self.json {
            println!("{:#}", json!({"writers": all, "pending_erasures": pending}));
            return Ok(());
        }
        if nobody {
            println!("Nobody is enrolled.");
        }
        if pending > 0 {
            println!("{pending} erasures are not finished: another program still reads what was before.");
        }
        Ok(())
    }
}

fn line(writer: &WriterSummary, now: Time) -> String {
    let waiting = if writer.waiting > 0 { format!(", {} to be approved", writer.waiting) } else { String::new() };
    let age = writer.newest.map(|newest| Age::new(newest, now));
    let age =
        age.map_or(String::new(), |age| format!(", {}{}", days(age.newest_days), if age.old { ", old" } else { "" }));
    format!("{:<24} {} references{waiting}{age}", writer.id.as_str(), writer.references)
}

fn days(days: i64) -> String {
    match days {
        0 => "from today".to_owned(),
        1 => "1 day old".to_owned(),
        days if days < 2 * 365 => format!("{days} days old"),
        days => format!("{} years old", days / 365),
    }
}

fn with_age(mut json: Value, newest: Option<Time>, now: Time) -> Value {
    json["age"] = json!(newest.map(|newest| Age::new(newest, now)));
    json
}

impl Show {
    fn run(self) -> Result<()> {
        let store = self.store.open_existing()?;
        let writer = store.writer(&self.writer)?.ok_or_else(|| StoreError::NoWriter(self.writer.clone()))?;
        let now = Time::now();
        let newest = writer.approved().map(Reference::dated).max();
        if self.json {
            println!("{:#}", with_age(json!(writer), newest, now));
            return Ok(());
        }
        println!("'{}', enrolled {}; the audit calls this writer {}.", writer.id, writer.created, writer.pseudonym);
        for reference in &writer.references {
            println!("{}", described(reference, now));
        }
        match newest {
            None => println!("No reference counts yet."),
            Some(newest) => Age::new(newest, now).advice().into_iter().for_each(|advice| println!("{advice}")),
        }
        Ok(())
    }
}

fn described(reference: &Reference, now: Time) -> String {
    let age = days(reference.dated().days_until(now));
    let state = match &reference.approved {
        None => format!("enrolled by {}, has to be approved by somebody else", reference.added_by),
        Some(approval) if approval.by == reference.added_by => format!("enrolled by {}", reference.added_by),
        Some(approval) => format!("enrolled by {}, approved by {}", reference.added_by, approval.by),
    };
    let image = if reference.has_image { ", image kept" } else { "" };
    one_line(format_args!("  {:>6}  {age}, {state}{image}, model {}", reference.id, reference.model.digest))
}

impl OfReference {
    fn run(
        self,
        done: &str,
        verb: impl Fn(&Store, &WriterId, i64, &Actor) -> inkproof_store::Result<()>,
    ) -> Result<()> {
        let store = self.store.open_existing()?;
        verb(&store, &self.writer, self.reference, &Actor::local())?;
        if self.json {
            println!("{:#}", json!({"writer": self.writer, "reference": self.reference, "done": done}));
        } else {
            println!("Reference {} of '{}' is {done}.", self.reference, self.writer);
        }
        Ok(())
    }
}

impl Export {
    fn run(self) -> Result<()> {
        let store = self.store.open_existing()?;
        let failed = || format!("{}: cannot be written; give a new folder", self.out.display());
        make_private(&self.out).with_context(failed)?;
        let exported = store.export(&self.writer, &Actor::local()).inspect_err(|_| {
            // What went wrong is reported; the folder is empty.
            let _ = std::fs::remove_dir(&self.out);
        })?;
        self.write("writer.json", format!("{:#}\n", json!(exported)).as_bytes())?;
        let images = self.images(&store, &exported.writer)?;
        for review in &exported.reviews {
            if let Some(ink) = &review.questioned {
                self.write(&format!("review-{}-ink.png", review.decision), &ink.to_png())?;
            }
        }
        let (references, reviews) = (exported.writer.references.len(), exported.reviews.len());
        if self.json {
            println!(
                "{:#}",
                json!({"writer": self.writer, "out": self.out, "references": references, "images": images,
                "reviews": reviews, "entries": exported.audit.len()})
            );
        } else {
            println!(
                "{references} references of '{}', {reviews} reviews and {} entries of the audit are in {}.",
                self.writer,
                exported.audit.len(),
                one_line(self.out.display())
            );
        }
        Ok(())
    }

    /// The inks, and the images that were kept; how many of these there are.
    fn images(&self, store: &Store, writer: &Writer) -> Result<usize> {
        let mut images = 0;
        for reference in &writer.references {
            let ink = reference.ink.to_png();
            self.write(&format!("{}-ink.png", reference.id), &ink)?;
            if let Some(image) = store.image(&writer.id, reference.id)? {
                self.write(&format!("{}-original", reference.id), &image)?;
                images += 1;
            }
        }
        Ok(images)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        outputs::write(&self.out.join(name), bytes)
    }
}

/// A folder that only its owner may read.
fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

impl Erase {
    fn run(self) -> Result<()> {
        let store = self.store.open_existing()?;
        let erased = store.erase(&self.writer, &Actor::local())?;
        if self.json {
            println!("{:#}", json!({"writer": self.writer, "erased": erased}));
        } else {
            println!(
                "'{}' is erased, with {} references. Older backups still hold them: destroy those too.",
                self.writer, erased.references
            );
            if erased.pending {
                println!(
                    "The key is still in the store's files, since another program reads there; it is cleared away when that \
                     has finished and the store is opened again."
                );
            }
        }
        Ok(())
    }
}
