//! `inkproof store`: whether nothing was changed, copies, and new models.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use inkproof_lab::progress::{Event, Progress};
use inkproof_store::{Actor, AuditPage, Copied, Entry, Hash, KeySource, Store as Kept, Upgraded, leftovers_beside};
use serde_json::json;

use crate::arguments::{ImageOptions, MasterKey, ModelFile, StorePlace};
use crate::interrupt;
use crate::progress::Shown;
use crate::terminal::one_line;

/// Check, back up, copy and upgrade the store
#[derive(Debug, Args)]
pub struct Store {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Check(Check),
    Upgrade(Upgrade),
    Clear(Clear),
    Policy(Policy),
    Backup(Backup),
    Copy(Copy),
    Reembed(Reembed),
    AddKey(AddKey),
    RotateKey(RotateKey),
    Info(Info),
    Log(Log),
}

/// Prove that nothing was changed: the tables are as they were made, the audit is whole, and all that is stored is what it
/// says; this writes nothing
#[derive(Debug, Args)]
struct Check {
    /// A head of the audit that was noted elsewhere; proves that nothing after it was cut off or rewritten either
    #[arg(long, value_name = "HASH")]
    head: Option<Hash>,
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// Bring a store that an older program wrote to this program's version, after a backup next to it; `serve` does so too
#[derive(Debug, Args)]
struct Upgrade {
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// Whether four eyes are wanted: the word of the store, which binds every command and server; a change is in the audit
#[derive(Debug, Args)]
struct Policy {
    /// Whether a second person has to approve references and rules of accounts, and settle reviews; without it the policy is
    /// shown
    #[arg(long, value_name = "on|off", value_parser = ["on", "off"])]
    four_eyes: Option<String>,
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// Clear what is left of erased writers and accounts, where another program kept it from being cleared then
#[derive(Debug, Args)]
struct Clear {
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// Write everything to a new file, a store of its own, while others go on working
#[derive(Debug, Args)]
struct Backup {
    out: PathBuf,
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// Copy everything into an empty store, from SQLite to PostgreSQL or back, and check what arrived
#[derive(Debug, Args)]
struct Copy {
    /// A file, or postgres://USER@HOST/DATABASE
    from: String,
    /// The same; made where there is none
    to: String,
    #[command(flatten)]
    master_key: MasterKey,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// Bring all references to another model, from the stored ink; can be stopped and begun again, and others go on working
#[derive(Debug, Args)]
struct Reembed {
    #[command(flatten)]
    model: ModelFile,
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// Add a random master key to a file, which is made where it is not there; a store begins to use it with rotate-key
#[derive(Debug, Args)]
struct AddKey {
    file: PathBuf,
}

/// Exchange the master key while others go on working: with the newest key of the source or, in a file without a newer one,
/// with a new one. Older backups still need the old key
#[derive(Debug, Args)]
struct RotateKey {
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// How much is stored, and by which models
#[derive(Debug, Args)]
struct Info {
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// The audit trail: who did what, when, with which outcome, the newest first
#[derive(Debug, Args)]
struct Log {
    /// How many entries
    #[arg(long, default_value_t = 20)]
    last: usize,
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Store {
    pub fn run(self) -> Result<ExitCode> {
        match self.verb {
            Verb::Check(verb) => return verb.run(),
            Verb::Upgrade(verb) => verb.run(),
            Verb::Clear(verb) => verb.run(),
            Verb::Policy(verb) => verb.run(),
            Verb::Backup(verb) => verb.run(),
            Verb::Copy(verb) => verb.run(),
            Verb::Reembed(verb) => verb.run(),
            Verb::AddKey(verb) => verb.run(),
            Verb::RotateKey(verb) => verb.run(),
            Verb::Info(verb) => verb.run(),
            Verb::Log(verb) => verb.run(),
        }?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Check {
    /// What could not be compared is not said to be unchanged: 3 then, as where evidence is undecided.
    fn run(self) -> Result<ExitCode> {
        let store = self.store.open_as_it_is()?;
        let checked = store.check(self.head)?;
        if !checked.wrong.is_empty() {
            bail!("{}: the store was changed: {}", store.place(), checked.wrong.join("; "));
        }
        let leftovers = leftovers_beside(Path::new(store.place()));
        if self.json {
            let mut document = json!(checked);
            document["leftovers"] = json!(leftovers);
            println!("{document:#}");
        } else {
            let found = if checked.has_key { "Nothing was changed" } else { "Nothing was changed in the audit" };
            println!(
                "{found}: {} entries of the audit, {} writers with {} references.\nHead {}\nNote the head elsewhere: with \
                 --head it proves later that nothing was cut off.",
                checked.entries, checked.writers, checked.references, checked.head
            );
        }
        warn_of(&leftovers);
        if checked.has_key {
            return Ok(ExitCode::SUCCESS);
        }
        eprintln!(
            "warning: there is no master key in {}: what is kept of writers was not compared with the audit",
            one_line(self.store.keys()?)
        );
        Ok(ExitCode::from(3))
    }
}

/// Of files that may hold signatures and that nobody will clear away.
fn warn_of(leftovers: &[PathBuf]) {
    for path in leftovers {
        eprintln!(
            "warning: {}: is left by a program that was killed, or is being written now; it may hold signatures: delete \
             it if no other inkproof is at work",
            one_line(path.display())
        );
    }
}

impl Upgrade {
    fn run(self) -> Result<()> {
        let upgraded = self.store.upgrade()?;
        if self.json {
            println!("{:#}", json!(upgraded));
            return Ok(());
        }
        let Upgraded { from, to, backup } = upgraded;
        if from == to {
            println!("The store is of version {to}, which is this program's; nothing was changed.");
        } else {
            println!("The store was of version {from} and is of version {to} now.");
        }
        if let Some(backup) = backup {
            println!("As it was before, it is in {}.", one_line(backup.display()));
        }
        Ok(())
    }
}

impl Clear {
    fn run(self) -> Result<()> {
        let left = self.store.open_existing()?.finish_erasures(&Actor::local())?;
        if left > 0 {
            bail!(
                "{left} erasures wait for another program, which still reads what was before; try again when it has ended"
            );
        }
        if self.json {
            println!("{:#}", json!({"cleared": true}));
        } else {
            println!("Nothing is left of erased writers and accounts.");
        }
        Ok(())
    }
}

impl Policy {
    fn run(self) -> Result<()> {
        let store = self.store.open_existing()?;
        if let Some(word) = &self.four_eyes {
            store.keep_four_eyes(word == "on", &Actor::local())?;
        }
        let four_eyes = store.four_eyes()?;
        if self.json {
            println!("{:#}", json!({"four_eyes": four_eyes}));
            return Ok(());
        }
        println!(
            "{}",
            match four_eyes {
                Some(true) => "Four eyes: who enrols or sets a rule does not approve it, and who asks does not settle.",
                Some(false) => "One person may enrol, set rules, approve, ask and settle.",
                None => "Nobody has decided: --four-eyes of `enroll` and four-eyes of `serve` say.",
            }
        );
        Ok(())
    }
}

impl Backup {
    fn run(self) -> Result<()> {
        interrupt::listen("stopping; nothing is left of the backup")?;
        let store = self.store.open_existing()?;
        let copied = store.backup_unless(interrupt::asked, &self.out)?;
        warn_of(&leftovers_beside(&self.out));
        report(&copied, &self.out.display().to_string(), self.json);
        if let (false, Some(master)) = (self.json, store.master()?) {
            let keys = self.store.keys()?;
            println!(
                "It opens with master key {master} alone, which is in {}: keep a copy of that elsewhere.",
                one_line(keys)
            );
        }
        Ok(())
    }
}

impl Copy {
    fn run(self) -> Result<()> {
        let keys = self.master_key.source()?;
        let from = Kept::open_existing(&self.from, &keys)?;
        let to = Kept::open(&self.to, &keys)?;
        let copied = from.copy_to(&to)?;
        report(&copied, to.place(), self.json);
        Ok(())
    }
}

fn report(copied: &Copied, out: &str, json: bool) {
    let Copied { head, counts } = copied;
    if json {
        println!("{:#}", json!({"out": out, "head": head, "counts": counts}));
    } else {
        println!(
            "{} writers with {} references and {} entries of the audit are in {}, checked.\nHead {}",
            counts.writers,
            counts.references,
            head.sequence,
            one_line(out),
            head.hash
        );
    }
}

impl AddKey {
    fn run(self) -> Result<()> {
        let file = KeySource::File(self.file);
        let id = file.add_key()?;
        println!("{} has the new master key {id}. Keep a copy elsewhere.", one_line(file));
        Ok(())
    }
}

impl RotateKey {
    fn run(self) -> Result<()> {
        let (store, keys) = (self.store.open_existing()?, self.store.keys()?);
        if matches!(keys, KeySource::File(_)) && store.master()? == Some(store.newest_key()?) {
            keys.add_key()?;
        }
        let rotated = store.rotate(&Actor::local())?;
        if self.json {
            println!("{:#}", json!(rotated));
            return Ok(());
        }
        println!(
            "Master key {} seals the keys of {} writers now. The key before it opens older backups alone: keep it as long as \
             these.",
            rotated.master, rotated.writers
        );
        Ok(())
    }
}

impl Info {
    fn run(self) -> Result<()> {
        let info = self.store.open_as_it_is()?.info()?;
        if self.json {
            println!("{:#}", json!(info));
            return Ok(());
        }
        let counts = &info.counts;
        println!("{} ({}, version {})", one_line(&info.place), info.kind, info.version);
        println!("{:>8} writers", counts.writers);
        println!("{:>8} references, {} of them to be approved", counts.references, counts.waiting);
        println!("{:>8} decisions that wait for a person", counts.reviews);
        println!("{:>8} tokens", counts.tokens);
        println!("{:>8} accounts with a signing rule", counts.mandates);
        println!("{:>8} jobs", counts.jobs);
        if info.pending_erasures > 0 {
            println!("{:>8} erasures that are not finished", info.pending_erasures);
        }
        println!("{:>8} entries of the audit, head {}", info.head.sequence, info.head.hash);
        for (model, references) in &info.models {
            println!("{references:>8} references embedded by model {model}");
        }
        Ok(())
    }
}

impl Log {
    fn run(self) -> Result<()> {
        let store = self.store.open_existing()?;
        let entries = store.audit(AuditPage::Before(i64::MAX), self.last)?;
        if self.json {
            println!("{:#}", json!({"entries": entries}));
            return Ok(());
        }
        for entry in &entries {
            let writer = entry.writer.map(|writer| store.writer_behind(writer)).transpose()?;
            let writer = match &writer {
                None => "-",
                Some(None) => "(erased)",
                Some(Some(id)) => id.as_str(),
            };
            let (time, event) = (entry.time, entry.event.word());
            let Entry { sequence, outcome, actor, .. } = entry;
            let line = format_args!("{sequence:>8}  {time}  {event:<13} {outcome:<12} {writer:<24} by {actor}");
            println!("{}", one_line(line));
        }
        Ok(())
    }
}

impl Reembed {
    fn run(self) -> Result<()> {
        let service = self.store.service(&self.model, &ImageOptions::default())?;
        let mut shown = Shown::new();
        shown.report(Event::Stage { name: "reembed", total: service.references()? });
        let done = service.reembed(&Actor::local(), |done| shown.report(Event::Advance { done }))?;
        drop(shown);
        if self.json {
            println!("{:#}", json!(done));
            return Ok(());
        }
        let model = service.verifier().model();
        println!(
            "{} references are embedded by model {} ({}) now.",
            done.reembedded,
            one_line(model.name()),
            model.digest()
        );
        if done.shape_alone > 0 {
            println!(
                "{} references are compared by their shape alone: of their pressure the original image shows nothing, or it is \
                 not kept.",
                done.shape_alone
            );
        }
        done.left.iter().for_each(|reference| println!("Left as it was, enroll it again: {reference}."));
        Ok(())
    }
}
