//! Kills a program with inner runs at random moments and restarts it each time: see `crash.rs`.
//!
//! The program has three levels of stores, forks of flows, a place that it visits twice, and eight
//! documents at a time that each wait for an approval of their own, which come in any order.
//!
//! A short run kills it 40 times. `cargo test -p pocketflow-checkpoint --test inner_crash --
//! --include-ignored` kills it 1,000 more times.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use pocketflow::{Action, Attempt, Failed, Shared, flow, node};
use pocketflow_checkpoint::conformance::flaky::Flaky;
use pocketflow_checkpoint::{Checkpoints, Parked, Status, Storage};
use serde::{Deserialize, Serialize};

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
struct Student {
    name: String,
    essays: Vec<String>,
    grade: Option<u32>,
}

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
struct Class {
    students: Vec<Student>,
    best: Option<String>,
}

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
struct Desk {
    topic: String,
    notes: Vec<String>,
    finding: Option<String>,
}

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
struct Document {
    title: String,
    parts: Vec<String>,
    texts: Option<Vec<String>>,
    approval: Option<String>,
    summary: Option<String>,
}

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
struct School {
    classes: BTreeMap<String, Class>,
    facts: Desk,
    figures: Desk,
    documents: Vec<Document>,
    problems: Vec<Failed>,
    rounds: u32,
    report: Option<String>,
}

/// Logs that a piece of work starts or has finished.
async fn log(what: &str, attempt: Attempt<'_>) {
    let key = attempt.key().expect("a key").to_string();
    let write = |line: &str| {
        let file = std::env::var_os("CRASH_LOG").expect("CRASH_LOG");
        let mut options = OpenOptions::new();
        let mut file = options.append(true).create(true).open(file).unwrap();
        file.write_all(format!("{line} {what} {key}\n").as_bytes())
            .unwrap();
    };
    write("begin");
    tokio::time::sleep(Duration::from_millis(1)).await;
    write("done");
}

#[node(Student, appends = essays)]
async fn write(name: &str, essays: &[String], #[attempt] attempt: Attempt<'_>) -> Vec<String> {
    log("write", attempt).await;
    vec![format!("{name}'s essay {}", essays.len())]
}

#[node(Student, writes = grade)]
async fn grade(essays: &[String], #[attempt] attempt: Attempt<'_>) -> u32 {
    log("grade", attempt).await;
    essays.iter().map(|essay| essay.len() as u32).sum()
}

flow! { Study { write >> grade; } }

#[node(Class, writes = best)]
async fn rank(students: &[Student], #[attempt] attempt: Attempt<'_>) -> String {
    log("rank", attempt).await;
    let best = students.iter().max_by_key(|student| student.grade).unwrap();
    best.name.clone()
}

flow! { Teach: Class { Study.each(students, parallel = 2) >> rank; } }

#[node(Desk, appends = notes)]
async fn search(topic: &str, #[attempt] attempt: Attempt<'_>) -> Vec<String> {
    log("search", attempt).await;
    vec![topic.to_owned()]
}

#[derive(Action, Serialize, Deserialize)]
enum Search {
    More,
    Enough,
}

#[node(Desk)]
fn judge(notes: &[String], topic: &str) -> Search {
    if notes.len() < topic.len() {
        Search::More
    } else {
        Search::Enough
    }
}

#[node(Desk, writes = finding)]
async fn conclude(notes: &[String], #[attempt] attempt: Attempt<'_>) -> String {
    log("conclude", attempt).await;
    notes.join(" ")
}

flow! {
    Investigate {
        search >> judge;
        judge - "more" >> search;
        judge - "enough" >> conclude;
    }
}

#[node(Document, writes = texts, parallel = 2)]
async fn draft(#[each(parts)] part: &str, #[attempt] attempt: Attempt<'_>) -> String {
    log("draft", attempt).await;
    format!("about {part}")
}

#[node(Document, writes = summary)]
async fn publish(
    title: &str,
    texts: &[String],
    approval: &str,
    #[attempt] attempt: Attempt<'_>,
) -> Result<String, String> {
    log("publish", attempt).await;
    if title == "document 5" {
        return Err("it cannot be published".into());
    }
    Ok(format!("{}, approved by {approval}", texts.join(", ")))
}

flow! { Approve { draft >> await(approval) >> publish; } }

#[derive(Action, Serialize, Deserialize)]
enum Round {
    Again,
    Done,
}

#[node(School, writes = rounds)]
async fn count(rounds: &u32, #[attempt] attempt: Attempt<'_>) -> u32 {
    log("count", attempt).await;
    rounds + 1
}

#[node(School)]
fn enough(rounds: &u32) -> Round {
    if *rounds < 2 {
        Round::Again
    } else {
        Round::Done
    }
}

