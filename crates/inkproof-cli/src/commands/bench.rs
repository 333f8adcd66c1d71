//! `inkproof bench`: how fast this machine verifies.

mod worker;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Args;
use inkproof::{Embedding, GrayRule, Ink, Limits, Verifier, read_image_file, speed};
use inkproof_lab::synth::{SynthOptions, write};
use serde::Serialize;

use crate::arguments::ModelFile;
use crate::progress::Shown;

/// Measure how fast this machine verifies signatures, on synthetic ones
#[derive(Debug, Args)]
pub struct Bench {
    #[command(flatten)]
    model: ModelFile,
    /// Take each figure once, only to see that all of it runs
    #[arg(long)]
    quick: bool,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
    /// Answer commands on standard input: for benches/peers, which compares this program with others
    #[arg(long, hide = true)]
    worker: bool,
}

/// What `--json` prints; rates are in images a second, over all threads unless it says one after the other.
#[derive(Debug, Serialize)]
struct Speed {
    threads: usize,
    /// From the bytes of a PNG file to gray.
    decode: f64,
    /// From gray to ink.
    ink: f64,
    /// From inks to embeddings, on all threads.
    embed: f64,
    /// From the bytes of one questioned PNG file to its score against three embedded references, one after the other.
    verify: f64,
    /// The same to the verdict, with all that is looked at for it, one after the other: genuine signatures against three of
    /// their own writer.
    verdict: f64,
    /// Median milliseconds of the command `verify` with three references, from its start to its end.
    cold_verify_milliseconds: f64,
    /// Billions of multiply-adds a second, counted as two operations each, that this machine can do.
    peak_gflops: f64,
    /// The share of it that embedding reaches; null for networks whose operations nobody has counted.
    embed_share_of_peak: Option<f64>,
    model: String,
}

/// How often each figure is taken; the median counts.
#[derive(Clone, Copy)]
struct Rounds(usize);

impl Rounds {
    /// Median seconds.
    fn time<T>(self, mut work: impl FnMut() -> Result<T>) -> Result<f64> {
        let mut seconds = Vec::with_capacity(self.0);
        for _ in 0..self.0 {
            let begun = Instant::now();
            std::hint::black_box(work()?);
            seconds.push(begun.elapsed().as_secs_f64());
        }
        seconds.sort_by(f64::total_cmp);
        Ok(seconds[seconds.len() / 2])
    }
}

