//! `inkproof import`: a file of Keras as a model.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use inkproof::keras::{self, Kind};
use inkproof::{Architecture, Backbone};
use serde_json::json;

use crate::lab_arguments::PreprocessKind;
use crate::outputs::{self, Inputs};
use crate::terminal::one_line;

/// Read what the notebook saves: a siamese model of Keras, as a model file
///
/// Reads .keras files, whole models in HDF5 (.h5) of Keras 2 and 3, weights alone (.weights.h5), and zip archives with one of
/// them in it. The network has to be the notebook's, simple-cnn or EfficientNetB0 under a dense layer of 256, compared by
/// the absolute difference; another one is refused by the layer at which it differs. Code in the file is compared with known
/// code and never executed, so that files open that Keras opens no more. Outputs are the same to 1e-5.
///
/// The file does not say what the network was trained on, so that no test can warn of training images, and its threshold is
/// 0.5: `inkproof calibrate` fixes a better one. `inkproof export --keras` goes the other way.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
    inkproof import siamese_signature.keras --out notebook.safetensors
    inkproof import results.zip --out notebook.safetensors
    inkproof evaluate DATA --model notebook.safetensors")]
pub struct Import {
    /// File of Keras, or a zip archive with one in it
    file: PathBuf,
    /// Model file that is written
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// How the pictures were made that it was trained on; without it raw, or what inkproof's own file says
    #[arg(long, value_enum)]
    preprocess: Option<PreprocessKind>,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Import {
    pub fn run(self) -> Result<ExitCode> {
        // Both networks see the same.
        let any = Architecture::Siamese(Backbone::SimpleCnn);
        let preprocess = self.preprocess.map(|kind| kind.for_network(any));
        Inputs::default().and([&self.file]).spare(&[&self.out])?;
        let found = keras::load(&self.file, preprocess)?;
        outputs::write(&self.out, &found.model.to_bytes())?;
        if self.json {
            println!("{:#}", self.document(&found));
        } else {
            self.show(&found, &self.out);
        }
        Ok(ExitCode::SUCCESS)
    }

    fn document(&self, found: &keras::Import) -> serde_json::Value {
        let info = found.model.info();
        json!({
            "backbone": info.backbone,
            "kind": match found.kind {
                Kind::Keras => "keras",
                Kind::Hdf5 => "h5",
                _ => "weights",
            },
            "keras_version": found.keras_version,
            "written_by_inkproof": found.is_ours,
            "preprocess": info.preprocess,
            "digest": found.model.digest(),
        })
    }

    fn show(&self, found: &keras::Import, out: &Path) {
        let backbone = found.model.info().backbone;
        let version = found.keras_version.as_ref().map_or(String::new(), |version| format!(" of Keras {version}"));
        let (file, kind, out) = (one_line(self.file.display()), found.kind, one_line(out.display()));
        println!("The {backbone} network of {file} ({kind}{}) is in {out}.", one_line(version));
        if found.kind == Kind::Weights {
            println!(
                "Weights alone do not say how two vectors are compared: the notebook's absolute difference was taken."
            );
        }
        if !found.is_ours {
            println!(
                "What it was trained on is not known, so that no test can warn of training images; its threshold is 0.5."
            );
        }
    }
}
