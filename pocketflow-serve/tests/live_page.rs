//! The page in a real browser. `examples/tests/browser/serve.mjs` is the person in front of it, and asks this test for
//! what happens elsewhere: a worker that runs, a record that is written, a server that goes.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pocketflow::{Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, NewRun, Storage};
use pocketflow_record::Record;
use pocketflow_serve::Server;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

#[derive(Debug, Shared, Default, Serialize, Deserialize)]
struct Order {
    brief: String,
    total_cents: u64,
    #[shared(redact)]
    card: String,
    decision: Option<Decision>,
    remark: Option<String>,
    receipt: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
enum Decision {
    Approved { limit: u32 },
    Rejected { why: String },
}

/// As `schemars` describes it.
fn schema() -> serde_json::Value {
    json!({ "title": "Decision", "oneOf": [
        { "type": "object", "properties": { "decision": { "type": "string", "const": "approved" }, "limit": { "type": "integer", "format": "uint32", "minimum": 0, "description": "How much may be spent, in cents" } }, "required": ["decision", "limit"] },
        { "type": "object", "properties": { "decision": { "type": "string", "const": "rejected" }, "why": { "type": "string" } }, "required": ["decision", "why"] },
    ] })
}

#[node(Order)]
fn check(brief: &str) {
    let _ = brief;
}

#[node(Order, writes = receipt)]
fn pay(total_cents: &u64, decision: &Decision) -> Result<String, String> {
    match (total_cents, decision) {
        (0, _) => Err("the bank is closed".to_owned()),
        (_, Decision::Approved { limit }) => Ok(format!("{total_cents} of at most {limit} cents")),
        (_, Decision::Rejected { why }) => Ok(format!("rejected: {why}")),
    }
}

#[node(Order)]
fn thank(receipt: &str, remark: Option<&String>) {
    let _ = (receipt, remark);
}

flow! { Shop: Order { check >> await(decision) >> pay >> await(remark) >> thank; } }

/// What the browser is about to look at.
struct World {
    folder: tempfile::TempDir,
    runs: Checkpoints,
    port: u16,
    /// In microseconds since the epoch.
    began: u64,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<std::io::Result<()>>>,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runs = Checkpoints::open(folder.path().join("runs.db"))
            .await
            .unwrap();
        let runs = runs
            .schema("decision", schema())
            .poll(Duration::from_millis(20));
        let mut world = Self {
            folder,
            runs,
            port: 0,
            began: u64::try_from(
                SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .unwrap()
                    .as_micros(),
            )
            .unwrap(),
            stop: None,
            server: None,
        };
        world.start().await;
        world
    }

    async fn start(&mut self) {
        // Another process: its checkpoints do not know the runs that wait in this one.
        let runs = Checkpoints::open(self.folder.path().join("runs.db"))
            .await
            .unwrap();
        let server = Server::new().records(self.folder.path()).database(runs);
        let server = server.token(TOKEN).poll(Duration::from_millis(20));
        let server = server.bind(self.port).await.unwrap();
        self.port = server.local_addr().port();
        let (stop, stopped) = oneshot::channel();
        self.stop = Some(stop);
        self.server = Some(tokio::spawn(
            server.run_until(async { drop(stopped.await) }),
        ));
    }

    async fn stop(&mut self) {
        drop(self.stop.take());
        self.server.take().unwrap().await.unwrap().unwrap();
    }

    /// Drives an order as far as it goes, with a record.
    async fn order(&self, id: &str, order: Order, recorded: bool) {
        let (mut order, run) = (order, self.runs.run(id).park());
        let ended = if recorded {
            let record = Record::folder(self.folder.path()).unwrap();
            Shop.with(&record).with(run).run(&mut order).await
        } else {
            Shop.with(run).run(&mut order).await
        };
        ended.unwrap_err();
    }

    fn add(&self, file: &str, lines: &str) {
        let path: &Path = self.folder.path();
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(path.join(file))
            .unwrap();
        file.write_all(lines.as_bytes()).unwrap();
    }

