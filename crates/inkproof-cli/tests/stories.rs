//! Stories through the real program: what a user does, what comes out, and what is left on the disk.

#[path = "stories/bad_input.rs"]
mod bad_input;
#[path = "stories/bench.rs"]
mod bench;
#[path = "stories/calibrate.rs"]
mod calibrate;
#[path = "stories/check.rs"]
mod check;
#[path = "stories/comes_back.rs"]
mod comes_back;
#[path = "stories/compare.rs"]
mod compare;
#[path = "stories/crash.rs"]
mod crash;
#[path = "stories/cross.rs"]
mod cross;
#[path = "stories/demo.rs"]
mod demo;
#[path = "../../inkproof/tests/documents/mod.rs"]
mod documents;
#[path = "stories/evaluate.rs"]
mod evaluate;
#[path = "stories/files.rs"]
mod files;
#[path = "stories/find.rs"]
mod find;
#[path = "stories/folds.rs"]
mod folds;
#[path = "stories/hostile.rs"]
mod hostile;
#[path = "stories/inknet.rs"]
mod inknet;
#[path = "stories/jobs.rs"]
mod jobs;
#[path = "stories/keras.rs"]
mod keras;
#[path = "stories/leakage.rs"]
mod leakage;
#[path = "stories/load.rs"]
mod load;
#[path = "stories/mandates.rs"]
mod mandates;
#[cfg(unix)]
#[path = "stories/master_key.rs"]
mod master_key;
#[cfg(unix)]
#[path = "stories/outputs.rs"]
mod outputs;
#[path = "stories/program.rs"]
mod program;
#[path = "stories/reads.rs"]
mod reads;
#[path = "stories/robustness.rs"]
mod robustness;
#[path = "stories/running.rs"]
mod running;
#[path = "stories/serve.rs"]
mod serve;
#[cfg(unix)]
#[path = "stories/shell.rs"]
mod shell;
#[path = "stories/statistics.rs"]
mod statistics;
#[path = "stories/store.rs"]
mod store;
#[path = "stories/synth.rs"]
mod synth;
#[cfg(unix)]
#[path = "stories/terminal.rs"]
mod terminal;
#[path = "stories/tls.rs"]
mod tls;
#[path = "stories/tokens.rs"]
mod tokens;
#[path = "stories/train.rs"]
mod train;
#[path = "stories/verify.rs"]
mod verify;
#[path = "stories/verify_batch.rs"]
mod verify_batch;
#[path = "stories/writers.rs"]
mod writers;
