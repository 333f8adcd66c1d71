//! `inkproof calibrate`: a model's thresholds and likelihood ratios, fixed on other writers; or from where on a store accepts,
//! fixed on its own.

mod own;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use inkproof::Model;
use inkproof::calibration::{FIT_FOR_MORE, ReferenceCalibration, WantedFar};
use inkproof_lab::calibrate::{CalibrationNumbers, CalibrationOptions, DecisionPoint, FittedCalibration};
use inkproof_lab::dataset::{Layout, Skipped};
use inkproof_lab::session::{Calibrated, DataOptions, Session};
use own::Own;
use serde_json::json;

use crate::arguments::ModelFile;
use crate::lab_arguments::{Draws, Part, Reading, require_place_for};
use crate::outputs::{self, Inputs};
use crate::progress::Shown;
use crate::terminal::one_line;
use crate::text::{percent, print_skipped};

/// Fix a model's thresholds and likelihood ratios on writers that it was not trained on
///
/// Reads DATA/train where there is one. The weights stay as they are; for 1, 2, 3, 5, and 8 or more references the decision's
/// threshold and the meaning of a score are fixed again. Of several folders each counts for the same.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    inkproof calibrate signatures --model mine.safetensors --out calibrated.safetensors\n  \
    inkproof calibrate --numbers numbers.json --out calibrated.safetensors\n  \
    inkproof calibrate --store --frr 0.05")]
pub struct Calibrate {
    /// Folders of signatures; several are put together
    #[arg(required_unless_present_any = ["numbers", "store"], conflicts_with = "numbers")]
    data: Vec<PathBuf>,
    /// Insist on a layout instead of looking which one fits: notebook, cedar, bhsig260, gpds, mcyt, sigcomp,
    /// kinds, manifest or pairs
    #[arg(long)]
    layout: Option<Layout>,
    #[command(flatten)]
    reading: Reading,
    /// Which part of each folder is used
    #[arg(long, value_enum, default_value = "train")]
    part: Part,
    /// At most so many writers of each folder, the first ones, but first those who have forgeries
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    writers: Option<u32>,
    /// Take the numbers from this file, which --write-numbers has written, instead of fixing them
    #[arg(long, value_name = "FILE.json")]
    numbers: Option<PathBuf>,
    /// Write the numbers that were fixed, too
    #[arg(long, value_name = "OUT.json", conflicts_with = "numbers")]
    write_numbers: Option<PathBuf>,
    #[command(flatten)]
    model: ModelFile,
    /// Where the calibrated model is written
    #[arg(long, required_unless_present = "store")]
    out: Option<PathBuf>,
    #[command(flatten)]
    own: Own,
    /// Decide at the threshold which holds this FAR, as 0.01, instead of where FAR and FRR are equal
    #[arg(long)]
    far: Option<f64>,
    #[command(flatten)]
    draws: Draws,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

impl Calibrate {
    pub fn run(self) -> Result<ExitCode> {
        let Some(out) = self.out.clone() else { return self.own.run(&self.model, self.json) };
        require_place_for(&out)?;
        let inputs = Inputs::default().and(self.model.path()).and(&self.numbers);
        inputs.spare(&self.outputs())?;
        let model = self.model.load()?;
        if let Some(path) = &self.numbers {
            return self.take_numbers(path, model, &out);
        }
        let mut progress = Shown::new();
        let mut session = Session::open_together(
            &self.data_options(),
            self.part.part(),
            self.writers.map(|most| most as usize),
            &mut progress,
        )?;
        inputs.and_data(session.set()).spare(&self.outputs())?;
        let calibrated = session.calibrate(model, &self.options())?;
        drop(progress);
        calibrated.model.save(&out)?;
        if let Some(path) = &self.write_numbers {
            let numbers = serde_json::to_vec_pretty(&CalibrationNumbers::from_model(&calibrated.model))?;
            outputs::write(path, &numbers)?;
        }
        self.show(&calibrated, &out);
        Ok(ExitCode::SUCCESS)
    }

    fn outputs(&self) -> Vec<&Path> {
        self.out.iter().chain(&self.write_numbers).map(PathBuf::as_path).collect()
    }

