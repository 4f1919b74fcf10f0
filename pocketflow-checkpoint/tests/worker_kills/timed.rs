//! Runs with deadlines, sleeps, inner runs, and long waits between attempts.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use pocketflow::{Attempt, Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, Sqlite, Status, Storage, StorageError};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::{Place, log};

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
pub(crate) struct Trip {
    number: u64,
    legs: Vec<Leg>,
    home: Leg,
    booked: Option<String>,
    approval: Option<String>,
    result: Option<String>,
}

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
pub(crate) struct Leg {
    number: u64,
    ticket: Option<String>,
    seal: Option<String>,
    state: Option<String>,
}

/// An attempt that fails if it is the first one of some work.
async fn book_at(number: u64, attempt: Attempt<'_>) -> Result<String, &'static str> {
    log("begin", attempt);
    tokio::task::yield_now().await;
    if number.is_multiple_of(3) && attempt.number() == 1 {
        log("failed", attempt);
        return Err("the desk is closed");
    }
    log("done", attempt);
    Ok(format!("booked at {}", attempt.number()))
}

async fn work(attempt: Attempt<'_>) {
    log("begin", attempt);
    sleep(Duration::from_millis(1)).await;
    log("done", attempt);
}

#[node(Trip, writes = booked, attempts = 2, wait = "5s")]
async fn book(number: &u64, #[attempt] attempt: Attempt<'_>) -> Result<String, &'static str> {
    book_at(*number, attempt).await
}

#[node(Leg, writes = ticket, attempts = 2, wait = "5s")]
async fn issue(number: &u64, #[attempt] attempt: Attempt<'_>) -> Result<String, &'static str> {
    book_at(*number, attempt).await
}

#[node(Leg, writes = state)]
async fn close(seal: &str, #[attempt] attempt: Attempt<'_>) -> String {
    work(attempt).await;
    format!("sealed with {seal}")
}

#[node(Leg, writes = state)]
async fn lose(#[attempt] attempt: Attempt<'_>) -> String {
    work(attempt).await;
    "late".into()
}

#[node(Trip, writes = result)]
async fn pay(approval: &str, #[attempt] attempt: Attempt<'_>) -> String {
    work(attempt).await;
    format!("approved by {approval}")
}

#[node(Trip, writes = result)]
async fn cancel(#[attempt] attempt: Attempt<'_>) -> String {
    work(attempt).await;
    "late".into()
}

flow! {
    pub(crate) Ride {
        issue >> nap >> await(seal, within = "400ms") >> close;
        await(seal) - "expired" >> lose;

        nap: sleep("50ms");
    }
}

flow! {
    pub(crate) Travel: Trip {
        book >> rest >> Ride.each(legs, parallel = 2) >> Ride.on(home) >> await(approval, within = "400ms") >> pay;
        await(approval) - "expired" >> cancel;

        rest: sleep("100ms");
    }
}

fn trip(number: u64) -> Trip {
    let leg = |leg| Leg {
        number: number + leg,
        ..Default::default()
    };
    Trip {
        number,
        legs: (0..3).map(leg).collect(),
        home: leg(3),
        ..Default::default()
    }
}

/// Enqueues the runs, starts two workers, and kills one of them again and again.
async fn killed<S: Storage>(storage: S, place: Place<'_>, count: u64, kills: usize) {
    let runs = Checkpoints::new(storage);
    for number in 0..count {
        let id = format!("trip-{number}");
        runs.enqueue(id, &Travel, trip(number)).await.unwrap();
    }
    let (start, mut last) = (Instant::now(), Instant::now());
    let mut processes = [place.start(), place.start()];
    let (mut killed, mut filled) = (Vec::new(), 0);
    let mut pause = Duration::ZERO;
    while runs.list(Some(Status::Finished)).await.unwrap().len() < count as usize {
        assert!(
            start.elapsed() < Duration::from_secs(180),
            "{:#?}",
            runs.list(None).await
        );
        sleep(Duration::from_millis(fastrand::u64(10..100))).await;
        for run in runs.list(Some(Status::Waiting)).await.unwrap() {
            let Some(wait) = run.wait.filter(|_| !run.filled && fastrand::u32(0..4) == 0) else {
                continue;
            };
            match runs.fill_value(&run.run, &wait, "red wax").await {
                Ok(()) => filled += 1,
                // It has expired, or gone on, in the meantime.
                Err(
                    StorageError::WaitClosed { .. }
                    | StorageError::NotWaiting { .. }
                    | StorageError::UnknownRun { .. },
                ) => {}
                Err(error) => panic!("{error}"),
            }
        }
        if killed.len() < kills && last.elapsed() > pause {
            (last, pause) = (
                Instant::now(),
                Duration::from_millis(fastrand::u64(200..1_500)),
            );
            let process = &mut processes[fastrand::usize(..2)];
            killed.push(process.0.id().to_string());
            *process = place.start();
        }
    }
    drop(processes);
    assert!(!killed.is_empty() && filled > 0);
    let mut late = 0;
    for number in 0..count {
        let record = runs.storage().show(&format!("trip-{number}")).await;
        let trip: Trip = serde_json::from_str(&record.unwrap().unwrap().state).unwrap();
        for leg in trip.legs.iter().chain([&trip.home]) {
            let attempt = if leg.number.is_multiple_of(3) { 2 } else { 1 };
            assert_eq!(leg.ticket, Some(format!("booked at {attempt}")));
            let expected = match &leg.seal {
                Some(seal) => format!("sealed with {seal}"),
                None => "late".into(),
            };
            assert_eq!(leg.state, Some(expected));
            late += u32::from(leg.seal.is_none());
        }
        let expected = match &trip.approval {
            Some(approval) => format!("approved by {approval}"),
            None => "late".into(),
        };
        assert_eq!(trip.result, Some(expected));
    }
    let kills = killed.len();
    println!("{count} runs, {kills} kills, {filled} waits filled, {late} expired");
    assert!(late > 0);
    check(&place.log(), count, &killed);
}

struct Line<'a> {
    what: &'a str,
    process: &'a str,
    step: u64,
    attempt: u32,
    /// In milliseconds.
    time: u64,
}

