//! `inkproof export`: a model for other runtimes.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use inkproof::keras;
use inkproof::onnx::{self, Part};

use crate::arguments::ModelFile;
use crate::outputs::{self, Inputs};
use crate::terminal::one_line;

/// Write a siamese model as an ONNX file, for other runtimes, or as a file of Keras
///
/// Of an ONNX file the part `embedding` takes `ink` [n, 1, 224, 224] in 0..1 to `embedding` [n, 256]; `score` takes two
/// embeddings `a` and `b` to the `score` [n, 1]. The file's metadata says how inks have to be normalised.
///
/// A .keras file has the whole siamese network: inks `a` and `b`, [n, 224, 224, 1] in 0..1 each, to the score [n, 1]. Keras 3
/// opens it without custom objects and in safe mode, and trains it on; `inkproof import` takes it back, with all that the
/// model knows of itself.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("to").required(true))]
pub struct Export {
    /// ONNX file that is written
    #[arg(long, value_name = "FILE", group = "to")]
    onnx: Option<PathBuf>,
    /// Keras file that is written; its name has to end with .keras
    #[arg(long, value_name = "FILE.keras", group = "to")]
    keras: Option<PathBuf>,
    /// Which half of the model goes into an ONNX file: embedding or score
    #[arg(long, default_value = "embedding", conflicts_with = "keras")]
    part: Part,
    #[command(flatten)]
    model: ModelFile,
}

impl Export {
    pub fn run(self) -> Result<ExitCode> {
        let model = self.model.load()?;
        let out = self.onnx.as_ref().or(self.keras.as_ref()).expect("one of both is required");
        Inputs::default().and(self.model.path()).spare(&[out])?;
        let bytes = match &self.keras {
            Some(path) if path.extension().is_none_or(|ending| ending != "keras") => {
                bail!("{}: has to end with .keras, or Keras does not open it", path.display())
            }
            Some(_) => keras::export(&model)?,
            None => onnx::export(&model, self.part)?,
        };
        outputs::write(out, &bytes)?;
        println!(
            "The {} network of model {} is in {}.",
            model.info().backbone,
            one_line(model.name()),
            one_line(out.display())
        );
        Ok(ExitCode::SUCCESS)
    }
}
