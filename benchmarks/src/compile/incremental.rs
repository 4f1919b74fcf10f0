//! How long an incremental `cargo check` and `cargo build` take in a crate of 200 nodes and 20
//! flows, after a change to the body of one node and after a change to the store. Each module has
//! one flow and its ten nodes; all flows share one store.

use std::path::Path;

use super::{Project, Row, milliseconds, programs};

/// The columns, in milliseconds.
pub const COLUMNS: &[&str] = &[CHECK_BODY, BUILD_BODY, CHECK_FIELD, BUILD_FIELD];

/// After a change to the body of a node.
pub const CHECK_BODY: &str = "check, a body";
const BUILD_BODY: &str = "build, a body";
/// After a late field is added to the store.
const CHECK_FIELD: &str = "check, a field";
const BUILD_FIELD: &str = "build, a field";

const FLOWS: usize = 20;

/// The module in which a body is changed.
const CHANGED: usize = 10;

/// The number of measured changes of each kind. The shortest time counts.
const ROUNDS: usize = 5;

/// One way to write the crate.
struct Program {
    /// The name in the table and in `programs`.
    name: &'static str,
    /// Writes the module of a flow, given its number and the amount that its third node adds.
    module: fn(usize, &str) -> String,
    /// Writes the rest of the crate, given the number of late fields that no node reads.
    main: fn(usize) -> String,
}

const ALL: [Program; 2] = [
    Program {
        name: "pocketflow (this one)",
        module: our_module,
        main: our_main,
    },
    Program {
        name: "by hand, prep/exec/post",
        module: module_by_hand,
        main: main_by_hand,
    },
];

/// Measures both changes. A quick run makes one change of each kind.
pub fn run(quick: bool) -> Vec<Row> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let row = |program: &Program| {
        let mut row = Row {
            name: program.name,
            values: Vec::new(),
            missing: None,
        };
        if let Err(reason) = program.measure(home, if quick { 1 } else { ROUNDS }, &mut row) {
            row.miss(reason);
        }
        row
    };
    ALL.iter().map(row).collect()
}

impl Program {
    fn measure(&self, home: &Path, rounds: usize, row: &mut Row) -> Result<(), String> {
        let hello = programs::ALL.iter().find(|hello| hello.name == self.name);
        let project = Project::new(home, hello.ok_or("it is not in `hello`")?)?;
        project.say("a crate of 200 nodes");
        for flow in 1..=FLOWS {
            project.write(&module_path(flow), &(self.module)(flow, "1"))?;
        }
        project.write("src/main.rs", &(self.main)(0))?;
        let mut least = [f64::MAX; 2];
        project.incremental(&mut least)?;
        project.count()?;
        least = [f64::MAX; 2];
        for round in 1..=rounds {
            project.write(
                &module_path(CHANGED),
                &(self.module)(CHANGED, &format!("{} - {round}", round + 1)),
            )?;
            project.incremental(&mut least)?;
        }
        row.values
            .extend([(CHECK_BODY, least[0]), (BUILD_BODY, least[1])]);
        least = [f64::MAX; 2];
        for round in 1..=rounds {
            project.write("src/main.rs", &(self.main)(round))?;
            project.incremental(&mut least)?;
        }
        row.values
            .extend([(CHECK_FIELD, least[0]), (BUILD_FIELD, least[1])]);
        project.count()?;
        project.clean()
    }
}

impl Project<'_> {
    /// Checks and builds, and keeps the shorter times in `least`.
    fn incremental(&self, least: &mut [f64; 2]) -> Result<(), String> {
        for (command, least) in ["check", "build"].into_iter().zip(least) {
            let done = self.cargo(command, &["--locked"], Some("1"))?;
            *least = least.min(milliseconds(done.wall));
        }
        Ok(())
    }

    /// Runs the program, which prints the sum of everything that its nodes have added.
    fn count(&self) -> Result<(), String> {
        let printed = self.run("the program", &mut self.program())?.stdout;
        if printed.trim() == expected().to_string() {
            Ok(())
        } else {
            Err(format!(
                "the program counts {:?}, not {}",
                printed.trim(),
                expected()
            ))
        }
    }
}