    /// Does what the script asks.
    async fn does(&mut self, what: &str) {
        let brief = "<img src=x onerror=\"document.title='owned'\"></script><b>Rain</b>\u{202e}";
        let at = self.began;
        match what {
            "order" => {
                let order = Order { brief: brief.into(), total_cents: 4_200, card: "4111-1111".into(), ..Order::default() };
                self.order("<b>order</b>-1", order, true).await;
            }
            "order without a record" => {
                let order = Order { brief: "Hail".into(), card: "4111-1111".into(), ..Order::default() };
                self.order("order-2", order, false).await;
            }
            "worker" => {
                let worker = self.runs.worker().flow(Shop);
                tokio::spawn(worker.run_until(std::future::pending()));
            }
            "begin" => self.add("live.jsonl", &format!("{}\n", [
                json!({ "pocketflow_record": 1 }).to_string(),
                json!({ "event": "graph", "at": at + 100_000, "graph": 0, "name": "Agent", "fingerprint": "07", "store": "Talk", "exits": ["default"],
                    "places": [{ "name": "decide", "kind": "node", "actions": ["search", "answer"] }, { "name": "search", "kind": "node" }, { "name": "answer", "kind": "node" }],
                    "edges": [{ "from": 0, "action": "search", "to": { "place": 1 }, "written": true }, { "from": 0, "action": "answer", "to": { "place": 2 }, "written": true },
                        { "from": 1, "action": "default", "to": { "place": 0 }, "written": true }, { "from": 2, "action": "default", "to": { "exit": 0 } }] }).to_string(),
                json!({ "event": "run", "at": at + 100_000, "run": 0, "id": "agent-7", "graph": 0, "shared": { "question": "Why?", "answer": null } }).to_string(),
                json!({ "event": "step", "at": at + 100_001, "run": 0, "step": 1, "graph": 0, "place": 0, "path": ["decide"] }).to_string(),
            ].join("\n"))),
            "go on" => self.add("live.jsonl", &format!("{}\n", [
                json!({ "event": "taken", "at": at + 200_000, "run": 0, "step": 1, "path": ["decide"], "action": "search", "edge": 0, "to": { "place": 1 } }).to_string(),
                json!({ "event": "step", "at": at + 200_001, "run": 0, "step": 2, "graph": 0, "place": 1, "path": ["search"] }).to_string(),
            ].join("\n"))),
            "end" => self.add("live.jsonl", &format!("{}\n", [
                json!({ "event": "taken", "at": at + 300_000, "run": 0, "step": 2, "path": ["search"], "action": "default", "edge": 2, "to": { "place": 0 }, "changed": { "answer": "Because." } }).to_string(),
                json!({ "event": "end", "at": at + 300_001, "run": 0, "exit": "default" }).to_string(),
            ].join("\n"))),
            "drop" => {
                for (file, panicked) in [("cancelled.jsonl", false), ("panicked.jsonl", true)] {
                    let id = file.trim_end_matches(".jsonl");
                    self.add(file, &format!("{}\n", [
                        json!({ "pocketflow_record": 1 }).to_string(),
                        json!({ "event": "graph", "at": at, "graph": 0, "name": "Agent", "fingerprint": "07", "store": "Talk", "exits": ["default"],
                            "places": [{ "name": "decide", "kind": "node" }], "edges": [{ "from": 0, "action": "default", "to": { "exit": 0 } }] }).to_string(),
                        json!({ "event": "run", "at": at, "run": 0, "id": id, "graph": 0, "shared": {} }).to_string(),
                        json!({ "event": "step", "at": at + 1, "run": 0, "step": 1, "graph": 0, "place": 0, "path": ["decide"] }).to_string(),
                        json!({ "event": "dropped", "at": at + 2, "run": 0, "panicked": panicked }).to_string(),
                    ].join("\n")));
                }
            }
            "stop" => self.stop().await,
            "start" => self.start().await,
            "many" => {
                let new = NewRun { flow: "Import".into(), graph: "{}".into(), state: "{}".into(), position: "{}".into() };
                let storage = self.runs.storage();
                let enqueue = (0..10_000).map(|number| {
                    let (new, id) = (&new, format!("import-{number:05}"));
                    async move { storage.enqueue(&id, new).await.map(drop) }
                });
                futures_util::future::try_join_all(enqueue).await.unwrap();
            }
            other => panic!("the script asks for `{other}`"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium and Node: .ci/run runs it"]
async fn the_live_page_in_a_browser() {
    let mut world = World::new().await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/tests/browser");
    let screenshots = std::env::var("SCREENSHOTS");
    let screenshots = screenshots.unwrap_or_else(|_| {
        concat!(env!("CARGO_MANIFEST_DIR"), "/../target/screenshots/live").into()
    });
    let environment: HashMap<_, _> = std::env::vars().collect();
    let url = format!("http://127.0.0.1:{}", world.port);
    let mut node = Command::new("node")
        .args(["serve.mjs", &url, TOKEN, &screenshots])
        .envs(environment)
        .current_dir(folder)
        .kill_on_drop(true)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node");
    let mut told = node.stdin.take().unwrap();
    let mut words = BufReader::new(node.stdout.take().unwrap()).lines();
    while let Some(line) = words.next_line().await.unwrap() {
        println!("{line}");
        if let Some(what) = line.strip_prefix("do: ") {
            world.does(what).await;
            told.write_all(b"done\n").await.unwrap();
        }
    }
    let status = node.wait().await.unwrap();
    assert!(
        status.success(),
        "the browser saw something else: look above"
    );
}
