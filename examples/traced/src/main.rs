//! Answers a few questions about a topic at the same time, and sends what happens to an OpenTelemetry
//! collector: the run, its steps, the calls of the model with their tokens, and what failed.
//!
//! ```text
//! cargo run --bin traced -- "the tides"
//! ```
//!
//! Without further settings, the spans go to a collector on this machine, at the port 4318. Jaeger,
//! Phoenix, Langfuse and others receive them as well. These environment variables of OpenTelemetry
//! configure it:
//!
//! | variable | meaning |
//! | --- | --- |
//! | `OTEL_EXPORTER_OTLP_ENDPOINT` | the address of the collector; `http://localhost:4318` if it is not set |
//! | `OTEL_EXPORTER_OTLP_HEADERS` | headers, such as `Authorization=Basic …` |
//! | `OTEL_EXPORTER_OTLP_PROTOCOL` | `http/protobuf`, or `http/json` |
//! | `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` | `true` if the spans should have the messages |

mod export;

use anyhow::{Result, ensure};
use clap::Parser;
use pocketflow::{Driver, Shared, Trace, flow, node};
use pocketflow_examples::cli;
use pocketflow_examples::llm::{Llm, Message, Model};
use schemars::JsonSchema;
use serde::Deserialize;

/// What the nodes work with.
struct Services {
    llm: Box<dyn Llm>,
}

/// The store.
#[derive(Shared, Default)]
#[shared(context = Services)]
struct Inquiry {
    topic: String,
    questions: Option<Vec<Question>>,
    report: Option<String>,
}

/// The store of each question.
#[derive(Shared, Default)]
#[shared(context = Services)]
struct Question {
    question: String,
    answer: Option<String>,
}

/// The plan, as the model writes it.
#[derive(Deserialize, JsonSchema)]
struct Plan {
    #[schemars(length(min = 1, max = 4))]
    questions: Vec<String>,
}

#[node(Inquiry, writes = questions, attempts = 3, wait = "200ms")]
async fn plan(topic: &str, #[context] llm: &dyn Llm) -> Result<Vec<Question>> {
    let prompt = format!(
        "Which questions should an article about {topic} answer?\n\
         Reply with this YAML, with two to four short questions:\nquestions:\n- …\n- …\n"
    );
    let plan: Plan = llm.call_for(&[Message::user(prompt)]).await?;
    ensure!(!plan.questions.is_empty(), "ask at least one question");
    let questions = plan.questions.into_iter().map(|question| Question {
        question,
        answer: None,
    });
    Ok(questions.collect())
}

#[node(Question, writes = answer, attempts = 3, wait = "200ms")]
async fn reply(question: &str, #[context] llm: &dyn Llm) -> Result<String> {
    let prompt = format!("Answer in one sentence: {question}");
    llm.call(&[Message::user(prompt)]).await
}

flow! {
    /// Answers one question.
    Answer: Question { reply; }
}

#[node(Inquiry, writes = report, attempts = 3, wait = "200ms")]
async fn write(topic: &str, questions: &[Question], #[context] llm: &dyn Llm) -> Result<String> {
    let answers: String = questions
        .iter()
        .filter_map(|question| Some(format!("- {}\n", question.answer.as_ref()?)))
        .collect();
    let prompt = format!("Write two sentences about {topic} from these notes:\n{answers}");
    llm.call(&[Message::user(prompt)]).await
}

flow! {
    /// Plans the questions, answers four at a time, and writes the report.
    pub Inquire: Inquiry { plan >> Answer.each(questions, parallel = 4) >> write; }
}

/// Gives the run an id, which a collector shows as the conversation.
struct Conversation(String);

impl<S: Shared> Driver<S> for Conversation {
    fn run_id(&self) -> Option<&str> {
        Some(&self.0)
    }
}

/// Answers a few questions about a topic, and sends the trace to an OpenTelemetry collector.
#[derive(Parser)]
struct Args {
    /// The topic
    topic: String,
    /// The id of the conversation that the run belongs to
    #[arg(long, default_value = "inquiry-1")]
    conversation: String,
}

#[tokio::main]
async fn main() -> cli::Result<()> {
    let args: Args = cli::arguments(Inquire::GRAPH);
    let services = Services {
        llm: Box::new(Model::from_environment()?),
    };
    let mut inquiry = Inquiry {
        topic: args.topic,
        ..Inquiry::default()
    };
    let traces = export::start("traced")?;
    let result = Inquire
        .context(&services)
        .with(Trace)
        .with(Conversation(args.conversation))
        .run(&mut inquiry)
        .await;
    // Sends the spans that are still in memory, also those of a run that has failed.
    traces.shutdown()?;
    result?;
    println!("{}", inquiry.report.unwrap_or_default());
    Ok(())
}
