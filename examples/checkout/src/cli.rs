//! The shared parts of the programs' command lines.

use std::fmt;
use std::io::{self, Write};

use clap::{Arg, ArgAction, Parser};
use pocketflow::Graph;

/// Reads the arguments. With `--graph`, prints the flow as a Mermaid diagram and exits instead.
pub fn arguments<A: Parser>(graph: &Graph) -> A {
    let option = Arg::new("graph")
        .long("graph")
        .exclusive(true)
        .action(ArgAction::SetTrue);
    let command =
        A::command().arg(option.help("Print the flow as a Mermaid diagram, and do nothing else"));
    // With `--graph`, no subcommand is needed. Without it, `A` asks for one.
    let command = command.subcommand_required(false);
    let mut matches = command.get_matches();
    if matches.get_flag("graph") {
        // The reader may stop early, as in `… --graph | head -3`.
        let _ = writeln!(io::stdout(), "{graph}");
        std::process::exit(0);
    }
    A::from_arg_matches_mut(&mut matches).unwrap_or_else(|error| error.exit())
}

/// The return type of a program's `main`. An error is printed on one line with its causes, and the
/// exit status is 1.
pub type Result<T> = std::result::Result<T, Failure>;

/// An error as its user should see it. An `anyhow::Error` returned from `main` would be printed
/// with a backtrace.
pub struct Failure(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// Rust prints the error of `main` with `Debug`.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}
