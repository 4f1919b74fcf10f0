//! What a step costs.

use pocketflow_benchmarks::contender::Shape;
use pocketflow_benchmarks::contenders::BASE;

use super::cells::{TIMED, counted, notes, threads_note, timed};
use crate::Results;
use crate::table::{Table, maybe, number, times};

const STEPS: &str = "\
A step is one visit of a node: it reads a count from the flow's data, adds one, and writes the count back, and the flow continues
with the next node. The compiler cannot optimize the addition away. All figures are for one step. The times include building the
flow, once for many thousands of steps, and the counts do not.

- ×, median, quartiles, minimum: the time over {ROUNDS} rounds. In each round, every contender runs for 2 ms, one after the other. ×
  is the median of the ratios to \"{BASE}\" in the same round. Async contenders run as a task of a current-thread tokio runtime.
- allocations and bytes: counted by a second program, which does not measure time.
- instructions: the difference between a shorter and a longer run under valgrind's callgrind, and the ratio to \"{BASE}\".

The placement of the code changes a figure by about 0.3 ns from one build to the next. For differences below a nanosecond, or of 10 %
among the fastest contenders, the instructions are more reliable.
";

fn shape(shape: Shape) -> &'static str {
    match shape {
        Shape::Loop => "One node that repeats itself. One run.",
        Shape::Chain => {
            "Three nodes, one after the other. One run, with a new store, for every three steps."
        }
        Shape::Branch => {
            "A node that chooses one of six others, all of which lead back to it. One run."
        }
        Shape::Nested => {
            "A node that leads to a flow of two nodes, which leads back to it. One run."
        }
        Shape::Store => {
            "One node that repeats itself. It reads a text of 1,000 characters and 100 numbers, which stay in the store, and \
             writes a field that is empty at first. One run."
        }
    }
}

pub(super) fn steps(results: &Results) -> String {
    if results.steps.is_empty() {
        return String::new();
    }
    let rounds = results.steps[0].timing.rounds.to_string();
    let notes = notes("steps", |name| {
        results.steps.iter().any(|row| row.name == name)
    });
    let mut text = format!(
        "\n## Steps\n\n{}{notes}",
        STEPS.replace("{BASE}", BASE).replace("{ROUNDS}", &rounds)
    );
    for shape in Shape::ALL {
        text += &steps_of(results, shape);
    }
    text
}

fn steps_of(results: &Results, shape: Shape) -> String {
    let rows: Vec<_> = results
        .steps
        .iter()
        .filter(|row| row.shape == shape)
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let columns = ["allocations", "bytes", "instructions", "instructions ×"];
    let mut table = Table::new(["contender"].into_iter().chain(TIMED).chain(columns));
    let base = rows
        .iter()
        .find(|row| row.name == BASE)
        .and_then(|row| row.instructions);
    for row in &rows {
        let mut cells = vec![row.name.clone()];
        cells.extend(timed(Some(&row.timing)));
        cells.push(counted(row.counts, |counts| counts.allocations));
        cells.push(counted(row.counts, |counts| counts.bytes));
        cells.push(maybe(row.instructions, number));
        cells.push(maybe(
            row.instructions.zip(base).map(|(own, base)| own / base),
            times,
        ));
        table.row(cells);
    }
    let threads = threads_note(
        rows.iter()
            .any(|row| row.counts.is_some_and(|counts| counts.threads)),
    );
    let notes = notes(shape.name(), |name| rows.iter().any(|row| row.name == name));
    format!(
        "\n### {}\n\n{}\n\n{}{threads}{notes}",
        shape.name(),
        self::shape(shape),
        table.render()
    )
}