#[node(School, writes = report)]
async fn summarize(
    classes: &BTreeMap<String, Class>,
    documents: &[Document],
    #[attempt] attempt: Attempt<'_>,
) -> String {
    log("summarize", attempt).await;
    let best: Vec<_> = classes.values().flat_map(|class| &class.best).collect();
    let summaries = documents.iter().flat_map(|document| &document.summary);
    format!("{best:?} {}", summaries.count())
}

flow! {
    /// Each class is taught twice, in two steps.
    Year: School {
        Teach.each(classes, parallel = 2) >> (Investigate.on(facts), Investigate.on(figures)) >> count >> enough;
        enough - "again" >> Teach.each(classes);
        enough - "done" >> Approve.each(documents, parallel = 8, failures = problems) >> summarize;
    }
}

fn school() -> School {
    let student = |class: &str, number: usize| Student {
        name: format!("{class}{}", "x".repeat(number)),
        ..Default::default()
    };
    let class = |name: &'static str| {
        let students = (0..3).map(|number| student(name, number)).collect();
        let best = None;
        (name.to_owned(), Class { students, best })
    };
    let desk = |topic: &str| Desk {
        topic: topic.into(),
        ..Default::default()
    };
    let document = |number| Document {
        title: format!("document {number}"),
        parts: ["beginning", "end"].map(String::from).into(),
        ..Default::default()
    };
    School {
        classes: ["a", "b", "c"].map(class).into(),
        facts: desk("xy"),
        figures: desk("xyz"),
        documents: (0..8).map(document).collect(),
        ..Default::default()
    }
}

/// The program, which the tests run as a separate process.
#[tokio::test]
#[ignore = "the other tests run it as a separate process"]
async fn program() {
    let Ok(place) = std::env::var("CRASH_DB") else {
        return;
    };
    #[cfg(feature = "postgres")]
    if let Ok(schema) = std::env::var("CRASH_SCHEMA") {
        let storage = pocketflow_checkpoint::Postgres::connect_in(&place, &schema).await;
        return drive(storage.unwrap()).await;
    }
    drive(pocketflow_checkpoint::Sqlite::open(&place).await.unwrap()).await;
}

