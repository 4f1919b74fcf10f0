//! Tests `approval` as the browser sees it.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::support::{Llm, Reply, program};

/// Longer than any step of these tests takes.
const LONG: Duration = Duration::from_secs(60);

/// The running program, with its page and its file of runs.
struct Site {
    folder: TempDir,
    child: Child,
    out: Lines<BufReader<ChildStdout>>,
    url: String,
    client: Client,
}

impl Site {
    async fn new(llm: &Llm) -> Self {
        Self::on(tempfile::tempdir().unwrap(), llm, "0").await
    }

    async fn on(folder: TempDir, llm: &Llm, port: &str) -> Self {
        let db = folder.path().join("runs.db");
        let mut command = llm
            .run(
                program!("approval"),
                &["--port", port, "--db", db.to_str().unwrap()],
            )
            .command;
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = out.next_line().await.unwrap().expect("the address");
        let client = Client::builder().no_proxy().build().unwrap();
        Self {
            folder,
            child,
            out,
            url,
            client,
        }
    }

    /// Kills the program, and starts it again on the same file and port.
    async fn kill_and_start(mut self, llm: &Llm) -> Self {
        // This sends SIGKILL.
        self.child.kill().await.unwrap();
        let (_, port) = self.url.rsplit_once(':').unwrap();
        Self::on(self.folder, llm, port).await
    }

    async fn post(&self, path: &str, body: Value) -> Response {
        self.client
            .post(format!("{}{path}", self.url))
            .json(&body)
            .send()
            .await
            .unwrap()
    }

    /// Submits a brief, and returns the number of the draft.
    async fn submit(&self, brief: &str) -> u64 {
        let response = self.post("/drafts", json!({ "brief": brief })).await;
        assert_eq!(response.status(), StatusCode::CREATED);
        response.json::<Value>().await.unwrap()["id"]
            .as_u64()
            .unwrap()
    }

    async fn answer(&self, draft: u64, answer: Value) -> StatusCode {
        self.post(&format!("/drafts/{draft}/answer"), answer)
            .await
            .status()
    }

    async fn approve(&self, draft: u64, version: u64) -> StatusCode {
        self.answer(
            draft,
            json!({ "wait": format!("decision#{version}"), "decision": "approved" }),
        )
        .await
    }

    async fn reject(&self, draft: u64, version: u64, remark: &str) -> StatusCode {
        self.answer(
            draft,
            json!({ "wait": format!("decision#{version}"), "decision": "rejected", "remark": remark }),
        )
        .await
    }

    /// Opens the event stream, from the first event or from the one after the last event that was
    /// seen.
    async fn events(&self, last: Option<&str>) -> Events {
        let mut request = self.client.get(format!("{}/events", self.url));
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Events {
            response,
            rest: String::new(),
            last: None,
        }
    }
}

/// A stream of events.
struct Events {
    response: Response,
    rest: String,
    last: Option<String>,
}

impl Events {
    /// The next event, or `None` if the server has closed the stream.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((event, rest)) = self.rest.split_once("\n\n") {
                let field = |name| event.lines().find_map(|line| line.strip_prefix(name));
                let data = field("data: ").map(|data| serde_json::from_str(data).unwrap());
                self.last = field("id: ").map(str::to_owned).or(self.last.take());
                self.rest = rest.to_owned();
                match data {
                    Some(data) => return Some(data),
                    None => continue,
                }
            }
            let chunk = timeout(LONG, self.response.chunk())
                .await
                .expect("an event")
                .unwrap()?;
            self.rest += std::str::from_utf8(&chunk).unwrap();
        }
    }

    /// The events up to the first event of this type about a draft.
    async fn until(&mut self, draft: u64, kind: &str) -> Vec<Value> {
        let mut events = vec![];
        while events
            .last()
            .is_none_or(|event: &Value| event["draft"] != draft || event["type"] != kind)
        {
            events.push(self.next().await.expect("more events"));
        }
        events
    }
}

