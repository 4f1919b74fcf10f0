//! What nodes add to their attempts.

use std::future::Future;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::Recorded;
use super::exec::Part;
use super::fields::json_of;
use super::run::RunScope;
use crate::event::{self, Json};

tokio::task_local! {
    /// The attempt that this task is in.
    static ATTEMPT: Arc<AttemptScope>;
}

/// An attempt in a record, or the fallback, and the same in the records of other drivers.
#[derive(Clone)]
pub(super) struct AttemptScope {
    pub(super) run: Arc<RunScope>,
    pub(super) step: u64,
    pub(super) branch: Option<usize>,
    pub(super) item: Option<usize>,
    /// The number of the attempt. It is 0 around the exec, where the fallback runs.
    pub(super) number: u32,
    pub(super) node: &'static str,
    around: Option<Arc<AttemptScope>>,
}

impl AttemptScope {
    pub(super) fn new(run: Arc<RunScope>, part: Part, node: &'static str, number: u32) -> Self {
        let around = ATTEMPT.try_with(Arc::clone).ok();
        let around = around.and_then(|around| around.without(&run));
        Self {
            run,
            step: part.step,
            branch: part.branch,
            item: part.item,
            number,
            node,
            around,
        }
    }

    /// What is around a run, without the scopes of the run itself: a note belongs to the innermost one.
    fn without(self: Arc<Self>, run: &Arc<RunScope>) -> Option<Arc<Self>> {
        let around = self.around.clone().and_then(|around| around.without(run));
        if Arc::ptr_eq(&self.run, run) {
            return around;
        }
        Some(Arc::new(Self {
            around,
            ..(*self).clone()
        }))
    }

    /// Does the work of the attempt.
    pub(super) fn scope<F: Future>(self, work: F) -> impl Future<Output = F::Output> {
        ATTEMPT.scope(Arc::new(self), work)
    }

    fn note(&self, name: &str, json: &Json) {
        let json = match name == MODEL && !self.run.options.content {
            true => without_content(json),
            false => json.clone(),
        };
        let what = Recorded::Note {
            node: self.node,
            name,
        };
        let (value, _) = self.run.pen().json(what, json);
        self.run.write(event::Note {
            at: self.run.now(),
            run: self.run.number(),
            step: self.step,
            branch: self.branch,
            item: self.item,
            attempt: self.number,
            node: self.node.into(),
            name: self.run.secrets.out_of_text(name).into_owned(),
            value,
        });
    }
}

/// The name of a note about a call of a model.
const MODEL: &str = "model";

/// The note about a model, without the prompt and the reply.
fn without_content(json: &Json) -> Json {
    match json.value() {
        Ok(Value::Object(mut members)) => {
            members.remove("prompt");
            members.remove("reply");
            json_of(&members)
        }
        _ => json.clone(),
    }
}

/// Adds a note to the attempt that calls it. In a run that is not recorded, it does nothing.
///
/// ```
/// use pocketflow::{Shared, flow, node};
/// use pocketflow_record::{Record, Recording};
/// use serde_json::json;
///
/// #[derive(Shared, Default)]
/// struct Research { question: String, pages: Vec<String> }
///
/// #[node(Research, writes = pages)]
/// async fn search(question: &str) -> Vec<String> {
///     let pages = vec![format!("All about {question}")];
///     pocketflow_record::note("search", &json!({ "engine": "local", "hits": pages.len() }));
///     pages
/// }
///
/// flow! { Find { search; } }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let record = Record::in_memory();
/// let mut research = Research { question: "rain".into(), pages: vec![] };
/// Find.with(&record).run(&mut research).await?;
///
/// let recording = Recording::read(record.text())?;
/// let note = &recording.runs()[0].steps[0].notes[0];
/// assert_eq!((&*note.node, &*note.name), ("search", "search"));
/// assert_eq!(note.value.value()?, json!({ "engine": "local", "hits": 1 }));
/// # Ok(()) }
/// ```
///
/// It belongs to the attempt whose future calls it, or to the fallback, as attempt 0. A task that the node spawns, and a function that it
/// runs with `spawn_blocking`, are outside.
///
/// For the call of a model, use [`ModelCall`].
pub fn note<T: Serialize + ?Sized>(name: &str, value: &T) {
    let mut next = ATTEMPT.try_with(Arc::clone).ok();
    if next.is_none() {
        return;
    }
    let json = json_of(value);
    while let Some(attempt) = next {
        attempt.note(name, &json);
        next = attempt.around.clone();
    }
}

/// A call of a model, as a [note](note()) with the name `model`.
///
/// ```
/// use pocketflow_record::ModelCall;
///
/// # fn after(prompt: &str, reply: &str) {
/// ModelCall::new("mistral-small")
///     .tokens(412, 87)
///     .content(prompt, reply)
///     .note();
/// # }
/// ```
///
/// The prompt and the reply are recorded only if the record asks for them with
/// [`Record::content`](crate::Record::content).
#[derive(Debug, Clone, Serialize)]
#[must_use = "it is recorded by `note`"]
pub struct ModelCall<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply: Option<&'a str>,
}

impl<'a> ModelCall<'a> {
    /// A call of the model with this name.
    pub fn new(model: &'a str) -> Self {
        Self {
            model,
            operation: None,
            input_tokens: None,
            output_tokens: None,
            prompt: None,
            reply: None,
        }
    }

    /// What the model did: `chat`, `embeddings`, `text_completion`. These are the names of
    /// `gen_ai.operation.name` in the conventions of OpenTelemetry.
    pub fn operation(mut self, operation: &'a str) -> Self {
        self.operation = Some(operation);
        self
    }

    /// How many tokens the prompt had, and how many the reply.
    pub fn tokens(mut self, input: u64, output: u64) -> Self {
        self.input_tokens = Some(input);
        self.output_tokens = Some(output);
        self
    }

    /// The prompt and the reply as texts.
    pub fn content(mut self, prompt: &'a str, reply: &'a str) -> Self {
        self.prompt = Some(prompt);
        self.reply = Some(reply);
        self
    }

    /// Adds the call to the attempt that calls this.
    pub fn note(&self) {
        note(MODEL, self);
    }
}
