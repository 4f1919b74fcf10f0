//! Processes are killed at random moments, until so many have been.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::flows::batches::WIDTH;
use crate::kinds::{KINDS, Kind};
use crate::place::{Place, WORKERS};
use crate::poll::Deadline;
use crate::servers::Servers;
use crate::trace::{self, Count};

/// How many runs there are at a time.
pub(crate) const RUNS: usize = 3;

/// What is killed.
#[derive(Clone, Copy, PartialEq)]
enum Victim {
    /// A worker. Another one starts at once.
    Worker,
    /// The only server. It starts again with its data.
    Server,
    /// A server of three. It starts again when all runs have finished.
    Node,
}

/// What a person answers to a wait for this field.
pub(crate) fn answer(field: &str) -> Option<Value> {
    match field {
        "approval" => Some(json!("Ada")),
        "copies" => Some(json!(7)),
        // It expires.
        "stamp" => None,
        field => panic!("nobody knows what {field} is"),
    }
}

/// The time until the next kill.
pub(crate) fn moment() -> Instant {
    Instant::now() + Duration::from_millis(fastrand::u64(0..120))
}

/// Answers what a run waits for.
async fn answer_all(place: &Place, flow: &str, run: &str, status: &Value) {
    for wait in status["waits"].as_array().into_iter().flatten() {
        let field = wait["field"].as_str().unwrap();
        let Some(value) = answer(field) else { continue };
        let mut fill = json!({"field": field, "value": value, "wait": wait["name"]});
        if !wait["inner"].is_null() {
            fill["inner"] = wait["inner"].clone();
        }
        match place.call(flow, run, "fill", Some(&fill)).await {
            Ok(_) => {}
            // Its answer was lost, so it was made twice.
            Err(refused) if refused.code == 409 => {}
            Err(refused) => panic!("{run}: {refused:?}"),
        }
    }
}

/// Waits until no invocation is in progress, or retried. Deadlines that are not needed any more stay, and do nothing.
async fn nothing_is_left(place: &Place) {
    let deadline = Deadline::seconds(60);
    loop {
        let sql = "SELECT target, status, last_failure FROM sys_invocation WHERE status NOT IN ('completed', 'scheduled')";
        let left = place.servers.query(sql).await;
        if left.is_empty() {
            return;
        }
        deadline.pause(|| format!("{left:#?}")).await;
    }
}

/// Starts runs of a kind, kills processes at random moments, checks the results and the log, and counts.
async fn killed(place: &mut Place, kind: &Kind, victim: Victim, kills: usize) -> Count {
    let before = fs::metadata(place.log()).map_or(0, |log| log.len()) as usize;
    let mut killed = 0;
    let mut first = 0;
    let mut recorded = 0;
    while killed < kills {
        let runs: Vec<_> = (first..first + RUNS)
            .map(|run| format!("{}-{run}", kind.flow))
            .collect();
        first += RUNS;
        for run in &runs {
            place.start(kind.flow, run, &(kind.store)()).await.unwrap();
        }
        let mut next = moment();
        let mut open = runs.clone();
        let mut down = None;
        let deadline = Deadline::seconds(120);
        while !open.is_empty() {
            let mut running = Vec::new();
            for run in open {
                let status = place.status(kind.flow, &run).await;
                answer_all(place, kind.flow, &run, &status).await;
                match status["status"].as_str() {
                    Some("finished") => {}
                    Some("running" | "waiting" | "sleeping") => running.push(run),
                    _ => panic!("{run}: {status:#}"),
                }
            }
            open = running;
            if killed < kills && Instant::now() > next && !open.is_empty() && down.is_none() {
                recorded += place.note_recorded().await;
                match victim {
                    Victim::Worker => place.kill_worker(fastrand::usize(..WORKERS)),
                    Victim::Server => {
                        place.kill_server(0);
                        place.servers.start_again(0).await;
                    }
                    Victim::Node => {
                        let node = fastrand::usize(..place.servers.count());
                        place.kill_server(node);
                        down = Some(node);
                    }
                }
                killed += 1;
                next = moment();
            }
            deadline
                .pause(|| format!("{open:?} do not end\n{}", place.printed()))
                .await;
        }
        for run in &runs {
            kind.check(run, &place.finished(kind.flow, run).await);
        }
        if let Some(node) = down {
            place.servers.start_again(node).await;
        }
    }
    nothing_is_left(place).await;
    // Some kills come when no journal has an entry yet.
    assert!(recorded > 0 || kills < 10, "no journal has been read");
    let log = fs::read_to_string(place.log()).unwrap();
    match victim {
        // The node that starts again takes its share of the work back.
        Victim::Node => trace::check_order(&log[before..]),
        _ => trace::check(&log[before..], kind.width),
    }
}

