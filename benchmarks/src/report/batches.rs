//! What an item of a batch costs.

use pocketflow_benchmarks::contender::Pause;
use pocketflow_benchmarks::contenders::BATCH_BASE;

use super::cells::{TIMED, counted, notes, threads_note, timed};
use crate::table::{Table, number};
use crate::{Results, batches};

const BATCHES: &str = "\
A node with {ITEMS} items, 1,000 at a time, on one thread. The results are kept in the order of the items. Times and counts are for
one item, and × is the ratio to \"{BATCH_BASE}\". The peak bytes are the maximum at any time, divided by the number of items.
";

pub(super) fn batches(results: &Results) -> String {
    if results.batches.is_empty() {
        return String::new();
    }
    let about = BATCHES
        .replace("{ITEMS}", &number(batches::ITEMS as f64))
        .replace("{BATCH_BASE}", BATCH_BASE);
    let mut text = format!(
        "\n## Batches\n\n{about}{}",
        notes("batch", |name| results
            .batches
            .iter()
            .any(|row| row.name == name))
    );
    for note in &results.batch_notes {
        text += &format!("- {note}\n");
    }
    for pause in [Pause::Yield, Pause::Sleep] {
        text += &batches_of(results, pause);
    }
    text
}

fn batches_of(results: &Results, pause: Pause) -> String {
    let rows: Vec<_> = results
        .batches
        .iter()
        .filter(|row| row.pause == pause)
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let is_counted = pause == Pause::Yield;
    let counts: &[&str] = if is_counted {
        &["allocations", "bytes", "peak bytes"]
    } else {
        &[]
    };
    let mut table = Table::new(["contender"].iter().chain(&TIMED).chain(counts).copied());
    for row in &rows {
        let mut cells = vec![row.name.clone()];
        cells.extend(timed(Some(&row.timing)));
        if is_counted {
            cells.push(counted(row.counts, |counts| counts.allocations));
            cells.push(counted(row.counts, |counts| counts.bytes));
            cells.push(counted(row.counts, |counts| counts.peak));
        }
        table.row(cells);
    }
    let threads = threads_note(
        rows.iter()
            .any(|row| row.counts.is_some_and(|counts| counts.threads)),
    );
    let title = match pause {
        Pause::Yield => "each item yields once",
        Pause::Sleep => "each item sleeps 1 ms",
    };
    let rounds = rows
        .iter()
        .map(|row| row.timing.rounds)
        .max()
        .unwrap_or_default();
    format!(
        "\n### {title}\n\nIn {rounds} rounds.\n\n{}{threads}",
        table.render()
    )
}