fn module_path(flow: usize) -> String {
    format!("src/f{flow}.rs")
}

/// The sum: each flow adds one four times, then one or two, then one again.
fn expected() -> u64 {
    (0..FLOWS).fold(0, |count, _| {
        let chosen = count + 4;
        chosen + if chosen % 2 == 0 { 1 } else { 2 } + 1
    })
}

/// Concatenates a text for each flow.
fn each(text: impl Fn(usize) -> String) -> String {
    (1..=FLOWS).map(text).collect()
}

/// The fields of the store except the first: two late fields for each flow, and some that no node
/// reads.
fn fields(unread: usize) -> String {
    let fields =
        each(|flow| format!("    pub a{flow}: Option<u64>,\n    pub b{flow}: Option<u64>,\n"));
    (1..=unread).fold(fields, |fields, field| {
        fields + &format!("    pub unread{field}: Option<u64>,\n")
    })
}

/// A node's name, the field that it reads, the field that it writes, and the amount that it adds.
type Link<'a> = (&'a str, &'a str, &'a str, &'a str);

/// The nodes that add an amount. `choose` follows the fourth and leads to `pass` or `jump`, both of
/// which lead to `close`. `show` comes last.
fn links<'a>(a: &'a str, b: &'a str, third: &'a str) -> [Link<'a>; 8] {
    [
        ("open", "count", a, "1"),
        ("second", a, b, "1"),
        ("third", b, a, third),
        ("fourth", a, b, "1"),
        ("pass", b, a, "1"),
        ("jump", b, a, "2"),
        ("close", a, b, "1"),
        ("total", b, "count", "0"),
    ]
}

