//! A record that is read back tells the path and the stores of its run, whatever the run does.

use std::sync::Mutex;

use pocketflow::{
    Action, Attempt, Driver, Error, Failed, Run, Shared, StepInfo, Taken, flow, node,
};
use pocketflow_record::{Outcome, Record, Recording, note};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::Serialize;

/// What a run does next.
#[derive(Debug, Clone, Serialize)]
enum Op {
    Add(Vec<i32>),
    Write(String),
    Set(Option<String>),
    Square,
    Fork,
    Nested,
    Each,
    Fail(u32),
    Nothing,
}

#[derive(Debug, Clone, Default, Shared, Serialize)]
struct Item {
    number: i32,
    done: Option<String>,
}

#[derive(Shared, Default)]
struct Machine {
    script: Vec<Op>,
    at: usize,
    numbers: Vec<i32>,
    squares: Vec<i64>,
    text: String,
    /// Grows with each step.
    log: String,
    late: Option<String>,
    problem: Option<Failed>,
    items: Vec<Item>,
    #[shared(redact)]
    secret: Option<String>,
}

#[derive(Action, Serialize)]
#[action(Machine)]
enum Next {
    Add {
        at: usize,
        #[appends]
        numbers: Vec<i32>,
    },
    Write {
        at: usize,
        text: String,
    },
    Set {
        at: usize,
    },
    Square {
        at: usize,
    },
    Fork {
        at: usize,
    },
    Nested {
        at: usize,
    },
    Each {
        at: usize,
    },
    Fail {
        at: usize,
    },
    Nothing {
        at: usize,
    },
    Done,
}

#[node(Machine)]
fn next(script: &[Op], at: &usize) -> Next {
    let Some(op) = script.get(*at) else {
        return Next::Done;
    };
    let at = at + 1;
    match op.clone() {
        Op::Add(numbers) => Next::Add { at, numbers },
        Op::Write(text) => Next::Write { at, text },
        Op::Set(_) => Next::Set { at },
        Op::Square => Next::Square { at },
        Op::Fork => Next::Fork { at },
        Op::Nested => Next::Nested { at },
        Op::Each => Next::Each { at },
        Op::Fail(_) => Next::Fail { at },
        Op::Nothing => Next::Nothing { at },
    }
}

#[node(Machine, writes = late)]
async fn set(script: &[Op], at: &usize) -> Option<String> {
    match &script[at - 1] {
        Op::Set(value) => value.clone(),
        _ => None,
    }
}

#[node(Machine, writes = squares, parallel = 3)]
async fn square(#[each(numbers)] number: &i32) -> i64 {
    if number % 2 == 0 {
        tokio::task::yield_now().await;
    }
    note("number", number);
    i64::from(*number) * i64::from(*number)
}

#[node(Machine, appends = log)]
async fn write_log(at: &usize, text: &str) -> String {
    format!("{at}: {text}\n")
}

#[node(Machine, writes = secret)]
fn hide(at: &usize) -> String {
    format!("a secret, number {at}")
}

#[node(Machine, writes = text, attempts = 3)]
fn fail(script: &[Op], at: &usize, #[attempt] attempt: Attempt<'_>) -> Result<String, String> {
    match &script[at - 1] {
        Op::Fail(times) if attempt.number() <= *times => {
            Err(format!("attempt {}", attempt.number()))
        }
        _ => Ok("it worked".into()),
    }
}

/// Any field may change here.
struct Anything;

#[node(Machine)]
impl Anything {
    async fn exec(&self) {}

    fn post(&self, shared: &mut Machine) {
        if let Some(item) = shared.items.first().cloned() {
            shared.items.push(Item {
                number: item.number + 1,
                done: None,
            });
        }
    }
}

#[node(Item, writes = done)]
fn work(number: &i32) -> String {
    format!("{number} is done")
}

flow! { Work { work; } }
flow! { Inside: Machine { hide >> write_log; } }
flow! {
    Script: Machine {
        next - "add" >> next;
        next - "write" >> next;
        next - "set" >> set >> next;
        next - "square" >> square >> next;
        next - "fork" >> (both, more) >> next;
        next - "nested" >> Inside >> next;
        next - "each" >> Work.each(items, parallel = 2) >> next;
        next - "fail" >> fail >> next;
        fail - error(problem) >> next;
        next - "nothing" >> Anything >> next;
        next - "done" >> end;
        both: write_log;
        more: square;
    }
}

