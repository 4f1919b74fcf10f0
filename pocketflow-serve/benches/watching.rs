//! What it costs runs to be watched: durable runs with records, without a page and with the list and a run open.
//!
//!     cargo bench -p pocketflow-serve --bench watching

use std::time::{Duration, Instant};

use pocketflow::{Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, NewRun, Storage};
use pocketflow_record::Record;
use pocketflow_serve::Server;
use serde::{Deserialize, Serialize};

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// So many runs are in the list.
const LISTED: usize = 10_000;
const RUNS: usize = 400;

#[derive(Shared, Default, Serialize, Deserialize)]
struct Count {
    count: u64,
}

#[node(Count, writes = count)]
fn more(count: &u64) -> u64 {
    count + 1
}

flow! {
    Counting: Count {
        one: more;
        two: more;
        three: more;
        four: more;
        five: more;
        one >> two >> three >> four >> five;
    }
}

/// Steps in a second.
async fn run(runs: &Checkpoints, record: &Record, name: &str) -> f64 {
    let began = Instant::now();
    for number in 0..RUNS {
        let run = runs.run(format!("{name}-{number}"));
        let mut count = Count::default();
        let ran = Counting.with(record).with(run).run(&mut count);
        ran.await.expect("it cannot fail");
    }
    (RUNS * 5) as f64 / began.elapsed().as_secs_f64()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("runs.db");
    let runs = Checkpoints::open(&file).await?;
    let new = NewRun {
        flow: "Import".into(),
        graph: "{}".into(),
        state: "{}".into(),
        position: "{}".into(),
    };
    for number in 0..LISTED {
        let id = format!("import-{number}");
        runs.storage().enqueue(&id, &new).await?;
    }
    let record = Record::create(folder.path().join("count.jsonl"))?;
    run(&runs, &record, "warm").await;

    // The server has checkpoints of its own, like another process.
    let server = Server::new().records(folder.path()).token(TOKEN);
    let server = server
        .database(Checkpoints::open(&file).await?)
        .bind(0)
        .await?;
    let url = format!("http://{}", server.local_addr());
    tokio::spawn(server.run_until(std::future::pending()));
    for round in 1..=3 {
        let alone = run(&runs, &record, &format!("alone-{round}")).await;
        let client = reqwest::Client::builder().no_proxy().build()?;
        let mut pages = Vec::new();
        for path in ["/api/changes", "/api/run?file=count.jsonl"] {
            let mut response = client
                .get(format!("{url}{path}"))
                .bearer_auth(TOKEN)
                .send()
                .await?;
            pages.push(tokio::spawn(async move {
                while let Ok(Some(_)) = response.chunk().await {}
            }));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let watched = run(&runs, &record, &format!("watched-{round}")).await;
        pages.iter().for_each(tokio::task::JoinHandle::abort);
        println!(
            "{alone:.0} steps a second alone, {watched:.0} with the list of {LISTED} runs and the record open"
        );
    }
    Ok(())
}
