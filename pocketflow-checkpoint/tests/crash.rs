//! Kills a program at random moments and restarts it each time. SIGKILL gives the program no chance
//! to clean up. Its clock is an hour wrong in either direction or runs much too fast, and its
//! storage fails now and then.
//!
//! The program is this test binary, which runs the test `program`. Its nodes write a line to a file
//! when they start and when they finish, so that the tests know what ran, independently of the
//! storage.
//!
//! A short run kills it 40 times. `cargo test -p pocketflow-checkpoint --test crash --
//! --include-ignored` kills it 1,000 more times. With `faketime` (Debian: `apt-get install
//! faketime`), the clocks are wrong as well.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use pocketflow::{Action, Attempt, Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, Status, Storage};
use serde::{Deserialize, Serialize};

use pocketflow_checkpoint::conformance::flaky::Flaky;

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
struct Work {
    rounds: Vec<u32>,
    items: Vec<u32>,
    doubled: Option<Vec<u32>>,
    rates: HashMap<String, f64>,
    charged: Option<Vec<(String, f64)>>,
    codes: Vec<String>,
    code: Option<String>,
    left: Option<u32>,
    right: Option<Vec<u32>>,
    approval: Option<String>,
    paid: Option<u32>,
    text: Option<String>,
}

/// Logs that a piece of work starts or has finished.
async fn log(what: &str, attempt: Attempt<'_>) {
    let key = attempt.key().expect("a key").to_string();
    let write = |line: &str| {
        let file = std::env::var_os("CRASH_LOG").expect("CRASH_LOG");
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(file)
            .unwrap();
        file.write_all(format!("{line} {what} {key}\n").as_bytes())
            .unwrap();
    };
    write("begin");
    let is = |name: &str| std::env::var(name).is_ok_and(|node| node == what);
    if is("CRASH_POISON") {
        std::process::abort();
    }
    if is("CRASH_HANG") {
        std::future::pending::<()>().await;
    }
    tokio::time::sleep(Duration::from_millis(1)).await;
    write("done");
}

#[node(Work, appends = rounds)]
async fn round(rounds: &[u32], #[attempt] attempt: Attempt<'_>) -> Vec<u32> {
    log("round", attempt).await;
    vec![rounds.len() as u32]
}

#[derive(Action, Serialize, Deserialize)]
enum Next {
    Again,
    Done,
}

#[node(Work)]
fn enough(rounds: &[u32]) -> Next {
    if rounds.len() < 4 {
        Next::Again
    } else {
        Next::Done
    }
}

#[node(Work, writes = doubled, parallel = 3)]
async fn double(#[each(items)] item: &u32, #[attempt] attempt: Attempt<'_>) -> u32 {
    log("double", attempt).await;
    item * 2
}

/// The order of the accounts differs from process to process.
#[node(Work, writes = charged, parallel = 3)]
async fn charge(
    #[each(rates)] row: (&String, &f64),
    #[attempt] attempt: Attempt<'_>,
) -> (String, f64) {
    log(&format!("charge:{}", row.0), attempt).await;
    (row.0.clone(), row.1 / 3.0 + 0.1)
}

#[derive(Action, Serialize, Deserialize)]
enum Codes {
    More,
    Enough,
}

#[node(Work, appends = codes)]
async fn note(code: &str, #[attempt] attempt: Attempt<'_>) -> Vec<String> {
    log("note", attempt).await;
    vec![code.to_owned()]
}

#[node(Work)]
fn count(codes: &[String]) -> Codes {
    if codes.len() < 3 {
        Codes::More
    } else {
        Codes::Enough
    }
}

flow! {
    /// Waits three times for the same field: an old answer must not answer the next question.
    pub Confirm {
        await(code) >> note >> count;
        count - "more" >> await(code);
        count - "enough" >> end;
    }
}

flow! {
    /// Waits in a flow that is nested in a nested flow.
    pub Agree {
        Confirm >> end;
    }
}

#[node(Work, writes = left)]
async fn left(doubled: &[u32], #[attempt] attempt: Attempt<'_>) -> u32 {
    log("left", attempt).await;
    doubled.iter().sum()
}

#[node(Work, writes = right, parallel = 2)]
async fn right(#[each(rounds)] round: &u32, #[attempt] attempt: Attempt<'_>) -> u32 {
    log("right", attempt).await;
    round + 100
}

