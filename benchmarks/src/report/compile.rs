//! How long a contender compiles, at first and after a change.

use super::cells::notes;
use crate::table::{Table, maybe, number};
use crate::{Results, compile};

const HELLO: &str = "\
A program of two nodes in the usual style of each contender, with the versions of the lock file.

- cold build: `cargo build` into an empty folder, with the crates already downloaded, and its CPU time.
- crates: the number of compiled crates, including the program.
- check after a change: an incremental `cargo check` after a change in a node.
- binary: the size after `cargo build --release`, stripped.
";

const NODE: &str = "\
The cost of one more node, in milliseconds: how much longer a chain of 10, 100 or 1,000 different nodes takes than a chain of one
node, divided by the number of additional nodes. `cargo check` and `cargo build` run without incremental compilation, and only two
contenders build 1,000 nodes. With 10 nodes, half a millisecond is noise.
";

pub(super) fn compile(results: &Results) -> String {
    if results.compile.is_empty() {
        return String::new();
    }
    let table = |head: Vec<String>, columns: &[&str]| {
        let mut table = Table::new(["contender".to_owned()].into_iter().chain(head));
        for row in &results.compile {
            let value = |column: &&str| maybe(results.compiled(row.name, column), number);
            table.row(
                [row.name.to_owned()]
                    .into_iter()
                    .chain(columns.iter().map(value)),
            );
        }
        table.render()
    };
    let title = |(name, unit): &(&str, &str)| format!("{name} {unit}").trim_end().to_owned();
    let columns: Vec<&str> = compile::HELLO.iter().map(|column| column.0).collect();
    let hello = table(compile::HELLO.iter().map(title).collect(), &columns);
    let node = table(
        compile::NODE
            .iter()
            .map(|name| format!("{name}, ms"))
            .collect(),
        compile::NODE,
    );
    let notes = notes("compile", |name| {
        results.compile.iter().any(|row| row.name == name)
    });
    format!(
        "\n## Compiling\n{notes}\n### a program of two nodes\n\n{HELLO}\n{hello}\n### one more node\n\n{NODE}\n{node}"
    )
}

const INCREMENTAL: &str = "\
An incremental `cargo check` and `cargo build` in a crate of 200 nodes and 20 flows, in milliseconds: after a change to the body of a
node (a body), and after a late field is added to the store (a field). Each module has one flow and its ten nodes.
";

pub(super) fn incremental(results: &Results) -> String {
    if results.incremental.is_empty() {
        return String::new();
    }
    let columns = compile::incremental::COLUMNS;
    let head = columns.iter().map(|column| format!("{column}, ms"));
    let mut table = Table::new(["contender".to_owned()].into_iter().chain(head));
    for row in &results.incremental {
        let values = columns
            .iter()
            .map(|column| maybe(row.value(column), number));
        table.row([row.name.to_owned()].into_iter().chain(values));
    }
    format!(
        "\n## Incremental compiling\n\n{INCREMENTAL}\n{}",
        table.render()
    )
}
