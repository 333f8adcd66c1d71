//! Answers commands, one to a line, so that another program can time this one in turn with others.
//!
//! `model PATH` loads a model, `batch PATH` reads pairs, `step` trains on them, `embed COUNT` embeds as many of their
//! pictures, `vectors PATH` writes the embeddings of all pictures, `peak THREADS` measures the machine. A file of pairs
//! is little-endian f32: the pictures of the first, those of the second half of each pair, then the labels. Every
//! answer is a line of JSON.

use std::io::BufRead;
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use inkproof::network::{Batch, Trainer};
use inkproof::{Model, SIDE, speed};
use serde_json::{Value, json};

/// What commands have set up so far.
#[derive(Default)]
struct Worker {
    model: Option<Model>,
    trainer: Option<Trainer>,
    batch: Batch,
}

pub fn run() -> Result<ExitCode> {
    let mut worker = Worker::default();
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (command, argument) = line.split_once(' ').unwrap_or((&line, ""));
        println!("{}", worker.answer(command, argument)?);
    }
    Ok(ExitCode::SUCCESS)
}

impl Worker {
    fn answer(&mut self, command: &str, argument: &str) -> Result<Value> {
        match command {
            "model" => {
                let model = Model::load(Path::new(argument))?;
                self.trainer = Some(Trainer::new(
                    model.weights().context("no siamese network")?.clone(),
                    Trainer::LEARNING_RATE,
                    0,
                ));
                self.model = Some(model);
                Ok(json!({}))
            }
            "batch" => {
                self.batch = read_batch(Path::new(argument))?;
                Ok(json!({ "pairs": self.batch.labels.len() }))
            }
            "step" => {
                let trainer = self.trainer.as_mut().context("no model")?;
                let begun = Instant::now();
                let step = trainer.step(&self.batch);
                Ok(json!({ "seconds": begun.elapsed().as_secs_f64(), "loss": step.loss }))
            }
            "embed" => {
                let count: usize = argument.parse().context("how many")?;
                let begun = Instant::now();
                self.model.as_ref().context("no model")?.vectors_of(&self.batch.a[..count * SIDE * SIDE]);
                Ok(json!({ "seconds": begun.elapsed().as_secs_f64() }))
            }
            "vectors" => {
                let model = self.model.as_ref().context("no model")?;
                let vectors = model.vectors_of(&self.batch.a).context("no siamese network")?;
                let bytes: Vec<u8> = vectors.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
                std::fs::write(argument, bytes).with_context(|| argument.to_owned())?;
                Ok(json!({ "vectors": vectors.len() }))
            }
            "peak" => Ok(json!({ "gflops": speed::peak(argument.parse().context("how many threads")?) / 1e9 })),
            other => bail!("no command '{other}'"),
        }
    }
}

fn read_batch(path: &Path) -> Result<Batch> {
    let bytes = std::fs::read(path).with_context(|| path.display().to_string())?;
    let numbers: Vec<f32> = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let pairs = numbers.len() / (2 * SIDE * SIDE + 1);
    let (a, rest) = numbers.split_at(pairs * SIDE * SIDE);
    let (b, labels) = rest.split_at(pairs * SIDE * SIDE);
    Ok(Batch { a: a.to_vec(), b: b.to_vec(), labels: labels.to_vec() })
}