#[node(Work, writes = paid)]
async fn pay(left: &u32, approval: &str, #[attempt] attempt: Attempt<'_>) -> u32 {
    log("pay", attempt).await;
    left + approval.len() as u32
}

#[node(Work, writes = text)]
async fn receipt(paid: &u32, right: &[u32], #[attempt] attempt: Attempt<'_>) -> String {
    log("receipt", attempt).await;
    format!("{paid} {right:?}")
}

flow! {
    /// Waits for a person's approval, and then pays.
    pub Payment(left) {
        await(approval) >> pay;
    }
}

flow! {
    /// A loop, a batch, a fork, a nested flow and a wait.
    pub Everything {
        round >> enough;
        enough - "again" >> round max 9 else end "tired";
        enough - "done" >> double >> charge >> Agree >> (left, right) >> Payment >> receipt;
    }
}

fn work() -> Work {
    // With as many digits as a number can have.
    let rates = (0..9).map(|account| {
        (
            format!("account-{account}"),
            (f64::from(account) + 0.1).sqrt() / 0.7,
        )
    });
    Work {
        items: (0..12).collect(),
        rates: rates.collect(),
        ..Default::default()
    }
}

/// The result of a run. It is the same in every run, bit by bit, whatever the order of the
/// accounts.
fn outcome(work: &Work) -> String {
    let bits =
        |(account, number): (&String, &f64)| (account.clone(), format!("{:x}", number.to_bits()));
    let rates: BTreeMap<_, _> = work.rates.iter().map(bits).collect();
    let charged = work.charged.iter().flatten();
    let charged: BTreeMap<_, _> = charged
        .map(|(account, number)| bits((account, number)))
        .collect();
    let Work {
        rounds,
        doubled,
        codes,
        left,
        right,
        approval,
        paid,
        text,
        ..
    } = work;
    format!(
        "{rounds:?} {doubled:?} {rates:?} {charged:?} {codes:?} {left:?} {right:?} {approval:?} {paid:?} {text:?}"
    )
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
        return drive(
            pocketflow_checkpoint::Postgres::connect_in(&place, &schema)
                .await
                .unwrap(),
        )
        .await;
    }
    drive(pocketflow_checkpoint::Sqlite::open(&place).await.unwrap()).await;
}