/// Kills the workers of each kind of flow so many times, and does the same with workers of an SQLite file.
async fn workers_are_killed(times: usize) {
    let mut place = Place::one().await;
    let mut rows = Vec::new();
    for kind in &KINDS {
        let restate = killed(&mut place, kind, Victim::Worker, times).await;
        let sqlite = crate::sqlite::killed(kind, times).await;
        rows.push((kind.name, restate, sqlite));
    }
    drop(place);
    let servers = Servers::one().await;
    let mut place = Place::with(servers, &[("WORKER_DISTRIBUTES", "yes")]).await;
    for kind in KINDS
        .iter()
        .filter(|kind| ["batch", "fork", "sub-agents"].contains(&kind.name))
    {
        let restate = killed(&mut place, kind, Victim::Worker, times).await;
        rows.push((kind.name, restate, Count::default()));
    }
    table(&rows);
    let kills: usize = rows.iter().map(|(_, restate, _)| restate.kills).sum();
    assert_eq!(kills, times * rows.len());
}

fn table(rows: &[(&str, Count, Count)]) {
    println!(
        "work that began again after {} workers had been killed",
        rows[0].1.kills
    );
    println!("| flow | pieces | again | per kill | on SQLite: pieces | again | per kill |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (index, (name, restate, sqlite)) in rows.iter().enumerate() {
        let distributed = if index < KINDS.len() {
            ""
        } else {
            ", distributed"
        };
        let cells = [restate, sqlite].map(|count| match count.kills {
            0 => "| |".into(),
            kills => {
                let per_kill = count.again as f64 / kills as f64;
                format!("{} | {} | {per_kill:.2}", count.pieces, count.again)
            }
        });
        println!("| {name}{distributed} | {} |", cells.join(" | "));
    }
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn workers_are_killed_in_each_kind_of_flow() {
    workers_are_killed(3).await;
}

#[tokio::test]
#[ignore = "takes minutes, and needs a server: scripts/with-restate gives one"]
async fn workers_are_killed_a_hundred_times_in_each_kind_of_flow() {
    workers_are_killed(100).await;
}

/// Many results are replayed at once.
#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn a_long_batch_goes_on_after_its_worker_was_killed() {
    let mut place = Place::one().await;
    let numbers: Vec<u64> = (0..1_000).collect();
    let store = json!({"numbers": numbers, "rounds": 0});
    place.start("Batch", "long", &store).await.unwrap();
    let deadline = Deadline::seconds(120);
    for begun in [300, 600, 900] {
        while place.begun("long", "square") < begun {
            deadline.pause(|| place.printed()).await;
        }
        assert!(place.note_recorded().await >= begun - 4 * WIDTH);
        place.kill_worker(0);
        place.kill_worker(1);
    }
    let store = place.finished("Batch", "long").await;
    let sum: u64 = numbers.iter().map(|number| number * number).sum();
    assert_eq!(store["sum"], sum);
    let log = fs::read_to_string(place.log()).unwrap();
    let count = trace::check(&log, WIDTH);
    assert_eq!(count.pieces, numbers.len() + 1);
    assert!(count.again <= 3 * WIDTH, "{count:?}");
}

async fn servers_are_killed(servers: Servers, victim: Victim, times: usize) {
    let mut place = Place::with(servers, &[]).await;
    for kind in &KINDS {
        let count = killed(&mut place, kind, victim, times).await;
        println!(
            "{}: {} of {} pieces began again after {} kills",
            kind.name, count.again, count.pieces, count.kills
        );
        assert_eq!(count.kills, times);
    }
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn the_server_is_killed_and_keeps_its_data() {
    servers_are_killed(Servers::one().await, Victim::Server, 1).await;
}

#[tokio::test]
#[ignore = "takes minutes, and needs a server: scripts/with-restate gives one"]
async fn the_server_is_killed_twenty_times_and_keeps_its_data() {
    servers_are_killed(Servers::one().await, Victim::Server, 20).await;
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn a_cluster_of_three_goes_on_without_one() {
    servers_are_killed(Servers::cluster().await, Victim::Node, 1).await;
}

#[tokio::test]
#[ignore = "takes minutes, and needs a server: scripts/with-restate gives one"]
async fn a_cluster_of_three_goes_on_without_one_ten_times() {
    servers_are_killed(Servers::cluster().await, Victim::Node, 10).await;
}
