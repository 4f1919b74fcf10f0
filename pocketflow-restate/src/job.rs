//! A flow without its type.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use pocketflow::seam::{Execs, Items};
use pocketflow::{Drive, Error, Field, Graph};
use pocketflow_durable::{
    BadField, Definition, Durable, Hints, Keeper, OtherInput, StoredRun, caught,
    refuse_empty_inputs, resumes,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::driver::{Burst, RestateRun, program};
use crate::pump::{Json, Why};
use crate::state;

/// A flow that Restate runs.
pub(crate) trait Job: Send + Sync {
    fn graph(&self) -> &'static Graph;

    /// Identifies the program, as far as the journal of a burst depends on it.
    fn program(&self) -> &str;

    /// What is stored of a new run.
    fn input(&self, run: &str, body: &[u8], max_store: usize) -> Result<Input, Refused>;

    /// Whether a run that is known was started with other input.
    fn compare(&self, known: &state::Run, body: &[u8]) -> Result<(), Refused>;

    /// Drives the flow through a burst.
    fn drive(self: Arc<Self>, burst: Arc<Burst>) -> JobFuture;
}

pub(crate) type JobFuture = Pin<Box<dyn Future<Output = Why> + Send>>;

/// A new run.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) definition: Json,
    pub(crate) store: Json,
}

/// A request that is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refused {
    /// The status of HTTP.
    pub(crate) code: u16,
    pub(crate) why: String,
}

impl Refused {
    pub(crate) fn new(code: u16, why: impl Into<String>) -> Self {
        let why = why.into();
        Self { code, why }
    }
}

/// Makes the store of a run, which has this state.
type MakeStore<S> = Box<dyn Fn(&str) -> Result<S, serde_json::Error> + Send + Sync>;

pub(crate) struct FlowJob<F, S> {
    flow: F,
    make: MakeStore<S>,
    program: String,
}

impl<F, S> FlowJob<F, S>
where
    F: Drive<S, RestateRun, (Execs, Items)>,
    S: Durable,
{
    pub(crate) fn new(
        flow: F,
        make: impl Fn(&str) -> Result<S, serde_json::Error> + Send + Sync + 'static,
    ) -> Self {
        Self {
            flow,
            make: Box::new(make),
            program: program::<S>(F::GRAPH),
        }
    }

    /// The store of a request. Fields that it does not have are as in the store's `Default`, or as
    /// serde makes them.
    fn store_of(&self, body: &[u8]) -> Result<S, Refused> {
        let bad =
            |error: BadField| Refused::new(400, format!("{}: {}", error.what(), error.source));
        let given: BTreeMap<String, Box<RawValue>> = match body.trim_ascii() {
            b"" => BTreeMap::new(),
            body => serde_json::from_slice(body).map_err(|error| {
                let help = "send a JSON object with the fields of the store";
                Refused::new(
                    400,
                    format!("the body is not a store: {error}\nhelp: {help}"),
                )
            })?,
        };
        let fields = S::STORE.fields;
        let flattened = fields.iter().any(|field| field.stored.starts_with(".."));
        let named = |name: &str| {
            let mut fields = fields.iter();
            fields.find(|field: &&Field| !field.skipped && field.names().any(|other| other == name))
        };
        if !flattened && let Some(unknown) = given.keys().find(|name| named(name).is_none()) {
            return Err(Refused::new(400, unknown_field(unknown, fields)));
        }
        let (Some(mut store), false) = (S::blank(), flattened) else {
            let text = serde_json::to_string(&given).expect("texts are JSON");
            let made = (self.make)(&text).and_then(|mut store| {
                Keeper::read(&text, &mut store).map_err(|error| error.source)?;
                Ok(store)
            });
            return made.map_err(|error| Refused::new(400, format!("the store: {error}")));
        };
        let blank = Keeper::default().write(&mut store).map_err(bad)?;
        let mut texts: BTreeMap<&str, &RawValue> =
            serde_json::from_str(&blank).map_err(|error| bad(error.into()))?;
        for (name, text) in &given {
            let stored = named(name).map_or(&**name, |field| field.stored);
            texts.insert(stored, text);
        }
        let text = serde_json::to_string(&texts).expect("texts are JSON");
        Keeper::read(&text, &mut store).map_err(bad)?;
        Ok(store)
    }
}

