//! Servers, two workers, and requests.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use serde_json::{Value, json};
use tokio::net::TcpSocket;

use crate::journal;
use crate::poll::{Deadline, HTTP};
use crate::process::Process;
use crate::servers::{Servers, free_port};

/// How many workers there are.
pub(crate) const WORKERS: usize = 2;

/// Servers and two workers, which share one port. The system gives each new connection to one of them.
pub(crate) struct Place {
    pub(crate) servers: Servers,
    workers: Vec<Process>,
    port: u16,
    /// Keeps the port while no worker runs.
    _reserved: TcpSocket,
    environment: Vec<(&'static str, String)>,
}

/// What the server answers to a request that it refuses: the HTTP status, and the message.
#[derive(Debug, PartialEq)]
pub(crate) struct Refused {
    pub(crate) code: u16,
    pub(crate) message: String,
}

pub(crate) type Answer = Result<Value, Refused>;

/// A socket on this port, which other processes may use as well.
pub(crate) fn shared_port(port: u16) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    // Connections inherit it. Otherwise each entry of a journal takes 40 ms more.
    socket.set_nodelay(true).unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.set_reuseport(true).unwrap();
    socket.bind(([127, 0, 0, 1], port).into()).unwrap();
    socket
}

impl Place {
    /// One server and two workers.
    pub(crate) async fn one() -> Place {
        Place::with(Servers::one().await, &[]).await
    }

    /// Two workers of these servers, with these variables in their environment.
    pub(crate) async fn with(servers: Servers, environment: &[(&'static str, &str)]) -> Place {
        let port = free_port();
        let environment = environment
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        let mut place = Place {
            servers,
            workers: Vec::new(),
            port,
            _reserved: shared_port(port),
            environment: environment.collect(),
        };
        place.start_workers().await;
        place
    }

    fn worker(&self, index: usize) -> Process {
        let folder = self.servers.folder.path();
        let own = [
            ("WORKER_PORT", self.port.to_string()),
            ("WORKER_FOLDER", folder.to_str().unwrap().to_owned()),
            ("WORKER_INGRESS", self.servers.ingress(self.servers.alive())),
        ];
        let environment = own.into_iter().chain(self.environment.iter().cloned());
        let output = folder.join(format!("worker-{index}.output"));
        // A worker is this test binary.
        let program = std::env::current_exe().unwrap();
        let arguments = ["--exact", "program", "--ignored", "--nocapture"];
        Process::start(program, &arguments, environment, &output)
    }

    async fn start_workers(&mut self) {
        self.workers = (0..WORKERS).map(|index| self.worker(index)).collect();
        self.servers.register(self.port).await;
    }

    /// Kills a worker with SIGKILL, and starts another.
    pub(crate) fn kill_worker(&mut self, index: usize) {
        self.note("kill");
        // The old one ends here.
        drop(self.workers.remove(index));
        self.note("killed");
        let worker = self.worker(index);
        self.workers.insert(index, worker);
    }

    /// Kills a server with SIGKILL.
    pub(crate) fn kill_server(&mut self, index: usize) {
        self.note("kill");
        self.servers.kill(index);
        self.note("killed");
    }

    /// Writes to the log what the server has recorded. None of it may run again.
    pub(crate) async fn note_recorded(&self) -> usize {
        let recorded = journal::recorded(&self.servers).await;
        let lines: Vec<_> = recorded
            .iter()
            .map(|key| format!("recorded {key}"))
            .collect();
        if !lines.is_empty() {
            self.note(&lines.join("\n"));
        }
        lines.len()
    }

    /// Writes to the log that something is killed now, or has been killed.
    fn note(&self, what: &str) {
        let log = fs::File::options()
            .append(true)
            .create(true)
            .open(self.log());
        log.unwrap()
            .write_all(format!("{what}\n").as_bytes())
            .unwrap();
    }

    /// Kills the workers, and starts another version of the program at the same address.
    pub(crate) async fn replace_workers(&mut self, version: &str) {
        self.note("kill");
        self.workers.clear();
        self.note("killed");
        self.environment
            .retain(|(name, _)| *name != "WORKER_VERSION");
        self.environment
            .push(("WORKER_VERSION", version.to_owned()));
        self.start_workers().await;
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.servers.folder.path().join("log")
    }

    /// The lines of a run in the log, without their times and processes: `begin pay order-17/3 1`.
    pub(crate) fn lines(&self, run: &str) -> Vec<String> {
        let text = fs::read_to_string(self.log()).unwrap_or_default();
        let of_run = |key: &str| {
            key.strip_prefix(run)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        let line = |line: &str| {
            let parts: Vec<_> = line.split(' ').collect();
            (parts.len() == 6 && of_run(parts[2])).then(|| parts[..4].join(" "))
        };
        text.lines().filter_map(line).collect()
    }

    /// The processes in which a node of a run began.
    pub(crate) fn processes(&self, run: &str, what: &str) -> BTreeSet<String> {
        let text = fs::read_to_string(self.log()).unwrap_or_default();
        let process = |line: &str| match line.split(' ').collect::<Vec<_>>()[..] {
            ["begin", begun, key, _, process, _] if begun == what && key.starts_with(run) => {
                Some(process.to_owned())
            }
            _ => None,
        };
        text.lines().filter_map(process).collect()
    }

    /// How often the attempts of these nodes began in a run.
    pub(crate) fn begun(&self, run: &str, what: &str) -> usize {
        let begin = format!("begin {what} ");
        self.lines(run)
            .iter()
            .filter(|line| line.starts_with(&begin))
            .count()
    }

    /// Waits until a node has begun.
    pub(crate) async fn until_begun(&self, run: &str, what: &str) {
        let deadline = Deadline::seconds(60);
        while self.begun(run, what) == 0 {
            deadline
                .pause(|| format!("`{what}` has not begun\n{}", self.printed()))
                .await;
        }
    }

    /// Makes a file that nodes of a run look for.
    pub(crate) fn make(&self, name: &str, run: &str) {
        fs::write(self.servers.folder.path().join(format!("{name}-{run}")), "").unwrap();
    }

    /// What the workers have printed last.
    pub(crate) fn printed(&self) -> String {
        let printed: Vec<_> = self.workers.iter().map(Process::printed).collect();
        printed.join("\n--\n")
    }

    /// Calls a handler of a run. While a server cannot be reached, it tries again.
    pub(crate) async fn call(
        &self,
        flow: &str,
        run: &str,
        handler: &str,
        body: Option<&Value>,
    ) -> Answer {
        let deadline = Deadline::seconds(60);
        loop {
            let ingress = self.servers.ingress(self.servers.alive());
            let mut request = HTTP.post(format!("{ingress}/{flow}/{run}/{handler}"));
            if let Some(body) = body {
                request = request.json(body);
            }
            let failed = match request.send().await {
                Ok(answer) => {
                    let code = answer.status();
                    let text = answer.text().await.unwrap_or_default();
                    if code.is_success() {
                        return Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)));
                    }
                    // A server of a cluster that has just lost another one, or that has just started.
                    let starts = text.contains("make sure to register the service");
                    if code != 503 && !starts {
                        return Err(refused(code.as_u16(), text));
                    }
                    text
                }
                Err(error) => error.to_string(),
            };
            deadline
                .pause(|| format!("{flow}/{run}/{handler}: {failed}"))
                .await;
        }
    }

