//! Progress as bars on a terminal, as one line an epoch elsewhere, and as JSON lines in a log.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use inkproof_lab::progress::{Event, Progress};
use serde_json::{Value, json};

use crate::terminal::one_line;

/// Shows events on standard error.
pub struct Shown {
    bar: ProgressBar,
    logs: Logs,
    log: Option<Log>,
}

/// Where the events of trainings go besides the screen.
enum Logs {
    Nowhere,
    /// The model's name with `.jsonl`.
    BesideModel,
    File(PathBuf),
}

/// A file of one JSON object a line; it is made when there is a line to write.
struct Log {
    path: PathBuf,
    append: bool,
    file: Option<File>,
    begun: Instant,
}

impl Shown {
    pub fn new() -> Self {
        Self { bar: ProgressBar::hidden(), logs: Logs::Nowhere, log: None }
    }

    /// Events of training also go to this file, or without one to a log next to each model.
    pub fn logged(path: Option<PathBuf>) -> Self {
        let logs = path.map_or(Logs::BesideModel, Logs::File);
        Self { bar: ProgressBar::hidden(), logs, log: None }
    }

    /// The log of a training that begins; a resumed one goes on after what is there.
    fn begin_log(&mut self, model: &Path, resume: bool) {
        let path = match &self.logs {
            Logs::Nowhere => return,
            Logs::BesideModel => log_beside(model),
            Logs::File(path) => path.clone(),
        };
        self.log = Some(Log { path, append: resume, file: None, begun: Instant::now() });
    }

    fn line(&self, text: &str) {
        let text = one_line(text);
        if self.bar.is_hidden() {
            eprintln!("{text}");
        } else {
            self.bar.println(text);
        }
    }

    fn write(&mut self, mut line: Value) {
        let Some(log) = &mut self.log else { return };
        line["seconds_since_start"] = json!(log.begun.elapsed().as_secs_f64());
        if let Err(error) = log.write(&line) {
            let path = log.path.display().to_string();
            self.log = None;
            self.line(&format!("warning: {path}: the log cannot be written ({error})"));
        }
    }
}

/// Where the log of a model's training is, unless another place is given.
pub fn log_beside(model: &Path) -> PathBuf {
    model.with_extension("jsonl")
}

impl Log {
    fn write(&mut self, line: &Value) -> std::io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let mut open = OpenOptions::new();
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut open, 0o600);
                open.create(true).write(true).append(self.append).truncate(!self.append);
                none.insert(open.open(&self.path)?)
            }
        };
        writeln!(file, "{line}")
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Shown {
    fn report(&mut self, event: Event<'_>) {
        match event {
            Event::Stage { name, total } => {
                self.bar.finish_and_clear();
                self.bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
                self.bar.set_style(style());
                self.bar.set_prefix(one_line(name));
            }
            Event::Advance { done } => self.bar.set_position(done as u64),
            Event::Step { epoch, epochs, step, steps, loss, accuracy, images_per_second } => {
                let accuracy_percent = 100.0 * accuracy;
                self.bar.set_message(format!(
                    "epoch {epoch}/{epochs} step {step}/{steps} loss {loss:.4} accuracy {accuracy_percent:.1} % \
                     {images_per_second:.0} images/s"
                ));
                self.write(json!({"event": "step", "epoch": epoch, "step": step, "steps": steps, "loss": loss,
                    "accuracy": accuracy, "images_per_second": images_per_second}));
            }
            Event::Epoch { epoch, epochs, loss, accuracy, seconds } => {
                let accuracy_percent = 100.0 * accuracy;
                self.line(&format!(
                    "epoch {epoch}/{epochs}: loss {loss:.4}, accuracy {accuracy_percent:.1} %, {seconds:.0} s"
                ));
                self.write(json!({"event": "epoch", "epoch": epoch, "epochs": epochs, "loss": loss,
                    "accuracy": accuracy, "seconds": seconds}));
            }
            Event::Training { model, resume } => self.begin_log(model, resume),
            Event::Skipped { path, why } => self.line(&format!("left out: {}: {why}", path.display())),
            Event::Warning(text) => self.line(&format!("warning: {text}")),
            Event::Note(text) => self.line(text),
        }
    }
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{prefix} {bar:24} {pos}/{len} ETA {eta} {wide_msg}")
        .expect("a template without mistakes")
}
