//! The goals of this library, and whether it reaches them.

use pocketflow_benchmarks::contender::{Pause, Shape};
use pocketflow_benchmarks::contenders::{ALL, BASE, BATCH_BASE};

use crate::compile::incremental::CHECK_BODY;
use crate::compile::{COLD, CRATES};
use crate::table::{Table, number, times};
use crate::{OURS, Results, batches, is_async_peer, steps, waiting};

/// The highest accepted ratio to handwritten code for a step, an item and a waiting flow.
const STEP: f64 = 1.1;
const ITEM: f64 = 1.1;
const FLOW: f64 = 1.2;
/// The highest accepted ratio for an incremental check.
const CHECK: f64 = 2.0;

/// A goal, the measurement, and whether the measurement meets the goal.
type Goal = (String, String, bool);

/// The goals for everything that was measured.
pub fn render(results: &Results) -> Option<String> {
    let mut goals = Vec::new();
    goals.extend(
        Shape::ALL
            .into_iter()
            .filter_map(|shape| cost(results, shape)),
    );
    goals.extend(
        Shape::ALL
            .into_iter()
            .filter_map(|shape| allocations(results, shape)),
    );
    goals.extend(
        Shape::ALL
            .into_iter()
            .filter_map(|shape| ahead(results, shape)),
    );
    goals.extend(
        [Pause::Yield, Pause::Sleep]
            .into_iter()
            .filter_map(|pause| item(results, pause)),
    );
    goals.extend(waiting(results, "future's size", |row| row.size));
    goals.extend(waiting(results, "bytes held", |row| row.bytes));
    goals.extend(compile(results, COLD, "s"));
    goals.extend(compile(results, CRATES, ""));
    goals.extend(incremental(results));
    if goals.is_empty() {
        return None;
    }
    let mut table = Table::of_text(["goal", "figure", ""]);
    for (goal, figure, met) in goals {
        table.row([
            goal,
            figure,
            if met { "met" } else { "**missed**" }.to_owned(),
        ]);
    }
    Some(table.render())
}

fn step<'a>(results: &'a Results, name: &str, shape: Shape) -> Option<&'a steps::Row> {
    results
        .steps
        .iter()
        .find(|row| row.name == name && row.shape == shape)
}

fn cost(results: &Results, shape: Shape) -> Option<Goal> {
    let ratio = step(results, OURS, shape)?.timing.ratio?;
    let goal = format!("step, {}: at most {STEP} × {BASE}", shape.name());
    let instructions = |name| step(results, name, shape)?.instructions;
    let figure = match instructions(OURS).zip(instructions(BASE)) {
        Some((ours, base)) => format!(
            "{} × (instructions: {} ×)",
            times(ratio),
            times(ours / base)
        ),
        None => format!("{} ×", times(ratio)),
    };
    Some((goal, figure, ratio <= STEP))
}

fn allocations(results: &Results, shape: Shape) -> Option<Goal> {
    let counts = step(results, OURS, shape)?.counts?;
    let goal = format!("step, {}: no allocation", shape.name());
    Some((goal, number(counts.allocations), counts.allocations == 0.0))
}

fn ahead(results: &Results, shape: Shape) -> Option<Goal> {
    let ratio = |name: &str| step(results, name, shape)?.timing.ratio;
    less(
        format!("step, {}: ahead of every async peer", shape.name()),
        ratio,
        |ratio| format!("{} ×", times(ratio)),
    )
}