/// The events of a draft in short form: the type, and then the other values, ordered by their
/// names.
fn brief(events: &[Value], draft: u64) -> Vec<String> {
    let events = events.iter().filter(|event| event["draft"] == draft);
    let words = events.map(|event| {
        let mut event: BTreeMap<String, Value> = serde_json::from_value(event.clone()).unwrap();
        event.remove("draft");
        let kind = event.remove("type").unwrap();
        let words = [kind].into_iter().chain(event.into_values());
        words
            .map(|word| {
                word.as_str()
                    .map_or_else(|| word.to_string(), str::to_owned)
            })
            .collect::<Vec<_>>()
    });
    words.map(|words| words.join(" ")).collect()
}

/// A model that numbers its drafts.
async fn writer() -> Llm {
    Llm::new(|_, before| format!("Text {}.", before + 1)).await
}

#[tokio::test]
async fn what_is_approved_is_published() {
    let llm = writer().await;
    let site = Site::new(&llm).await;
    let mut live = site.events(None).await;

    let draft = site.submit("Rain").await;
    let mut seen = live.until(draft, "asked").await;
    let last = live.last.clone().unwrap();
    assert_eq!(site.approve(draft, 1).await, StatusCode::NO_CONTENT);
    let after = live.until(draft, "finished").await;
    seen.extend(after.clone());
    assert_eq!(
        brief(&seen, draft),
        [
            "submitted Rain",
            "started write",
            "ended default",
            "asked Text 1. 1 decision#1",
            "answered approved",
            "started decide",
            "ended approved",
            "started publish",
            "published Text 1.",
            "ended default",
            "finished default",
        ]
    );

    // A page that is loaded now sees the same events, and one that had lost the connection sees
    // those that it missed.
    assert_eq!(site.events(None).await.until(draft, "finished").await, seen);
    assert_eq!(
        site.events(Some(&last))
            .await
            .until(draft, "finished")
            .await,
        after
    );
    // An event number from another server's log is ignored.
    assert_eq!(
        site.events(Some("0-4"))
            .await
            .until(draft, "finished")
            .await,
        seen
    );
}

#[tokio::test]
async fn what_is_rejected_is_written_again_with_the_remark() {
    let llm = writer().await;
    let site = Site::new(&llm).await;
    let mut events = site.events(None).await;

    let draft = site.submit("Rain").await;
    events.until(draft, "asked").await;
    assert_eq!(
        site.reject(draft, 1, "too dry").await,
        StatusCode::NO_CONTENT
    );
    let asked = events.until(draft, "asked").await;
    assert_eq!(
        brief(&asked, draft),
        [
            "answered rejected too dry",
            "started decide",
            "ended rejected",
            "started write",
            "ended default",
            "asked Text 2. 2 decision#2",
        ]
    );
    assert_eq!(site.approve(draft, 2).await, StatusCode::NO_CONTENT);
    let end = events.until(draft, "finished").await;
    assert!(
        brief(&end, draft).contains(&"published Text 2.".into()),
        "{end:?}"
    );
}

