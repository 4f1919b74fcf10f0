//! Runs the program with a model and a collector of its own, and reads what the collector receives.

use std::collections::BTreeMap;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

/// A span, as the collector receives it.
#[derive(Debug)]
struct Span {
    name: String,
    kind: u64,
    id: String,
    parent: String,
    trace: String,
    attributes: BTreeMap<String, Value>,
    /// The code and the message.
    status: (u64, String),
    /// The names of its events.
    events: Vec<String>,
}

impl Span {
    fn of(span: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let events = span["events"].as_array().into_iter().flatten();
        Self {
            name: text(&span["name"]),
            kind: span["kind"].as_u64().unwrap(),
            id: text(&span["spanId"]),
            parent: text(&span["parentSpanId"]),
            trace: text(&span["traceId"]),
            attributes: attributes(span),
            status: (
                span["status"]["code"].as_u64().unwrap_or_default(),
                text(&span["status"]["message"]),
            ),
            events: events.map(|event| text(&event["name"])).collect(),
        }
    }

    /// An attribute; null if it is absent.
    fn get(&self, name: &str) -> &Value {
        self.attributes.get(name).unwrap_or(&Value::Null)
    }
}

/// Attributes, with whole numbers as numbers: OTLP writes them as texts.
fn attributes(of: &Value) -> BTreeMap<String, Value> {
    let list = of["attributes"].as_array().unwrap();
    let mut attributes = BTreeMap::new();
    for attribute in list {
        let value = &attribute["value"];
        let value = match value["intValue"].as_str() {
            Some(number) => json!(number.parse::<i64>().unwrap()),
            None => value.as_object().unwrap().values().next().unwrap().clone(),
        };
        let name = attribute["key"].as_str().unwrap().to_owned();
        let before = attributes.insert(name, value);
        assert_eq!(before, None, "{attribute} is there twice");
    }
    attributes
}

/// What has been received.
struct Received {
    output: Output,
    /// The bodies of the requests to the collector.
    bodies: Vec<Value>,
    spans: Vec<Span>,
}

impl Received {
    fn named(&self, name: &str) -> Vec<&Span> {
        let spans = self.spans.iter();
        spans.filter(|span| span.name == name).collect()
    }

    /// The only span with this name.
    fn one(&self, name: &str) -> &Span {
        let spans = self.named(name);
        assert_eq!(spans.len(), 1, "{name} in {:#?}", self.spans);
        spans[0]
    }

    /// The names of the spans around a span, from the outermost down to itself.
    fn path<'a>(&'a self, span: &'a Span) -> Vec<&'a str> {
        let parent = self.spans.iter().find(|known| known.id == span.parent);
        let mut path = parent.map_or_else(Vec::new, |parent| self.path(parent));
        path.push(&span.name);
        path
    }
}

/// Runs the program. The model overloads for its first `failures` requests.
async fn run(failures: usize, content: bool) -> Received {
    let server = MockServer::start().await;
    let asked = AtomicUsize::new(0);
    let model = move |request: &Request| {
        if asked.fetch_add(1, SeqCst) < failures {
            return ResponseTemplate::new(503).set_body_string("overloaded");
        }
        let request: Value = request.body_json().unwrap();
        let prompt = request["messages"][0]["content"].as_str().unwrap();
        let text = match prompt {
            prompt if prompt.starts_with("Which questions") => "questions: [Why?, How?]",
            prompt if prompt.contains("Why?") => "The secret reason.",
            prompt if prompt.contains("How?") => "By the moon.",
            _ => "The tides, in short.",
        };
        ResponseTemplate::new(200).set_body_json(json!({
            "id": "chat-1", "object": "chat.completion", "created": 0, "model": "test-model-2026",
            "choices": [{ "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": text } }],
            "usage": { "prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18 },
        }))
    };
    for (place, reply) in [
        (
            "/v1/chat/completions",
            Mock::given(method("POST"))
                .and(path("/v1/chat/completions"))
                .respond_with(model),
        ),
        (
            "/v1/traces",
            Mock::given(method("POST"))
                .and(path("/v1/traces"))
                .respond_with(ResponseTemplate::new(200).set_body_json(json!({}))),
        ),
    ] {
        reply.named(place).mount(&server).await;
    }
    let uri = server.uri();
    let output = tokio::task::spawn_blocking(move || {
        Command::new(env!("CARGO_BIN_EXE_traced"))
            .args(["the tides", "--conversation", "talk-7"])
            .env("OPENAI_BASE_URL", format!("{uri}/v1"))
            .env("OPENAI_MODEL", "test-model")
            .env_remove("OPENAI_API_KEY")
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", uri)
            .env("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")
            .env(
                "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
                content.to_string(),
            )
            .output()
            .unwrap()
    });
    let output = output.await.unwrap();
    let requests = server.received_requests().await.unwrap();
    let bodies: Vec<Value> = requests
        .iter()
        .filter(|request| request.url.path() == "/v1/traces")
        .map(|request| request.body_json().unwrap())
        .collect();
    let mut spans = Vec::new();
    for resource in bodies
        .iter()
        .flat_map(|body| body["resourceSpans"].as_array().unwrap())
    {
        assert_eq!(attributes(&resource["resource"])["service.name"], "traced");
        for scope in resource["scopeSpans"].as_array().unwrap() {
            spans.extend(scope["spans"].as_array().unwrap().iter().map(Span::of));
        }
    }
    Received {
        output,
        bodies,
        spans,
    }
}