async fn drive(inner: impl Storage) {
    let (id, somebody) = (
        std::env::var("CRASH_RUN").unwrap(),
        std::env::var_os("CRASH_ALONE").is_none(),
    );
    let number = |name| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let one_in = number("CRASH_FLAKY").unwrap_or(0);
    // The tests restart it at once and may kill it any number of times. A separate test covers a
    // run that is stuck.
    let lease = Duration::from_millis(u64::from(number("CRASH_LEASE").unwrap_or(1)));
    let runs = Checkpoints::new(Flaky::new(inner, one_in))
        .lease(lease)
        .poll(Duration::from_millis(1));
    let runs = runs.max_crashes(number("CRASH_LIMIT"));
    let (run, mut work) = (runs.run(&id), work());
    let run = async { Everything.with(run).run(&mut work).await.map(drop) };
    // The answer comes as soon as the run waits, and the user clicks twice.
    let person = async {
        loop {
            if somebody {
                let waits = runs
                    .storage()
                    .inner
                    .show(&id)
                    .await
                    .unwrap()
                    .and_then(|run| run.wait);
                for answer in ["yes", "again"] {
                    let Some(wait) = &waits else { break };
                    let _ = runs
                        .fill(&id, wait, &format!("\"{answer} to {wait}\""))
                        .await;
                }
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::select! {
        result = run => if let Err(error) = result {
            println!("ERROR {}", format!("{error:#}").replace('\n', " "));
            std::process::exit(1);
        },
        () = person => {}
    }
    println!("RESULT {}", outcome(&work));
}

/// The location of the program's runs: an SQLite file in its folder, or what these variables name.
fn command(folder: &Path, run: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([
        "--exact",
        "program",
        "--ignored",
        "--nocapture",
        "--test-threads=1",
    ]);
    command
        .env("CRASH_DB", folder.join("runs.db"))
        .env("CRASH_LOG", folder.join(run))
        .env("CRASH_RUN", run);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Wrong clocks, including one on which an hour takes a few seconds. The monotonic clock of a
/// machine is never wrong.
const CLOCKS: [&str; 4] = ["+0", "+1h", "-1h", "+0 x1000"];

/// Gives a program a wrong clock, if `faketime` is installed.
fn faketime(command: &mut Command, clock: &str) -> bool {
    static LIBRARY: OnceLock<Option<String>> = OnceLock::new();
    let library = LIBRARY.get_or_init(|| {
        // `faketime` itself would be killed in place of the program, which would live on.
        let library = Command::new("faketime")
            .args(["-f", "+0", "printenv", "LD_PRELOAD"])
            .output();
        let library = library.ok().filter(|output| output.status.success());
        if library.is_none() {
            eprintln!("SKIPPED: all clocks are right, for there is no `faketime`");
        }
        library.map(|output| String::from_utf8(output.stdout).unwrap().trim().to_owned())
    });
    let Some(library) = library else { return false };
    command.env("LD_PRELOAD", library).env("FAKETIME", clock);
    command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    true
}

/// Kills a program, and removes the files of its clock.
fn kill(mut program: Child) -> Output {
    program.kill().unwrap();
    let id = program.id();
    let output = program.wait_with_output().unwrap();
    for file in [
        format!("/dev/shm/faketime_shm_{id}"),
        format!("/dev/shm/sem.faketime_sem_{id}"),
    ] {
        let _ = fs::remove_file(file);
    }
    output
}

/// A process with a clock that may be wrong, and with a storage in which one call in 20 fails.
fn start(folder: &Path, run: &str) -> Child {
    let mut command = command(folder, run);
    command.env("CRASH_FLAKY", "20");
    faketime(&mut command, CLOCKS[fastrand::usize(..CLOCKS.len())]);
    command.spawn().unwrap()
}

/// Runs the program to its end, and returns its result.
fn finish(folder: &Path, run: &str) -> String {
    result(start(folder, run))
}

fn result(program: Child) -> String {
    let output = program.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let result = text
        .lines()
        .find_map(|line| Some(line.split_once("RESULT ")?.1.to_owned()));
    result.unwrap_or_else(|| panic!("{text}\n{}", String::from_utf8_lossy(&output.stderr)))
}

/// The lines of the log, grouped by the piece of work.
fn lines(folder: &Path, run: &str) -> Vec<String> {
    let text = fs::read_to_string(folder.join(run)).unwrap_or_default();
    // The last line may be cut off.
    text.split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
        .map(|line| line.trim_end().to_owned())
        .collect()
}

/// The step number in a line of the log, and the rest of its key.
fn key(line: &str) -> (u64, String) {
    let key = line.rsplit(' ').next().unwrap();
    let mut parts = key.split('/').skip(1);
    (
        parts.next().unwrap().parse().unwrap(),
        parts.collect::<Vec<_>>().join("/"),
    )
}

#[tokio::test]
async fn killed_forty_times_it_repeats_nothing_that_was_finished() {
    killed(40).await;
}

#[tokio::test]
#[ignore = "takes minutes"]
async fn killed_a_thousand_times_it_repeats_nothing_that_was_finished() {
    killed(1_000).await;
}

/// The piece of work that a line of the log is about, independently of the order of the accounts:
/// an account is not the same item in each run.
fn piece(line: &str, run: &str) -> String {
    let line = line.replace(&format!("{run}/"), "");
    match line.find("charge:") {
        Some(_) => line.split("/item-").next().unwrap().to_owned(),
        None => line,
    }
}

async fn killed(times: usize) {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let expected = finish(folder, "whole");
    let whole: BTreeSet<_> = lines(folder, "whole")
        .iter()
        .map(|line| piece(line, "whole"))
        .collect();

    let (mut kills, mut runs, mut repeated) = (0, 0, 0);
    while kills < times {
        let run = format!("run-{runs}");
        runs += 1;
        loop {
            // Work that has finished must not start again.
            let storage = Checkpoints::open(folder.join("runs.db")).await.unwrap();
            let record = storage.storage().show(&run).await.unwrap();
            let step = record.as_ref().map_or(0, |record| record.step);
            let items = storage.storage().items(&run, step + 1).await.unwrap();
            let kept: BTreeSet<_> = items
                .iter()
                .map(|(key, _)| (key.branch, key.item))
                .collect();
            let charged: Vec<_> = items.into_iter().map(|(_, json)| json).collect();
            let before = lines(folder, &run).len();
            drop(storage);
            if kills >= times {
                break;
            }
            let child = start(folder, &run);
            std::thread::sleep(Duration::from_micros(fastrand::u64(0..60_000)));
            let text = String::from_utf8_lossy(&kill(child).stdout).into_owned();
            let finished = text.contains("RESULT ");
            kills += usize::from(!finished);
            for line in &lines(folder, &run)[before..] {
                let (at, rest) = key(line);
                assert!(
                    at > step,
                    "step {step} of {run} was finished, and then: {line}"
                );
                if let Some((_, account)) = line.split_once("charge:") {
                    let account = format!("\"{}\"", account.split(' ').next().unwrap());
                    assert!(
                        at > step + 1 || !charged.iter().any(|json| json.contains(&account)),
                        "{account} of {run} was charged, and then: {line}"
                    );
                    continue;
                }
                let part = |name: &str| {
                    rest.split('/')
                        .find_map(|part| part.strip_prefix(name)?.parse().ok())
                };
                let item = (
                    part("branch-").map(|branch: u64| branch as u32),
                    part("item-"),
                );
                assert!(
                    at > step + 1 || !kept.contains(&item),
                    "{item:?} of step {at} of {run} was kept, and then: {line}"
                );
            }
            if finished {
                break;
            }
        }
        assert_eq!(finish(folder, &run), expected, "{run}");
        let done = lines(folder, &run);
        let keys: BTreeSet<_> = done.iter().map(|line| piece(line, &run)).collect();
        assert_eq!(keys, whole, "{run}: the same work under the same keys");
        // Each account has one key, and each key one account.
        let keys: BTreeSet<_> = done
            .iter()
            .filter(|line| line.starts_with("begin charge:"))
            .collect();
        let part = |at: usize| {
            keys.iter()
                .map(|line| line.split(' ').nth(at).unwrap())
                .collect::<BTreeSet<_>>()
                .len()
        };
        assert_eq!((keys.len(), part(1), part(2)), (9, 9, 9), "{run}: {keys:?}");
        let mut begun = BTreeMap::new();
        for line in done.iter().filter(|line| line.starts_with("begin")) {
            *begun.entry(line.clone()).or_insert(0) += 1;
        }
        repeated += begun.values().filter(|times| **times > 1).count();
    }
    let storage = Checkpoints::open(folder.join("runs.db")).await.unwrap();
    assert_eq!(
        storage.list(Some(Status::Finished)).await.unwrap().len(),
        runs + 1
    );
    println!(
        "{kills} kills in {runs} runs; {repeated} pieces of work that were in flight ran again"
    );
}

/// Polls until a condition holds, or panics after a minute.
async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let found = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            match look().await {
                Some(found) => return found,
                None => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    });
    found.await.expect("it takes no minute")
}

#[tokio::test]
async fn two_processes_share_a_file_and_one_takes_over_from_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let expected = finish(folder, "whole");
    let mut other = command(folder, "shared")
        .env("CRASH_ALONE", "1")
        .spawn()
        .unwrap();

    let runs = Checkpoints::open(folder.join("runs.db")).await.unwrap();
    for wait in ["code#1", "code#2", "code#3"] {
        until(async || {
            runs.fill("shared", wait, &format!("\"yes to {wait}\""))
                .await
                .ok()
        })
        .await;
    }
    until(async || {
        let waiting = runs.list(Some(Status::Waiting)).await.unwrap().pop()?;
        assert_eq!(waiting.run, "shared");
        (waiting.wait.as_deref() == Some("approval#1")).then_some(())
    })
    .await;
    other.kill().unwrap();
    other.wait().unwrap();
    let before = lines(folder, "shared").len();
    runs.fill("shared", "approval", "\"yes to approval#1\"")
        .await
        .unwrap();

    // A third process continues the run.
    assert_eq!(
        result(
            command(folder, "shared")
                .env("CRASH_ALONE", "1")
                .spawn()
                .unwrap()
        ),
        expected
    );
    let after: Vec<_> = lines(folder, "shared").split_off(before);
    assert_eq!(
        after.len(),
        4,
        "it pays and writes the receipt, and nothing else: {after:?}"
    );
}

/// A node that kills its process each time.
#[tokio::test]
async fn a_step_that_kills_its_process_starts_ten_times() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let poisoned = || {
        let mut command = command(folder, "poison");
        command
            .env("CRASH_LIMIT", "10")
            .env("CRASH_POISON", "double");
        command.output().unwrap()
    };
    let text = |output: &Output| String::from_utf8_lossy(&output.stdout).into_owned();
    for number in 1..=10 {
        let output = poisoned();
        assert_eq!(
            output.status.code(),
            None,
            "start {number} is killed by a signal: {}",
            text(&output)
        );
    }
    for _ in 0..2 {
        let output = poisoned();
        let text = text(&output);
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(
            text.contains("run `poison` is stuck: 10 processes in a row have died in its step 9"),
            "{text}"
        );
        assert!(text.contains("pocketflow runs retry poison"), "{text}");
    }
    let runs = Checkpoints::open(folder.join("runs.db")).await.unwrap();
    assert_eq!(runs.list(Some(Status::Stuck)).await.unwrap().len(), 1);
    let begun = lines(folder, "poison")
        .iter()
        .filter(|line| line.starts_with("begin double"))
        .count();
    assert!(
        (10..=30).contains(&begun),
        "{begun}: three items at a time, ten times"
    );
    runs.retry("poison").await.unwrap();
    let mut command = command(folder, "poison");
    result(command.env("CRASH_LIMIT", "10").spawn().unwrap());
}

