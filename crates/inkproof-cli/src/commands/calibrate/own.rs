//! `inkproof calibrate --store`: from where on a store accepts signatures, fixed on its own writers.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Args;
use inkproof_lab::progress::{Event, Progress};
use inkproof_service::{DEFAULT_FRR, KeptCalibration, OwnCalibration, OwnLevel, Service};
use inkproof_store::Actor;
use serde_json::json;

use crate::arguments::{ImageOptions, MasterKey, ModelFile, StorePlace};
use crate::progress::Shown;
use crate::text::percent;

#[derive(Debug, Args)]
pub struct Own {
    /// Fix on the writers who are enrolled in this store from where on it accepts their signatures, and keep that in the store;
    /// no forgery is needed. Without PLACE the store of the other commands
    #[arg(long, value_name = "PLACE", num_args = 0..=1, conflicts_with_all = ["data", "numbers", "out", "write_numbers", "far", "layout", "writers"])]
    store: Option<Option<String>>,
    #[command(flatten)]
    master_key: MasterKey,
    /// Of genuine signatures at most this share goes to a person or is rejected
    #[arg(long, default_value_t = DEFAULT_FRR, requires = "store")]
    frr: f64,
    /// Say what would hold, and keep nothing
    #[arg(long, requires = "store", conflicts_with_all = ["show", "undo"])]
    dry_run: bool,
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
        if self.show {
            show(service.calibration()?.as_ref(), json);
            return Ok(ExitCode::SUCCESS);
        }
        let measured = self.measure(&service)?;
        if self.dry_run {
            match json {
                true => println!("{:#}", json!({"calibration": measured})),
                false => {
                    println!("{}\nNothing was kept; without --dry-run it holds from then on.", sentences(&measured))
                }
            }
            return Ok(ExitCode::SUCCESS);
        }
        show(Some(&service.keep_calibration(&measured, &Actor::local())?), json);
        Ok(ExitCode::SUCCESS)
    }

    fn measure(&self, service: &Service) -> Result<OwnCalibration> {
        let mut shown = Shown::new();
        shown.report(Event::Stage { name: "read writers", total: service.store().info()?.counts.writers as usize });
        Ok(service.measure_calibration(self.frr, None, |done| shown.report(Event::Advance { done }))?)
    }
}

fn show(kept: Option<&KeptCalibration>, json: bool) {
    match kept {
        _ if json => println!("{:#}", json!({"calibration": kept})),
        None => println!("{MODELS_OWN}"),
        Some(kept) => println!(
            "{}\nIt holds since {} (number {} in the audit); undo it with `inkproof calibrate --store --undo`.",
            sentences(&kept.calibration),
            kept.time,
            kept.audit
        ),
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

fn sentences(calibration: &OwnCalibration) -> String {
    let left_out = match calibration.left_out {
        0 => String::new(),
        some => format!(
            " {some} writers were left out: their references were made for another model (`inkproof store reembed`)."
        ),
    };
    let promise = format!(
        "Of genuine signatures at most {} go to a person or are rejected, as far as the references of {} writers show. \
         Images that are unfit to decide on come on top.{left_out}",
        percent(calibration.frr),
        calibration.writers
    );
    let head = row(["references", "accept from", "the model's", "log10 LR", "writers", "strangers", "forgeries"]
        .map(str::to_owned));
    let levels = &calibration.levels;
    let of_each = levels.iter().enumerate().map(|(place, level)| row(of_level(level, levels.get(place + 1))));
    let meaning = "Accept from: the score; beside it the model's own, and the strength of the evidence there (below 0 it speaks for \
                   somebody else). Strangers: other people's signatures that are accepted. Forgeries: skilled ones, or random \
                   ones where the model knows no others; estimated from likelihood ratios, since the store has none."
        .to_owned();
    [promise, head].into_iter().chain(of_each).chain([meaning]).collect::<Vec<_>>().join("\n")
}

fn row([references, accept, own, lr, writers, strangers, forgeries]: [String; 7]) -> String {
    format!("{references:<12} {accept:>12} {own:>12} {lr:>9} {writers:>8} {strangers:>10} {forgeries:>10}")
}

fn of_level(level: &OwnLevel, next: Option<&OwnLevel>) -> [String; 7] {
    let references = match (level.references, next.map(|next| next.references - 1)) {
        (few, None) => format!("{few} or more"),
        (few, Some(most)) if few == most => few.to_string(),
        (few, Some(most)) => format!("{few} to {most}"),
    };
    let scores = [level.threshold, level.model_threshold].map(|threshold| format!("{:.4}", threshold.get()));
    let [accept, own] = scores;
    let lr = format!("{:+.2}", level.log10_lr);
    let strangers = percent(level.strangers_accepted as f64 / level.strangers as f64);
    [references, accept, own, lr, level.writers.to_string(), strangers, percent(level.estimated_far)]
}
