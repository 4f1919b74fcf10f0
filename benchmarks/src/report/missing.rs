//! What could not be measured, and why.

use crate::Results;
use crate::table::Table;

pub(super) fn missing(results: &Results) -> String {
    let mut table = Table::of_text(["contender", "case", "why"]);
    let mut is_empty = true;
    let compiled = [
        ("compile", &results.compile),
        ("incremental", &results.incremental),
    ];
    let compiled = compiled.into_iter().flat_map(|(case, rows)| {
        rows.iter()
            .filter_map(move |row| Some((row.name, case, row.missing.as_deref()?)))
    });
    let others = results
        .missing
        .iter()
        .map(|gap| (gap.name.as_str(), gap.case.as_str(), gap.reason.as_str()));
    for (name, case, reason) in others.chain(compiled) {
        table.row([name, case, reason].map(str::to_owned));
        is_empty = false;
    }
    let body = if is_empty {
        "Nothing.\n".to_owned()
    } else {
        table.render()
    };
    let notes: String = results
        .notes
        .iter()
        .map(|note| format!("\n{note}\n"))
        .collect();
    format!("\n## Missing measurements\n\n{body}{notes}")
}
