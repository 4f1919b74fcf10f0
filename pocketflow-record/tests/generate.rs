//! Property tests of flows: what `Generate` finds, and what it reports.

use std::collections::BTreeMap;

use pocketflow::{Action, EmptyField, Failed, Shared, flow, node};
use pocketflow_record::Generate;
use pocketflow_record::generate::{NoStrategy, Random, TooManySteps};

#[derive(Shared, Debug, Default)]
struct Research {
    question: String,
    notes: String,
    answer: Option<String>,
    approval: Option<bool>,
    problem: Option<Failed>,
    rounds: u32,
}

#[derive(Action, Debug, Clone, Copy)]
enum Next {
    Search,
    Answer,
}

#[node(Research)]
async fn decide(question: &str) -> Result<Next, String> {
    unreachable!("no test asks a model: {question}")
}

#[node(Research, appends = notes, attempts = 3, wait = "1h")]
async fn search(question: &str) -> Result<String, String> {
    unreachable!("no test searches: {question}")
}

#[node(Research, writes = answer)]
async fn answer(notes: &str) -> Result<String, String> {
    unreachable!("no test asks a model: {notes}")
}

/// A computation, which a test can run as it is.
#[node(Research, writes = answer)]
fn sign(answer: &str, approval: &bool) -> String {
    format!("{answer}, approved: {approval}")
}

#[node(Research, writes = answer)]
fn excuse(problem: &Failed) -> String {
    format!("sorry: {problem}")
}

fn next(random: &mut Random) -> Next {
    *random.pick(&[Next::Search, Next::Answer])
}

fn text(random: &mut Random) -> String {
    random.pick(&["", "salt", "sea"]).to_string()
}

fn strategies() -> Generate {
    Generate::new()
        .value(next)
        .value(text)
        .value(|random| random.chance(0.5))
}

fn research(_: &mut Random) -> Research {
    Research {
        question: "why?".into(),
        ..Research::default()
    }
}

flow! {
    Agent: Research {
        decide - "search" >> search max 3 else answer;
        decide - "answer" >> answer;
        decide - error(problem) >> excuse;
        search - error >> answer;
        search >> decide;
        answer >> await(approval, within = "3d") >> sign;
        await(approval) - "expired" >> end "late";
    }
}

#[tokio::test]
async fn every_way_through_a_sound_flow_ends_well() {
    let generated = strategies()
        .real::<sign>()
        .failures(0.2)
        .max_steps(Agent::MAX_STEPS)
        .cases(500)
        .check(&Agent, research)
        .await
        .unwrap();
    assert_eq!(generated.cases(), 500);
    // `answer` has no error edge.
    assert!(
        generated.failed() > 50 && generated.failed() < 200,
        "{generated:?}"
    );
    assert_eq!(generated.untaken(), Vec::<&str>::new());
}

#[tokio::test]
async fn edges_that_no_case_takes_are_named() {
    let generated = strategies()
        .value(|_| Next::Search)
        .expires(0.0)
        .check(&Agent, research)
        .await
        .unwrap();
    assert_eq!(generated.failed(), 0);
    assert_eq!(
        generated.untaken(),
        [
            r#"Agent: await(approval) - "expired" >> end "late""#,
            r#"Agent: decide - "answer" >> answer"#,
            "Agent: decide - error >> excuse",
            "Agent: excuse >> end",
            "Agent: search - error >> answer",
        ]
    );
}

#[tokio::test]
async fn the_same_seed_gives_the_same_run() {
    let ways = async |seed| {
        let check = strategies().seed(seed).cases(1).max_steps(2);
        let error = check.check(&Agent, research).await.unwrap_err();
        assert_eq!(error.seed(), seed);
        error.way().to_vec()
    };
    let mut seen = BTreeMap::new();
    for seed in 0..30 {
        let way = ways(seed).await;
        assert_eq!(way, ways(seed).await);
        *seen.entry(way).or_insert(0) += 1;
    }
    // Both ways of two steps.
    assert_eq!(seen.len(), 2, "{seen:?}");
}

/// A `post` that forgets its field for one of the values.
#[node(Research, writes(answer, notes))]
impl Forgets {
    async fn exec(&self, question: &str) -> String {
        unreachable!("{question}")
    }

    fn post(&self, answer: &mut Option<String>, notes: &mut String, exec: String) {
        *notes += &exec;
        if !exec.is_empty() {
            *answer = Some(exec);
        }
    }
}

#[derive(Default)]
struct Forgets;

flow! {
    Careless: Research {
        forgets: Forgets;
        forgets >> await(approval) >> sign;
    }
}

