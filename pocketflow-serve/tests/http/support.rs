//! A server with a folder and a database, and a client that speaks HTTP with it.

use std::collections::VecDeque;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use pocketflow::{Shared, flow, node};
use pocketflow_checkpoint::Checkpoints;
use pocketflow_serve::Server;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::timeout;

pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef";
/// Nothing takes so long that works.
const LONG: Duration = Duration::from_secs(60);

#[derive(Debug, Shared, Default, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) total_cents: u64,
    #[shared(redact)]
    pub(crate) card: String,
    pub(crate) approval: Option<String>,
    pub(crate) receipt: Option<String>,
}

#[node(Order)]
pub(crate) fn check(total_cents: &u64) {
    let _ = total_cents;
}

#[node(Order, writes = receipt)]
pub(crate) fn pay(total_cents: &u64, approval: &str) -> Result<String, &'static str> {
    match total_cents {
        0 => Err("the bank is closed"),
        _ => Ok(format!("{total_cents} cents, approved by {approval}")),
    }
}

flow! { pub(crate) Shop: Order { check >> await(approval) >> pay; } }

pub(crate) struct Site {
    pub(crate) folder: TempDir,
    pub(crate) runs: Checkpoints,
    pub(crate) url: String,
    pub(crate) port: u16,
    pub(crate) client: Client,
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::with(|server| server).await
    }

    pub(crate) async fn with(change: impl FnOnce(Server) -> Server) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runs = Checkpoints::open(folder.path().join("runs.db"))
            .await
            .unwrap();
        let runs = runs.schema("approval", json!({ "type": "string", "minLength": 2 }));
        let server = Server::new().records(folder.path()).database(runs.clone());
        let server = change(server.token(TOKEN).poll(Duration::from_millis(2)));
        let server = server.bind(0).await.unwrap();
        let port = server.local_addr().port();
        tokio::spawn(server.run_until(std::future::pending()));
        Self {
            folder,
            runs,
            url: format!("http://127.0.0.1:{port}"),
            port,
            client: Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// Stores an order, and drives it as far as it goes.
    pub(crate) async fn order(&self, id: &str, total_cents: u64) {
        let mut order = Order {
            total_cents,
            card: "4111-1111".into(),
            ..Order::default()
        };
        let run = self.runs.run(id).park();
        Shop.with(run).run(&mut order).await.unwrap_err();
    }

    /// Goes on with an order, as its program does.
    pub(crate) async fn go_on(&self, id: &str) -> Result<Order, pocketflow::Error> {
        let mut order = Order::default();
        Shop.with(self.runs.run(id).park())
            .run(&mut order)
            .await
            .map(|_| order)
    }

    /// A file of records.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, lines: &[String]) {
        fs::write(self.file(name), format!("{}\n", lines.join("\n"))).unwrap();
    }

    pub(crate) fn add(&self, name: &str, line: &str) {
        let mut file = OpenOptions::new()
            .append(true)
            .open(self.file(name))
            .unwrap();
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client
            .get(format!("{}{path}", self.url))
            .bearer_auth(TOKEN)
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        let response = self.get(path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.json().await.unwrap()
    }

    pub(crate) async fn act(&self, action: Value) -> (StatusCode, String) {
        let request = self.client.post(format!("{}/api/actions", self.url));
        let response = request
            .bearer_auth(TOKEN)
            .json(&action)
            .send()
            .await
            .unwrap();
        let status = response.status();
        let answer: Value = response.json().await.unwrap();
        let text = answer["done"].as_str().or(answer["error"].as_str());
        (status, text.unwrap_or_default().to_owned())
    }

    pub(crate) async fn events(&self, path: &str, last: Option<&str>) -> Events {
        let mut request = self.get(path);
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Events {
            response,
            text: String::new(),
            read: VecDeque::new(),
        }
    }
}

/// A server-sent event.
#[derive(Debug, Clone, Default)]
pub(crate) struct Event {
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) data: String,
}

pub(crate) struct Events {
    response: Response,
    text: String,
    read: VecDeque<Event>,
}

impl Events {
    pub(crate) async fn next(&mut self) -> Event {
        timeout(LONG, async {
            loop {
                if let Some(event) = self.read.pop_front() {
                    return event;
                }
                let bytes = self
                    .response
                    .chunk()
                    .await
                    .unwrap()
                    .expect("the stream goes on");
                self.text += std::str::from_utf8(&bytes).unwrap();
                while let Some((event, rest)) = self.text.split_once("\n\n") {
                    let event = parse(event);
                    self.text = rest.to_owned();
                    self.read.extend(event);
                }
            }
        })
        .await
        .expect("an event")
    }

    pub(crate) async fn of(&mut self, kind: &str) -> Event {
        loop {
            let event = self.next().await;
            if event.kind == kind {
                return event;
            }
        }
    }

    /// Facts that fit.
    pub(crate) async fn facts(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let told: Value = serde_json::from_str(&self.of("facts").await.data).unwrap();
            if fits(&told["facts"]) {
                return told;
            }
        }
    }
}

fn parse(text: &str) -> Option<Event> {
    let mut event = Event::default();
    let mut data = Vec::new();
    for line in text.lines() {
        match line.split_once(": ").or_else(|| line.split_once(':')) {
            Some(("event", kind)) => event.kind = kind.to_owned(),
            Some(("id", id)) => event.id = id.to_owned(),
            Some(("data", line)) => data.push(line),
            _ => {}
        }
    }
    event.data = data.join("\n");
    (!data.is_empty()).then_some(event)
}

/// The beginning of a record.
pub(crate) fn beginning(flow: &str, id: Option<&str>, at: u64) -> Vec<String> {
    let mut run = json!({ "event": "run", "at": at, "run": 0, "graph": 0, "shared": { "total": 1 }, "redacted": [] });
    if let Some(id) = id {
        run["id"] = id.into();
    }
    vec![
        json!({ "pocketflow_record": 1, "library": "0.1.0" }).to_string(),
        json!({ "event": "graph", "at": at, "graph": 0, "name": flow, "fingerprint": "07", "store": "Order", "exits": ["default"],
            "places": [{ "name": "pay", "kind": "node" }], "edges": [] }).to_string(),
        run.to_string(),
    ]
}

pub(crate) fn step(number: u64, at: u64) -> String {
    json!({ "event": "step", "at": at, "run": 0, "step": number, "graph": 0, "place": 0, "path": ["pay"] }).to_string()
}

pub(crate) fn dropped(at: u64, panicked: bool) -> String {
    json!({ "event": "dropped", "at": at, "run": 0, "panicked": panicked }).to_string()
}

pub(crate) fn end(at: u64) -> String {
    json!({ "event": "end", "at": at, "run": 0, "exit": "default" }).to_string()
}
