//! Records in files: new ones, those that go on, folders, and what survives a process that dies.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pocketflow::{Action, Driver, Shared, flow, node};
use pocketflow_record::{Outcome, Record, Recording};
use serde::Serialize;

#[derive(Shared, Default)]
struct Counter {
    count: u32,
    until: u32,
    dies_at: Option<u32>,
    log: Vec<String>,
}

#[derive(Action, Serialize)]
#[action(Counter)]
enum Next {
    Again {
        count: u32,
        #[appends]
        log: [String; 1],
    },
    Done,
}

#[node(Counter)]
fn step(count: &u32, until: &u32, dies_at: Option<&u32>) -> Next {
    if dies_at == Some(count) {
        std::process::abort();
    }
    if count == until {
        return Next::Done;
    }
    Next::Again {
        count: count + 1,
        log: [format!("step {count}")],
    }
}

flow! {
    Count: Counter {
        step - "again" >> step;
        step - "done" >> end;
    }
}

fn counter(until: u32) -> Counter {
    Counter {
        until,
        ..Counter::default()
    }
}

/// Gives the run an id.
struct Named(&'static str);

impl<S: Shared> Driver<S> for Named {
    fn run_id(&self) -> Option<&str> {
        Some(self.0)
    }
}

async fn count(record: &Record, until: u32) {
    Count.with(record).run(&mut counter(until)).await.unwrap();
}

#[tokio::test]
async fn a_new_record_replaces_and_an_old_one_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    count(&Record::create(&path).unwrap(), 1).await;
    assert_eq!(Recording::open(&path).unwrap().runs().len(), 1);
    count(&Record::append(&path).unwrap(), 2).await;
    count(&Record::append(&path).unwrap(), 3).await;
    let recording = Recording::open(&path).unwrap();
    assert_eq!(recording.headers().len(), 3);
    let steps: Vec<_> = recording.runs().iter().map(|run| run.steps.len()).collect();
    assert_eq!(steps, [2, 3, 4]);
    count(&Record::create(&path).unwrap(), 0).await;
    assert_eq!(Recording::open(&path).unwrap().runs().len(), 1);
    // A record that goes on may be a new one.
    let other = folder.path().join("other.jsonl");
    count(&Record::append(&other).unwrap(), 0).await;
    assert_eq!(Recording::open(&other).unwrap().runs().len(), 1);
}

#[tokio::test]
async fn a_first_line_that_is_cut_off_is_removed_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    for length in [3, 12, 25] {
        count(&Record::create(&path).unwrap(), 1).await;
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..length]).unwrap();
        let recording = Recording::open(&path).unwrap();
        assert!(recording.is_cut_off() && recording.runs().is_empty());
        count(&Record::append(&path).unwrap(), 1).await;
        assert_eq!(Recording::open(&path).unwrap().runs().len(), 1);
    }
}

#[tokio::test]
async fn one_process_at_a_time_writes_to_a_record() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    for make in [Record::create as fn(PathBuf) -> _, Record::append] {
        let first = make(path.clone()).unwrap();
        count(&first, 1).await;
        let second = Record::append(&path).unwrap();
        // Its run is not recorded any more, and goes on.
        count(&first, 7).await;
        count(&second, 2).await;
        second.finish().unwrap();
        let error = first.finish().unwrap_err().to_string();
        assert!(
            error.contains("run.jsonl: another program has written"),
            "{error}"
        );
        let recording = Recording::open(&path).unwrap();
        let steps: Vec<_> = recording.runs().iter().map(|run| run.steps.len()).collect();
        assert!(steps.ends_with(&[2, 3]), "{steps:?}");
    }
    // A file that is replaced while a record is written.
    let first = Record::create(&path).unwrap();
    count(&first, 3).await;
    let second = Record::create(&path).unwrap();
    count(&first, 3).await;
    count(&second, 2).await;
    first.finish().unwrap_err();
    assert_eq!(Recording::open(&path).unwrap().runs().len(), 1);
}

