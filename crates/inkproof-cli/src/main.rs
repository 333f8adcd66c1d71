//! The program `inkproof`: reads the command line, calls the engine or the laboratory, and shows what they found.
//!
//! Results go to standard output, progress and messages to standard error. An error is one line and exit code 2.

#![deny(unsafe_code)]

// Before all others: they print by its macros.
#[macro_use]
mod terminal;

#[allow(unsafe_code)]
mod allocator;
mod arguments;
mod commands;
mod hints;
mod images;
mod interrupt;
mod lab_arguments;
mod outputs;
#[allow(unsafe_code)]
mod pipe;
mod progress;
mod text;

use std::process::{ExitCode, exit};

use clap::{CommandFactory, Parser, Subcommand};

/// Offline signature verification: is this questioned signature by the writer of these references?
#[derive(Debug, Parser)]
#[command(name = "inkproof", version, arg_required_else_help = true, max_term_width = 100)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(commands::demo::Demo),
    Verify(commands::verify::Verify),
    Check(commands::check::Check),
    Find(commands::find::Find),
    Finder(commands::finder::FinderCommand),
    Enroll(commands::enroll::Enroll),
    Identify(commands::identify::Identify),
    Matrix(commands::matrix::MatrixCommand),
    Writers(commands::writers::Writers),
    Mandates(commands::mandates::Mandates),
    Reviews(commands::reviews::Reviews),
    VerifyBatch(commands::verify_batch::VerifyBatch),
    Store(commands::store::Store),
    Token(commands::token::Token),
    Train(commands::train::Train),
    Calibrate(commands::calibrate::Calibrate),
    Evaluate(commands::evaluate::Evaluate),
    Compare(commands::compare::Compare),
    Cross(commands::cross::Cross),
    Leakage(commands::leakage::Leakage),
    Robustness(commands::robustness::Robustness),
    Statistics(commands::statistics::Statistics),
    Synth(commands::synth::Synth),
    Truth(commands::truth::Truth),
    Export(commands::export::Export),
    Import(commands::import::Import),
    Bench(commands::bench::Bench),
    Serve(commands::serve::Serve),
    Config(commands::config::Config),
    Completions(commands::completions::Completions),
    Manual(commands::manual::Manual),
}

fn main() -> ExitCode {
    let command = Program::try_parse().unwrap_or_else(|error| refuse(&error)).command;
    if !matches!(command, Command::Serve(_)) {
        pipe::end_with_reader();
    }
    match command {
        Command::Verify(_)
        | Command::Enroll(_)
        | Command::Mandates(_)
        | Command::Writers(_)
        | Command::Store(_)
        | Command::Token(_) => allocator::small_pages(),
        Command::Serve(_) => {
            allocator::small_pages();
            allocator::return_memory();
        }
        _ => allocator::keep_memory(),
    }
    let outcome = match command {
        Command::Demo(command) => command.run(),
        Command::Verify(command) => command.run(),
        Command::Check(command) => command.run(),
        Command::Find(command) => command.run(),
        Command::Finder(command) => command.run(),
        Command::Enroll(command) => command.run(),
        Command::Identify(command) => command.run(),
        Command::Matrix(command) => command.run(),
        Command::Writers(command) => command.run(),
        Command::Mandates(command) => command.run(),
        Command::Reviews(command) => command.run(),
        Command::VerifyBatch(command) => command.run(),
        Command::Store(command) => command.run(),
        Command::Token(command) => command.run(),
        Command::Train(command) => command.run(),
        Command::Calibrate(command) => command.run(),
        Command::Evaluate(command) => command.run(),
        Command::Compare(command) => command.run(),
        Command::Cross(command) => command.run(),
        Command::Leakage(command) => command.run(),
        Command::Robustness(command) => command.run(),
        Command::Statistics(command) => command.run(),
        Command::Synth(command) => command.run(),
        Command::Truth(command) => command.run(),
        Command::Export(command) => command.run(),
        Command::Import(command) => command.run(),
        Command::Bench(command) => command.run(),
        Command::Serve(command) => command.run(),
        Command::Config(command) => command.run(),
        Command::Completions(command) => command.run(Program::command()),
        Command::Manual(command) => command.run(Program::command()),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {}{}", in_one_line(&error), hints::hint(&error));
        ExitCode::from(2)
    })
}

/// What is wrong with the command line, or what was asked of it, as help.
fn refuse(error: &clap::Error) -> ! {
    let is_tame = |word: std::ffi::OsString| word.to_str().is_some_and(|word| terminal::escaped(word) == word);
    if std::env::args_os().all(is_tame) {
        error.exit();
    }
    // In colour it would repeat to a terminal what the words of the command line say.
    eprintln!("{}", error.render().to_string().trim_end());
    exit(error.exit_code())
}

/// The error and its causes, each once: a library's error says its cause itself.
fn in_one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !line.contains(&cause) {
            line += if line.is_empty() { "" } else { ": " };
            line += &cause;
        }
    }
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}
