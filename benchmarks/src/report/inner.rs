//! What a flow on a field of a store costs.

use pocketflow_benchmarks::inner_runs::WIDTH;

use super::cells::{TIMED, counted, timed};
use crate::table::{Table, number};
use crate::{Results, inner};

const INNER: &str = "\
A flow runs on a store that is in another store. The figures of \"each\" are for one of {ITEMS} stores, {WIDTH} at a time: a flow of two
nodes, of which the first yields once. The counts include the list of the stores. The figures of \"forks\" are for one fork: flows that
search twice in a loop, each on its own field. Every node yields once, and the size is that of the future. The same loops by hand are
joined by `tokio::try_join!`. × is the ratio to what is written by hand.
";

pub(super) fn inner(results: &Results) -> String {
    if results.each.is_empty() {
        return String::new();
    }
    let about = INNER
        .replace("{ITEMS}", &number(inner::ITEMS as f64))
        .replace("{WIDTH}", &number(WIDTH as f64));
    let counts = ["allocations", "bytes", "peak bytes"];
    let mut each = Table::new(["each"].into_iter().chain(TIMED).chain(counts));
    for row in &results.each {
        let mut cells = vec![row.name.to_owned()];
        cells.extend(timed(Some(&row.timing)));
        cells.push(counted(row.counts, |counts| counts.allocations));
        cells.push(counted(row.counts, |counts| counts.bytes));
        cells.push(counted(row.counts, |counts| counts.peak));
        each.row(cells);
    }
    let mut forks = Table::new(["forks"].into_iter().chain(TIMED).chain(["size"]));
    for row in &results.forks {
        let mut cells = vec![row.name.clone()];
        cells.extend(timed(Some(&row.timing)));
        cells.push(number(row.size as f64));
        forks.row(cells);
    }
    let (each, forks) = (each.render(), forks.render());
    format!("\n## Inner stores\n\n{about}\n{each}\n{forks}")
}
