//! A flow with everything that a flow can have. Its execs return what a seed says, and its record is
//! replayed.

use std::collections::{BTreeMap, HashSet};

use pocketflow::{Action, Failed, Shared, Stub, flow, node};
use pocketflow_record::generate::Random;
use pocketflow_record::{Record, Replay, generate_test};
use serde::{Deserialize, Serialize};

use super::{exec_runs, replayed};

#[derive(Shared, Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Document {
    seed: u64,
    text: Option<String>,
    tags: HashSet<String>,
    approval: Option<String>,
    rounds: u32,
}

#[derive(Shared, Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Library {
    seed: u64,
    plan: Option<Vec<u64>>,
    drafts: Option<Vec<String>>,
    others: Option<Vec<String>>,
    left: Option<String>,
    right: Option<f64>,
    preface: Document,
    afterword: Document,
    documents: Vec<Document>,
    by_name: BTreeMap<String, Document>,
    problems: Option<Vec<Failed>>,
    failures: Option<Vec<Failed>>,
    problem: Option<Failed>,
    visits: u32,
    log: String,
}

fn random(seed: u64, of: &str) -> Random {
    exec_runs();
    let of = of
        .bytes()
        .fold(7, |sum: u64, byte| sum.wrapping_mul(31) + u64::from(byte));
    Random::from_seed(seed.wrapping_mul(1_000_003) ^ of)
}

fn may_fail(random: &mut Random, chance: f64) -> Result<(), String> {
    match random.chance(chance) {
        true => Err(format!("no luck, {}", random.number(0..=99))),
        false => Ok(()),
    }
}

#[derive(Action, Serialize, Deserialize)]
enum Judged {
    Good,
    Bad,
}

#[node(Document, writes = text, attempts = 3, wait = "1h")]
async fn read(
    seed: &u64,
    rounds: &u32,
    #[attempt] attempt: pocketflow::Attempt<'_>,
) -> Result<String, String> {
    let mut random = random(*seed, &format!("read{rounds}/{}", attempt.number()));
    may_fail(&mut random, 0.4)?;
    Ok(format!("text {}", random.number(0..=9)))
}

#[node(Document, writes(tags, rounds))]
async fn tag(text: &str, seed: &u64, rounds: &u32) -> (HashSet<String>, u32) {
    let mut random = random(*seed, text);
    let tags = random.several(6, |random| format!("tag{}", random.number(0..=20)));
    (tags.into_iter().collect(), rounds + 1)
}

#[node(Document)]
async fn judge(text: &str, seed: &u64, rounds: &u32) -> Judged {
    match random(*seed, &format!("{text}{rounds}")).chance(0.5) {
        true => Judged::Good,
        false => Judged::Bad,
    }
}

flow! {
    Review: Document {
        read >> tag >> judge;
        judge - "bad" >> read max 2 else end;
        judge - "good" >> await(approval, within = "1d") >> end;
        await(approval) - "expired" >> pause;
        pause: sleep("1h");
    }
}

#[node(Library, writes = plan)]
async fn plan(seed: &u64, visits: &u32) -> Vec<u64> {
    let mut random = random(*seed, &format!("plan{visits}"));
    random.several(5, |random| random.number(0..=999))
}

#[node(Library, writes = drafts, parallel = 3, failures = problems)]
async fn draft(#[each(plan)] number: &u64, seed: &u64) -> Result<String, String> {
    let mut random = random(*seed, &number.to_string());
    may_fail(&mut random, 0.3)?;
    Ok(format!("draft {number}"))
}

#[node(Library, writes = others, parallel = 3)]
async fn strict(#[each(plan)] number: &u64, seed: &u64) -> Result<String, String> {
    let mut random = random(*seed, &format!("strict{number}"));
    tokio::time::sleep(std::time::Duration::from_millis(random.number(1..=50))).await;
    may_fail(&mut random, 0.1)?;
    Ok(format!("strict {number}"))
}

#[node(Library, writes = left)]
async fn left(seed: &u64) -> Result<String, String> {
    let mut random = random(*seed, "left");
    tokio::time::sleep(std::time::Duration::from_millis(random.number(1..=50))).await;
    may_fail(&mut random, 0.2)?;
    Ok("left".into())
}

#[node(Library, writes = right)]
async fn right(seed: &u64) -> Result<f64, String> {
    let mut random = random(*seed, "right");
    tokio::time::sleep(std::time::Duration::from_millis(random.number(1..=50))).await;
    may_fail(&mut random, 0.2)?;
    Ok(random.any() as f64 / 3.0)
}

#[node(Library, appends = log)]
async fn recover(problem: &Failed) -> String {
    exec_runs();
    format!("{problem:#};")
}

#[derive(Action, Serialize, Deserialize)]
#[action(Library)]
enum Next {
    Again { visits: u32 },
    Over,
}

#[node(Library)]
async fn visit(seed: &u64, visits: &u32) -> Next {
    match random(*seed, &format!("visit{visits}")).chance(0.5) {
        true => Next::Again { visits: visits + 1 },
        false => Next::Over,
    }
}

flow! {
    Gather: Library {
        plan >> draft >> strict >> (left, right);
    }
}

flow! {
    Everything: Library {
        Gather >> Review.on(preface) >> Review.each(by_name, failures = failures)
            >> (Review.on(afterword), Review.each(documents, parallel = 2)) >> visit;
        Gather - error(problem) >> recover >> visit;
        Review.on(preface) - error >> visit;
        visit - "again" >> Gather max 3 else end "tired";
        visit - "over" >> end;
    }
}

