//! Measures this library, handwritten code and the library's peers side by side, and prints
//! Markdown tables.

mod batches;
mod callgrind;
mod compile;
mod counts;
mod goals;
mod inner;
mod machine;
mod python;
mod report;
mod rounds;
mod steps;
mod table;
mod waiting;

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use pocketflow_benchmarks::contender::{Contender, Steps};
use pocketflow_benchmarks::contenders;

const USAGE: &str = "usage: cargo run --release -- [--quick] [steps] [batches] [waiting] [inner] [compile]
       [incremental] [python]

Without a part, all parts run, and the result is also written to results.md. --quick runs fewer rounds, counts instructions and
compiles only for this library and handwritten code, leaves out the chain of 1,000 nodes, changes the crate of 200 nodes once, and
writes no file.";

/// The name of this library among the contenders.
pub const OURS: &str = contenders::ALL[0].name;

/// All measurements.
#[derive(Default)]
pub struct Results {
    pub steps: Vec<steps::Row>,
    pub batches: Vec<batches::Row>,
    pub waiting: Vec<waiting::Row>,
    /// Flows on inner stores: on each of many, and in forks.
    pub each: Vec<inner::EachRow>,
    pub forks: Vec<inner::ForkRow>,
    pub compile: Vec<compile::Row>,
    pub incremental: Vec<compile::Row>,
    /// The versions of contenders that are not in the lock file, by name, in the order of the
    /// table.
    pub versions: Vec<(String, String)>,
    /// The version of Python.
    pub python: Option<String>,
    pub missing: Vec<Missing>,
    /// Notes about the whole run and about its batches.
    pub notes: Vec<String>,
    pub batch_notes: Vec<String>,
}

/// The measurements that are missing.
pub struct Missing {
    pub name: String,
    pub case: String,
    pub reason: String,
}

impl Results {
    /// The version of a contender that is not in the lock file.
    pub fn version(&self, name: &str) -> Option<String> {
        self.versions
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, version)| version.clone())
    }

    /// A measurement from compiling a contender.
    pub fn compiled(&self, name: &str, column: &str) -> Option<f64> {
        let row = self.compile.iter().find(|row| row.name == name)?;
        row.value(column)
    }

    pub fn miss(&mut self, name: &str, case: impl Into<String>, reason: impl Into<String>) {
        self.missing.push(Missing {
            name: name.to_owned(),
            case: case.into(),
            reason: reason.into(),
        });
    }
}

/// Whether it is this library or handwritten code.
pub fn is_ours_or_by_hand(name: &str) -> bool {
    name == OURS || name.starts_with("by hand")
}

/// Whether it is another library that runs async flows or async state machines.
pub fn is_async_peer(contender: &Contender) -> bool {
    let is_async = contender
        .steps
        .iter()
        .any(|(_, run)| matches!(run, Steps::Async(_)));
    is_async && !is_ours_or_by_hand(contender.name)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Steps,
    Batches,
    Waiting,
    Inner,
    Compile,
    Incremental,
    Python,
}

impl Part {
    const ALL: [Self; 7] = [
        Self::Steps,
        Self::Batches,
        Self::Waiting,
        Self::Inner,
        Self::Compile,
        Self::Incremental,
        Self::Python,
    ];

    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "steps" => Self::Steps,
            "batches" => Self::Batches,
            "waiting" => Self::Waiting,
            "inner" => Self::Inner,
            "compile" => Self::Compile,
            "incremental" => Self::Incremental,
            "python" => Self::Python,
            _ => return None,
        })
    }
}

/// The options of the command line.
#[derive(Debug, PartialEq)]
struct Request {
    quick: bool,
    /// The parts, in the order in which they run. Empty means all of them.
    parts: Vec<Part>,
}

impl Request {
    fn of(words: &[String]) -> Result<Self, String> {
        let mut request = Self {
            quick: false,
            parts: Vec::new(),
        };
        for word in words {
            match Part::of(word) {
                Some(part) => request.parts.push(part),
                None if word == "--quick" => request.quick = true,
                None => return Err(format!("`{word}` is not a part\n\n{USAGE}")),
            }
        }
        Ok(request)
    }

    fn has(&self, part: Part) -> bool {
        self.parts.is_empty() || self.parts.contains(&part)
    }

