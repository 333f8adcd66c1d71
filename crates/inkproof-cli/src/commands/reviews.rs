//! `inkproof reviews`: decisions that a person has to take.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use inkproof::Decision;
use serde_json::json;

use crate::arguments::StorePlace;
use crate::outputs::{self, Inputs};
use crate::terminal::one_line;
use inkproof_service::{Door, Seen, viewed};
use inkproof_store::{Actor, Review, Settlement, Store};

/// List and settle the decisions that were left to a person
#[derive(Debug, Args)]
pub struct Reviews {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    List(List),
    Show(Show),
    Settle(Settle),
}

/// All that are open, the oldest first
#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// One of them
#[derive(Debug, Args)]
struct Show {
    /// Its number, as `list` says
    review: i64,
    /// Write the questioned signature, as the model sees it, to a picture, which the audit tells; it is kept
    /// until the review is settled
    #[arg(long, value_name = "OUT.png")]
    picture: Option<PathBuf>,
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// Write down what a person decided, or noted
#[derive(Debug, Args)]
struct Settle {
    /// Its number, as `list` says
    review: i64,
    /// The signature is by the writer
    #[arg(long, conflicts_with = "reject")]
    accept: bool,
    /// It is not
    #[arg(long)]
    reject: bool,
    /// Something to remember; alone it leaves the review open
    #[arg(long, required_unless_present_any = ["accept", "reject"])]
    note: Option<String>,
    #[command(flatten)]
    store: StorePlace,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Reviews {
    pub fn run(self) -> Result<ExitCode> {
        match self.verb {
            Verb::List(verb) => verb.run(),
            Verb::Show(verb) => verb.run(),
            Verb::Settle(verb) => verb.run(),
        }?;
        Ok(ExitCode::SUCCESS)
    }
}

impl List {
    fn run(self) -> Result<()> {
        const PAGE: usize = 200;
        let store = self.store.open_existing()?;
        let mut all: Vec<Review> = Vec::new();
        loop {
            let page = store.reviews(all.last().map_or(0, |review| review.decision), PAGE)?;
            if page.is_empty() {
                break;
            }
            all.extend(page);
        }
        if self.json {
            println!("{:#}", json!({"reviews": all}));
        } else if all.is_empty() {
            println!("Nothing waits for a person.");
        } else {
            all.iter().for_each(|review| println!("{}", line(review)));
        }
        Ok(())
    }
}

impl Show {
    fn run(self) -> Result<()> {
        let store = self.store.open_existing()?;
        let review = store.review(self.review)?;
        if let Some(path) = &self.picture {
            let Some(ink) = &review.questioned else {
                bail!("the questioned signature of review {} is not kept any more", self.review);
            };
            Inputs::default().and_store(self.store.place().ok().as_deref()).spare(&[path])?;
            looked(&store, &review)?;
            outputs::write(path, &ink.to_png())?;
        }
        if self.json {
            println!("{:#}", json!(review));
        } else {
            println!("{}", line(&review));
        }
        Ok(())
    }
}

/// Writes down that a picture will show what is kept.
fn looked(store: &Store, review: &Review) -> Result<()> {
    let writer = review.writer.as_ref().map(|id| store.writer(id)).transpose()?.flatten();
    let seen = Seen::Review(review.decision);
    let entry = viewed(seen, writer.map(|writer| writer.pseudonym), Door::Command, Actor::local());
    Ok(store.append(&[entry])?)
}

impl Settle {
    fn run(self) -> Result<()> {
        let decision = if self.accept { Some(Decision::Accepted) } else { self.reject.then_some(Decision::Rejected) };
        let store = self.store.open_existing()?;
        if store.settle(self.review, &Settlement { decision, note: self.note }, &Actor::local())? {
            eprintln!(
                "warning: the question was your own, and there is no second pair of eyes here; the audit says so"
            );
        }
        let review = store.review(self.review)?;
        if self.json {
            println!("{:#}", json!(review));
        } else {
            println!("{}", line(&review));
        }
        Ok(())
    }
}

fn line(review: &Review) -> String {
    let writer = review.writer.as_ref().map_or("-", |writer| writer.as_str());
    let score = review.details["score"].as_f64().map_or(String::new(), |score| format!(", score {score:.4}"));
    let outcome = match (&review.outcome, &review.settled_by) {
        (Some(outcome), Some(by)) => format!(", {outcome} by {by}"),
        _ => ", open".to_owned(),
    };
    let note = review.note.as_ref().map_or(String::new(), |note| format!(": {note}"));
    let Review { decision, time, by, .. } = review;
    one_line(format_args!("{decision:>8}  {time}  {writer:<24} asked by {by}{score}{outcome}{note}"))
}