impl Bench {
    pub fn run(self) -> Result<ExitCode> {
        if self.worker {
            return worker::run();
        }
        let verifier = Verifier::new(self.model.load()?);
        let speed = self.measure(&verifier)?;
        if self.json {
            println!("{:#}", serde_json::to_value(&speed)?);
        } else {
            print!("{}", table(&speed));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn measure(&self, verifier: &Verifier) -> Result<Speed> {
        const WRITERS: usize = 4;
        const EACH: usize = 8;
        const REFERENCES: usize = 3;
        let model = verifier.model();
        let folder = tempfile::tempdir().context("a temporary folder cannot be made")?;
        let signatures = folder.path().join("signatures");
        let options = SynthOptions { writers: WRITERS, genuine: EACH, forgeries: 0, seed: 1, style: None };
        write(&signatures, &options, &mut Shown::new())?;
        let paths = files(&signatures)?;
        ensure!(paths.len() == WRITERS * EACH, "{} signatures instead of {}", paths.len(), WRITERS * EACH);
        let rounds = Rounds(if self.quick { 1 } else { 9 });
        let limits = Limits::default();
        let files = paths.iter().map(|path| read_image_file(path, &limits)).collect::<Result<Vec<_>, _>>()?;
        let rate = |seconds: f64| files.len() as f64 / seconds;

        let grays = files
            .iter()
            .map(|file| inkproof::decode(file, GrayRule::Tensorflow, &limits))
            .collect::<Result<Vec<_>, _>>()?;
        let decode = rounds.time(|| each(&files, |file| Ok(inkproof::decode(file, GrayRule::Tensorflow, &limits)?)))?;
        let ink = rounds.time(|| each(&grays, |gray| Ok(model.preprocess().apply_gray(gray)?)))?;
        let inks = grays.iter().map(|gray| model.preprocess().apply_gray(gray)).collect::<Result<Vec<Ink>, _>>()?;
        model.embeddings(&inks);
        let embed = rounds.time(|| Ok(model.embeddings(&inks)))?;
        let references =
            inks[..REFERENCES].iter().map(|ink| model.embed(ink)).collect::<Result<Vec<Embedding>, _>>()?;
        let verify = rounds.time(|| {
            files.iter().try_for_each(|file| {
                let ink = model.preprocess().apply(file, &limits)?.ink;
                model.score(&references, &model.embed(&ink)?)?;
                Ok(())
            })
        })?;
        let writers: Vec<&[Vec<u8>]> = files.chunks_exact(EACH).collect();
        let verdict = verdicts(verifier, &writers, REFERENCES, rounds)?;
        let cold = rounds.time(|| cold_verify(&paths[..4]))?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(rayon::current_num_threads());
        let peak = speed::peak(threads);
        let operations = speed::embedding_operations(model.info().backbone);
        Ok(Speed {
            threads,
            decode: rate(decode),
            ink: rate(ink),
            embed: rate(embed),
            verify: rate(verify),
            verdict,
            cold_verify_milliseconds: 1000.0 * cold,
            peak_gflops: peak / 1e9,
            embed_share_of_peak: operations.map(|operations| operations * rate(embed) / peak),
            model: model.name().to_owned(),
        })
    }
}

/// Verdicts a second, one after the other: the first files of each writer are the references, the others are questioned.
fn verdicts(verifier: &Verifier, writers: &[&[Vec<u8>]], references: usize, rounds: Rounds) -> Result<f64> {
    let writers = writers
        .iter()
        .map(|files| {
            let (references, questioned) = files.split_at(references);
            Ok((references.iter().map(|file| verifier.embed_bytes(file)).collect::<Result<Vec<_>, _>>()?, questioned))
        })
        .collect::<Result<Vec<_>>>()?;
    let seconds = rounds.time(|| {
        for (references, questioned) in &writers {
            for file in *questioned {
                std::hint::black_box(verifier.verify(references, &verifier.embed_bytes(file)?)?);
            }
        }
        Ok(())
    })?;
    Ok(writers.iter().map(|writer| writer.1.len()).sum::<usize>() as f64 / seconds)
}

/// All PNG files below a folder, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.extension().is_some_and(|ending| ending == "png") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Does something with every item, on all threads.
fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> Result<R> + Sync + Send) -> Result<Vec<R>> {
    use rayon::prelude::*;
    items.par_iter().with_max_len(1).map(work).collect()
}

/// This program's own `verify`, as a shell would start it.
fn cold_verify(images: &[PathBuf]) -> Result<()> {
    let (questioned, references) = images.split_last().context("an image to verify")?;
    let program = std::env::current_exe().context("where this program is")?;
    let mut command = Command::new(program);
    command.arg("verify").stdout(Stdio::null()).stderr(Stdio::piped());
    for reference in references {
        command.arg("--reference").arg(reference);
    }
    let output = command.arg(questioned).output().context("this program cannot be started again")?;
    let code = output.status.code();
    ensure!(code.is_some_and(|code| code < 2), "verify failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}

fn table(speed: &Speed) -> String {
    let share = speed.embed_share_of_peak.map_or(String::new(), |share| {
        format!(", {:.0} % of this machine's peak of {:.0} GFLOP/s", 100.0 * share, speed.peak_gflops)
    });
    format!(
        "On {} threads, with model {}:\n\
         decode       {:8.0} images/s   PNG to gray\n\
         ink          {:8.0} images/s   gray to ink\n\
         embed        {:8.0} images/s   inks to embeddings{share}\n\
         verify       {:8.0} images/s   PNG to score against three references, one after the other\n\
         verdict      {:8.0} images/s   PNG to verdict against three references of its writer\n\
         cold verify  {:8.1} ms         the command, with three references, from start to end\n",
        speed.threads,
        speed.model,
        speed.decode,
        speed.ink,
        speed.embed,
        speed.verify,
        speed.verdict,
        speed.cold_verify_milliseconds
    )
}