fn library(seed: u64) -> Library {
    let mut random = Random::from_seed(seed);
    let mut document = || Document {
        seed: random.any(),
        ..Document::default()
    };
    Library {
        seed,
        preface: document(),
        afterword: document(),
        documents: (0..seed % 5).map(|_| document()).collect(),
        by_name: (0..seed % 3)
            .map(|key| (format!("key \"{key}\": x"), document()))
            .collect(),
        ..Library::default()
    }
}

/// Approves every document but those that are due to expire.
fn approves() -> Stub {
    Stub::new().fill("approval", |document: &mut Document| {
        if document.seed % 3 > 0 {
            document.approval = Some(format!("approved {}", document.rounds));
        }
    })
}

#[tokio::test(start_paused = true)]
async fn whatever_a_run_does_its_replay_does() {
    let mut ends = BTreeMap::new();
    for seed in 0..300 {
        let (record, stub) = (Record::in_memory(), approves());
        let mut then = library(seed);
        let run = Everything.with(&record).with(&stub);
        let ended = run.run(&mut then).await;
        let text = record.text();
        let now = replayed::<_, Library>(&Everything, &text).await;
        let now = now.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(now.store, then, "seed {seed}");
        match &ended {
            Ok(_) => assert!(now.exit().is_some(), "seed {seed}"),
            Err(error) => assert_eq!(
                format!("{:#}", now.error().unwrap()),
                format!("{error:#}"),
                "seed {seed}"
            ),
        }
        let end = match ended {
            Ok(EverythingExit::Default) => "default".to_owned(),
            Ok(EverythingExit::Tired) => "tired".to_owned(),
            Err(error) => error.node().unwrap_or_default().to_owned(),
        };
        *ends.entry(end).or_insert(0) += 1;

        // The fixture of a test is the same run.
        let test = generate_test(&text, None).unwrap();
        replayed::<_, Library>(&Everything, &test.fixture)
            .await
            .unwrap();
    }
    assert!(
        ends["default"] > 20 && ends["tired"] > 5 && ends["read"] > 20,
        "{ends:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_record_that_stops_anywhere_is_replayed_until_there() {
    let (record, stub) = (Record::in_memory(), approves());
    let mut then = library(4);
    Everything
        .with(&record)
        .with(&stub)
        .run(&mut then)
        .await
        .unwrap();
    let text = record.text();
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    let (mut runs, mut stopped) = (0, 0);
    for end in &ends {
        let replays = Replay::all(&text[..*end]).unwrap();
        for replay in replays {
            let now = replay.run_on(&Everything, Library::default()).await;
            let now = now.unwrap_or_else(|error| panic!("after {end} bytes: {error}"));
            runs += 1;
            stopped += usize::from(now.error().is_some_and(|error| error.suspends()));
        }
    }
    // Without its last lines, the record still has the action with which the run ends.
    assert!(runs > 100 && stopped >= runs - 4, "{stopped} of {runs}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_is_replayed_until_there() {
    for millis in [1, 5, 10, 20, 40, 60, 3_600_000, 7_300_000] {
        let (record, stub) = (Record::in_memory(), approves());
        let mut then = library(9);
        let run = Everything.with(&record).with(&stub);
        let limit = std::time::Duration::from_millis(millis);
        let run = tokio::time::timeout(limit, run.run(&mut then)).await;
        let now = replayed::<_, Library>(&Everything, &record.text())
            .await
            .unwrap();
        assert_eq!(now.error().is_some(), run.is_err(), "{millis} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn values_are_found_by_visit_without_the_comparison() {
    for seed in 0..50 {
        let (record, stub) = (Record::in_memory(), approves());
        let mut then = library(seed);
        let run = Everything.with(&record).with(&stub);
        let ended = run.run(&mut then).await;
        let replay = Replay::of(record.text()).unwrap().without_comparison();
        let mut now = Library::default();
        let again = Everything.with(&replay).run(&mut now).await;
        assert_eq!(now, then, "seed {seed}");
        assert_eq!(again.is_ok(), ended.is_ok(), "seed {seed}");
    }
}

#[derive(Shared, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Count {
    numbers: Vec<u64>,
    text: String,
    sum: u64,
}

#[node(Count, appends = numbers, attempts = 2)]
async fn next_number(numbers: &[u64]) -> Result<[u64; 1], String> {
    exec_runs();
    Ok([numbers.len() as u64])
}

#[derive(Action, Serialize, Deserialize)]
enum More {
    Yes,
    No,
}

#[node(Count, writes(sum))]
impl Sum {
    async fn exec(&self, numbers: &[u64]) -> usize {
        exec_runs();
        std::future::ready(numbers.len()).await
    }

    fn post(&self, sum: &mut u64, exec: usize) -> More {
        *sum += 1;
        if exec < 1_000 { More::Yes } else { More::No }
    }
}

struct Sum;

flow! { Long: Count { sum: Sum; next_number >> sum; sum - "yes" >> next_number; sum - "no" >> end; } }

#[tokio::test]
async fn a_long_run_is_replayed() {
    let long = Long { sum: Sum };
    let text = "x".repeat(100_000);
    let mut then = Count {
        text,
        ..Count::default()
    };
    let record = Record::in_memory();
    long.with(&record).run(&mut then).await.unwrap();
    let now = replayed::<_, Count>(&long, &record.text()).await.unwrap();
    assert_eq!(now.store, then);
}
