//! `inkproof calibrate --store`: from where on a store accepts signatures, fixed on its own writers.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use inkproof_lab::progress::{Event, Progress};
use inkproof_service::{DEFAULT_FRR, KeptCalibration, OwnLevel, Service};
use inkproof_store::Actor;
use serde_json::json;

use crate::arguments::{ImageOptions, MasterKey, ModelFile, StorePlace};
use crate::progress::Shown;
use crate::text::percent;

#[derive(Debug, Args)]
pub struct Own {
    /// Fix on the writers who are enrolled in this store from where on it accepts their signatures, and keep that in the store;
    /// no forgery is needed. Without PLACE the store of the other commands
    #[arg(long, value_name = "PLACE", num_args = 0..=1, conflicts_with_all = ["data", "numbers", "out"])]
    store: Option<Option<String>>,
    #[command(flatten)]
    master_key: MasterKey,
    /// Of genuine signatures at most this share goes to a person or is rejected
    #[arg(long, default_value_t = DEFAULT_FRR, requires = "store")]
    frr: f64,
    /// Show what holds in the store, and change nothing
    #[arg(long, requires = "store", conflicts_with = "undo")]
    show: bool,
    /// Go by the model's own thresholds again
    #[arg(long, requires = "store")]
    undo: bool,
}

impl Own {
    pub fn run(&self, model: &ModelFile, json: bool) -> Result<ExitCode> {
        let place = StorePlace::new(self.store.clone().flatten(), self.master_key.clone());
        let service = place.service(model, &ImageOptions::default())?;
        if self.undo {
            return undo(&service, json);
        }
        let kept = if self.show { service.calibration()? } else { Some(self.calibrate(&service)?) };
        if json {
            println!("{:#}", json!({"calibration": kept}));
        } else {
            println!("{}", kept.as_ref().map_or_else(|| MODELS_OWN.to_owned(), sentences));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn calibrate(&self, service: &Service) -> Result<KeptCalibration> {
        let mut shown = Shown::new();
        shown.report(Event::Stage { name: "read writers", total: service.store().info()?.counts.writers as usize });
        Ok(service.calibrate(self.frr, &Actor::local(), |done| shown.report(Event::Advance { done }))?)
    }
}

const MODELS_OWN: &str =
    "The model's own thresholds hold; `inkproof calibrate --store` fixes others on the enrolled writers.";

fn undo(service: &Service, json: bool) -> Result<ExitCode> {
    if !service.undo_calibration(&Actor::local())? {
        bail!("there is no calibration to be undone: the model's own thresholds hold");
    }
    if json {
        println!("{:#}", json!({"calibration": null}));
    } else {
        println!("The model's own thresholds hold again.");
    }
    Ok(ExitCode::SUCCESS)
}

fn sentences(kept: &KeptCalibration) -> String {
    let calibration = &kept.calibration;
    let promise = format!(
        "Of genuine signatures at most {} go to a person or are rejected, as far as the references of {} writers show ({}; \
         number {} in the audit).",
        percent(calibration.frr),
        calibration.writers,
        kept.time,
        kept.audit
    );
    let levels = &calibration.levels;
    let of_each = levels.iter().enumerate().map(|(place, level)| of_level(level, levels.get(place + 1)));
    let undo = "Undo it with `inkproof calibrate --store --undo`.".to_owned();
    [promise].into_iter().chain(of_each).chain([undo]).collect::<Vec<_>>().join("\n")
}

fn of_level(level: &OwnLevel, next: Option<&OwnLevel>) -> String {
    let number = match (level.references, next.map(|next| next.references - 1)) {
        (1, Some(1)) => "1 reference".to_owned(),
        (few, None) => format!("{few} or more references"),
        (few, Some(most)) if few == most => format!("{few} references"),
        (few, Some(most)) => format!("{few} to {most} references"),
    };
    let weak = if level.log10_lr < 0.0 { ", where the evidence speaks for somebody else" } else { "" };
    format!(
        "{number}: accepted from score {:.4} on (log10 LR {:+.2}{weak}); the model's own threshold is {:.4}, and its rule does not \
         accept {}.\n  Seen on {} genuine signatures of {} writers. Accepted of other people's signatures: {} of {}; of skilled \
         forgeries like those that the model was calibrated on: {}.",
        level.threshold.get(),
        level.log10_lr,
        level.model_threshold.get(),
        percent(level.model_frr),
        level.genuine,
        level.writers,
        level.strangers_accepted,
        level.strangers,
        level.skilled
    )
}