const INTERNAL: u64 = 1;
const CLIENT: u64 = 3;
const ERROR: u64 = 2;

#[tokio::test]
async fn a_collector_receives_the_run() {
    let received = run(0, false).await;
    let output = &received.output;
    assert!(
        output.status.success() && output.stderr.is_empty(),
        "{output:?}"
    );
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "The tides, in short.\n"
    );

    let run = received.one("invoke_workflow Inquire");
    assert_eq!((run.kind, &*run.parent), (INTERNAL, ""));
    for (name, value) in [
        ("gen_ai.operation.name", json!("invoke_workflow")),
        ("gen_ai.agent.name", json!("Inquire")),
        ("gen_ai.conversation.id", json!("talk-7")),
        ("pocketflow.run.id", json!("talk-7")),
        ("pocketflow.exit", json!("default")),
    ] {
        assert_eq!(run.get(name), &value, "{name}");
    }
    assert!(received.spans.iter().all(|span| span.trace == run.trace));

    let step = received.one("step Answer.each(questions)");
    assert_eq!(
        received.path(step),
        ["invoke_workflow Inquire", "step Answer.each(questions)"]
    );
    assert_eq!(step.get("pocketflow.step"), &json!(2));
    assert_eq!(step.get("pocketflow.action"), &json!("default"));

    let answers = received.named("invoke_workflow Answer");
    let mut ids: Vec<_> = answers
        .iter()
        .map(|run| run.get("pocketflow.run.id"))
        .collect();
    ids.sort_by_key(|id| id.to_string());
    assert_eq!(ids, ["talk-7/2/questions[0]", "talk-7/2/questions[1]"]);
    for answer in answers {
        assert_eq!(answer.parent, step.id);
        assert_eq!(answer.get("gen_ai.conversation.id"), &json!("talk-7"));
        assert_eq!(answer.get("pocketflow.field"), &json!("questions"));
        assert!(answer.get("pocketflow.item.index").is_i64());
    }

    let chats = received.named("chat test-model");
    assert_eq!(chats.len(), 4);
    for chat in &chats {
        assert_eq!(chat.kind, CLIENT);
        for (name, value) in [
            ("gen_ai.operation.name", json!("chat")),
            ("gen_ai.provider.name", json!("openai")),
            ("gen_ai.request.model", json!("test-model")),
            ("gen_ai.response.model", json!("test-model-2026")),
            ("gen_ai.response.id", json!("chat-1")),
            ("gen_ai.usage.input_tokens", json!(11)),
            ("gen_ai.usage.output_tokens", json!(7)),
            ("server.address", json!("127.0.0.1")),
        ] {
            assert_eq!(chat.get(name), &value, "{name}");
        }
        assert_eq!(chat.status.0, 0);
    }
    let types = chats
        .iter()
        .filter(|chat| chat.get("gen_ai.output.type") == "json");
    assert_eq!(types.count(), 1, "only the plan is a value of a type");
    let mut paths: Vec<_> = chats
        .iter()
        .map(|chat| received.path(chat).join(" > "))
        .collect();
    paths.sort();
    let asked = "step Answer.each(questions) > invoke_workflow Answer > step reply > attempt reply";
    assert_eq!(
        paths,
        [
            format!("invoke_workflow Inquire > {asked} > chat test-model"),
            format!("invoke_workflow Inquire > {asked} > chat test-model"),
            "invoke_workflow Inquire > step plan > attempt plan > chat test-model".into(),
            "invoke_workflow Inquire > step write > attempt write > chat test-model".into(),
        ]
    );

    // No content.
    let text = json!(received.bodies).to_string();
    for content in ["secret", "the tides", "Which questions", "in short"] {
        assert!(!text.contains(content), "{content}");
    }
}