/// Less than each peer that runs async flows. The result names the best of those peers and, if that
/// is a state machine, the best of the others.
fn less(
    goal: String,
    value: impl Fn(&str) -> Option<f64>,
    format: impl Fn(f64) -> String,
) -> Option<Goal> {
    let ours = value(OURS)?;
    let peers = ALL.iter().filter(|contender| is_async_peer(contender));
    let values: Vec<_> = peers
        .filter_map(|peer| Some((value(peer.name)?, peer)))
        .collect();
    let least = |machines: bool| {
        let values = values.iter().filter(|(_, peer)| machines || !peer.machine);
        values.min_by(|one, other| one.0.total_cmp(&other.0))
    };
    let (closest, peer) = least(true)?;
    let mut figure = format!(
        "{}; the closest, {}: {}",
        format(ours),
        peer.name,
        format(*closest)
    );
    if let Some((closest, other)) = least(false).filter(|_| peer.machine) {
        figure += &format!(
            "; without state machines, {}: {}",
            other.name,
            format(*closest)
        );
    }
    Some((goal, figure, ours < *closest))
}

fn item(results: &Results, pause: Pause) -> Option<Goal> {
    let row = results
        .batches
        .iter()
        .find(|row| row.name == OURS && row.pause == pause)?;
    let ratio = row.timing.ratio?;
    let goal = format!(
        "batch item, {}: at most {ITEM} × {BATCH_BASE}",
        batches::name(pause)
    );
    Some((goal, format!("{} ×", times(ratio)), ratio <= ITEM))
}

fn waiting(
    results: &Results,
    what: &str,
    value: impl Fn(&waiting::Row) -> Option<f64>,
) -> Option<Goal> {
    let of = |name: &str| {
        results
            .waiting
            .iter()
            .find(|row| row.name == name)
            .and_then(&value)
    };
    let (ours, base) = (of(OURS)?, of(BASE)?);
    let goal = format!("waiting flow, {what}: at most {FLOW} × {BASE}");
    let figure = format!(
        "{} ×: {} and {} bytes",
        times(ours / base),
        number(ours),
        number(base)
    );
    Some((goal, figure, ours <= FLOW * base))
}

fn compile(results: &Results, column: &str, unit: &str) -> Option<Goal> {
    less(
        format!("{column}: less than every async peer"),
        |name| results.compiled(name, column),
        |value| format!("{} {unit}", number(value)).trim_end().to_owned(),
    )
}

fn incremental(results: &Results) -> Option<Goal> {
    let of = |name: &str| {
        results
            .incremental
            .iter()
            .find(|row| row.name == name)?
            .value(CHECK_BODY)
    };
    let (ours, base) = (of(OURS)?, of(BASE)?);
    let goal = format!("incremental {CHECK_BODY}, 200 nodes: at most {CHECK} × {BASE}");
    let figure = format!(
        "{} ×: {} and {} ms",
        times(ours / base),
        number(ours),
        number(base)
    );
    Some((goal, figure, ours <= CHECK * base))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rounds::Timing;

    #[test]
    fn a_goal_is_met_or_missed() {
        let row = |ratio| steps::Row {
            name: OURS.to_owned(),
            shape: Shape::Loop,
            timing: Timing {
                ratio: Some(ratio),
                median: 2.0,
                quartiles: None,
                minimum: 2.0,
                rounds: 1,
            },
            counts: None,
            instructions: None,
        };
        let met = |ratio| {
            let results = Results {
                steps: vec![row(ratio)],
                ..Results::default()
            };
            cost(&results, Shape::Loop).map(|goal| goal.2)
        };
        assert_eq!(met(1.1), Some(true));
        assert_eq!(met(1.2), Some(false));
        assert_eq!(cost(&Results::default(), Shape::Loop), None);
        assert_eq!(render(&Results::default()), None);
    }

    #[test]
    fn flows_are_compared_by_bytes() {
        let row = |name: &str, bytes| waiting::Row {
            name: name.to_owned(),
            size: None,
            bytes: Some(bytes),
            ratio: None,
            allocations: None,
            start: None,
            threads: false,
        };
        let results = Results {
            waiting: vec![row(OURS, 130.0), row(BASE, 100.0)],
            ..Results::default()
        };
        let (_, figure, met) = waiting(&results, "bytes held", |row| row.bytes).unwrap();
        assert_eq!((figure.as_str(), met), ("1.30 ×: 130 and 100 bytes", false));
        assert!(waiting(&results, "future's size", |row| row.size).is_none());
    }
}