/// One process lives, and another one, whose clock is an hour ahead, leaves its run alone. Then the
/// first one dies, and the other does not wait by the dead process's clock.
#[tokio::test]
async fn a_wrong_clock_neither_takes_over_a_run_nor_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (first, second) in [
        ("+1h", "+0"),
        ("+0", "+1h"),
        ("-1h", "+0"),
        ("+0", "-1h"),
        ("-1h", "+1h"),
    ] {
        let run = format!("run {first} {second}");
        let program = |clock: &str, hangs: bool| {
            let mut command = command(folder, &run);
            command.env("CRASH_LEASE", "300");
            if hangs {
                command.env("CRASH_HANG", "double");
            }
            faketime(&mut command, clock).then_some(command)
        };
        let Some(mut command) = program(first, true) else {
            return;
        };
        let living = command.spawn().unwrap();
        until(async || {
            lines(folder, &run)
                .iter()
                .any(|line| line.starts_with("begin double"))
                .then_some(())
        })
        .await;
        let output = program(second, false).unwrap().output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            text.contains(&format!(
                "ERROR Everything: stopped: run `{run}` is being driven by"
            )),
            "{text}"
        );
        kill(living);
        let start = std::time::Instant::now();
        result(program(second, false).unwrap().spawn().unwrap());
        assert!(start.elapsed() < Duration::from_secs(60));
    }
}

