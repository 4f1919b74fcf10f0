//! The span of `tracing` around a call of the model, with the names of OpenTelemetry's semantic
//! conventions for generative AI, version 0.1.0. `llm.rs` opens it.
//!
//! What the model is asked and what it replies is content that may be confidential. The span has it
//! only if the environment variable `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` is `true`.

use anyhow::{Error, Result};
use async_openai::error::OpenAIError;
use async_openai::types::chat::CreateChatCompletionResponse;
use serde_json::json;
use tracing::{Instrument, Span, field, info_span};

use crate::llm::{Message, NoAnswer, Role};

/// The call of a model.
pub(crate) struct ChatSpan {
    span: Span,
    content: bool,
}

/// The address of a server, and its port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Server {
    host: String,
    port: u16,
}

impl Server {
    /// The server of a base URL.
    pub(crate) fn of(base: &str) -> Self {
        let (scheme, rest) = base.split_once("://").unwrap_or(("https", base));
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // A name and a password may be before the host.
        let host = host.rsplit('@').next().unwrap_or_default();
        let numbered = host
            .rsplit_once(':')
            .and_then(|(host, port)| Some((host, port.parse().ok()?)));
        let (host, port) = numbered.unwrap_or((host, if scheme == "http" { 80 } else { 443 }));
        Self {
            host: host.to_owned(),
            port,
        }
    }
}

impl ChatSpan {
    /// Opens the span before the call. `json` says that the reply should be a value of a type, and
    /// `stream` that it comes in pieces.
    pub(crate) fn open(
        model: &str,
        server: &Server,
        messages: &[Message],
        json: bool,
        stream: bool,
    ) -> Self {
        let span = info_span!(
            "chat",
            otel.name = %format_args!("chat {model}"),
            otel.kind = "client",
            gen_ai.operation.name = "chat",
            gen_ai.provider.name = "openai",
            gen_ai.request.model = model,
            gen_ai.request.stream = stream.then_some(true),
            gen_ai.output.type = if json { "json" } else { "text" },
            server.address = server.host,
            server.port = i64::from(server.port),
            gen_ai.response.id = field::Empty,
            gen_ai.response.model = field::Empty,
            gen_ai.usage.input_tokens = field::Empty,
            gen_ai.usage.output_tokens = field::Empty,
            gen_ai.input.messages = field::Empty,
            gen_ai.output.messages = field::Empty,
            error.type = field::Empty,
            otel.status_code = field::Empty,
            otel.status_description = field::Empty,
        );
        let content = !span.is_disabled() && captures_content();
        if content {
            let messages: Vec<_> = messages
                .iter()
                .map(|message| json!({ "role": message.role, "parts": [text(&message.content)] }))
                .collect();
            span.record("gen_ai.input.messages", json!(messages).to_string());
        }
        Self { span, content }
    }

    /// Does a part of the call inside the span, and records its failure.
    pub(crate) async fn around<T>(&self, call: impl Future<Output = Result<T>>) -> Result<T> {
        let result = call.instrument(self.span.clone()).await;
        result.inspect_err(|error| self.failed(error))
    }

    /// Records the reply.
    pub(crate) fn replied(&self, reply: &CreateChatCompletionResponse) {
        self.span.record("gen_ai.response.id", &*reply.id);
        self.span.record("gen_ai.response.model", &*reply.model);
        if let Some(usage) = &reply.usage {
            let [input, output] = [usage.prompt_tokens, usage.completion_tokens].map(i64::from);
            self.span.record("gen_ai.usage.input_tokens", input);
            self.span.record("gen_ai.usage.output_tokens", output);
        }
        if self.content {
            let messages: Vec<_> = reply
                .choices
                .iter()
                .map(|choice| {
                    json!({
                        "role": Role::Assistant,
                        "parts": [text(choice.message.content.as_deref().unwrap_or_default())],
                        "finish_reason": choice.finish_reason,
                    })
                })
                .collect();
            self.span
                .record("gen_ai.output.messages", json!(messages).to_string());
        }
    }

    /// Records that the call has failed.
    pub(crate) fn failed(&self, error: &Error) {
        self.span.record("error.type", kind(error));
        self.span.record("otel.status_code", "ERROR");
        self.span
            .record("otel.status_description", format!("{error:#}"));
    }
}

/// A part of a message.
fn text(content: &str) -> serde_json::Value {
    json!({ "type": "text", "content": content })
}

fn captures_content() -> bool {
    std::env::var("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT")
        .is_ok_and(|value| value.trim().eq_ignore_ascii_case("true"))
}

/// The kind of an error: the status of the server, `timeout`, or `_OTHER`.
fn kind(error: &Error) -> String {
    if error.is::<NoAnswer>() {
        return "timeout".into();
    }
    match error.downcast_ref() {
        Some(OpenAIError::ApiError(error)) => error.status_code.as_str().into(),
        _ => "_OTHER".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers() {
        for (base, host, port) in [
            ("https://api.openai.com/v1", "api.openai.com", 443),
            ("http://127.0.0.1:8080/v1", "127.0.0.1", 8080),
            ("http://localhost", "localhost", 80),
            ("http://me:secret@[::1]:8080", "[::1]", 8080),
            ("https://[::1]/v1", "[::1]", 443),
        ] {
            let host = host.to_owned();
            assert_eq!(Server::of(base), Server { host, port }, "{base}");
        }
    }
}
