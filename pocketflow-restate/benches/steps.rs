//! What a step costs on Restate, beside SQLite and PostgreSQL: milliseconds a step of one run, steps a second of 100
//! runs, and the time of a batch of 20 items that take 200 ms each, all at a time. The store has 1 KB.
//!
//! ```text
//! scripts/with-restate scripts/with-postgres cargo bench -p pocketflow-restate --bench steps
//! ```
//!
//! On Restate, two workers share the work. On a database, it is done in the process of the benchmark. They take turns, round
//! by round, and a figure is the median of the rounds. Without `scripts/with-postgres`, PostgreSQL is left out.

#[allow(dead_code, unused_imports)]
#[path = "../tests/server/journal.rs"]
mod journal;
#[allow(dead_code)]
#[path = "../tests/server/place.rs"]
mod place;
#[allow(dead_code)]
#[path = "../tests/server/poll.rs"]
mod poll;
#[allow(dead_code)]
#[path = "../tests/server/process.rs"]
mod process;
#[allow(dead_code)]
#[path = "../tests/server/servers.rs"]
mod servers;

use std::time::{Duration, Instant};

use pocketflow::{Action, Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, Postgres, Sqlite, Storage};
use restate_sdk::endpoint::Endpoint;
use restate_sdk::http_server::HttpServer;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use place::Place;
use servers::Servers;

const ROUNDS: usize = 5;
const STEPS: u32 = 300;
const RUNS: usize = 100;
const STEPS_OF_MANY: u32 = 100;
const ITEMS: usize = 20;
const ITEM: Duration = Duration::from_millis(200);

#[derive(Shared, Default, Clone, Serialize, Deserialize)]
struct State {
    count: u32,
    until: u32,
    text: String,
}

#[derive(Action, Serialize, Deserialize)]
enum Next {
    Again,
    Done,
}

struct Count;

#[node(State)]
impl Count {
    async fn exec(&self) {}

    fn post(&self, count: &mut u32, until: &u32) -> Next {
        *count += 1;
        if *count < *until {
            Next::Again
        } else {
            Next::Done
        }
    }
}

flow! {
    Counting: State {
        Count - "again" >> Count;
        Count - "done" >> end;
    }
}

#[derive(Shared, Default, Clone, Serialize, Deserialize)]
struct Numbers {
    numbers: Vec<u64>,
    squares: Option<Vec<u64>>,
}

#[node(Numbers, writes = squares, parallel = unbounded)]
async fn square(#[each(numbers)] number: &u64) -> u64 {
    tokio::time::sleep(ITEM).await;
    number * number
}

flow! { Squares: Numbers { square; } }

fn state(until: u32) -> State {
    let text = "x".repeat(1_000);
    let count = 0;
    State { count, until, text }
}

fn numbers() -> Numbers {
    Numbers {
        numbers: (0..ITEMS as u64).collect(),
        squares: None,
    }
}

/// A worker, in a process of its own.
async fn work(port: u16) {
    let listener = place::shared_port(port).listen(1024).unwrap();
    let counting = pocketflow_restate::flow(Counting);
    let mut squares = pocketflow_restate::flow(Squares);
    if std::env::var_os("WORKER_DISTRIBUTES").is_some() {
        let ingress = std::env::var("WORKER_INGRESS").unwrap();
        squares = squares.distribute(&ingress).unwrap();
    }
    let endpoint = Endpoint::builder().bind(counting.object());
    let endpoint = endpoint.bind(squares.object()).bind(squares.items());
    HttpServer::new(endpoint.build()).serve(listener).await;
}

/// What a round measures.
#[derive(Default, Clone, Copy)]
struct Figures {
    /// Milliseconds of a step.
    step: Option<f64>,
    /// Steps of many runs in a second.
    rate: Option<f64>,
    /// Milliseconds of a batch.
    batch: f64,
}

