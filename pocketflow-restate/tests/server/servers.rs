//! A server of Restate, or a cluster of three on this machine.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::poll::{Deadline, HTTP};
use crate::process::Process;

/// The servers of a cluster, or one server, with their data in a temporary folder.
pub(crate) struct Servers {
    nodes: Vec<Node>,
    settings: Vec<(&'static str, String)>,
    pub(crate) folder: TempDir,
}

struct Node {
    name: String,
    /// Of the ingress, of the administration, and for the other nodes.
    ports: [u16; 3],
    process: Option<Process>,
}

/// A port on which nothing listens. It is below the ports that the system gives to clients, so that a server
/// finds it free when it is started again.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = std::process::id() * 97 % 20_000;
    loop {
        let next = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = 10_000 + ((first + next) % 20_000) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

impl Servers {
    /// One server.
    pub(crate) async fn one() -> Servers {
        Self::with(1, &[]).await
    }

    /// Three servers, which tolerate the loss of one.
    pub(crate) async fn cluster() -> Servers {
        Self::with(3, &[]).await
    }

    /// One server or more, with settings as in its environment.
    pub(crate) async fn with(count: usize, settings: &[(&'static str, &str)]) -> Servers {
        let node = |index| Node {
            name: format!("n{}", index + 1),
            ports: [free_port(), free_port(), free_port()],
            process: None,
        };
        let mut servers = Servers {
            nodes: (0..count).map(node).collect(),
            settings: Vec::new(),
            folder: tempfile::Builder::new()
                .prefix("pocketflow-restate.")
                .tempdir()
                .unwrap(),
        };
        let addresses: Vec<_> = servers.nodes.iter().map(Node::address).collect();
        let mut all = vec![
            (
                "RESTATE_CLUSTER_NAME",
                format!("test-{}", servers.nodes[0].ports[2]),
            ),
            ("RESTATE_DISABLE_TELEMETRY", "true".into()),
            ("DO_NOT_TRACK", "1".into()),
            ("RESTATE_LISTEN_MODE", "tcp".into()),
            ("RESTATE_LOG_DISABLE_ANSI_CODES", "true".into()),
            // Several servers share a machine.
            ("RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE", "256MB".into()),
            ("RESTATE_DEFAULT_NUM_PARTITIONS", "8".into()),
            // A worker that was killed has its successor soon.
            (
                "RESTATE_DEFAULT_RETRY_POLICY__INITIAL_INTERVAL",
                "20ms".into(),
            ),
            ("RESTATE_DEFAULT_RETRY_POLICY__MAX_INTERVAL", "200ms".into()),
            ("RESTATE_DEFAULT_RETRY_POLICY__MAX_ATTEMPTS", "10000".into()),
        ];
        if count > 1 {
            let addresses = serde_json::to_string(&addresses).unwrap();
            all.push(("RESTATE_METADATA_CLIENT__ADDRESSES", addresses));
            all.push(("RESTATE_DEFAULT_REPLICATION", "2".into()));
        }
        all.extend(
            settings
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        servers.settings = all;
        for index in 0..count {
            servers.launch(index);
        }
        for index in 0..count {
            servers.ready(index).await;
        }
        servers
    }

    fn launch(&mut self, index: usize) {
        let program = std::env::var_os("POCKETFLOW_RESTATE_SERVER").expect(
            "no path of a server in POCKETFLOW_RESTATE_SERVER: run this with scripts/with-restate",
        );
        let node = &self.nodes[index];
        let [ingress, admin, _] = node.ports.map(|port| format!("127.0.0.1:{port}"));
        let own = [
            ("RESTATE_NODE_NAME", node.name.clone()),
            // One node makes the cluster, and the others join it.
            ("RESTATE_AUTO_PROVISION", (index == 0).to_string()),
            (
                "RESTATE_BIND_ADDRESS",
                format!("127.0.0.1:{}", node.ports[2]),
            ),
            ("RESTATE_ADVERTISED_ADDRESS", node.address()),
            ("RESTATE_INGRESS__BIND_ADDRESS", ingress),
            ("RESTATE_ADMIN__BIND_ADDRESS", admin),
        ];
        let data = self.folder.path().join(&node.name);
        let output = self.folder.path().join(format!("{}.output", node.name));
        let arguments = ["--no-logo", "--base-dir", data.to_str().unwrap()];
        let environment = self.settings.iter().cloned().chain(own);
        let process = Process::start(program, &arguments, environment, &output);
        self.nodes[index].process = Some(process);
    }

    async fn ready(&self, index: usize) {
        let node = &self.nodes[index];
        let deadline = Deadline::seconds(60);
        for url in [
            format!("{}/restate/health", self.ingress(index)),
            format!("{}/health", self.admin(index)),
        ] {
            while !HTTP
                .get(&url)
                .send()
                .await
                .is_ok_and(|answer| answer.status().is_success())
            {
                let printed = || node.process.as_ref().map(Process::printed);
                deadline
                    .pause(|| format!("{url} does not answer: {printed:?}", printed = printed()))
                    .await;
            }
        }
    }

    /// Kills a server with SIGKILL. Its data stays.
    pub(crate) fn kill(&mut self, index: usize) {
        assert!(self.nodes[index].process.take().is_some());
    }

    /// Starts a server that was killed.
    pub(crate) async fn start_again(&mut self, index: usize) {
        self.launch(index);
        self.ready(index).await;
    }

    pub(crate) fn count(&self) -> usize {
        self.nodes.len()
    }

    fn url(&self, index: usize, port: usize) -> String {
        format!("http://127.0.0.1:{}", self.nodes[index].ports[port])
    }

    pub(crate) fn ingress(&self, index: usize) -> String {
        self.url(index, 0)
    }

    pub(crate) fn admin(&self, index: usize) -> String {
        self.url(index, 1)
    }

    /// A server that runs.
    pub(crate) fn alive(&self) -> usize {
        let alive = self.nodes.iter().position(|node| node.process.is_some());
        alive.expect("a server")
    }

    /// Makes a program known to the server, in place of what was at this address.
    pub(crate) async fn register(&self, port: u16) {
        let deadline = Deadline::seconds(60);
        let uri = format!("http://127.0.0.1:{port}");
        loop {
            let url = format!("{}/deployments", self.admin(self.alive()));
            let body = json!({ "uri": uri, "force": true });
            let answer = match HTTP.post(url).json(&body).send().await {
                Ok(answer) if answer.status().is_success() => return,
                Ok(answer) => answer.text().await.unwrap_or_default(),
                Err(error) => error.to_string(),
            };
            deadline
                .pause(|| format!("cannot register {uri}: {answer}"))
                .await;
        }
    }

    /// The rows of a query of the server's tables.
    pub(crate) async fn query(&self, sql: &str) -> Vec<Value> {
        let deadline = Deadline::seconds(60);
        let url = format!("{}/query", self.admin(self.alive()));
        loop {
            let query = HTTP.post(&url).header("accept", "application/json");
            let answer = query.json(&json!({ "query": sql })).send().await;
            let text = match answer {
                Ok(answer) => answer.text().await.unwrap_or_default(),
                Err(error) => error.to_string(),
            };
            let mut answer: Value = serde_json::from_str(&text).unwrap_or_default();
            if let Value::Array(rows) = answer["rows"].take() {
                return rows;
            }
            // A server of the cluster does not answer.
            deadline.pause(|| format!("{sql}: {text}")).await;
        }
    }
}

impl Node {
    fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports[2])
    }
}
