//! Workers are killed while they start runs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::place::{Place, WORKERS};
use crate::poll::{Deadline, HTTP};

const RUNS: usize = 30;
const ROUNDS: usize = 6;

/// The server has taken on each of these starts, so each run must come to its end.
#[tokio::test]
#[ignore = "needs a server: scripts/with-restate gives one"]
async fn no_start_is_lost_when_workers_are_killed_and_the_store_has_a_map() {
    let mut place = Place::one().await;
    let names: BTreeMap<_, _> = (0..40).map(|name| (name.to_string(), "Ada")).collect();
    let tags: BTreeSet<_> = (0..40).map(|tag| tag.to_string()).collect();
    let book = json!({ "names": names, "tags": tags });
    for round in 0..ROUNDS {
        let run = |run: usize| format!("{round}-{run}");
        for run in (0..RUNS).map(run) {
            let ingress = place.servers.ingress(0);
            let sent = HTTP.post(format!("{ingress}/Index/{run}/run/send"));
            let sent = sent.json(&book).send().await.unwrap();
            assert!(sent.status().is_success(), "{sent:?}");
        }
        let kill = Instant::now() + Duration::from_millis(fastrand::u64(0..20));
        while Instant::now() < kill {
            tokio::task::yield_now().await;
        }
        for index in 0..WORKERS {
            place.kill_worker(index);
        }
        for run in (0..RUNS).map(run) {
            let deadline = Deadline::seconds(60);
            let mut result = loop {
                match place.result("Index", &run).await {
                    Ok(result) => break result,
                    Err(not_yet) => {
                        deadline
                            .pause(|| format!("{run}: {not_yet:?}\n{}", place.printed()))
                            .await;
                    }
                }
            };
            let store: Value = result["store"].take();
            assert_eq!(
                (&store["names"], &store["count"]),
                (&book["names"], &json!(80))
            );
            assert_eq!(store["tags"].as_array().unwrap().len(), 40);
        }
    }
}