fn millis(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

fn rate(start: Instant) -> f64 {
    RUNS as f64 * f64::from(STEPS_OF_MANY) / start.elapsed().as_secs_f64()
}

/// Starts a run, and waits for its end.
async fn run(place: &Place, flow: &str, run: &str, store: impl Serialize) -> Value {
    let store = json!(store);
    place.start(flow, run, &store).await.unwrap();
    place.call(flow, run, "wait", None).await.unwrap()
}

async fn on_restate(place: &Place, round: usize) -> Figures {
    let start = Instant::now();
    run(place, "Counting", &format!("alone-{round}"), state(STEPS)).await;
    let step = Some(millis(start) / f64::from(STEPS));
    let start = Instant::now();
    let all = (0..RUNS).map(|one| async move {
        let id = format!("many-{round}-{one}");
        run(place, "Counting", &id, state(STEPS_OF_MANY)).await
    });
    for answer in futures_util::future::join_all(all).await {
        assert_eq!(answer["store"]["count"], STEPS_OF_MANY);
    }
    let rate = Some(rate(start));
    let batch = batch_on_restate(place, round).await;
    Figures { step, rate, batch }
}

async fn batch_on_restate(place: &Place, round: usize) -> f64 {
    let start = Instant::now();
    let answer = run(place, "Squares", &format!("batch-{round}"), numbers()).await;
    let last = &answer["store"]["squares"][ITEMS - 1];
    assert_eq!(*last, (ITEMS as u64 - 1).pow(2));
    millis(start)
}

async fn on_a_database<S: Storage>(runs: &Checkpoints<S>, round: usize) -> Figures {
    let start = Instant::now();
    let alone = runs.run(format!("alone-{round}"));
    Counting.with(alone).run(&mut state(STEPS)).await.unwrap();
    let step = Some(millis(start) / f64::from(STEPS));
    let start = Instant::now();
    let mut all = JoinSet::new();
    for one in 0..RUNS {
        let run = runs.run(format!("many-{round}-{one}"));
        all.spawn(async move {
            Counting
                .with(run)
                .run(&mut state(STEPS_OF_MANY))
                .await
                .unwrap()
        });
    }
    all.join_all().await;
    let rate = Some(rate(start));
    let start = Instant::now();
    let batch = runs.run(format!("batch-{round}"));
    Squares.with(batch).run(&mut numbers()).await.unwrap();
    let batch = millis(start);
    Figures { step, rate, batch }
}

/// A line of the table. What was not measured is left empty.
fn print(what: &str, rounds: &[Figures]) {
    let median = |decimals: usize, figure: fn(&Figures) -> Option<f64>| {
        let mut figures: Vec<_> = rounds.iter().filter_map(figure).collect();
        figures.sort_by(f64::total_cmp);
        let median = figures.get(figures.len() / 2);
        median.map_or(String::new(), |median| format!("{median:.decimals$}"))
    };
    let (step, rate) = (
        median(2, |figures| figures.step),
        median(0, |figures| figures.rate),
    );
    let batch = median(0, |figures| Some(figures.batch));
    println!("| {what} | {step} | {rate} | {batch} |");
}

#[tokio::main]
async fn main() {
    if let Ok(port) = std::env::var("WORKER_PORT") {
        return work(port.parse().unwrap()).await;
    }
    // As a server is by default.
    let settings = [
        ("RESTATE_DEFAULT_NUM_PARTITIONS", "24"),
        ("RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE", "2GB"),
    ];
    let alone = Place::with(Servers::with(1, &settings).await, &[]).await;
    let servers = Servers::with(1, &settings).await;
    let distributed = Place::with(servers, &[("WORKER_DISTRIBUTES", "yes")]).await;
    let folder = tempfile::tempdir_in(concat!(env!("CARGO_MANIFEST_DIR"), "/../target")).unwrap();
    let sqlite = Sqlite::open(folder.path().join("runs.db")).await.unwrap();
    let sqlite = Checkpoints::new(sqlite);
    let mut postgres = None;
    if let Ok(server) = std::env::var("POCKETFLOW_POSTGRES") {
        let storage = Postgres::connect_in(&server, "steps").await.unwrap();
        postgres = Some(Checkpoints::new(storage));
    }
    let mut figures = [const { Vec::new() }; 4];
    // The first round opens connections and fills caches.
    for round in 0..=ROUNDS {
        let batch = batch_on_restate(&distributed, round).await;
        let batch = Figures {
            batch,
            ..Figures::default()
        };
        let mut row = vec![on_restate(&alone, round).await, batch];
        row.push(on_a_database(&sqlite, round).await);
        if let Some(postgres) = &postgres {
            row.push(on_a_database(postgres, round).await);
        }
        for (figures, figure) in figures.iter_mut().zip(row).filter(|_| round > 0) {
            figures.push(figure);
        }
    }
    println!("| | ms a step | steps a second, {RUNS} runs | ms for {ITEMS} items of 200 ms |");
    println!("| --- | ---: | ---: | ---: |");
    let names = [
        "Restate",
        "Restate, items distributed",
        "SQLite",
        "PostgreSQL",
    ];
    for (name, figures) in names
        .iter()
        .zip(&figures)
        .filter(|(_, figures)| !figures.is_empty())
    {
        print(name, figures);
    }
}
