//! The `s3sentry` command: parses arguments, runs a command, gives its exit code.

mod cli;
mod commands;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::baseline::Baseline;
use crate::cli::checkpoint::Checkpoint;
use crate::cli::{Cli, Command, Rules};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help that nobody reads to its end is no error.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let ended = match cli.command {
        Command::Scan(arguments) => commands::scan::run(&arguments),
        Command::Report(arguments) => commands::report::run(&arguments),
        Command::Watch(arguments) => commands::watch::run(&arguments),
        Command::Baseline(Baseline::Learn(arguments)) => commands::baseline::learn::run(&arguments),
        Command::Baseline(Baseline::Show(arguments)) => commands::baseline::show::run(&arguments),
        Command::Baseline(Baseline::Forget(arguments)) => {
            commands::baseline::forget::run(&arguments)
        }
        Command::Baseline(Baseline::Export(arguments)) => {
            commands::baseline::transfer::export(&arguments)
        }
        Command::Baseline(Baseline::Import(arguments)) => {
            commands::baseline::transfer::import(&arguments)
        }
        Command::Baseline(Baseline::Merge(arguments)) => {
            commands::baseline::transfer::merge(&arguments)
        }
        Command::Baseline(Baseline::Trust(arguments)) => commands::baseline::trust::run(&arguments),
        Command::Checkpoint(Checkpoint::Show(arguments)) => commands::checkpoint::show(&arguments),
        Command::Checkpoint(Checkpoint::Reset(arguments)) => {
            commands::checkpoint::reset(&arguments)
        }
        Command::Parse(arguments) => commands::parse::run(&arguments),
        Command::Rules(Rules::List(arguments)) => commands::rules::list::run(&arguments),
        Command::Rules(Rules::Show(arguments)) => commands::rules::show::run(&arguments),
        Command::Rules(Rules::Check(arguments)) => commands::rules::check::run(&arguments),
        Command::Rules(Rules::Explain(arguments)) => commands::rules::explain::run(&arguments),
        Command::Rules(Rules::Test(arguments)) => commands::rules::test::run(&arguments),
    };
    commands::exit_code(ended)
}