    fn data_options(&self) -> Vec<DataOptions> {
        let (layout, reading) = (self.layout, self.reading.options());
        self.data.iter().map(|path| DataOptions { path: path.clone(), layout, reading }).collect()
    }

    fn options(&self) -> CalibrationOptions {
        CalibrationOptions {
            repeats: self.draws.repeats,
            seed: self.draws.seed,
            decide: self.far.map_or(DecisionPoint::Eer, DecisionPoint::Far),
        }
    }

    /// Gives the model the numbers of a file.
    fn take_numbers(&self, path: &Path, model: Model, out: &Path) -> Result<ExitCode> {
        let bytes = std::fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))?;
        let numbers: CalibrationNumbers = serde_json::from_slice(&bytes)
            .with_context(|| format!("{}: does not hold what --write-numbers writes", path.display()))?;
        if numbers.digest != model.digest() {
            eprintln!(
                "warning: {}: its numbers were fixed for the weights {}, these are {}; train on the same kind of machine, or \
                 calibrate again",
                one_line(path.display()),
                numbers.digest,
                model.digest()
            );
        }
        let fitted = FittedCalibration { calibration: numbers.calibration.clone(), missing: Vec::new() };
        let calibrated = Calibrated { model: numbers.apply_to(model), fitted, skipped: Vec::new() };
        calibrated.model.save(out)?;
        self.show(&calibrated, out);
        Ok(ExitCode::SUCCESS)
    }

    fn show(&self, Calibrated { model, fitted, skipped }: &Calibrated, out: &Path) {
        let info = model.info();
        let (writers, images) = info.calibrated_on.as_ref().map_or((0, 0), |data| (data.writers, data.images));
        if self.json {
            let missing = fitted.missing.iter();
            let document = json!({
                "model": {"name": model.name(), "digest": model.digest(), "path": out},
                "writers": writers, "images": images, "threshold": info.threshold, "calibration": info.calibration,
                "missing": missing.map(|m| json!({"references": m.references, "why": m.why})).collect::<Vec<_>>(),
                "left_out": skipped.iter().map(Skipped::document).collect::<Vec<_>>(),
            });
            println!("{document:#}");
            return;
        }
        print_skipped(skipped);
        println!("Calibrated on {images} images of {writers} writers.");
        let fits = fitted.calibration.fits();
        for (place, fit) in fits.iter().enumerate() {
            println!("{}", describe(fit, fits.get(place + 1)));
        }
        for missing in &fitted.missing {
            println!("{} references: not calibrated: {}.", missing.references, missing.why);
        }
        println!("The model is in {}. Next: inkproof evaluate DATA --model {0}", one_line(out.display()));
    }
}

/// What is fixed for one number of references, or for those below the next fit's.
fn describe(fit: &ReferenceCalibration, next: Option<&ReferenceCalibration>) -> String {
    let (references, bound) = (fit.references, fit.bound().get());
    let number = match (references, next.map(|next| next.references - 1)) {
        (1, _) => "1 reference".to_owned(),
        (more, None) if more >= FIT_FOR_MORE => format!("{more} or more references"),
        (few, Some(most)) if few >= FIT_FOR_MORE && most > few => format!("{few} to {most} references"),
        (few, _) => format!("{few} references"),
    };
    let threshold = &fit.threshold;
    let mut lines = vec![
        format!("{number}: threshold {:.4}: {}.", threshold.value.get(), threshold.origin),
        format!(
            "  log10 LR = {:.3} * score {:+.3}, no further from 0 than {bound:.2}, which {} writers support.",
            fit.slope, fit.intercept, fit.writers
        ),
    ];
    lines.extend(fit.wanted_far.iter().map(|wanted| match wanted {
        WantedFar::Fixed { far, threshold, frr } => {
            format!("  FAR {}: threshold {:.4}, FRR {}.", percent(*far), threshold.get(), percent(*frr))
        }
        WantedFar::Refused { refused, .. } => format!("  No threshold: {refused}."),
    }));
    if let Some(WantedFar::Fixed { far, threshold, frr }) = &fit.random_far {
        let (far, frr) = (percent(*far), percent(*frr));
        lines.push(format!("  FAR {far} of random forgeries alone: threshold {:.4}, FRR {frr}.", threshold.get()));
    }
    lines.join("\n")
}
