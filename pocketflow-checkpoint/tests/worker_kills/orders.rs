//! Runs of two flows, one of which waits for an answer.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use pocketflow::{Attempt, Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, Sqlite, Status, Storage};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::{Place, log, memory};

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    number: u32,
    items: Vec<u32>,
    reserved: Option<u32>,
    doubled: Option<Vec<u32>>,
    approval: Option<String>,
    receipt: Option<String>,
}

#[node(Order, writes = reserved)]
async fn reserve(number: &u32, #[attempt] attempt: Attempt<'_>) -> u32 {
    log("begin", attempt);
    tokio::task::yield_now().await;
    log("done", attempt);
    number * 10
}

#[node(Order, writes = doubled, parallel = 2)]
async fn double(#[each(items)] item: &u32) -> u32 {
    item * 2
}

#[node(Order, writes = receipt)]
async fn pay(
    reserved: &u32,
    doubled: &[u32],
    approval: &str,
    #[attempt] attempt: Attempt<'_>,
) -> String {
    log("begin", attempt);
    sleep(Duration::from_millis(2)).await;
    log("done", attempt);
    format!("{reserved} {doubled:?} {approval}")
}

flow! { pub(crate) Sell { reserve >> double >> await(approval) >> pay; } }
flow! { pub(crate) Quick { reserve >> double; } }

/// Enqueues the runs, starts workers, kills one of them so many times, and checks what ran.
async fn killed<S: Storage>(storage: S, place: Place<'_>, count: u32, workers: usize, kills: u32) {
    let runs = Checkpoints::new(storage);
    let enqueued = Instant::now();
    for number in 0..count {
        let order = Order {
            number,
            items: vec![1, 2, 3],
            ..Default::default()
        };
        let id = format!("order-{number}");
        if number % 2 == 0 {
            runs.enqueue(id, &Quick, order).await.unwrap();
        } else {
            runs.enqueue(id, &Sell, order).await.unwrap();
        }
    }
    let enqueued = enqueued.elapsed();
    let start = Instant::now();
    let mut processes: Vec<_> = (0..workers).map(|_| place.start()).collect();
    let (mut killed, mut most) = (0, 0);
    // The kills are spread over the work: a run has three lines on average, of 36 bytes at least.
    let (part, mut next) = (u64::from(count) * 108 / u64::from(kills + 1), 0);
    let written = || fs::metadata(place.log()).map_or(0, |log| log.len());
    loop {
        let limit = Duration::from_secs(60) + Duration::from_millis(100) * count;
        assert!(start.elapsed() < limit, "{:?}", runs.list(None).await);
        sleep(Duration::from_millis(fastrand::u64(20..150))).await;
        let waiting = runs.list(Some(Status::Waiting)).await.unwrap();
        for run in waiting.iter().filter(|run| !run.filled) {
            let wait = run.wait.as_deref().unwrap();
            runs.fill_value(&run.run, wait, "yes").await.unwrap();
        }
        most = most.max(processes.iter().filter_map(memory).max().unwrap_or(0));
        if killed < kills && written() > next {
            killed += 1;
            next += part;
            // The old one is killed.
            processes[fastrand::usize(..workers)] = place.start();
        } else if waiting.is_empty() && runs.list(Some(Status::Running)).await.unwrap().is_empty() {
            break;
        }
    }
    let took = start.elapsed();
    drop(processes);
    assert!(killed > 0);
    println!(
        "{count} runs, {workers} workers, {killed} kills: {:.0} enqueued a second, {:.0} finished a second, {most} MB a worker",
        f64::from(count) / enqueued.as_secs_f64(),
        f64::from(count) / took.as_secs_f64(),
    );
    let finished = runs.list(Some(Status::Finished)).await.unwrap();
    assert_eq!(finished.len(), count as usize);
    for number in (0..count).step_by(7) {
        let state = runs
            .storage()
            .show(&format!("order-{number}"))
            .await
            .unwrap()
            .unwrap()
            .state;
        let order: Order = serde_json::from_str(&state).unwrap();
        let receipt = format!("{} [2, 4, 6] yes", number * 10);
        assert_eq!(order.doubled, Some(vec![2, 4, 6]));
        assert_eq!(order.receipt, (number % 2 == 1).then_some(receipt));
    }
    check(&place.log(), count);
}

/// Each step was finished, none began again after a later one, and no two processes were in the same
/// run at the same time.
fn check(log: &Path, count: u32) {
    let text = fs::read_to_string(log).unwrap();
    let mut runs: BTreeMap<&str, Vec<(&str, &str, u32)>> = BTreeMap::new();
    for line in text.lines() {
        let parts: Vec<_> = line.split(' ').collect();
        let [what, process, key, _, _] = parts[..] else {
            panic!("{line}");
        };
        let (run, step) = key.split_once('/').unwrap();
        let step = step.parse().unwrap();
        runs.entry(run).or_default().push((what, process, step));
    }
    assert_eq!(runs.len(), count as usize);
    let mut times: HashMap<(&str, u32), u32> = HashMap::new();
    for (run, lines) in &runs {
        let mut last = 0;
        for (index, (what, process, step)) in lines.iter().enumerate() {
            assert!(
                *step >= last,
                "{run}: step {step} ran again after step {last}"
            );
            last = *step;
            if *what == "begin" {
                *times.entry((run, *step)).or_default() += 1;
                continue;
            }
            let before = index.checked_sub(1).map(|before| lines[before]);
            assert_eq!(
                before,
                Some(("begin", *process, *step)),
                "{run}: two processes at the same time"
            );
        }
        let last = lines.last().unwrap();
        let number: u32 = run.trim_start_matches("order-").parse().unwrap();
        let steps = if number.is_multiple_of(2) { 1 } else { 4 };
        assert_eq!((last.0, last.2), ("done", steps), "{run}");
    }
    // Only a step whose process was killed before it was stored ran more than once.
    let again = times.values().filter(|times| **times > 1).count();
    println!("{again} of {} steps began more than once", times.len());
}

async fn on_a_file(count: u32, workers: usize, kills: u32) {
    let folder = tempfile::tempdir().unwrap();
    let storage = Sqlite::open(folder.path().join("runs.db")).await.unwrap();
    let place = Place {
        folder: folder.path(),
        server: None,
    };
    killed(storage, place, count, workers, kills).await;
}

#[tokio::test]
async fn workers_that_are_killed_repeat_nothing_that_was_finished() {
    on_a_file(120, 2, 6).await;
}

#[tokio::test]
#[ignore = "takes minutes"]
async fn ten_thousand_runs_go_through_one_worker_that_is_killed() {
    on_a_file(10_000, 1, 20).await;
}

#[cfg(feature = "postgres")]
async fn on_a_server(count: u32, workers: usize, kills: u32) {
    let (folder, storage, config, schema) = super::server().await;
    let place = Place {
        folder: folder.path(),
        server: Some((config, schema)),
    };
    killed(storage, place, count, workers, kills).await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
#[ignore = "needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
async fn workers_that_share_a_server_repeat_nothing_that_was_finished() {
    on_a_server(200, 2, 6).await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
#[ignore = "takes minutes, and needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
async fn ten_thousand_runs_go_through_two_workers_that_are_killed() {
    on_a_server(10_000, 2, 40).await;
}
