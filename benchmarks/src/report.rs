//! The report, in Markdown.

use pocketflow_benchmarks::contender::{Pause, Shape};
use pocketflow_benchmarks::contenders::{ALL, BASE, BATCH_BASE};
use pocketflow_benchmarks::inner_runs::WIDTH;

use crate::counts::Counts;
use crate::rounds::Timing;
use crate::table::{NONE, Table, count, maybe, number, times};
use crate::{Results, batches, compile, goals, inner, machine, waiting};

pub fn render(results: &Results) -> String {
    let mut text = format!(
        "# Results\n\n{}\n\n{}",
        machine::describe(),
        summary(results)
    );
    text += &steps(results);
    text += &batches(results);
    text += &waiting(results);
    text += &inner(results);
    text += &compile(results);
    text += &incremental(results);
    text += &missing(results);
    if let Some(goals) = goals::render(results) {
        text += &format!(
            "\n## Goals\n\nThe goals of this library, and whether it reaches them.\n\n{goals}"
        );
    }
    text
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

/// The measurements from compiling a contender.
pub fn compile_value(results: &Results, name: &str, column: &str) -> Option<f64> {
    let row = results.compile.iter().find(|row| row.name == name)?;
    row.value(column)
}

fn summary(results: &Results) -> String {
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

const WAITING_IN_PYTHON: &str =
    "\nThere are fewer Python flows, and `tracemalloc` counts their bytes.";

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
    cells.push(maybe(compile_value(results, name, compile::COLD), number));
    cells.push(maybe(compile_value(results, name, compile::CRATES), number));
    cells.push(version(results, name).unwrap_or_else(|| NONE.to_owned()));
    cells
}

/// The notes to a case, for the contenders that were measured.
fn notes(case: &str, is_measured: impl Fn(&str) -> bool) -> String {
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

const TIMED: [&str; 4] = ["×", "median ns", "quartiles ns", "minimum ns"];

/// The cells of a timing: ratio, median, quartiles and minimum.
fn timed(timing: Option<&Timing>) -> Vec<String> {
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
fn counted(counts: Option<Counts>, value: fn(Counts) -> f64) -> String {
    let mark = if counts.is_some_and(|counts| counts.threads) {
        "*"
    } else {
        ""
    };
    maybe(counts.map(value), count) + mark
}

fn threads_note(any: bool) -> &'static str {
    if any {
        "\n\\* without the allocations of other threads\n"
    } else {
        ""
    }
}

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

fn steps(results: &Results) -> String {
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

const BATCHES: &str = "\
A node with {ITEMS} items, 1,000 at a time, on one thread. The results are kept in the order of the items. Times and counts are for
one item, and × is the ratio to \"{BATCH_BASE}\". The peak bytes are the maximum at any time, divided by the number of items.
";

fn batches(results: &Results) -> String {
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

const WAITING: &str = "\
A flow of three nodes, of which the second waits for an external event. At that point, the store has two texts of 20 characters.
{FLOWS} such flows wait at the same time. The figures are for one flow: the bytes that it holds on the heap, the part of them that is
its future, the number of allocations, and the time from its creation until it waits. × is the ratio to \"{BASE}\".
";

fn waiting(results: &Results) -> String {
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

const INNER: &str = "\
A flow runs on a store that is in another store. The figures of \"each\" are for one of {ITEMS} stores, {WIDTH} at a time: a flow of two
nodes, of which the first yields once. The counts include the list of the stores. The figures of \"forks\" are for one fork: flows that
search twice in a loop, each on its own field. Every node yields once, and the size is that of the future. The same loops by hand are
joined by `tokio::try_join!`. × is the ratio to what is written by hand.
";

fn inner(results: &Results) -> String {
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

fn compile(results: &Results) -> String {
    if results.compile.is_empty() {
        return String::new();
    }
    let table = |head: Vec<String>, columns: &[&str]| {
        let mut table = Table::new(["contender".to_owned()].into_iter().chain(head));
        for row in &results.compile {
            let value = |column: &&str| maybe(compile_value(results, row.name, column), number);
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

fn incremental(results: &Results) -> String {
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

fn missing(results: &Results) -> String {
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