#[tokio::test]
async fn after_four_rejections_it_is_given_up() {
    let llm = writer().await;
    let site = Site::new(&llm).await;
    let mut events = site.events(None).await;

    let draft = site.submit("Rain").await;
    for version in 1..=4 {
        events.until(draft, "asked").await;
        assert_eq!(
            site.reject(draft, version, "no").await,
            StatusCode::NO_CONTENT
        );
    }
    let end = events.until(draft, "finished").await;
    assert_eq!(
        brief(&end, draft),
        [
            "answered rejected no",
            "started decide",
            "ended rejected",
            "finished given_up"
        ]
    );
    assert_eq!(llm.requests().await.len(), 4);
    assert_eq!(site.approve(draft, 4).await, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_model_that_is_down_fails_one_draft() {
    let llm = Llm::new(|_, before| match before {
        ..4 => Reply::overloaded(),
        _ => "All is well.".into(),
    })
    .await;
    let site = Site::new(&llm).await;
    let mut events = site.events(None).await;

    let draft = site.submit("Rain").await;
    let failed = events.until(draft, "failed").await;
    let error = failed.last().unwrap()["error"].as_str().unwrap();
    assert!(
        error.starts_with("Approval > write: exec failed at attempt 3 of 3: "),
        "{error}"
    );
    assert!(error.contains("overloaded"), "{error}");
    let attempts = failed
        .iter()
        .filter(|event| event["type"] == "attempt_failed");
    assert_eq!(
        attempts
            .map(|event| event["attempt"].as_u64().unwrap())
            .collect::<Vec<_>>(),
        [1, 2, 3]
    );
    assert_eq!(site.approve(draft, 0).await, StatusCode::CONFLICT);
    assert_eq!(site.approve(draft, 1).await, StatusCode::CONFLICT);

    let draft = site.submit("Snow").await;
    let asked = events.until(draft, "asked").await;
    assert!(
        brief(&asked, draft)[2].starts_with("attempt_failed 1 "),
        "{asked:?}"
    );
    assert_eq!(asked.last().unwrap()["text"], "All is well.");
}

#[tokio::test]
async fn an_answer_that_nobody_waits_for_is_refused() {
    let llm = writer().await;
    let site = Site::new(&llm).await;
    let mut events = site.events(None).await;

    assert_eq!(site.approve(1, 1).await, StatusCode::NOT_FOUND);
    let draft = site.submit("Rain").await;
    events.until(draft, "asked").await;
    assert_eq!(site.approve(draft + 1, 1).await, StatusCode::NOT_FOUND);

    // If a person rejects a version and clicks again after the next version has arrived, the second
    // click does not reject that version.
    assert_eq!(site.reject(draft, 1, "no").await, StatusCode::NO_CONTENT);
    events.until(draft, "asked").await;
    assert_eq!(site.reject(draft, 1, "no").await, StatusCode::CONFLICT);
    assert_eq!(site.approve(draft, 3).await, StatusCode::CONFLICT);

    // Of two answers at the same time, one is accepted.
    let (one, other) = tokio::join!(site.approve(draft, 2), site.approve(draft, 2));
    let mut both = [one, other];
    both.sort();
    assert_eq!(both, [StatusCode::NO_CONTENT, StatusCode::CONFLICT]);
    let end = events.until(draft, "finished").await;
    assert_eq!(
        end.iter()
            .filter(|event| event["type"] == "answered")
            .count(),
        1
    );

    let refusal = site
        .post(
            "/drafts/7/answer",
            json!({ "wait": "decision#1", "decision": "approved" }),
        )
        .await
        .text()
        .await;
    assert_eq!(refusal.unwrap(), "there is no draft 7");
    let refusal = site
        .post(
            "/drafts/1/answer",
            json!({ "wait": "decision#2", "decision": "approved" }),
        )
        .await;
    assert_eq!(
        refusal.text().await.unwrap(),
        "draft 1 does not wait for `decision#2`"
    );
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let llm = writer().await;
    let site = Site::new(&llm).await;
    assert_eq!(
        site.post("/drafts", json!({ "brief": " \n" }))
            .await
            .status(),
        422
    );
    assert_eq!(site.post("/drafts", json!({})).await.status(), 422);
    assert_eq!(
        site.answer(1, json!({ "wait": "decision#1", "decision": "maybe" }))
            .await,
        422
    );
    assert_eq!(
        site.answer(1, json!({ "wait": "decision#1", "decision": "rejected" }))
            .await,
        422
    );
    // A page of another site can send a form without permission, but not JSON.
    let form = site
        .client
        .post(format!("{}/drafts", site.url))
        .body(r#"{ "brief": "Rain" }"#)
        .send()
        .await;
    assert_eq!(form.unwrap().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(llm.requests().await.is_empty());

    let page = site.client.get(&site.url).send().await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'self';"), "{policy}");
}

#[tokio::test]
async fn drafts_do_not_mix() {
    let llm = Llm::new(|request, _| match request.messages.len() {
        2 => format!("About {}.", request.prompt()),
        _ => format!("Again about {}.", request.messages[1].content),
    })
    .await;
    let site = Site::new(&llm).await;
    let mut events = site.events(None).await;

    let (rain, snow) = tokio::join!(site.submit("rain"), site.submit("snow"));
    let mut other = site.events(None).await;
    events.until(rain, "asked").await;
    other.until(snow, "asked").await;
    let (rejected, approved) = tokio::join!(site.reject(rain, 1, "no"), site.approve(snow, 1));
    assert_eq!([rejected, approved], [StatusCode::NO_CONTENT; 2]);
    other.until(snow, "finished").await;
    events.until(rain, "asked").await;
    assert_eq!(site.approve(rain, 2).await, StatusCode::NO_CONTENT);

    let seen = site.events(None).await.until(rain, "finished").await;
    let published = |draft| {
        brief(&seen, draft)
            .into_iter()
            .filter(|event| event.starts_with("published"))
    };
    assert_eq!(
        published(rain).collect::<Vec<_>>(),
        ["published Again about rain."]
    );
    assert_eq!(
        published(snow).collect::<Vec<_>>(),
        ["published About snow."]
    );
}

#[tokio::test]
async fn ctrl_c_ends_it_with_open_streams_and_drafts() {
    let llm = writer().await;
    let mut site = Site::new(&llm).await;
    let mut streams = [site.events(None).await, site.events(None).await];
    // Browsers keep connections open before they send a request on them.
    let idle = TcpStream::connect(site.url.strip_prefix("http://").unwrap())
        .await
        .unwrap();
    let draft = site.submit("Rain").await;
    for events in &mut streams {
        events.until(draft, "asked").await;
    }

    let id = site.child.id().unwrap().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .await
            .unwrap()
            .success()
    );
    for events in &mut streams {
        assert_eq!(events.next().await, None);
    }
    let status = timeout(LONG, site.child.wait())
        .await
        .expect("an end")
        .unwrap();
    assert_eq!(status.code(), Some(0));
    assert_eq!(
        site.out.next_line().await.unwrap().as_deref(),
        Some("stopped")
    );
    drop(idle);
}

#[tokio::test]
async fn a_draft_that_waits_outlasts_a_kill_and_is_not_written_again() {
    let llm = writer().await;
    let site = Site::new(&llm).await;
    let mut events = site.events(None).await;
    let draft = site.submit("Rain").await;
    events.until(draft, "asked").await;

    // The log is a new one, whatever a page has seen of the old one.
    let site = site.kill_and_start(&llm).await;
    let mut events = site.events(events.last.as_deref()).await;
    let asked = events.until(draft, "asked").await;
    assert_eq!(
        brief(&asked, draft),
        ["submitted Rain", "asked Text 1. 1 decision#1"]
    );
    assert_eq!(site.approve(draft, 2).await, StatusCode::CONFLICT);
    assert_eq!(site.approve(draft, 1).await, StatusCode::NO_CONTENT);
    assert_eq!(site.approve(draft, 1).await, StatusCode::CONFLICT);
    let end = events.until(draft, "finished").await;
    assert_eq!(
        end.iter()
            .filter(|event| event["type"] == "published")
            .count(),
        1
    );
    assert_eq!(llm.requests().await.len(), 1);
}

#[tokio::test]
async fn an_answer_that_was_taken_outlasts_a_kill() {
    let llm = writer().await;
    let site = Site::new(&llm).await;
    let draft = site.submit("Rain").await;
    site.events(None).await.until(draft, "asked").await;
    assert_eq!(site.approve(draft, 1).await, StatusCode::NO_CONTENT);

    // The outcome is the same at every point of the run.
    let site = site.kill_and_start(&llm).await;
    let seen = site.events(None).await.until(draft, "finished").await;
    assert_eq!(
        seen.iter()
            .filter(|event| event["type"] == "published")
            .count(),
        1
    );
    assert_eq!(seen.last().unwrap()["exit"], "default");
    assert_eq!(llm.requests().await.len(), 1);
}

#[tokio::test]
async fn what_is_over_is_shown_again_after_a_kill_and_nothing_runs_again() {
    let llm = Llm::new(|request, _| match request.messages[1].content.as_str() {
        "Hail" => Reply::overloaded(),
        _ => "A text.".into(),
    })
    .await;
    let site = Site::new(&llm).await;
    let mut events = site.events(None).await;

    let failed = site.submit("Hail").await;
    events.until(failed, "failed").await;
    let published = site.submit("Rain").await;
    events.until(published, "asked").await;
    assert_eq!(site.approve(published, 1).await, StatusCode::NO_CONTENT);
    events.until(published, "finished").await;
    let given_up = site.submit("Snow").await;
    for version in 1..=4 {
        events.until(given_up, "asked").await;
        assert_eq!(
            site.reject(given_up, version, "no").await,
            StatusCode::NO_CONTENT
        );
    }
    events.until(given_up, "finished").await;
    let requests = llm.requests().await.len();

    let site = site.kill_and_start(&llm).await;
    let seen = site.events(None).await.until(given_up, "finished").await;
    assert_eq!(
        brief(&seen, published),
        [
            "submitted Rain",
            "written A text. 1",
            "published A text.",
            "finished default"
        ]
    );
    assert_eq!(
        brief(&seen, given_up),
        ["submitted Snow", "written A text. 4", "finished given_up"]
    );
    let [submitted, end] = &brief(&seen, failed)[..] else {
        panic!("{seen:?}")
    };
    assert_eq!(submitted, "submitted Hail");
    assert!(
        end.starts_with("failed Approval > write: exec failed at attempt 3 of 3: "),
        "{end}"
    );
    for (draft, version) in [(failed, 1), (published, 1), (given_up, 4)] {
        assert_eq!(site.approve(draft, version).await, StatusCode::CONFLICT);
    }
    assert_eq!(llm.requests().await.len(), requests);
    assert_eq!(site.submit("Fog").await, given_up + 1, "the ids go on");
}

#[tokio::test]
async fn a_text_that_was_at_work_at_the_kill_is_written_when_the_lease_has_run_out() {
    let llm = Llm::new(|_, before| match before {
        0 => Reply::Silence,
        _ => "A text.".into(),
    })
    .await;
    let site = Site::new(&llm).await;
    let draft = site.submit("Rain").await;
    site.events(None).await.until(draft, "started").await;
    timeout(LONG, async {
        while llm.requests().await.is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("a request");

    let site = site.kill_and_start(&llm).await;
    let mut events = site.events(None).await;
    let asked = events.until(draft, "asked").await;
    assert_eq!(
        brief(&asked, draft),
        [
            "submitted Rain",
            "started write",
            "ended default",
            "asked A text. 1 decision#1"
        ]
    );
    assert_eq!(site.approve(draft, 1).await, StatusCode::NO_CONTENT);
    events.until(draft, "finished").await;
    assert_eq!(llm.requests().await.len(), 2);
}

/// Tests the page in a real browser. `browser/approval.mjs` plays the person and says when to kill
/// the server. The screenshots go to `SCREENSHOTS`, or to `target/screenshots`.
#[tokio::test]
#[ignore = "needs Chromium and Node: .ci/run runs it"]
async fn the_page_in_a_browser() {
    let llm = Llm::new(|request, _| {
        let brief = &request.messages[1].content;
        match request.messages.len() {
            _ if brief.contains("fails") => Reply::overloaded(),
            2 => "Rain today.\n<img src=x onerror=\"document.title='owned'\">\nTake an umbrella."
                .into(),
            _ => {
                "Rain from noon on. Our umbrellas stand behind the door, in every colour but grey."
                    .into()
            }
        }
    })
    .await;
    let mut site = Site::new(&llm).await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser");
    let screenshots = std::env::var("SCREENSHOTS");
    let screenshots = screenshots
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../target/screenshots").into());
    let mut node = Command::new("node");
    node.args(["approval.mjs", &site.url, &screenshots])
        .current_dir(folder)
        .kill_on_drop(true);
    let mut node = node
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node");
    let mut told = node.stdin.take().unwrap();
    let mut words = BufReader::new(node.stdout.take().unwrap()).lines();
    while let Some(line) = words.next_line().await.unwrap() {
        println!("{line}");
        if line == "kill the server" {
            site = site.kill_and_start(&llm).await;
            told.write_all(b"it is there again\n").await.unwrap();
        }
    }
    let status = node.wait().await.unwrap();
    assert!(
        status.success(),
        "the browser saw something else: look above"
    );

    let requests = llm.requests().await;
    let again = requests
        .iter()
        .find(|request| request.asks("say when"))
        .expect("the remark");
    assert_eq!(again.messages.len(), 4);
    assert_eq!(
        requests
            .iter()
            .filter(|request| request.messages[1].content.contains("Rain"))
            .count(),
        2
    );
    drop(site);
}