    /// Whether everything was measured, and without errors.
    fn is_full(&self) -> bool {
        !self.quick && Part::ALL.into_iter().all(|part| self.has(part))
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let done = match words.split_first() {
        Some((first, rest)) if first == callgrind::ONE => callgrind::one(rest),
        Some((first, _)) if ["--help", "-h", "help"].contains(&first.as_str()) => {
            println!("{USAGE}");
            Ok(())
        }
        _ => Request::of(&words).and_then(|request| run(&request)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(request: &Request) -> Result<(), String> {
    if cfg!(debug_assertions) {
        return Err(
            "the results mean nothing without optimization: use `cargo run --release`".to_owned(),
        );
    }
    let text = report::render(&measure(request));
    print!("{text}");
    if request.is_full() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("results.md");
        fs::write(&path, &text).map_err(|error| format!("{}: {error}", path.display()))?;
        eprintln!("written to {}", path.display());
    }
    Ok(())
}

fn measure(request: &Request) -> Results {
    let mut results = Results::default();
    for contender in contenders::ALL {
        for (case, reason) in contender.missing {
            let part = match *case {
                "batch" => Part::Batches,
                "waiting" => Part::Waiting,
                _ => Part::Steps,
            };
            if request.has(part) {
                results.miss(contender.name, *case, *reason);
            }
        }
    }
    if [Part::Steps, Part::Batches, Part::Waiting, Part::Inner]
        .into_iter()
        .any(|part| request.has(part))
    {
        let counter = counts::Counter::build();
        if request.has(Part::Steps) {
            steps::measure(request.quick, &counter, &mut results);
        }
        if request.has(Part::Batches) {
            batches::measure(request.quick, &counter, &mut results);
        }
        if request.has(Part::Waiting) {
            waiting::measure(request.quick, &counter, &mut results);
        }
        if request.has(Part::Inner) {
            inner::measure(request.quick, &counter, &mut results);
        }
    }
    if request.has(Part::Compile) {
        results.compile = compile::run(request.quick);
    }
    if request.has(Part::Incremental) {
        results.incremental = compile::incremental::run(request.quick);
    }
    if request.has(Part::Python) {
        python::measure(request.quick, &mut results);
    }
    results
}

#[cfg(test)]
mod tests {
    use super::*;
    use pocketflow_benchmarks::contender::Shape;

    fn request(words: &[&str]) -> Result<Request, String> {
        Request::of(
            &words
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn words_name_parts() {
        let asked = request(&["steps", "--quick", "python"]).unwrap();
        assert_eq!(
            asked,
            Request {
                quick: true,
                parts: vec![Part::Steps, Part::Python]
            }
        );
        assert!(asked.has(Part::Python) && !asked.has(Part::Waiting) && !asked.is_full());
        assert!(request(&[]).unwrap().is_full());
        assert!(!request(&["--quick"]).unwrap().is_full());
        assert!(
            request(&["step"])
                .unwrap_err()
                .starts_with("`step` is not a part")
        );
    }

    #[test]
    fn the_first_is_ours_and_the_bases_are_there() {
        assert_eq!(contenders::ALL[0].package, Some("pocketflow-dsl"));
        for base in [contenders::BASE, contenders::BATCH_BASE] {
            assert!(
                contenders::ALL
                    .iter()
                    .any(|contender| contender.name == base)
            );
        }
    }

    #[test]
    fn every_gap_of_a_peer_has_a_reason() {
        for contender in contenders::ALL
            .iter()
            .filter(|contender| !is_ours_or_by_hand(contender.name))
        {
            let told = |case: &str| contender.missing.iter().any(|missing| missing.0 == case);
            for shape in Shape::ALL {
                let is_there = contender.steps.iter().any(|steps| steps.0 == shape);
                assert!(
                    is_there != told(shape.name()),
                    "{}: {}",
                    contender.name,
                    shape.name()
                );
            }
            assert!(
                contender.batch.is_some() != told("batch"),
                "{}: batch",
                contender.name
            );
            assert!(
                contender.waiting.is_some() != told("waiting"),
                "{}: waiting",
                contender.name
            );
        }
    }

    #[test]
    fn every_note_has_its_place() {
        let is_case = |case| Shape::ALL.iter().any(|shape| shape.name() == case);
        for contender in contenders::ALL {
            for (case, _) in contender.notes {
                let is_known =
                    is_case(*case) || ["steps", "batch", "waiting", "compile"].contains(case);
                assert!(is_known, "{}: {case}", contender.name);
            }
        }
    }

    #[test]
    fn who_is_compiled_is_a_contender() {
        for name in compile::names() {
            assert!(
                contenders::ALL
                    .iter()
                    .any(|contender| contender.name == name),
                "{name}"
            );
        }
    }
}