/// Two workers share a database, as on two machines. One is killed while it works, and the other
/// takes over its runs.
#[cfg(feature = "postgres")]
#[tokio::test]
#[ignore = "needs a server: scripts/with-postgres runs it"]
async fn a_worker_takes_over_from_one_that_was_killed() {
    let config = std::env::var("POCKETFLOW_POSTGRES")
        .expect("POCKETFLOW_POSTGRES: see scripts/with-postgres");
    let schema = format!("crash_{}", std::process::id());
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let expected = finish(folder, "whole");
    let worker = |run: &str| {
        let mut command = command(folder, run);
        command
            .env("CRASH_DB", &config)
            .env("CRASH_SCHEMA", &schema);
        command
    };
    let mut kills = 0;
    for number in 0..10 {
        let run = format!("run-{number}");
        let mut first = worker(&run).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(fastrand::u64(30..150)));
        first.kill().unwrap();
        kills += usize::from(
            !String::from_utf8_lossy(&first.wait_with_output().unwrap().stdout).contains("RESULT"),
        );
        assert_eq!(result(worker(&run).spawn().unwrap()), expected, "{run}");
    }
    println!("{kills} of 10 were killed at work");
    let storage = pocketflow_checkpoint::Postgres::connect_in(&config, &schema)
        .await
        .unwrap();
    assert_eq!(
        Checkpoints::new(storage)
            .list(Some(Status::Finished))
            .await
            .unwrap()
            .len(),
        10
    );
}
