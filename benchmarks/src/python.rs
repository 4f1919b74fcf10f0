//! The Python peers, which `python/steps.py` measures in a virtual environment in `target/python`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pocketflow_benchmarks::contender::{Pause, Shape};
use pocketflow_benchmarks::contenders::{BASE, BATCH_BASE};
use serde_json::Value;

use crate::counts::last_line;
use crate::rounds::Timing;
use crate::{Results, batches, steps, table, waiting};

/// Relative to `benchmarks`.
const REQUIREMENTS: &str = "python/requirements.txt";

pub fn measure(quick: bool, results: &mut Results) {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    match environment(home).and_then(|python| run(home, &python, quick)) {
        Ok(lines) => read(&lines, results),
        Err(reason) => {
            for name in peers(include_str!("../python/requirements.txt")) {
                results.miss(&name, "all", reason.clone());
            }
        }
    }
}

/// The Python of the environment, which is created and filled if needed.
fn environment(home: &Path) -> Result<PathBuf, String> {
    eprintln!("python: packages");
    let folder = home.join("target/python");
    let python = folder.join("bin/python");
    if !python.exists() {
        run_silently(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    let arguments = [
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "-r",
        REQUIREMENTS,
    ];
    run_silently(Command::new(&python).args(arguments).current_dir(home))?;
    Ok(python)
}

fn run_silently(command: &mut Command) -> Result<(), String> {
    let output = command
        .output()
        .map_err(|error| name_of(command, &error.to_string()))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(name_of(command, &last_line(&output.stderr)))
    }
}

/// An error, with the name of the program that it is about.
fn name_of(command: &Command, reason: &str) -> String {
    let program = Path::new(command.get_program())
        .file_name()
        .unwrap_or_default();
    format!("{}: {reason}", program.display())
}

fn run(home: &Path, python: &Path, quick: bool) -> Result<String, String> {
    eprintln!("python: all parts");
    let mut command = Command::new(python);
    command
        .arg("python/steps.py")
        .current_dir(home)
        .stderr(Stdio::inherit());
    if quick {
        command.args(["--rounds", "2"]);
    }
    let output = command
        .output()
        .map_err(|error| name_of(&command, &error.to_string()))?;
    if !output.status.success() {
        eprintln!("python: steps.py has failed; using its output so far");
    }
    if output.stdout.is_empty() {
        return Err("steps.py has failed".to_owned());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The names of the peers if only their packages are known.
fn peers(requirements: &str) -> Vec<String> {
    let lines = requirements
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let package = |line: &str| {
        line.split(['=', '<', '>', '~', ';', '[', ' '])
            .next()
            .map(str::to_owned)
    };
    lines
        .filter_map(package)
        .map(|package| format!("{package} (Python)"))
        .collect()
}

/// Adds the output, one object on each line, to the measurements.
fn read(lines: &str, results: &mut Results) {
    for line in lines.lines() {
        match serde_json::from_str(line) {
            Ok(object) => put(&object, results),
            Err(error) => eprintln!("python: {error}: {line}"),
        }
    }
}

fn put(object: &Value, results: &mut Results) {
    let text = |key: &str| object[key].as_str().unwrap_or_default();
    let number = |key: &str| object[key].as_f64().unwrap_or(f64::NAN);
    if let Some(version) = object["python"].as_str() {
        results.python = Some(version.to_owned());
        return;
    }
    let name = text("name").to_owned();
    if let Some(version) = object["version"]
        .as_str()
        .filter(|_| results.version(&name).is_none())
    {
        results.versions.push((name.clone(), version.to_owned()));
    }
    let (median, minimum) = (number("median"), number("minimum"));
    let timing = |base: Option<f64>| Timing {
        ratio: base.map(|base| median / base),
        median,
        quartiles: None,
        minimum,
        rounds: 0,
    };
    match text("part") {
        "steps" => {
            let shape = Shape::ALL
                .into_iter()
                .find(|shape| shape.name() == text("case"));
            let Some(shape) = shape else {
                return eprintln!("python: an unknown shape: {object}");
            };
            let of_base = results
                .steps
                .iter()
                .find(|row| row.name == BASE && row.shape == shape);
            let timing = timing(of_base.map(|row| row.timing.median));
            results.steps.push(steps::Row {
                name,
                shape,
                timing,
                counts: None,
                instructions: None,
            });
        }
        "batch" => {
            let pause = if text("case") == "sleep" {
                Pause::Sleep
            } else {
                Pause::Yield
            };
            let of_base = results
                .batches
                .iter()
                .find(|row| row.name == BATCH_BASE && row.pause == pause);
            let timing = timing(of_base.map(|row| row.timing.median));
            let items = number("items");
            if pause == Pause::Yield && items != batches::ITEMS as f64 {
                results
                    .batch_notes
                    .push(format!("{name}: {} items.", table::number(items)));
            }
            results.batches.push(batches::Row {
                name,
                pause,
                timing,
                counts: None,
            });
        }
        "waiting" => put_waiting(name, number("bytes"), results),
        "missing" => results.miss(&name, text("case"), text("reason")),
        _ => eprintln!("python: an unknown part: {object}"),
    }
}

fn put_waiting(name: String, bytes: f64, results: &mut Results) {
    let of_base = results
        .waiting
        .iter()
        .find(|row| row.name == BASE)
        .and_then(|row| row.bytes);
    let ratio = of_base.map(|base| bytes / base);
    let row = waiting::Row {
        name,
        size: None,
        bytes: Some(bytes),
        ratio,
        allocations: None,
        start: None,
        threads: false,
    };
    results.waiting.push(row);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_named_by_their_packages() {
        let requirements =
            "# what is measured\npocketflow==0.0.3\n\nlanggraph >= 1 # new\npydantic-graph[x]~=2\n";
        let expected = [
            "pocketflow (Python)",
            "langgraph (Python)",
            "pydantic-graph (Python)",
        ];
        assert_eq!(peers(requirements), expected);
    }

    #[test]
    fn lines_become_rows() {
        let mut results = Results::default();
        let lines = r#"{"python": "3.11.7"}
{"name": "p", "package": "q", "version": "1.2", "part": "steps", "case": "loop", "median": 500.0, "minimum": 400, "unit": "ns", "steps": 9}
{"name": "p", "package": "q", "version": "1.2", "part": "batch", "case": "sleep", "median": 5, "minimum": 4, "unit": "ns", "items": 9}
{"name": "p", "package": "q", "version": "1.2", "part": "waiting", "bytes": 1000}
{"name": "p", "package": "q", "version": "1.2", "part": "missing", "case": "chain", "reason": "none"}
what is this
"#;
        read(lines, &mut results);
        assert_eq!(results.python.as_deref(), Some("3.11.7"));
        assert_eq!(results.version("p").as_deref(), Some("1.2"));
        assert_eq!(results.steps[0].timing.median, 500.0);
        assert_eq!(results.steps[0].timing.ratio, None);
        assert_eq!(results.batches[0].pause, Pause::Sleep);
        assert_eq!(results.waiting[0].bytes, Some(1000.0));
        assert_eq!(results.missing[0].case, "chain");
    }

    #[test]
    fn the_ratio_is_of_medians() {
        let mut results = Results::default();
        let mut line = |name: &str, median: u64| {
            let object = serde_json::json!({"name": name, "part": "steps", "case": "loop", "median": median, "minimum": 1});
            put(&object, &mut results);
        };
        line(BASE, 2);
        line("p", 500);
        assert_eq!(results.steps[1].timing.ratio, Some(250.0));
    }
}