#[tokio::test]
async fn content_is_sent_if_it_is_asked_for() {
    let received = run(0, true).await;
    let attempt = received.one("attempt plan");
    let mut spans = received.spans.iter();
    let chat = spans.find(|span| span.parent == attempt.id).unwrap();
    let messages = |name| {
        let text = chat.get(name).as_str().unwrap();
        serde_json::from_str::<Value>(text).unwrap()
    };
    let input = messages("gen_ai.input.messages");
    assert_eq!(input[0]["role"], "user");
    assert_eq!(input[0]["parts"][0]["type"], "text");
    let prompt = input[0]["parts"][0]["content"].as_str().unwrap();
    assert!(prompt.starts_with("Which questions should an article about the tides"));
    assert_eq!(
        messages("gen_ai.output.messages"),
        json!([{
            "role": "assistant",
            "parts": [{ "type": "text", "content": "questions: [Why?, How?]" }],
            "finish_reason": "stop",
        }])
    );
}

#[tokio::test]
async fn a_failed_attempt_is_in_the_trace() {
    let received = run(1, false).await;
    assert!(received.output.status.success());
    let mut attempts = received.named("attempt plan");
    attempts.sort_by_key(|attempt| attempt.get("pocketflow.attempt").as_i64());
    let [failed, done] = attempts[..] else {
        panic!("{attempts:#?}");
    };
    assert_eq!(
        failed.status,
        (ERROR, "503 Service Unavailable overloaded".into())
    );
    assert_eq!(failed.get("error.type"), &json!("exec"));
    assert_eq!(failed.events, ["attempt failed"]);
    assert_eq!((done.status.0, done.events.len()), (0, 0));
    let chat = received
        .spans
        .iter()
        .find(|span| span.parent == failed.id)
        .unwrap();
    assert_eq!(chat.get("error.type"), &json!("503"));
    assert_eq!(chat.status.0, ERROR);
    // The step has succeeded, and so has the run.
    for name in ["step plan", "invoke_workflow Inquire"] {
        assert_eq!(received.one(name).status.0, 0, "{name}");
    }
}

/// The last spans of a program that ends with an error are sent as well.
#[tokio::test]
async fn a_failed_run_is_in_the_trace() {
    let received = run(usize::MAX, false).await;
    assert_eq!(received.output.status.code(), Some(1));
    let error = "Inquire > plan: exec failed at attempt 3 of 3: 503 Service Unavailable overloaded";
    let run = received.one("invoke_workflow Inquire");
    assert_eq!(run.status, (ERROR, error.into()));
    assert_eq!(run.get("error.type"), &json!("exec"));
    assert_eq!(run.get("pocketflow.exit"), &Value::Null);
    assert_eq!(run.events, ["run failed"]);
    assert_eq!(received.one("step plan").status, (ERROR, error.into()));
    assert_eq!(received.named("attempt plan").len(), 3);
}

/// The page of the guide shows the file that sends the spans.
#[test]
fn the_guide_shows_how_spans_are_sent() {
    let page = include_str!("../../../guide/src/how-to/trace-a-run.md");
    let code = include_str!("../src/export.rs");
    let (_, code) = code.split_once("\n\n").unwrap();
    assert!(
        page.contains(&format!("```rust,ignore\n{code}```\n")),
        "copy the file to the page"
    );
}
