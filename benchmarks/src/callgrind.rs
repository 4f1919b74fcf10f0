//! Counts instructions with valgrind's callgrind, in which this program runs itself for one
//! contender at a time.

use std::env;
use std::process::{Command, Output};
use std::thread;

use pocketflow_benchmarks::contender::{Shape, Steps};
use pocketflow_benchmarks::{contenders, drive};

use crate::counts::last_line;

/// The argument that makes this program run one contender once.
pub const ONE: &str = "one";

/// Whether valgrind can be used, or why not.
pub fn available() -> Result<(), String> {
    match Command::new("valgrind").arg("--version").output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("valgrind: {}", last_line(&output.stderr))),
        Err(error) => Err(format!("valgrind: {error}")),
    }
}

/// The instructions of a step, as the difference between two runs, so that the setup is not
/// counted.
pub fn instructions(contender: &str, shape: Shape, nanoseconds: f64) -> Result<f64, String> {
    let few = few(nanoseconds);
    let (shorter, longer) = thread::scope(|scope| {
        let shorter = scope.spawn(|| collect(contender, shape, few));
        let longer = collect(contender, shape, 3 * few);
        (shorter.join().expect("it returns its errors"), longer)
    });
    Ok((longer? as f64 - shorter? as f64) / (2 * few) as f64)
}

/// The smaller number of steps, in multiples of all rounds: up to 3,000, if they take up to 3 ms.
fn few(nanoseconds: f64) -> u64 {
    ((3e6 / nanoseconds) as u64).clamp(60, 3_000) / 6 * 6
}

fn collect(contender: &str, shape: Shape, steps: u64) -> Result<u64, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([ONE, contender, shape.name(), &steps.to_string()])
        .output();
    match output {
        Ok(Output { status, stderr, .. }) if status.success() => {
            parse(&String::from_utf8_lossy(&stderr))
                .ok_or_else(|| "valgrind printed no number".to_owned())
        }
        Ok(output) => Err(format!("under valgrind: {}", last_line(&output.stderr))),
        Err(error) => Err(format!("valgrind: {error}")),
    }
}

/// The number in `==1== Collected : 1234`.
fn parse(printed: &str) -> Option<u64> {
    let (_, numbers) = printed
        .lines()
        .find_map(|line| line.split_once("Collected :"))?;
    numbers.split_whitespace().next()?.parse().ok()
}

/// Runs one contender once and does nothing else: `<contender> <shape> <steps>`.
pub fn one(words: &[String]) -> Result<(), String> {
    let [name, shape, steps] = words else {
        return Err(format!("`{ONE}` needs three arguments"));
    };
    let contender = contenders::ALL
        .iter()
        .find(|contender| contender.name == name);
    let run = contender
        .and_then(|contender| contender.steps.iter().find(|steps| steps.0.name() == shape));
    let &(_, run): &(Shape, Steps) = run.ok_or_else(|| format!("{name} has no {shape}"))?;
    let steps = steps.parse().map_err(|error| format!("{steps}: {error}"))?;
    drive::steps(&drive::runtime(), name, run, steps);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_found() {
        let printed = "==8== Events    : Ir\n==8== Collected : 122414\n==8== \n==8== I   refs:      122,414\n";
        assert_eq!(parse(printed), Some(122_414));
        assert_eq!(parse("==8== Events    : Ir\n"), None);
    }

    #[test]
    fn slow_steps_are_few() {
        assert_eq!(few(2.0), 3_000);
        assert_eq!(few(10_000.0), 300);
        assert_eq!(few(1e9), 60);
    }
}
