//! A flow without its type.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use pocketflow::seam::{Execs, Items};
use pocketflow::{Drive, Error, Field, Graph, Store};
use pocketflow_durable::{
    BadField, Definition, Durable, Hashes, Keeper, Refusal, caught, migrated, refuse_empty_inputs,
    without_place,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::driver::{Burst, RestateRun, program};
use crate::input::{Input, inputs, request};
use crate::pump::{Json, Why};
use crate::state;

/// A flow that Restate runs.
pub(crate) trait Job: Send + Sync {
    fn graph(&self) -> &'static Graph;

    /// Identifies the program, as far as the journal of a burst depends on it.
    fn program(&self) -> &str;

    /// What is stored of a new run.
    fn input(&self, run: &str, body: &[u8], max_store: usize) -> Result<Input, Refused>;

    /// Whether a field of a store is called so, in the program or by serde.
    fn is_field(&self, field: &str, name: &str) -> bool {
        field == name || is_named(self.graph(), self.store(), field, name)
    }

    /// The store of the outermost run.
    fn store(&self) -> &'static Store;

    /// Whether a run that is known was started with other input.
    /// `migrates` says whether this program converts the runs of older ones.
    fn compare(&self, known: &state::Run, body: &[u8], migrates: bool) -> Result<(), Refused>;

    /// Drives the flow through a burst.
    fn drive(self: Arc<Self>, burst: Arc<Burst>) -> JobFuture;
}

pub(crate) type JobFuture = Pin<Box<dyn Future<Output = Why> + Send>>;

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

    /// The store of a run, whose fields are read later.
    fn made(&self, burst: &Burst) -> Result<S, Refusal> {
        let bad = |source| burst.bad("read", "the store", source);
        let state = burst.base.store();
        let made = match ((self.make)(&state), &burst.migration) {
            // The state is that of an older program.
            (Err(_), Some(migration)) => {
                burst.knows_stored(&burst.base.meta.definition);
                (self.make)(&migrated(&state, migration, bad)?).map_err(bad)?
            }
            (made, _) => made.map_err(|source| burst.unmade::<S>(F::GRAPH, source))?,
        };
        Ok(made)
    }

    /// The store of a request. Fields that it does not have are as in the store's `Default`, or as
    /// serde makes them.
    fn store_of(&self, given: &BTreeMap<String, Box<RawValue>>) -> Result<S, Refused> {
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
            let text = serde_json::to_string(given).expect("texts are JSON");
            let made = (self.make)(&text).and_then(|mut store| {
                Keeper::read(&text, &mut store).map_err(|error| error.source)?;
                Ok(store)
            });
            let bad = |error| Refused::new(400, format!("the store: {}", without_place(&error)));
            return made.map_err(bad);
        };
        let blank = Keeper::default().write(&mut store).map_err(bad)?;
        let mut texts: BTreeMap<&str, &RawValue> =
            serde_json::from_str(&blank).map_err(|error| bad(error.into()))?;
        for (name, text) in given {
            let stored = named(name).map_or(&**name, |field| field.stored);
            texts.insert(stored, text);
        }
        let text = serde_json::to_string(&texts).expect("texts are JSON");
        Keeper::read(&text, &mut store).map_err(bad)?;
        Ok(store)
    }

    /// The hashes of the fields of a store, as far as they are in a request. A field with `flatten` has no name
    /// of its own in it.
    fn hashes(given: &BTreeMap<String, Box<RawValue>>, store: &mut S) -> Result<Hashes, Refused> {
        let mut hashes = Keeper::hashes(store).map_err(bad)?;
        hashes.retain(|name, _| {
            let mut fields = S::STORE.fields.iter();
            let field = fields.find(|field| field.name == *name);
            field.is_some_and(|field| is_given(field, given))
        });
        Ok(hashes)
    }
}

fn is_given(field: &Field, given: &BTreeMap<String, Box<RawValue>>) -> bool {
    field.stored.starts_with("..") || field.names().any(|name| given.contains_key(name))
}

fn bad(error: BadField) -> Refused {
    let why = without_place(&error.source);
    Refused::new(400, format!("{}: {why}", error.what()))
}

/// Refuses an empty body for a flow that needs input. Someone has forgotten it.
fn refuse_no_body(body: &[u8], flow: &Graph, store: &Store) -> Result<(), Refused> {
    let inputs = match body.trim_ascii() {
        b"" => inputs(flow, store),
        _ => return Ok(()),
    };
    if inputs.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = inputs.iter().map(|name| format!("`{name}`")).collect();
    let (flow, names) = (flow.name, names.join(", "));
    let help = "send a JSON object with the fields of the store, or `{}` for a store as its `Default` makes it";
    let why = format!(
        "the body is empty, and the flow `{flow}` reads what none of its nodes fills: {names}\nhelp: {help}"
    );
    Err(Refused::new(400, why))
}