async fn drive(inner: impl Storage) {
    let id = std::env::var("CRASH_RUN").unwrap();
    let runs = Checkpoints::new(Flaky::new(inner, 20))
        .lease(Duration::from_millis(1))
        .poll(Duration::from_millis(1))
        .max_crashes(None);
    let parks = fastrand::bool();
    let mut result = school();
    let run = async {
        loop {
            let run = match parks {
                true => runs.run(&id).park(),
                false => runs.run(&id),
            };
            result = school();
            match Year.with(run).run(&mut result).await {
                Ok(_) => return Ok(()),
                Err(error) if error.cause().is::<Parked>() => {}
                Err(error) => return Err(error),
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    // A person approves one document after another, in any order, and clicks twice.
    let person = async {
        loop {
            let list = runs.storage().inner.list(Some(Status::Waiting)).await;
            let waiting: Vec<_> = list
                .unwrap()
                .into_iter()
                .filter(|run| run.outer.as_deref() == Some(&*id))
                .collect();
            if let Some(run) = fastrand::choice(&waiting) {
                for name in ["Ada", "Eve"] {
                    let json = format!("\"{name}\"");
                    let _ = runs.fill(&run.run, "approval#1", &json).await;
                }
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let ended = tokio::select! {
        ended = run => ended,
        () = person => Ok(()),
    };
    match ended {
        Ok(()) => println!("RESULT {}", serde_json::to_string(&result).unwrap()),
        Err(error) => {
            println!("ERROR {}", format!("{error:#}").replace('\n', " "));
            std::process::exit(1);
        }
    }
}

/// Where the program's runs are: an SQLite file in its folder, or a schema of a server.
struct Place<'a> {
    folder: &'a Path,
    server: Option<(&'a str, &'a str)>,
}

impl Place<'_> {
    fn start(&self, run: &str) -> Child {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([
            "--exact",
            "program",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ]);
        command
            .env("CRASH_DB", self.folder.join("runs.db"))
            .env("CRASH_LOG", self.folder.join(run))
            .env("CRASH_RUN", run);
        if let Some((config, schema)) = self.server {
            command.env("CRASH_DB", config).env("CRASH_SCHEMA", schema);
        }
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Runs the program to its end, and returns its result.
    fn finish(&self, run: &str) -> String {
        let output = self.start(run).wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let result = text
            .lines()
            .find_map(|line| Some(line.split_once("RESULT ")?.1.to_owned()));
        result.unwrap_or_else(|| panic!("{text}\n{}", String::from_utf8_lossy(&output.stderr)))
    }

    /// The complete lines of the log.
    fn lines(&self, run: &str) -> Vec<String> {
        let text = fs::read_to_string(self.folder.join(run)).unwrap_or_default();
        let whole = text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        whole.map(|line| line.trim_end().to_owned()).collect()
    }
}

/// How far a run and its inner runs are: the last stored step of each, or none after its end.
async fn progress(storage: &impl Storage, run: &str) -> Vec<(String, Option<u64>)> {
    let Some(record) = storage.show(run).await.unwrap() else {
        return Vec::new();
    };
    // Every failure goes to a field.
    let over = |status| matches!(status, Status::Finished | Status::Failed);
    let mut runs = vec![(
        run.to_owned(),
        (!over(record.status)).then_some(record.step),
    )];
    let mut next = 0;
    while next < runs.len() {
        let inner = storage.inner_runs(&runs[next].0).await.unwrap();
        runs.extend(
            inner
                .into_iter()
                .map(|run| (run.run, (!over(run.status)).then_some(run.step))),
        );
        next += 1;
    }
    runs
}

/// Kills the program this many times. A step that is stored never runs again, in whichever run.
async fn killed<S: Storage>(place: &Place<'_>, storage: &S, times: usize) {
    let expected = place.finish("whole");
    let pieces = |run: &str| -> BTreeSet<String> {
        let lines = place.lines(run).into_iter();
        lines
            .map(|line| line.replace(&format!(" {run}/"), " "))
            .collect()
    };
    let whole = pieces("whole");
    // Two visits of 9 students and 3 classes, 4 and 5 pieces of two desks, 8 documents of 2 parts.
    let desks = 2 + 1 + 3 + 1 + 2 + 2;
    assert_eq!(whole.len(), 2 * (2 * (9 * 2 + 3) + desks + 2 + 8 * 3 + 1));

    let (mut kills, mut runs) = (0, 0);
    while kills < times {
        let run = format!("run-{runs}");
        runs += 1;
        while kills < times {
            let stored = progress(storage, &run).await;
            let before = place.lines(&run).len();
            let mut child = place.start(&run);
            std::thread::sleep(Duration::from_micros(fastrand::u64(0..90_000)));
            child.kill().unwrap();
            let output = child.wait_with_output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(!text.contains("ERROR"), "{text}");
            let finished = text.contains("RESULT ");
            kills += usize::from(!finished);
            for line in &place.lines(&run)[before..] {
                let key = line.rsplit(' ').next().unwrap();
                for (stored, step) in &stored {
                    let Some(rest) = key
                        .strip_prefix(&**stored)
                        .and_then(|rest| rest.strip_prefix('/'))
                    else {
                        continue;
                    };
                    let at: u64 = rest.split('/').next().unwrap().parse().unwrap();
                    assert!(
                        step.is_some_and(|step| at > step),
                        "`{stored}` was at {step:?}, and then: {line}"
                    );
                }
            }
            if finished {
                break;
            }
        }
        assert_eq!(answered(&place.finish(&run)), answered(&expected), "{run}");
        assert_eq!(
            pieces(&run),
            whole,
            "{run}: the same work under the same keys"
        );
    }
    let finished = storage.list(Some(Status::Finished)).await.unwrap();
    assert_eq!(finished.len(), runs + 1);
    assert_eq!(storage.list(None).await.unwrap().len(), runs + 1);
    println!("{kills} kills in {runs} runs");
}

/// A result without the name of the person who approved it.
fn answered(result: &str) -> String {
    result.replace("Eve", "Ada")
}

async fn killed_with_sqlite(times: usize) {
    let folder = tempfile::tempdir().unwrap();
    let place = Place {
        folder: folder.path(),
        server: None,
    };
    let storage = pocketflow_checkpoint::Sqlite::open(folder.path().join("runs.db"))
        .await
        .unwrap();
    killed(&place, &storage, times).await;
}

#[tokio::test]
async fn killed_forty_times_no_inner_run_repeats_a_step() {
    killed_with_sqlite(40).await;
}

#[tokio::test]
#[ignore = "takes minutes"]
async fn killed_a_thousand_times_no_inner_run_repeats_a_step() {
    killed_with_sqlite(1_000).await;
}

#[cfg(feature = "postgres")]
async fn killed_with_postgres(times: usize) {
    let config = std::env::var("POCKETFLOW_POSTGRES")
        .expect("no server in POCKETFLOW_POSTGRES: run this with scripts/with-postgres");
    let schema = format!("inner_crash_{}_{times}", std::process::id());
    let folder = tempfile::tempdir().unwrap();
    let place = Place {
        folder: folder.path(),
        server: Some((&config, &schema)),
    };
    let storage = pocketflow_checkpoint::Postgres::connect_in(&config, &schema)
        .await
        .unwrap();
    killed(&place, &storage, times).await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
#[ignore = "needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
async fn killed_forty_times_with_a_server() {
    killed_with_postgres(40).await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
#[ignore = "needs a server in POCKETFLOW_POSTGRES, and takes minutes"]
async fn killed_a_thousand_times_with_a_server() {
    killed_with_postgres(1_000).await;
}