fn unknown_field(name: &str, fields: &[Field]) -> String {
    let stored = fields.iter().filter(|field| !field.skipped);
    let names: Vec<_> = stored.map(|field| format!("`{}`", field.stored)).collect();
    format!(
        "the store has no field `{name}`\nhelp: its fields are {}",
        names.join(", ")
    )
}

impl<F, S> Job for FlowJob<F, S>
where
    F: Drive<S, RestateRun, (Execs, Items)> + 'static,
    S: Durable,
{
    fn graph(&self) -> &'static Graph {
        F::GRAPH
    }

    fn program(&self) -> &str {
        &self.program
    }

    fn input(&self, run: &str, body: &[u8], max_store: usize) -> Result<Input, Refused> {
        let mut store = self.store_of(body)?;
        refuse_empty_inputs(F::GRAPH, &store)
            .map_err(|error| Refused::new(400, format!("{error:#}")))?;
        let bad = |error: &dyn std::error::Error| {
            let source = error.source().map(|source| format!(": {source}"));
            Refused::new(400, format!("{error}{}", source.unwrap_or_default()))
        };
        let definition = Definition::of_run(run, F::GRAPH, &BTreeMap::new(), &mut store);
        let definition = definition.map_err(|error| bad(&error))?;
        let text = Keeper::default().write(&mut store);
        let text =
            text.map_err(|error| Refused::new(400, format!("{}: {}", error.what(), error.source)))?;
        if text.len() > max_store {
            let large = crate::driver::TooLarge {
                what: "the store".into(),
                bytes: text.len(),
                max: max_store,
            };
            return Err(Refused::new(413, large.to_string()));
        }
        let json = |text| Json::new(text).map_err(|error| bad(&error));
        Ok(Input {
            definition: json(definition.encode())?,
            store: json(text)?,
        })
    }

    fn compare(&self, known: &state::Run, body: &[u8]) -> Result<(), Refused> {
        let mut store = self.store_of(body)?;
        let (status, stored) = (&known.meta.status, known.meta.stored());
        let stored = StoredRun {
            run: &status.run,
            definition: stored.definition.text(),
            state: &known.store(),
            position: stored.position.map_or("null", Json::text),
            step: stored.step,
            action: stored.action,
            exit: status.exit.as_deref(),
            outer: None,
        };
        let hints = Hints {
            run_again: |_, run| format!("start `{run}` under another id"),
        };
        match resumes(F::GRAPH, &stored, None, true, hints, &mut store) {
            Err(refusal) => match refusal.downcast_ref::<OtherInput>() {
                Some(OtherInput { run, fields }) => {
                    let fields: Vec<_> = fields.iter().map(|field| format!("`{field}`")).collect();
                    let fields = fields.join(", ");
                    let why = format!(
                        "run `{run}` was started with different input: {fields} had another value\nhelp: run this under another id; or, if it is about that run, ask for its `status`"
                    );
                    Err(Refused::new(409, why))
                }
                // Whether it can go on is up to the next burst.
                None => Ok(()),
            },
            Ok(_) => Ok(()),
        }
    }

    fn drive(self: Arc<Self>, burst: Arc<Burst>) -> JobFuture {
        Box::pin(async move {
            let driving = async {
                let state = burst.base.store();
                let made = (self.make)(&state);
                let mut store =
                    made.map_err(|source| F::GRAPH.error(burst.bad("read", "the store", source)))?;
                let run = RestateRun(burst.clone());
                let taken = self.flow.drive(run, &mut store).await?;
                // The drivers around the flow may have changed it.
                let change = burst.change(F::GRAPH, &mut store)?;
                Ok::<_, Error>(Why::Finished {
                    exit: taken.action().to_owned(),
                    change,
                })
            };
            let driven = caught(driving).await;
            let driven = driven.unwrap_or_else(|panic| Err(F::GRAPH.error(panic)));
            driven.unwrap_or_else(|error| burst.why(&error))
        })
    }
}