/// The fields in the body of a request.
fn given(body: &[u8]) -> Result<BTreeMap<String, Box<RawValue>>, Refused> {
    match body.trim_ascii() {
        b"" => Ok(BTreeMap::new()),
        body => serde_json::from_slice(body).map_err(|error| {
            let help = "send a JSON object with the fields of the store";
            let error = without_place(&error);
            let why = format!("the body is not a store: {error}\nhelp: {help}");
            Refused::new(400, why)
        }),
    }
}

/// Whether a field of the store of a flow, or of the stores of its inner runs, has this other name.
fn is_named(graph: &Graph, store: &Store, field: &str, name: &str) -> bool {
    let has = |store: &Store| {
        let mut fields = store
            .fields
            .iter()
            .filter(|declared| declared.name == field);
        fields.any(|field| field.names().any(|other| other == name))
    };
    let nodes = graph.places.iter().flat_map(|place| {
        let branches = place.fork.iter().map(|branch| branch.node);
        [place.node].into_iter().chain(branches)
    });
    let mut inner = nodes.filter_map(|node| {
        let on = node.on.map(|on| on.graph);
        let first = on.and_then(|graph| graph.places.first());
        match (on, first) {
            (Some(graph), Some(first)) => Some((graph, first.node.store)),
            _ => node.flow.map(|graph| (graph, store)),
        }
    });
    has(store) || inner.any(|(graph, store)| is_named(graph, store, field, name))
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

    fn store(&self) -> &'static Store {
        S::STORE
    }

    fn input(&self, run: &str, body: &[u8], max_store: usize) -> Result<Input, Refused> {
        refuse_no_body(body, F::GRAPH, S::STORE)?;
        let given = given(body)?;
        let mut store = self.store_of(&given)?;
        refuse_empty_inputs(F::GRAPH, &store)
            .map_err(|error| Refused::new(400, format!("{error:#}")))?;
        let unfit = |error: &dyn std::error::Error| {
            let source = error.source().map(|source| format!(": {source}"));
            Refused::new(400, format!("{error}{}", source.unwrap_or_default()))
        };
        let definition = Definition::of_run(run, F::GRAPH, &BTreeMap::new(), &mut store);
        let mut definition = definition.map_err(|error| unfit(&error))?;
        definition.input = Some(Self::hashes(&given, &mut store)?);
        let text = Keeper::default().write(&mut store).map_err(bad)?;
        if text.len() > max_store {
            let large = crate::driver::TooLarge {
                what: "the store".into(),
                bytes: text.len(),
                max: max_store,
            };
            return Err(Refused::new(413, large.to_string()));
        }
        let definition = Json::new(definition.encode()).map_err(|error| unfit(&error))?;
        let at = F::GRAPH.places.first();
        let at = at.map(|first| format!("{} > {}", F::GRAPH.name, first.name));
        Input::new(
            definition,
            request(body),
            at,
            &text,
            S::STORE.fields,
            &given,
        )
        .map_err(|error| unfit(&error))
    }

    fn compare(&self, known: &state::Run, body: &[u8], migrates: bool) -> Result<(), Refused> {
        if known.meta.request == request(body) {
            return Ok(());
        }
        let given = given(body)?;
        let mut store = self.store_of(&given)?;
        let was = Definition::decode(known.meta.definition.text()).ok();
        // What an older program has stored may have another form in this one.
        let was = was.filter(|was| !migrates || was.is(&Definition::of(F::GRAPH, S::STORE)));
        // Whether it can go on is up to the next burst.
        let Some(was) = was.and_then(|was| was.input) else {
            return Ok(());
        };
        // What is missing in a request is as in a store that nobody has filled.
        let now = Keeper::hashes(&mut store).map_err(bad)?;
        let is_new = |name: &str| {
            let mut fields = S::STORE.fields.iter();
            let field = fields.find(|field| field.names().any(|other| other == name));
            field.is_some_and(|field| !was.contains_key(field.name))
        };
        let mut rest = given.clone();
        rest.retain(|name, _| !is_new(name));
        let missing = match rest.len() == given.len() {
            true => None,
            false => self.store_of(&rest).ok(),
        };
        let missing = missing.map(|mut store| Keeper::hashes(&mut store).map_err(bad));
        let missing = missing.transpose()?.unwrap_or_default();
        let differs = |field: &&'static Field| match (was.get(field.name), is_given(field, &given))
        {
            (None, false) => false,
            (None, true) => missing.get(field.name) != now.get(field.name),
            (was, _) => was != now.get(field.name),
        };
        let fields: Vec<_> = S::STORE
            .fields
            .iter()
            .filter(|field| !field.skipped)
            .filter(differs)
            .map(|field| format!("`{}`", field.name))
            .collect();
        if fields.is_empty() {
            return Ok(());
        }
        let (run, fields) = (&known.meta.status.run, fields.join(", "));
        let help = "run this under another id; or, if it is about that run, ask for its `status`";
        let why = format!(
            "run `{run}` was started with different input: {fields} had another value\nhelp: {help}"
        );
        Err(Refused::new(409, why))
    }

    fn drive(self: Arc<Self>, burst: Arc<Burst>) -> JobFuture {
        Box::pin(async move {
            let driving = async {
                let made = self.made(&burst);
                let mut store = made.map_err(|why| F::GRAPH.error(why))?;
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