    pub(crate) async fn start(&self, flow: &str, run: &str, store: &Value) -> Answer {
        self.call(flow, run, "run", Some(store)).await
    }

    /// The status of a run, which must be known.
    pub(crate) async fn status(&self, flow: &str, run: &str) -> Value {
        let status = self.call(flow, run, "status", None).await;
        status.unwrap_or_else(|refused| panic!("{flow}/{run}: {refused:?}\n{}", self.printed()))
    }

    pub(crate) async fn result(&self, flow: &str, run: &str) -> Answer {
        self.call(flow, run, "result", None).await
    }

    pub(crate) async fn fill(&self, flow: &str, run: &str, field: &str, value: Value) -> Answer {
        let fill = json!({ "field": field, "value": value });
        self.call(flow, run, "fill", Some(&fill)).await
    }

    /// Waits until a run has this status, and returns the whole status.
    pub(crate) async fn until(&self, flow: &str, run: &str, wanted: &str) -> Value {
        let deadline = Deadline::seconds(60);
        loop {
            let status = self.status(flow, run).await;
            if status["status"] == wanted {
                return status;
            }
            let over =
                ["failed", "cancelled", "finished"].contains(&status["status"].as_str().unwrap());
            assert!(
                !over,
                "{flow}/{run} will not be {wanted}: {status:#}\n{}",
                self.printed()
            );
            deadline
                .pause(|| {
                    format!(
                        "{flow}/{run} is not {wanted}: {status:#}\n{}",
                        self.printed()
                    )
                })
                .await;
        }
    }

    /// The store of a run that must finish.
    pub(crate) async fn finished(&self, flow: &str, run: &str) -> Value {
        self.until(flow, run, "finished").await;
        let mut result = self.result(flow, run).await.unwrap();
        result["store"].take()
    }
}

/// The server wraps the message of a handler in JSON.
fn refused(code: u16, text: String) -> Refused {
    let json: Value = serde_json::from_str(&text).unwrap_or_default();
    let message = json["message"].as_str().map(str::to_owned);
    Refused {
        code,
        message: message.unwrap_or(text),
    }
}