#[tokio::test]
async fn a_field_that_a_post_leaves_empty_is_found() {
    let careless = Careless { forgets: Forgets };
    let error = strategies()
        .real::<sign>()
        .check(&careless, research)
        .await
        .unwrap_err();
    let empty = error.error().cause().downcast_ref::<EmptyField>();
    assert_eq!(empty.unwrap().field, "answer");
    let seed = error.seed();
    assert_eq!(
        error.to_string(),
        format!(
            "a generated run does not end well: Careless > forgets: post failed: the late field `answer` of `Research` is empty
  to run this case alone: `.seed({seed}).cases(1)`
  its way:
    no step was done"
        )
    );
    assert_eq!(format!("{error:?}"), error.to_string());
    let alone = strategies().seed(seed).cases(1);
    let again = alone.check(&careless, research).await.unwrap_err();
    assert_eq!(again.to_string(), error.to_string());
}

flow! {
    Endless: Research {
        decide - "search" >> search;
        decide - "answer" >> end;
        search >> decide;
    }
}

#[tokio::test]
async fn a_run_that_does_not_end_is_found() {
    let error = strategies()
        .value(|_| Next::Search)
        .max_steps(50)
        .check(&Endless, research)
        .await
        .unwrap_err();
    let cause = error.error().cause().downcast_ref::<TooManySteps>();
    assert_eq!(cause, Some(&TooManySteps { max: 50 }));
    let text = error.to_string();
    assert_eq!(error.way().len(), 50);
    assert!(
        text.contains("    … 30 steps\n    decide - \"search\" >> search\n"),
        "{text}"
    );
}

#[tokio::test]
async fn a_type_without_a_strategy_is_an_error_that_names_the_node() {
    let check = Generate::new().value(next).check(&Agent, research);
    let error = check.await.unwrap_err();
    let cause = error.error().cause().downcast_ref::<NoStrategy>().unwrap();
    assert_eq!(cause.type_name, "String");
    // It says what the test lacks, and nothing about a run.
    assert_eq!(error.to_string(), cause.to_string());
    assert!(cause.to_string().starts_with(
        "the node `search` needs a `String`, and there is no strategy for this type: add one, `.value(|random| …)`"
    ) || cause.of == "the node `answer`", "{cause}");

    let check = Generate::new().value(next).value(text).expires(0.0);
    let error = check.check(&Agent, research).await.unwrap_err();
    let cause = error.error().cause().downcast_ref::<NoStrategy>().unwrap();
    assert_eq!(
        cause.of,
        "the field `approval`, which `Agent > await(approval)` waits for,"
    );
    assert_eq!(cause.type_name, "bool");
}

#[derive(Shared, Debug, Default)]
struct Library {
    documents: Vec<Research>,
    titles: Vec<String>,
    drafts: Option<Vec<String>>,
    problems: Option<Vec<Failed>>,
    others: Option<Vec<Failed>>,
}

#[node(Library, writes = drafts, parallel = 4, failures = problems)]
async fn draft(#[each(titles)] title: &str) -> Result<String, String> {
    unreachable!("{title}")
}

flow! { Ask: Research { answer; } }

flow! {
    Digest: Library {
        Ask.each(documents, parallel = 3, failures = others) >> draft;
    }
}

#[tokio::test]
async fn items_and_inner_runs_fail_one_by_one() {
    let library = |random: &mut Random| Library {
        documents: random.several(4, research),
        titles: random.several(4, text),
        ..Library::default()
    };
    let generated = strategies()
        .failures(0.3)
        .check(&Digest, library)
        .await
        .unwrap();
    // All failures go to fields.
    assert_eq!(generated.failed(), 0);
    assert_eq!(generated.untaken(), Vec::<&str>::new());
}

#[node(Research, writes(rounds))]
impl Panics {
    async fn exec(&self) -> u32 {
        unreachable!()
    }

    fn post(&self, rounds: &mut u32, exec: u32) {
        assert!(exec != 3, "three");
        *rounds = exec;
    }
}

struct Panics;

flow! { Fragile: Research { decide - "search" >> decide max 2 else end; decide - "answer" >> panics; panics: Panics; } }

#[tokio::test]
#[ignore = "it panics, and `a_case_that_panics_is_printed` runs it"]
async fn panics() {
    let numbers = strategies().value(|random| random.number(0..=5) as u32);
    let fragile = Fragile { panics: Panics };
    let _ = numbers.check(&fragile, research).await;
}

#[test]
fn a_case_that_panics_is_printed() {
    let mut test = std::process::Command::new(std::env::current_exe().unwrap());
    test.args(["--exact", "panics", "--ignored", "--nocapture"]);
    let output = test.output().unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("a generated run of `Fragile` panicked\n  to run this case alone: `.seed("),
        "{text}"
    );
    assert!(
        text.contains("\n    decide - \"answer\" >> panics"),
        "{text}"
    );
}