#[tokio::test]
async fn an_error_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none").join("run.jsonl");
    for make in [Record::create as fn(PathBuf) -> _, Record::append] {
        let error = make(path.clone()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        let error = error.to_string();
        assert!(
            error.starts_with(&format!("{}: ", path.display())),
            "{error}"
        );
    }
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Record::folder(file.join("runs")).unwrap_err().to_string();
    assert!(error.contains("file/runs: "), "{error}");
    let record = Record::folder(folder.path().join("gone")).unwrap();
    fs::remove_dir(folder.path().join("gone")).unwrap();
    Count
        .with(&record)
        .with(Named("a"))
        .run(&mut counter(1))
        .await
        .unwrap();
    let error = record.finish().unwrap_err().to_string();
    assert!(
        error.contains("gone/a.jsonl: ") && error.matches("a.jsonl").count() == 1,
        "{error}"
    );
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_device_is_a_file_as_well() {
    let record = Record::create("/dev/null").unwrap();
    count(&record, 1).await;
    record.finish().unwrap();
    let error = Record::create("/dev/full").unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert!(error.to_string().starts_with("/dev/full: "), "{error}");
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    for (name, make) in [
        ("a", Record::create as fn(PathBuf) -> io::Result<Record>),
        ("b", Record::append),
    ] {
        let path = folder.path().join(name);
        make(path.clone()).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn what_is_cut_off_is_removed_before_a_record_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    count(&Record::create(&path).unwrap(), 1).await;
    let whole = fs::read_to_string(&path).unwrap();
    fs::write(&path, whole.clone() + r#"{"event":"run","at":1,"ru"#).unwrap();
    count(&Record::append(&path).unwrap(), 1).await;
    let recording = Recording::open(&path).unwrap();
    assert_eq!(recording.runs().len(), 2);
    assert!(fs::read_to_string(&path).unwrap().starts_with(&whole));
}

#[test]
fn another_file_does_not_become_a_record() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    for (text, why) in [
        ("my notes\n", "this is not a record"),
        ("my notes without an end", "this is not a record"),
        ("{\"pocketflow_record\":2}\n", "version 2 of the format"),
        (
            "{\"pocketflow_record\":1}\ngarbage\n",
            "line 2: this is not an event",
        ),
    ] {
        fs::write(&path, text).unwrap();
        let error = Record::append(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        let error = error.to_string();
        assert!(
            error.contains("notes.txt is not a record to go on with: "),
            "{error}"
        );
        assert!(error.contains(why), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_folder_has_a_file_for_each_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs/today");
    let record = Record::folder(&path).unwrap();
    for id in ["order-17", "order-17", "../a b/ä", ".hidden"] {
        Count
            .with(&record)
            .with(Named(id))
            .run(&mut counter(1))
            .await
            .unwrap();
    }
    let long = "x".repeat(1_000).leak();
    Count
        .with(&record)
        .with(Named(long))
        .run(&mut counter(1))
        .await
        .unwrap();
    // Without an id.
    count(&record, 1).await;
    count(&record, 1).await;
    record.finish().unwrap();
    let names = names(&path);
    assert_eq!(names.len(), 6);
    assert_eq!(names[0], "%2E.%2Fa%20b%2F%C3%A4.jsonl");
    assert_eq!(names[1], "%2Ehidden.jsonl");
    assert!(names[2].starts_with("Count-") && names[3].starts_with("Count-"));
    assert_eq!(names[4], "order-17.jsonl");
    assert!(names[5].starts_with("xxxx") && names[5].len() < 255);
    let recording = Recording::open(path.join("order-17.jsonl")).unwrap();
    assert_eq!(recording.with_id("order-17").count(), 2);
}

#[tokio::test]
async fn runs_of_one_id_at_the_same_time_share_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let record = Record::folder(folder.path()).unwrap();
    let run = || async {
        let mut counter = counter(20);
        let run = Count.with(&record).with(Named("a")).run(&mut counter);
        run.await.unwrap();
    };
    tokio::join!(run(), run(), run());
    let recording = Recording::open(folder.path().join("a.jsonl")).unwrap();
    assert_eq!(recording.runs().len(), 3);
    assert!(recording.runs().iter().all(|run| run.steps.len() == 21));
}

/// Fails after so many bytes.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if self.0 == 0 {
            return Err(io::Error::new(
                io::ErrorKind::StorageFull,
                "the disk is full",
            ));
        }
        let some = text.len().min(self.0);
        self.0 -= some;
        Ok(some)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_disk_that_is_full_stops_the_record_and_not_the_run() {
    let record = Record::to(Full(2_000)).unwrap();
    count(&record, 100).await;
    for _ in 0..2 {
        let error = record.finish().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
    assert!(Record::to(Full(3)).is_err());
    // A folder whose files cannot be created.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs");
    let record = Record::folder(&path).unwrap();
    fs::remove_dir(&path).unwrap();
    count(&record, 1).await;
    assert_eq!(record.finish().unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[tokio::test]
async fn a_long_field_that_grows_does_not_make_a_long_record() {
    let record = Record::in_memory();
    let mut store = counter(2_000);
    Count.with(&record).run(&mut store).await.unwrap();
    let text = record.text();
    // Less than 600 bytes a step, although the log has 24,000 bytes at the end.
    assert!(text.len() < 2_000 * 600, "{}", text.len());
    let recording = Recording::read(text).unwrap();
    let log = serde_json::to_string(&store.log).unwrap();
    assert_eq!(recording.runs()[0].state_at_end().get("log"), Some(&*log));
}

// ---- A process that dies. ----

const FILE: &str = "POCKETFLOW_RECORD_TEST_FILE";
const DIES_AT: &str = "POCKETFLOW_RECORD_TEST_DIES_AT";

/// Not a test: what the process does that dies.
#[tokio::test]
#[ignore = "the other tests run it in a process of its own"]
async fn process() {
    let Ok(path) = std::env::var(FILE) else {
        return;
    };
    let dies_at = std::env::var(DIES_AT).ok().map(|at| at.parse().unwrap());
    let record = Record::append(path).unwrap();
    let mut store = Counter {
        dies_at,
        ..counter(u32::MAX)
    };
    Count.with(&record).run(&mut store).await.unwrap();
}

fn spawn(path: &Path, dies_at: Option<u32>) -> std::process::Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "process", "--ignored"])
        .env(FILE, path)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if let Some(at) = dies_at {
        command.env(DIES_AT, at.to_string());
    }
    command.spawn().unwrap()
}

#[test]
fn a_process_that_aborts_leaves_all_that_it_had_done() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    for at in [0, 3, 57] {
        assert!(!spawn(&path, Some(at)).wait().unwrap().success());
        let recording = Recording::open(&path).unwrap();
        assert!(!recording.is_cut_off());
        let run = recording.runs().last().unwrap();
        assert_eq!(run.outcome(), Outcome::Unfinished);
        assert!(run.dropped.is_none());
        // The step in which it died has begun, and those before it are done.
        let [done @ .., last] = &run.steps[..] else {
            panic!()
        };
        assert_eq!(done.len(), at as usize);
        assert!(
            done.iter()
                .all(|step| step.ended.is_some() && step.execs.len() == 1)
        );
        assert!(last.ended.is_none() && last.execs.is_empty());
        assert_eq!(run.state_at_end().get("count"), Some(&*at.to_string()));
    }
}

#[test]
fn a_process_that_is_killed_leaves_a_record() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let length = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
    for round in 1..=5 {
        let (before, mut process) = (length(&path), spawn(&path, None));
        while length(&path) < before + 20_000 * round {
            std::thread::yield_now();
        }
        process.kill().unwrap();
        process.wait().unwrap();
        let recording = Recording::open(&path).unwrap();
        assert_eq!(recording.runs().len() as u64, round);
        let run = recording.runs().last().unwrap();
        let done = run.steps.iter().filter(|step| step.ended.is_some()).count();
        assert!(done + 1 >= run.steps.len());
        assert_eq!(run.state_at_end().get("count"), Some(&*done.to_string()));
    }
}