/// The lines of each run, inner runs among them.
fn read(text: &str) -> BTreeMap<&str, Vec<Line<'_>>> {
    let mut runs: BTreeMap<&str, Vec<Line<'_>>> = BTreeMap::new();
    for line in text.lines() {
        let [what, process, key, attempt, time] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let (run, step) = key.rsplit_once('/').unwrap();
        let (step, attempt) = (step.parse().unwrap(), attempt.parse().unwrap());
        let time = time.parse().unwrap();
        runs.entry(run).or_default().push(Line {
            what,
            process,
            step,
            attempt,
            time,
        });
    }
    runs
}

/// Only an attempt whose process was killed began again, and not after a later one. None began before its
/// time, and no two processes were in the same run at the same time.
fn check(log: &Path, count: u64, killed: &[String]) {
    let text = fs::read_to_string(log).unwrap();
    let runs = read(&text);
    // Each trip has three legs and the way home.
    assert_eq!(runs.len() as u64, count * 5);
    let mut again = 0;
    for (run, lines) in &runs {
        let is_leg = run.contains("legs") || run.ends_with("home");
        // After its first step, a run sleeps.
        let sleeps = if is_leg { 50 } else { 100 };
        for pair in lines.windows(2) {
            let [before, line] = pair else { unreachable!() };
            let (was, is) = ((before.step, before.attempt), (line.step, line.attempt));
            assert!(was <= is, "{run}: {is:?} began again after {was:?}");
            let waited = line.time - before.time;
            match line.what {
                "begin" if was.0 == is.0 && was.1 < is.1 => {
                    assert_eq!(before.what, "failed", "{run}: {is:?} after {was:?}");
                    assert!(waited >= 5_000, "{run}: {is:?} began after {waited} ms");
                }
                "begin" if was.0 == 1 && is.0 > 1 => {
                    assert_eq!(before.what, "done", "{run}");
                    assert!(waited >= sleeps, "{run}: it slept for {waited} ms");
                }
                "begin" => {
                    assert_eq!(was, is, "{run}");
                    let is_dead = killed.iter().any(|killed| killed == before.process);
                    assert!(is_dead, "{run}: {is:?} began again, and nobody was killed");
                    again += 1;
                }
                _ => {
                    let one = before.what == "begin" && before.process == line.process && was == is;
                    assert!(one, "{run}: two processes at the same time");
                }
            }
        }
        let (first, last) = (&lines[0], lines.last().unwrap());
        assert_eq!((first.step, first.attempt), (1, 1), "{run}");
        let steps = if is_leg { 4 } else { 6 };
        assert_eq!((last.what, last.step), ("done", steps), "{run}");
    }
    println!("{again} attempts began again after their process had been killed");
}

async fn on_a_file(count: u64, kills: usize) {
    let folder = tempfile::tempdir().unwrap();
    let storage = Sqlite::open(folder.path().join("runs.db")).await.unwrap();
    let place = Place {
        folder: folder.path(),
        server: None,
    };
    killed(storage, place, count, kills).await;
}

/// An attempt that failed is not made again when its wait has been stored. A process that is killed
/// before that repeats it.
#[tokio::test]
async fn attempts_that_were_made_are_not_made_again() {
    on_a_file(16, 12).await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
#[ignore = "needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
async fn workers_that_share_a_server_keep_the_time() {
    let (folder, storage, config, schema) = super::server().await;
    let place = Place {
        folder: folder.path(),
        server: Some((config, schema)),
    };
    killed(storage, place, 16, 12).await;
}
