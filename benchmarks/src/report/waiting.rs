//! What a waiting flow costs.

use pocketflow_benchmarks::contenders::BASE;

use super::cells::{TIMED, notes, threads_note, timed};
use crate::table::{Table, count, maybe, number, times};
use crate::{Results, waiting};

const WAITING: &str = "\
A flow of three nodes, of which the second waits for an external event. At that point, the store has two texts of 20 characters.
{FLOWS} such flows wait at the same time. The figures are for one flow: the bytes that it holds on the heap, the part of them that is
its future, the number of allocations, and the time from its creation until it waits. × is the ratio to \"{BASE}\".
";

const WAITING_IN_PYTHON: &str =
    "\nThere are fewer Python flows, and `tracemalloc` counts their bytes.";

pub(super) fn waiting(results: &Results) -> String {
    if results.waiting.is_empty() {
        return String::new();
    }
    let columns = [
        "bytes ×",
        "bytes",
        "of them future",
        "allocations",
        "time ×",
    ];
    let mut table = Table::new(
        ["contender"]
            .into_iter()
            .chain(columns)
            .chain(TIMED.into_iter().skip(1)),
    );
    for row in &results.waiting {
        let mark = if row.threads { "*" } else { "" };
        let mut cells = vec![
            row.name.clone(),
            maybe(row.ratio, times),
            maybe(row.bytes, number) + mark,
        ];
        cells.extend([
            maybe(row.size, number),
            maybe(row.allocations, count) + mark,
        ]);
        cells.extend(timed(row.start.as_ref()));
        table.row(cells);
    }
    let about = WAITING
        .replace("{FLOWS}", &number(waiting::FLOWS as f64))
        .replace("{BASE}", BASE);
    let python = if results.python.is_none() {
        ""
    } else {
        WAITING_IN_PYTHON
    };
    let threads = threads_note(results.waiting.iter().any(|row| row.threads));
    let notes = notes("waiting", |name| {
        results.waiting.iter().any(|row| row.name == name)
    });
    format!(
        "\n## Waiting flows\n\n{}{python}\n\n{}{threads}{notes}",
        about.trim_end(),
        table.render()
    )
}
