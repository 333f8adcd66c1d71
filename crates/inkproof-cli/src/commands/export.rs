//! `inkproof export`: a model for other runtimes.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use inkproof::onnx::{self, Part};

use crate::arguments::ModelFile;
use crate::outputs::{self, Inputs};
use crate::terminal::one_line;

/// Write a siamese model as an ONNX file, for other runtimes
///
/// The part `embedding` takes `ink` [n, 1, 224, 224] in 0..1 to `embedding` [n, 256]; `score` takes two embeddings `a`
/// and `b` to the `score` [n, 1]. The file's metadata says how inks have to be normalised.
#[derive(Debug, Args)]
pub struct Export {
    /// File that is written
    #[arg(long, value_name = "FILE")]
    onnx: PathBuf,
    /// Which half of the model: embedding or score
    #[arg(long, default_value = "embedding")]
    part: Part,
    #[command(flatten)]
    model: ModelFile,
}

impl Export {
    pub fn run(self) -> Result<ExitCode> {
        let model = self.model.load()?;
        Inputs::default().and(self.model.path()).spare(&[&self.onnx])?;
        outputs::write(&self.onnx, &onnx::export(&model, self.part)?)?;
        println!(
            "The {} network of model {} is in {}.",
            model.info().backbone,
            one_line(model.name()),
            one_line(self.onnx.display())
        );
        Ok(ExitCode::SUCCESS)
    }
}
