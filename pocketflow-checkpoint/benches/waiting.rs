//! What 10,000 runs that wait in memory cost: the CPU time of the process while nothing happens, and
//! the time from a fill in this process until the run goes on, and from a fill in another.
//!
//! ```text
//! cargo bench -p pocketflow-checkpoint --bench waiting
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

const FILLS: usize = 100;
const IDLE: Duration = Duration::from_secs(10);

#[derive(Shared, Default, Serialize, Deserialize)]
struct Order {
    number: usize,
    text: String,
    approval: Option<bool>,
}

type Sender = mpsc::UnboundedSender<(usize, Instant)>;
type Receiver = mpsc::UnboundedReceiver<(usize, Instant)>;
/// The runs that go on, and when.
static WENT_ON: LazyLock<(Sender, Mutex<Option<Receiver>>)> = LazyLock::new(|| {
    let (sender, receiver) = mpsc::unbounded_channel();
    (sender, Mutex::new(Some(receiver)))
});

#[node(Order)]
fn go_on(number: &usize, approval: &bool) {
    assert!(approval);
    WENT_ON.0.send((*number, Instant::now())).unwrap();
}

flow! { Approve { await(approval) >> go_on; } }

/// The CPU time of this process, in seconds.
fn cpu() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    // Linux counts 100 ticks a second on every machine.
    Some(ticks as f64 / 100.0)
}

fn print(what: &str, mut millis: Vec<f64>) {
    millis.sort_by(f64::total_cmp);
    let at = |part: f64| millis[((millis.len() - 1) as f64 * part) as usize];
    println!(
        "{what:32} {:8.2} ms median {:8.2} ms at most",
        at(0.5),
        at(1.0)
    );
}

/// Fills runs one after the other, and waits for each to go on.
async fn fill<S: Storage>(by: &Checkpoints<S>, runs: &[usize], went_on: &mut Receiver) -> Vec<f64> {
    let mut millis = Vec::new();
    for run in runs {
        let start = Instant::now();
        by.fill(&format!("order-{run}"), "approval#1", "true")
            .await
            .unwrap();
        let (number, at) = went_on.recv().await.unwrap();
        assert_eq!(number, *run);
        millis.push((at - start).as_secs_f64() * 1e3);
    }
    millis
}

async fn measure<S: Storage>(here: S, elsewhere: S, count: usize) {
    let mut went_on = WENT_ON.1.lock().unwrap().take().unwrap();
    let [here, elsewhere] = [here, elsewhere].map(Checkpoints::new);
    let start = Instant::now();
    for number in 0..count {
        let run = here.run(format!("order-{number}"));
        tokio::spawn(async move {
            let text = "x".repeat(1_000);
            let mut order = Order {
                number,
                text,
                ..Order::default()
            };
            // The last ones end with their process.
            let _ = Approve.with(run).run(&mut order).await;
        });
    }
    while here.list(Some(Status::Waiting)).await.unwrap().len() < count {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    println!(
        "{:32} {:8.0} runs a second",
        format!("{count} runs start to wait"),
        count as f64 / start.elapsed().as_secs_f64()
    );
    tokio::time::sleep(Duration::from_secs(2)).await;
    if let Some(before) = cpu() {
        tokio::time::sleep(IDLE).await;
        let share = (cpu().unwrap_or(before) - before) / IDLE.as_secs_f64();
        println!("{:32} {:8.2} % of a core", "they wait", share * 100.0);
    }
    let (first, second): (Vec<_>, Vec<_>) = ((0..FILLS).collect(), (FILLS..FILLS + 10).collect());
    print(
        "a fill in this process",
        fill(&here, &first, &mut went_on).await,
    );
    print(
        "a fill elsewhere, polled each 1 s",
        fill(&elsewhere, &second, &mut went_on).await,
    );
}

#[tokio::main]
async fn main() {
    let count = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok());
    let count = count.unwrap_or(10_000);
    assert!(count >= 200, "it fills 110 of them");
    #[cfg(feature = "postgres")]
    if let Ok(server) = std::env::var("POCKETFLOW_POSTGRES") {
        use pocketflow_checkpoint::Postgres;
        let here = Postgres::connect_in(&server, "waiting").await.unwrap();
        let elsewhere = Postgres::connect_in(&server, "waiting").await.unwrap();
        return measure(here, elsewhere, count).await;
    }
    let folder = tempfile::tempdir_in(concat!(env!("CARGO_MANIFEST_DIR"), "/../target")).unwrap();
    let file = folder.path().join("runs.db");
    let here = Sqlite::open(&file).await.unwrap();
    let elsewhere = Sqlite::open(&file).await.unwrap();
    measure(here, elsewhere, count).await;
}
