//! A model that replies as the test wants, over HTTP with the OpenAI protocol, and the programs as
//! a user runs them.

use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use pocketflow_examples::llm::{Message, Role};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// The model.
pub(crate) struct Llm(MockServer);

/// A request of a program.
#[derive(Debug, Deserialize)]
pub(crate) struct Request {
    pub(crate) model: String,
    pub(crate) messages: Vec<Message>,
    #[serde(default)]
    pub(crate) stream: bool,
    #[serde(default)]
    pub(crate) response_format: Value,
}

impl Request {
    /// The text of the last message.
    pub(crate) fn prompt(&self) -> &str {
        &self.messages.last().expect("a message").content
    }

    /// Whether the last message contains these words.
    pub(crate) fn asks(&self, words: &str) -> bool {
        self.prompt().contains(words)
    }

    /// The name of the type that the reply should have.
    pub(crate) fn wants(&self) -> Option<&str> {
        self.response_format.pointer("/json_schema/name")?.as_str()
    }

    /// The roles and texts of the messages, in order.
    pub(crate) fn turns(&self) -> Vec<(Role, &str)> {
        self.messages
            .iter()
            .map(|message| (message.role, message.content.as_str()))
            .collect()
    }
}

/// A reply of the model.
pub(crate) enum Reply {
    /// This text, in pieces if the program asks for a stream.
    Text(String),
    /// This text, as a server sends it that has reached its token limit.
    CutOff(String),
    /// The beginning of a stream, which is closed before its end.
    BrokenOff(String),
    /// A status and a body.
    Error(u16, String),
    /// No reply for longer than any program waits.
    Silence,
}

impl<T: Into<String>> From<T> for Reply {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

impl Reply {
    /// The reply of a server that reports a failure.
    pub(crate) fn overloaded() -> Self {
        Self::Error(503, "overloaded".into())
    }

    fn response(self, stream: bool) -> ResponseTemplate {
        let reason = if matches!(self, Self::CutOff(_)) {
            "length"
        } else {
            "stop"
        };
        let events = |text: &str, end: &str| {
            let pieces = text.split_inclusive(' ').map(|piece| {
                format!(
                    "data: {}\n\n",
                    chunk(
                        json!({ "role": "assistant", "content": piece }),
                        Value::Null
                    )
                )
            });
            let body = pieces.chain([end.to_owned()]).collect::<String>();
            ResponseTemplate::new(200).set_body_raw(body, "text/event-stream")
        };
        match self {
            Self::Text(text) | Self::CutOff(text) if stream => {
                let end = format!("data: {}\n\ndata: [DONE]\n\n", chunk(json!({}), json!(reason)));
                events(&text, &end)
            }
            Self::Text(text) | Self::CutOff(text) => ResponseTemplate::new(200).set_body_json(json!({
                "id": "1", "object": "chat.completion", "created": 0, "model": "m",
                "choices": [{ "index": 0, "finish_reason": reason, "message": { "role": "assistant", "content": text } }],
                "usage": { "prompt_tokens": 120, "completion_tokens": text.len() / 4, "total_tokens": 120 + text.len() / 4 },
            })),
            Self::BrokenOff(text) => events(&text, ""),
            Self::Error(status, text) => ResponseTemplate::new(status).set_body_string(text),
            Self::Silence => ResponseTemplate::new(200).set_delay(Duration::from_secs(3_600)),
        }
    }
}

fn chunk(delta: Value, finish_reason: Value) -> Value {
    json!({
        "id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m",
        "choices": [{ "index": 0, "delta": delta, "finish_reason": finish_reason }],
    })
}

impl Llm {
    /// Starts the model. `answer` gets each request and the number of requests before it.
    pub(crate) async fn new<R: Into<Reply>>(
        answer: impl Fn(&Request, usize) -> R + Send + Sync + 'static,
    ) -> Self {
        let (server, asked) = (MockServer::start().await, AtomicUsize::new(0));
        let respond = move |request: &wiremock::Request| {
            let request: Request = request
                .body_json()
                .expect("a request of the OpenAI protocol");
            answer(&request, asked.fetch_add(1, SeqCst))
                .into()
                .response(request.stream)
        };
        Mock::given(method("POST"))
            .and(path("/v1/chat/completions"))
            .respond_with(respond)
            .mount(&server)
            .await;
        Self(server)
    }

    /// The requests so far, in order.
    pub(crate) async fn requests(&self) -> Vec<Request> {
        let requests = self.0.received_requests().await.unwrap();
        requests
            .iter()
            .map(|request| request.body_json().unwrap())
            .collect()
    }

    /// Points a program at this model.
    pub(crate) fn configure(&self, command: &mut Command) {
        command.env("OPENAI_BASE_URL", format!("{}/v1", self.0.uri()));
        command
            .env("OPENAI_MODEL", "test-model")
            .env_remove("OPENAI_API_KEY")
            .env_remove("OPENAI_TIMEOUT");
    }

    /// A program of this package that will use this model. The macro `program!` names it.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Program {
        let mut command = Command::new(program);
        command.args(arguments).kill_on_drop(true);
        self.configure(&mut command);
        Program {
            command,
            input: String::new(),
        }
    }
}

/// A program that is about to run.
pub(crate) struct Program {
    pub(crate) command: Command,
    input: String,
}

/// The result of a program.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Program {
    /// The input of the program.
    pub(crate) fn input(mut self, input: &str) -> Self {
        self.input = input.into();
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs the program to its end. Its output is piped, so it has no colours.
    pub(crate) async fn end(mut self) -> Run {
        self.command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = self.command.spawn().unwrap();
        // A program that reads no input may exit before all input is written.
        let _ = child
            .stdin
            .take()
            .unwrap()
            .write_all(self.input.as_bytes())
            .await;
        Run::from(child.wait_with_output().await.unwrap())
    }

    /// Runs the program, expects it to succeed, and returns its output.
    pub(crate) async fn out(self) -> String {
        let run = self.end().await;
        assert_eq!(run.code, Some(0), "{run:#?}");
        run.out
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let [out, err] =
            [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert!(
            !out.contains('\x1b') && !err.contains('\x1b'),
            "no colours: {out}{err}"
        );
        Self {
            code: output.status.code(),
            out,
            err,
        }
    }
}

/// The path of a program of this package.
macro_rules! program {
    ($name:literal) => {
        env!(concat!("CARGO_BIN_EXE_", $name))
    };
}
pub(crate) use program;
