//! A flow of a worker, without its type.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use pocketflow::seam::Items;
use pocketflow::{Drive, Error};
use serde::de::DeserializeOwned;

use crate::durable_run::DurableRun;
use crate::storage::Storage;
use pocketflow_durable::{Durable, StateReader};

/// A store that can be made from its stored state: any type that serde reads.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not implement `Deserialize`: a worker makes the store of a run from its stored state",
    label = "a flow of `{Self}`",
    note = "write `#[derive(Deserialize)]` on `{Self}`, or tell the worker how to make one: `.flow_with_store(flow, || …)`"
)]
#[doc(hidden)]
pub trait FromState: Sized {
    /// Reads a state.
    #[doc(hidden)]
    fn from_state(state: &str) -> Result<Self, serde_json::Error>;
}

#[diagnostic::do_not_recommend]
impl<S: DeserializeOwned> FromState for S {
    fn from_state(state: &str) -> Result<Self, serde_json::Error> {
        StateReader::read(state)
    }
}

/// A flow that a worker runs.
pub(super) trait Job<E: Storage>: Send + Sync {
    /// The name of the flow, as it is stored with a run.
    fn name(&self) -> &'static str;

    /// Runs it until it ends, waits, or stops.
    fn run(self: Arc<Self>, run: DurableRun<E>) -> JobFuture;
}

pub(super) type JobFuture = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// Makes the store of a run, which has this state.
type MakeStore<S> = Box<dyn Fn(&str) -> Result<S, serde_json::Error> + Send + Sync>;

pub(super) struct FlowJob<F, S> {
    flow: F,
    store: MakeStore<S>,
}

impl<F, S> FlowJob<F, S> {
    pub(super) fn new(
        flow: F,
        store: impl Fn(&str) -> Result<S, serde_json::Error> + Send + Sync + 'static,
    ) -> Self {
        let store = Box::new(store);
        Self { flow, store }
    }
}

impl<F, S, E> Job<E> for FlowJob<F, S>
where
    F: Drive<S, DurableRun<E>, Items> + 'static,
    S: Durable,
    E: Storage,
{
    fn name(&self) -> &'static str {
        F::GRAPH.name
    }

    fn run(self: Arc<Self>, run: DurableRun<E>) -> JobFuture {
        Box::pin(async move {
            let mut store = run.make_store(F::GRAPH, &self.store).await?;
            self.flow.drive(run, &mut store).await.map(drop)
        })
    }
}