fn our_module(flow: usize, third: &str) -> String {
    let (a, b) = (format!("a{flow}"), format!("b{flow}"));
    let nodes: String = links(&a, &b, third)
        .iter()
        .map(|(name, reads, writes, adds)| {
            format!(
                "
#[node(Totals, writes = {writes})]
async fn {name}({reads}: &u64) -> Result<u64, Error> {{
    Ok({reads} + {adds})
}}
"
            )
        })
        .collect();
    format!(
        "use pocketflow::{{Action, flow, node}};

use crate::{{Error, Totals}};

#[derive(Action)]
pub enum Choice {{
    Even,
    Odd,
}}
{nodes}
#[node(Totals)]
fn choose({b}: &u64) -> Choice {{
    if {b} % 2 == 0 {{ Choice::Even }} else {{ Choice::Odd }}
}}

#[node(Totals)]
async fn show(count: &u64) -> Result<(), Error> {{
    if *count == 0 {{ Err(\"there is no count\".into()) }} else {{ Ok(()) }}
}}

flow! {{
    pub F{flow} {{
        open >> second >> third >> fourth >> choose;
        choose - \"even\" >> pass >> close;
        choose - \"odd\" >> jump >> close;
        close >> total >> show;
    }}
}}
"
    )
}

fn our_main(unread: usize) -> String {
    let modules = each(|flow| format!("mod f{flow};\n"));
    let runs = each(|flow| format!("    f{flow}::F{flow}.run(&mut totals).await?;\n"));
    let fields = fields(unread);
    format!(
        "{modules}
use pocketflow::Shared;

pub type Error = Box<dyn std::error::Error + Send + Sync>;

#[derive(Shared, Default)]
pub struct Totals {{
    pub count: u64,
{fields}}}

#[tokio::main(flavor = \"current_thread\")]
async fn main() -> Result<(), Error> {{
    let mut totals = Totals::default();
{runs}    println!(\"{{}}\", totals.count);
    Ok(())
}}
"
    )
}

fn module_by_hand(flow: usize, third: &str) -> String {
    let (a, b) = (format!("a{flow}"), format!("b{flow}"));
    let lend = |field: &str| match field {
        "count" => "&totals.count".to_owned(),
        late => format!("totals.{late}.as_ref().ok_or(\"there is no {late}\")?"),
    };
    let store = |field: &str| {
        if field == "count" {
            "exec"
        } else {
            "Some(exec)"
        }
    };
    let nodes: String = links(&a, &b, third)
        .iter()
        .map(|(name, reads, writes, adds)| {
            let (lend, store) = (lend(reads), store(writes));
            format!(
                "
async fn {name}(totals: &mut Totals) -> Result<(), Error> {{
    async fn exec({reads}: &u64) -> Result<u64, Error> {{
        Ok({reads} + {adds})
    }}
    let exec = exec({lend}).await?;
    totals.{writes} = {store};
    Ok(())
}}
"
            )
        })
        .collect();
    let lent = lend(&b);
    let on = |states: &[(&str, &str)]| -> String {
        states
            .iter()
            .map(|(state, next)| {
                let node = state.to_lowercase();
                format!(
                    "            State::{state} => {{
                {node}(totals).await?;
                State::{next}
            }}
"
                )
            })
            .collect()
    };
    let first = on(&[
        ("Open", "Second"),
        ("Second", "Third"),
        ("Third", "Fourth"),
        ("Fourth", "Choose"),
    ]);
    let last = on(&[
        ("Pass", "Close"),
        ("Jump", "Close"),
        ("Close", "Total"),
        ("Total", "Show"),
    ]);
    format!(
        "use crate::{{Error, Totals}};

pub enum Choice {{
    Even,
    Odd,
}}
{nodes}
fn choose(totals: &Totals) -> Result<Choice, Error> {{
    fn exec({b}: &u64) -> Choice {{
        if {b} % 2 == 0 {{ Choice::Even }} else {{ Choice::Odd }}
    }}
    Ok(exec({lent}))
}}

async fn show(totals: &Totals) -> Result<(), Error> {{
    async fn exec(count: &u64) -> Result<(), Error> {{
        if *count == 0 {{ Err(\"there is no count\".into()) }} else {{ Ok(()) }}
    }}
    exec(&totals.count).await
}}

pub async fn run(totals: &mut Totals) -> Result<(), Error> {{
    enum State {{
        Open,
        Second,
        Third,
        Fourth,
        Choose,
        Pass,
        Jump,
        Close,
        Total,
        Show,
    }}
    let mut state = State::Open;
    loop {{
        state = match state {{
{first}            State::Choose => match choose(totals)? {{
                Choice::Even => State::Pass,
                Choice::Odd => State::Jump,
            }},
{last}            State::Show => return show(totals).await,
        }};
    }}
}}
"
    )
}

fn main_by_hand(unread: usize) -> String {
    let modules = each(|flow| format!("mod f{flow};\n"));
    let runs = each(|flow| format!("    f{flow}::run(&mut totals).await?;\n"));
    let fields = fields(unread);
    format!(
        "{modules}
pub type Error = Box<dyn std::error::Error + Send + Sync>;

#[derive(Default)]
pub struct Totals {{
    pub count: u64,
{fields}}}

#[tokio::main(flavor = \"current_thread\")]
async fn main() -> Result<(), Error> {{
    let mut totals = Totals::default();
{runs}    println!(\"{{}}\", totals.count);
    Ok(())
}}
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::is_ours_or_by_hand;

    #[test]
    fn a_module_has_ten_nodes_and_a_flow() {
        let ours = our_module(3, "1");
        assert_eq!(ours.matches("#[node(").count() * FLOWS, 200);
        assert_eq!(ours.matches("flow! {").count(), 1);
        let by_hand = module_by_hand(3, "1");
        assert_eq!(
            by_hand.matches("fn exec(").count(),
            ours.matches("#[node(").count()
        );
    }

    #[test]
    fn both_are_changed_alike() {
        for program in &ALL {
            assert!(is_ours_or_by_hand(program.name), "{}", program.name);
            let [old, new] = ["1", "2 - 1"].map(|third| (program.module)(CHANGED, third));
            let changed = old
                .lines()
                .zip(new.lines())
                .filter(|(old, new)| old != new)
                .count();
            assert_eq!(
                (old.lines().count(), changed),
                (new.lines().count(), 1),
                "{}",
                program.name
            );
            let fields = |unread| (program.main)(unread).matches("Option<u64>").count();
            assert_eq!(fields(2), fields(1) + 1, "{}", program.name);
        }
    }
}