/// Each step with its action, and the fields of the store after it.
#[derive(Default)]
struct Watch(Mutex<Vec<(String, Texts)>>);

/// The fields as JSON, with their names.
type Texts = Vec<(&'static str, String)>;

fn fields(machine: &Machine) -> Texts {
    fn text<T: Serialize>(value: &T) -> String {
        serde_json::to_string(value).unwrap()
    }
    vec![
        ("script", text(&machine.script)),
        ("at", text(&machine.at)),
        ("numbers", text(&machine.numbers)),
        ("squares", text(&machine.squares)),
        ("text", text(&machine.text)),
        ("log", text(&machine.log)),
        ("late", text(&machine.late)),
        ("problem", text(&machine.problem)),
        ("items", text(&machine.items)),
    ]
}

impl<S: Shared> Driver<S> for Watch {
    async fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        let taken = run.run(&mut *shared).await?;
        if let Some(machine) = (shared as &dyn std::any::Any).downcast_ref() {
            let way = format!("{info} - {}", taken.action());
            self.0.lock().unwrap().push((way, fields(machine)));
        }
        Ok(taken)
    }
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        vec(any::<i32>(), 0..60).prop_map(Op::Add),
        ".{0,20}".prop_map(Op::Write),
        proptest::option::of(".{0,5}").prop_map(Op::Set),
        Just(Op::Square),
        Just(Op::Fork),
        Just(Op::Nested),
        Just(Op::Each),
        (0_u32..=3).prop_map(Op::Fail),
        Just(Op::Nothing),
    ]
}

fn check(script: Vec<Op>, numbers: Vec<i32>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let (record, watch) = (Record::in_memory(), Watch::default());
    let items = numbers.iter().map(|number| Item {
        number: *number,
        done: None,
    });
    let mut machine = Machine {
        script,
        items: items.collect(),
        numbers,
        ..Machine::default()
    };
    let start = fields(&machine);
    let run = Script.with(&record).with(&watch).run(&mut machine);
    runtime.block_on(run).unwrap();

    let text = record.text();
    if machine.log.len() > 1_000 {
        // What a long field has grown by is recorded alone.
        assert!(text.contains("\"appended\":{\"log\""), "{text}");
    }
    assert!(!text.contains("a secret"), "{text}");
    let recording = Recording::read(&text).unwrap();
    let run = &recording.runs()[0];
    assert_eq!(run.outcome(), Outcome::Exit("default"));
    let watched = watch.0.into_inner().unwrap();
    let ways: Vec<_> = run
        .steps
        .iter()
        .map(|step| {
            format!(
                "Script > {} - {}",
                step.step.path.join(" > "),
                step.action().unwrap()
            )
        })
        .collect();
    let expected: Vec<_> = watched.iter().map(|(way, _)| way.clone()).collect();
    assert_eq!(ways, expected);
    let states = [&start]
        .into_iter()
        .chain(watched.iter().map(|(_, state)| state));
    for (done, state) in states.enumerate() {
        let told = run.state_after(done);
        for (field, text) in state {
            assert_eq!(told.get(field), Some(&**text), "{field} after {done} steps");
        }
    }
    // Nothing was left for the end, and each step that fills a field is known.
    assert!(run.end.as_ref().unwrap().changed.is_empty());
    let items: usize = recording.runs().len() - 1;
    let begun: usize = run.steps.iter().map(|step| step.inner_runs.len()).sum();
    assert_eq!(items, begun);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_record_tells_what_happened(script in vec(op(), 0..25), numbers in vec(any::<i32>(), 0..4)) {
        check(script, numbers);
    }
}

/// Long enough that fields grow beyond what is written as a whole.
#[test]
fn a_long_run_is_told_as_well() {
    let ops = [
        Op::Add((0..40).collect()),
        Op::Nested,
        Op::Each,
        Op::Nothing,
        Op::Write("\"\\\u{1}".into()),
        Op::Fork,
        Op::Square,
    ];
    let script = ops.iter().cycle().take(140).cloned().collect();
    check(script, vec![1, 2, 3]);
}
