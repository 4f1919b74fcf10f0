//! What a worker costs: how many runs it takes through a second, how much memory that takes, and how
//! long it takes until a run that waited and was filled goes on.
//!
//! ```text
//! cargo bench -p pocketflow-checkpoint --bench worker
//! ```
//!
//! An argument sets the number of runs. To measure a server, enable the feature `postgres` and set
//! `POCKETFLOW_POSTGRES`.

use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use pocketflow::{Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, Sqlite, Status, Storage};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

const FILLS: usize = 100;

#[derive(Shared, Default, Serialize, Deserialize)]
struct Order {
    number: usize,
    text: String,
    reserved: Option<usize>,
    receipt: Option<String>,
    approval: Option<bool>,
}

type Sender = mpsc::UnboundedSender<(usize, Instant)>;
type Receiver = mpsc::UnboundedReceiver<(usize, Instant)>;
/// The runs that go on, and when.
static WENT_ON: LazyLock<(Sender, Mutex<Option<Receiver>>)> = LazyLock::new(|| {
    let (sender, receiver) = mpsc::unbounded_channel();
    (sender, Mutex::new(Some(receiver)))
});

#[node(Order, writes = reserved)]
async fn reserve(number: &usize) -> usize {
    *number
}

#[node(Order, writes = receipt)]
async fn pay(reserved: &usize, text: &str) -> String {
    format!("{reserved} {}", text.len())
}

#[node(Order)]
fn go_on(number: &usize, approval: &bool) {
    assert!(approval);
    WENT_ON.0.send((*number, Instant::now())).unwrap();
}

flow! { Sell { reserve >> pay; } }
flow! { Approve { await(approval) >> go_on; } }

/// The memory of this process, in MB: now, and at most so far.
fn memory() -> Option<(u64, u64)> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let of = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? / 1024)
    };
    Some((of("VmRSS:")?, of("VmHWM:")?))
}

fn rate(what: &str, count: usize, start: Instant) {
    let rate = count as f64 / start.elapsed().as_secs_f64();
    println!("{what:36} {rate:8.0} runs a second");
}

fn print(what: &str, mut millis: Vec<f64>) {
    millis.sort_by(f64::total_cmp);
    let at = |part: f64| millis[((millis.len() - 1) as f64 * part) as usize];
    println!(
        "{what:36} {:8.2} ms median {:8.2} ms at most",
        at(0.5),
        at(1.0)
    );
}

/// Fills runs one after the other, and waits for each to go on.
async fn fill<S: Storage>(by: &Checkpoints<S>, runs: &[usize], went_on: &mut Receiver) -> Vec<f64> {
    let mut millis = Vec::new();
    for run in runs {
        let start = Instant::now();
        by.fill(&format!("ask-{run}"), "approval#1", "true")
            .await
            .unwrap();
        let (number, at) = went_on.recv().await.unwrap();
        assert_eq!(number, *run);
        millis.push((at - start).as_secs_f64() * 1e3);
    }
    millis
}

fn order(number: usize) -> Order {
    Order {
        number,
        text: "x".repeat(1_000),
        ..Order::default()
    }
}

async fn measure<S: Storage>(here: S, elsewhere: S, count: usize) {
    let mut went_on = WENT_ON.1.lock().unwrap().take().unwrap();
    let [here, elsewhere] = [here, elsewhere].map(Checkpoints::new);
    let start = Instant::now();
    let mut clients = JoinSet::new();
    for client in 0..20 {
        let runs = elsewhere.clone();
        clients.spawn(async move {
            for number in (client..count).step_by(20) {
                let id = format!("order-{number}");
                runs.enqueue(id, &Sell, order(number)).await.unwrap();
            }
        });
    }
    clients.join_all().await;
    rate(&format!("{count} runs are enqueued"), count, start);

    let before = memory();
    let start = Instant::now();
    here.worker().flow(Sell).run_until_idle().await.unwrap();
    rate("a worker runs them, two steps each", count, start);
    if let (Some((before, _)), Some((_, most))) = (before, memory()) {
        let what = "memory before, and at most";
        println!("{what:36} {before:8} MB        {most:8} MB");
    }

    for number in 0..FILLS + 20 {
        let id = format!("ask-{number}");
        here.enqueue(id, &Approve, order(number)).await.unwrap();
    }
    let worker = here.worker().flow(Sell).flow(Approve).run();
    let fills = async {
        while here.list(Some(Status::Waiting)).await.unwrap().len() < FILLS + 20 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (first, second): (Vec<_>, Vec<_>) =
            ((0..FILLS).collect(), (FILLS..FILLS + 20).collect());
        print(
            "a fill in the process of the worker",
            fill(&here, &first, &mut went_on).await,
        );
        print(
            "a fill elsewhere, polled each 1 s",
            fill(&elsewhere, &second, &mut went_on).await,
        );
    };
    tokio::select! {
        ended = worker => panic!("{ended:?}"),
        () = fills => {}
    }
}

#[tokio::main]
async fn main() {
    let count = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok());
    let count = count.unwrap_or(10_000);
    #[cfg(feature = "postgres")]
    if let Ok(server) = std::env::var("POCKETFLOW_POSTGRES") {
        use pocketflow_checkpoint::Postgres;
        let here = Postgres::connect_in(&server, "worker").await.unwrap();
        let elsewhere = Postgres::connect_in(&server, "worker").await.unwrap();
        return measure(here, elsewhere, count).await;
    }
    let folder = tempfile::tempdir_in(concat!(env!("CARGO_MANIFEST_DIR"), "/../target")).unwrap();
    let file = folder.path().join("runs.db");
    let here = Sqlite::open(&file).await.unwrap();
    let elsewhere = Sqlite::open(&file).await.unwrap();
    measure(here, elsewhere, count).await;
}
