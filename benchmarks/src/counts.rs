//! The allocations of the contenders, which a separate program counts: see `bin/allocations.rs`.

use std::env::{self, consts::EXE_SUFFIX};
use std::path::PathBuf;
use std::process::Command;

/// For each step, item or flow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counts {
    pub allocations: f64,
    pub bytes: f64,
    pub peak: f64,
    /// Whether there are threads whose allocations are not counted.
    pub threads: bool,
}

/// The program that counts.
pub struct Counter(Result<PathBuf, String>);

impl Counter {
    /// Builds the program, next to this one.
    pub fn build() -> Self {
        Self(build().map_err(|reason| format!("the program that counts allocations: {reason}")))
    }

    /// Counts one case of one contender.
    pub fn count(&self, part: &str, contender: &str, case: &str) -> Result<Counts, String> {
        let program = self.0.as_ref().map_err(String::clone)?;
        let output = Command::new(program).args([part, contender, case]).output();
        let output = output.map_err(|error| format!("{}: {error}", program.display()))?;
        if !output.status.success() {
            return Err(last_line(&output.stderr));
        }
        let printed = String::from_utf8_lossy(&output.stdout);
        parse(&printed).ok_or_else(|| format!("cannot parse its output: {printed}"))
    }
}

fn build() -> Result<PathBuf, String> {
    eprintln!("building the program that counts allocations");
    let cargo = env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let arguments = ["build", "--quiet", "--release", "--bin", "allocations"];
    let status = Command::new(cargo)
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    if !status.map_err(|error| format!("cargo: {error}"))?.success() {
        return Err("it does not build".to_owned());
    }
    let program = env::current_exe().map_err(|error| error.to_string())?;
    Ok(program.with_file_name(format!("allocations{EXE_SUFFIX}")))
}

fn parse(printed: &str) -> Option<Counts> {
    let numbers: Result<Vec<f64>, _> = printed.split_whitespace().map(str::parse).collect();
    let &[allocations, bytes, peak, threads] = numbers.ok()?.as_slice() else {
        return None;
    };
    Some(Counts {
        allocations,
        bytes,
        peak,
        threads: threads > 1.0,
    })
}

/// The last line that a program printed, which explains why it failed.
pub fn last_line(printed: &[u8]) -> String {
    let printed = String::from_utf8_lossy(printed);
    let line = printed
        .lines()
        .rfind(|line| !line.trim().is_empty() && !line.starts_with("note: run with"));
    line.unwrap_or("it failed without a message")
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read() {
        let counts = Counts {
            allocations: 2.5,
            bytes: 80.0,
            peak: 16.0,
            threads: false,
        };
        assert_eq!(parse("2.5 80 16 1\n"), Some(counts));
        assert_eq!(
            parse("2.5 80 16 4"),
            Some(Counts {
                threads: true,
                ..counts
            })
        );
        assert_eq!(parse("2.5 80"), None);
        assert_eq!(parse(""), None);
    }

    #[test]
    fn the_reason_is_the_last_line() {
        assert_eq!(
            last_line(b"one\ntwo\n\nnote: run with `RUST_BACKTRACE=1`\n"),
            "two"
        );
        assert_eq!(last_line(b""), "it failed without a message");
    }
}
