//! `pocketflow`: recorded and durable runs from the terminal.

mod completions;
mod generated_test;
mod output;
mod record;
mod report;
mod runs;
mod serve;

use std::error::Error;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

/// Shows recorded runs of flows, makes tests of them, and looks after durable runs.
#[derive(Parser)]
#[command(name = "pocketflow", version, max_term_width = 100)]
struct Arguments {
    /// Print JSON, with times in milliseconds since the epoch
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Report(report::Arguments),
    Test(generated_test::Arguments),
    Runs(runs::Arguments),
    Serve(serve::Arguments),
    /// Prints the completions of this program for a shell
    #[command(after_help = completions::HELP)]
    Completions {
        /// The shell
        shell: Shell,
    },
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) if !error.use_stderr() => error.exit(),
        Err(error) => {
            eprint!("{}", runs::without_passwords(&error.to_string()));
            return ExitCode::from(2);
        }
    };
    let error = match printed(&arguments) {
        Ok(text) => match std::io::stdout().lock().write_all(text.as_bytes()) {
            Ok(()) => return ExitCode::SUCCESS,
            // The reader, such as `head`, has closed the pipe.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
            Err(error) => error.into(),
        },
        Err(error) => error,
    };
    eprintln!("error: {}", output::one_line(&*error));
    ExitCode::FAILURE
}

/// What a command prints if it succeeds.
fn printed(arguments: &Arguments) -> Result<String, Box<dyn Error>> {
    let json = arguments.json;
    match &arguments.command {
        Command::Report(arguments) => report::printed(arguments, json),
        Command::Test(arguments) => generated_test::printed(arguments, json),
        Command::Runs(arguments) => runs::printed(arguments, json),
        Command::Serve(arguments) => serve::serve(arguments, json).map(|()| String::new()),
        Command::Completions { shell } => Ok(completions::printed::<Arguments>(*shell, json)),
    }
}
