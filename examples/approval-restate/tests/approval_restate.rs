//! Runs the worker and the page, like a user, with a model that replies as the test wants.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{Instant, sleep};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const LONG: Duration = Duration::from_secs(60);

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_approval-restate"));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// A running program, which prints its address first.
struct Process {
    child: Child,
    out: Lines<BufReader<ChildStdout>>,
    url: String,
}

impl Process {
    async fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = out.next_line().await.unwrap().expect("the address");
        Self { child, out, url }
    }

    /// This sends SIGKILL. Returns the port, which is then free.
    async fn kill(mut self) -> String {
        self.child.kill().await.unwrap();
        self.url.rsplit(':').next().unwrap().to_owned()
    }
}

/// A Restate server, and what this test starts.
struct World {
    llm: MockServer,
    ingress: String,
    admin: String,
    worker: Option<Process>,
    /// The port of the worker that was killed.
    port: String,
    page: Process,
}

impl World {
    async fn new() -> Self {
        let [ingress, admin] = ["INGRESS", "ADMIN"].map(|name| {
            std::env::var(format!("POCKETFLOW_RESTATE_{name}"))
                .expect("a server: run this with `scripts/with-restate --running`")
        });
        let llm = model().await;
        let worker = start_worker(&llm, "0").await;
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let deployments = client.post(format!("{admin}/deployments"));
        let deployed = deployments.json(&json!({ "uri": worker.url })).send().await;
        deployed.unwrap().error_for_status().unwrap();
        Self {
            page: start_page("0", &ingress, &admin).await,
            llm,
            ingress,
            admin,
            worker: Some(worker),
            port: String::new(),
        }
    }

    /// Does what the browser asks for.
    async fn act(&mut self, what: &str) {
        match what {
            "kill the worker" => self.kill_worker().await,
            "kill the worker while it writes" => {
                let deadline = Instant::now() + LONG;
                while self.requests("Fog").await == 0 {
                    assert!(Instant::now() < deadline, "nothing is written");
                    sleep(Duration::from_millis(10)).await;
                }
                self.kill_worker().await;
            }
            "start the worker" => {
                self.worker = Some(start_worker(&self.llm, &self.port).await);
            }
            "look what is published" => {
                let worker = self.worker.as_mut().expect("a worker");
                let line = worker.out.next_line().await.unwrap();
                assert_eq!(line.as_deref(), Some("published: Rain from noon on."));
            }
            "kill the page and start it again" => {
                let port = self.page.url.rsplit(':').next().unwrap().to_owned();
                self.page.child.kill().await.unwrap();
                self.page = start_page(&port, &self.ingress, &self.admin).await;
            }
            other => panic!("the browser asks for `{other}`"),
        }
    }

    async fn kill_worker(&mut self) {
        self.port = self.worker.take().expect("a worker").kill().await;
    }

    /// How often the model has been asked for the text of a brief.
    async fn requests(&self, brief: &str) -> usize {
        let requests = self.llm.received_requests().await.unwrap();
        let briefs = requests.iter().map(|request| messages(request)[1].clone());
        briefs.filter(|asked| asked == brief).count()
    }
}

async fn start_worker(llm: &MockServer, port: &str) -> Process {
    let address = format!("127.0.0.1:{port}");
    let mut command = program(&["worker", "--listen", &address]);
    command.env("OPENAI_BASE_URL", format!("{}/v1", llm.uri()));
    command
        .env("OPENAI_MODEL", "test-model")
        .env_remove("OPENAI_API_KEY")
        .env_remove("OPENAI_TIMEOUT");
    Process::start(&mut command).await
}

async fn start_page(port: &str, ingress: &str, admin: &str) -> Process {
    let arguments = [
        "page",
        "--port",
        port,
        "--restate",
        ingress,
        "--admin",
        admin,
    ];
    Process::start(&mut program(&arguments)).await
}

/// The texts of the messages of a request.
fn messages(request: &Request) -> Vec<String> {
    let body: Value = request.body_json().unwrap();
    let messages = body["messages"].as_array().unwrap().iter();
    messages
        .map(|message| message["content"].as_str().unwrap().to_owned())
        .collect()
}

async fn model() -> MockServer {
    let server = MockServer::start().await;
    let fog = std::sync::atomic::AtomicUsize::new(0);
    let reply = move |request: &Request| {
        let messages = messages(request);
        let text = match (&*messages[1], messages.len()) {
            ("This one fails", _) => {
                return ResponseTemplate::new(503).set_body_string("overloaded");
            }
            ("Fog", _) if fog.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0 => {
                return ResponseTemplate::new(200).set_delay(Duration::from_secs(3_600));
            }
            (_, 2) => "Rain today.",
            _ => "Rain from noon on.",
        };
        ResponseTemplate::new(200).set_body_json(json!({
            "id": "1", "object": "chat.completion", "created": 0, "model": "m",
            "choices": [{ "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": text } }],
            "usage": { "prompt_tokens": 12, "completion_tokens": 4, "total_tokens": 16 },
        }))
    };
    let mock = Mock::given(method("POST")).and(path("/v1/chat/completions"));
    mock.respond_with(reply).mount(&server).await;
    server
}

/// Tests the page in a real browser. `../tests/browser/approval-restate.mjs` plays the person, and
/// says what to kill. The screenshots go to `SCREENSHOTS`, or to `target/screenshots/restate`.
#[tokio::test]
#[ignore = "needs a Restate server, Chromium and Node: scripts/ci/browser runs it"]
async fn the_page_in_a_browser_with_runs_on_restate() {
    let mut world = World::new().await;
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let screenshots = std::env::var("SCREENSHOTS");
    let screenshots = screenshots.unwrap_or_else(|_| format!("{root}/target/screenshots/restate"));
    let mut node = Command::new("node")
        .args(["approval-restate.mjs", &world.page.url, &screenshots])
        .current_dir(format!("{root}/examples/tests/browser"))
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
            world.act(what).await;
            told.write_all(b"done\n").await.unwrap();
        }
    }
    let status = node.wait().await.unwrap();
    assert!(
        status.success(),
        "the browser saw something else: look above"
    );
    assert_eq!(world.requests("Rain").await, 2);
    assert_eq!(world.requests("This one fails").await, 3);
    assert_eq!(
        world.requests("Fog").await,
        2,
        "what the killed worker wrote is written again"
    );
}

#[tokio::test]
async fn a_page_without_a_server_says_what_is_missing() {
    let nowhere = "http://127.0.0.1:1";
    let arguments = [
        "page",
        "--port",
        "0",
        "--restate",
        nowhere,
        "--admin",
        nowhere,
    ];
    let output = program(&arguments).output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said.starts_with("Error: cannot reach the Restate server at http://127.0.0.1:1"),
        "{said}"
    );
}

#[tokio::test]
async fn the_graph_needs_no_part_and_everything_else_does() {
    let output = program(&["--graph"]).output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stdout.starts_with(b"flowchart TD\n"), "{output:?}");

    let output = program(&[]).output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("worker") && said.contains("page"), "{said}");
}
