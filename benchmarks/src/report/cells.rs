//! Cells and notes that several parts of the report have.

use pocketflow_benchmarks::contenders::ALL;

use crate::counts::Counts;
use crate::rounds::Timing;
use crate::table::{NONE, count, maybe, number, times};

/// The notes to a case, for the contenders that were measured.
pub(super) fn notes(case: &str, is_measured: impl Fn(&str) -> bool) -> String {
    let mut notes: Vec<(String, &str)> = Vec::new();
    for contender in ALL.iter().filter(|contender| is_measured(contender.name)) {
        for (_, note) in contender.notes.iter().filter(|note| note.0 == case) {
            match notes.iter_mut().find(|same| same.1 == *note) {
                Some((names, _)) => *names += &format!("; {}", contender.name),
                None => notes.push((contender.name.to_owned(), note)),
            }
        }
    }
    let lines: String = notes
        .iter()
        .map(|(names, note)| format!("- {names}: {note}\n"))
        .collect();
    if lines.is_empty() {
        lines
    } else {
        format!("\n{lines}")
    }
}

pub(super) const TIMED: [&str; 4] = ["×", "median ns", "quartiles ns", "minimum ns"];

/// The cells of a timing: ratio, median, quartiles and minimum.
pub(super) fn timed(timing: Option<&Timing>) -> Vec<String> {
    let quartiles = timing.and_then(|timing| timing.quartiles);
    vec![
        maybe(timing.and_then(|timing| timing.ratio), times),
        maybe(timing.map(|timing| timing.median), number),
        quartiles.map_or_else(
            || NONE.to_owned(),
            |(low, high)| format!("{}–{}", number(low), number(high)),
        ),
        maybe(timing.map(|timing| timing.minimum), number),
    ]
}

/// A count, with a mark if some threads are not counted.
pub(super) fn counted(counts: Option<Counts>, value: fn(Counts) -> f64) -> String {
    let mark = if counts.is_some_and(|counts| counts.threads) {
        "*"
    } else {
        ""
    };
    maybe(counts.map(value), count) + mark
}

pub(super) fn threads_note(any: bool) -> &'static str {
    if any {
        "\n\\* without the allocations of other threads\n"
    } else {
        ""
    }
}
