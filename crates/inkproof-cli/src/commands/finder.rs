//! `inkproof finder`: what `find` learns from, and how well it finds.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use inkproof::find::Finder;
use inkproof_lab::finder::{
    BoostOptions, JudgedPages, LearnOptions, NetworkOptions, PagesFolder, Share, judge, learn, thresholds,
};
use inkproof_lab::synth::pages::Fonts;

use crate::outputs;
use crate::progress::Shown;
use crate::terminal::one_line;
use crate::text::rate_with_interval;

/// Teach the finder of signatures on pages, or measure it
#[derive(Debug, Args)]
pub struct FinderCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Learn(Learn),
    Evaluate(Evaluate),
}

/// Learn from synthetic pages where signatures are
#[derive(Debug, Args)]
struct Learn {
    /// Where the finder is written
    out: PathBuf,
    /// Synthetic pages that the trees learn from, and as many others for the network; of each one in ten is kept back
    #[arg(long, default_value_t = LearnOptions::default().pages)]
    pages: usize,
    /// Decides which pages these are
    #[arg(long, default_value_t = LearnOptions::default().seed)]
    seed: u64,
    /// Decision trees
    #[arg(long, default_value_t = BoostOptions::default().trees)]
    trees: usize,
    /// Times that the network sees what the trees leave
    #[arg(long, default_value_t = NetworkOptions::default().epochs)]
    epochs: usize,
    /// Folder of the fonts that pages are printed in, in place of the system's
    #[arg(long, value_name = "DIR")]
    fonts: Option<PathBuf>,
}

/// Measure a finder on pages whose signatures are known
#[derive(Debug, Args)]
struct Evaluate {
    /// Folder with pages.csv and boxes.csv, as `synth --pages` writes them
    pages: PathBuf,
    /// A finder that was learned; the bundled one where there is none
    #[arg(long, value_name = "FILE")]
    finder: Option<PathBuf>,
    /// Only one half of the documents, 0 or 1, by their names
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..2))]
    half: Option<u32>,
    /// Fix the thresholds on these pages, and write the finder with them
    #[arg(long, value_name = "OUT")]
    fit_thresholds: Option<PathBuf>,
    /// Write every box that was found, and those that were not
    #[arg(long, value_name = "OUT.csv")]
    boxes: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl FinderCommand {
    pub fn run(self) -> Result<ExitCode> {
        match self.action {
            Action::Learn(learn) => learn.run()?,
            Action::Evaluate(evaluate) => evaluate.run()?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Learn {
    fn run(self) -> Result<()> {
        let fonts = Fonts::find(self.fonts.as_deref())?;
        let boost = BoostOptions { trees: self.trees, ..BoostOptions::default() };
        let network = NetworkOptions { epochs: self.epochs, ..NetworkOptions::default() };
        let options = LearnOptions { pages: self.pages, seed: self.seed, boost, network };
        let mut progress = Shown::new();
        let learned = learn(&fonts, &options, &mut progress)?;
        drop(progress);
        outputs::write(&self.out, &learned.finder.to_bytes())?;
        println!(
            "Learned from {} groups of ink on {} pages, {} of them signatures. The finder is in {}.",
            learned.examples,
            learned.pages,
            learned.signatures,
            one_line(self.out.display())
        );
        Ok(())
    }
}

impl Evaluate {
    fn run(self) -> Result<()> {
        let finder = match &self.finder {
            Some(path) => read(path)?,
            None => Finder::bundled(),
        };
        let mut folder = PagesFolder::open(&self.pages)?;
        if let Some(half) = self.half {
            folder = folder.half(half);
        }
        let mut progress = Shown::new();
        let (judged, pages) = judge(&folder, &finder, &mut progress)?;
        drop(progress);
        if let Some(path) = &self.boxes {
            let rows = pages.iter().flat_map(|page| {
                let found = page.found.iter().map(|found| (found.area, Some(found.confidence)));
                let truth = page.truth.iter().map(|area| (*area, None));
                found.chain(truth).map(|(area, confidence)| {
                    let confidence = confidence.map_or("truth".to_owned(), |confidence| confidence.to_string());
                    format!("{},{},{},{},{},{confidence}\n", page.name, area.x, area.y, area.width, area.height)
                })
            });
            let table: String = std::iter::once("path,x,y,width,height,confidence\n".to_owned()).chain(rows).collect();
            outputs::write(path, table.as_bytes())?;
        }
        if let Some(path) = &self.fit_thresholds {
            let fitted = thresholds(&pages).context("some pages have to be signed, and some not")?;
            outputs::write(path, &finder.with_thresholds(fitted).to_bytes())?;
        }
        if self.json {
            println!("{:#}", serde_json::to_value(&judged)?);
        } else {
            println!("{}", text(&judged));
        }
        Ok(())
    }
}

fn read(path: &PathBuf) -> Result<Finder> {
    let bytes = std::fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    Finder::from_bytes(&bytes).with_context(|| one_line(path.display()).to_string())
}

fn text(judged: &JudgedPages) -> String {
    let counted = judged.counted;
    let line = |name: &str, share: Share| format!("{name:<46}{}", rate_with_interval(share.value, share.interval));
    [
        format!("{} signatures on {} pages of {} documents", counted.signatures, counted.pages, counted.documents),
        line("signatures found (IoU 0.5)", judged.recall),
        line("found boxes that are signatures", judged.precision),
        line("average precision", judged.average_precision),
        line("AUC of \"is the page signed?\"", judged.page_auc),
        line("unsigned pages called signed at 90 % found", judged.false_alarms_at_90),
        line("signed pages called signed", judged.signed_found),
        line("unsigned pages called signed", judged.unsigned_called_signed),
        line("pages for a person", judged.look),
        format!("{:.3} s a page; intervals resample documents", judged.seconds),
    ]
    .join("\n")
}
