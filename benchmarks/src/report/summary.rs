//! The summary: a row for each contender.

use pocketflow_benchmarks::contender::{Pause, Shape};
use pocketflow_benchmarks::contenders::{ALL, BASE, BATCH_BASE};

use crate::table::{NONE, Table, maybe, number, times};
use crate::{Results, compile, machine};

pub(super) fn summary(results: &Results) -> String {
    let mut head = vec!["contender".to_owned()];
    head.extend(Shape::ALL.into_iter().map(|shape| match shape {
        Shape::Loop => "step: loop ×".to_owned(),
        _ => format!("{} ×", shape.name()),
    }));
    head.extend(
        [
            "batch item ×",
            "waiting flow ×",
            "cold build s",
            "crates",
            "version",
        ]
        .map(str::to_owned),
    );
    let mut table = Table::new(head);
    for name in names(results) {
        table.row(summary_row(results, name));
    }
    let table = table.without_empty();
    let machines: Vec<&str> = ALL
        .iter()
        .filter(|contender| contender.machine)
        .map(|it| it.name)
        .collect();
    let python = if results.python.is_none() {
        ""
    } else {
        IN_PYTHON
    };
    format!(
        "{INTRODUCTION}\n{}\n{SUMMARY}{}{python}",
        table.render(),
        MACHINES.replace("{}", &machines.join("; "))
    )
    .replace("{BASE}", BASE)
    .replace("{BATCH_BASE}", BATCH_BASE)
}

const INTRODUCTION: &str = "\
The cost of a flow with this library, with handwritten code and with the library's peers, all measured in one run. Lower is better
everywhere.
";

const SUMMARY: &str = "\
- ×: the ratio to \"{BASE}\", or for batches to \"{BATCH_BASE}\". The first is an async `loop` over a `match`, whose nodes have
  these three phases. The second is a stream of futures that are polled together.
- step: the time of one node, including its work and the transition to the next node, in five shapes of flow. batch item: the time
  of one of 100,000 items that yield once, 1,000 at a time. waiting flow: the bytes of one of 100,000 waiting flows.
- cold build and crates: for a program of two nodes, including all its dependencies.
- \"—\": missing, for the reason under \"Missing measurements\", or not measured, because each handwritten contender only covers some
  of the cases.
";

const MACHINES: &str = "\
- State machines without batches, retries, and a loop that drives them: {}.
";

const IN_PYTHON: &str = "\
- The Python contenders do not run in the same rounds, so their ratios are ratios of medians.
";

fn summary_row(results: &Results, name: &str) -> Vec<String> {
    let mut cells = vec![name.to_owned()];
    for shape in Shape::ALL {
        let row = results
            .steps
            .iter()
            .find(|row| row.name == name && row.shape == shape);
        cells.push(maybe(row.and_then(|row| row.timing.ratio), times));
    }
    let batch = results
        .batches
        .iter()
        .find(|row| row.name == name && row.pause == Pause::Yield);
    cells.push(maybe(batch.and_then(|row| row.timing.ratio), times));
    let waiting = results.waiting.iter().find(|row| row.name == name);
    cells.push(maybe(waiting.and_then(|row| row.ratio), times));
    cells.push(maybe(results.compiled(name, compile::COLD), number));
    cells.push(maybe(results.compiled(name, compile::CRATES), number));
    cells.push(version(results, name).unwrap_or_else(|| NONE.to_owned()));
    cells
}

/// All contenders, with the Python ones last.
fn names(results: &Results) -> Vec<&str> {
    let mut names: Vec<&str> = ALL.iter().map(|contender| contender.name).collect();
    let measured = results.versions.iter().map(|(name, _)| name.as_str());
    for name in measured.chain(results.missing.iter().map(|missing| missing.name.as_str())) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn version(results: &Results, name: &str) -> Option<String> {
    let contender = ALL.iter().find(|contender| contender.name == name);
    contender
        .and_then(machine::version)
        .or_else(|| results.version(name))
}
