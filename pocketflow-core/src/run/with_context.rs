//! Flows with a context.

use std::future::Future;

use super::direct::Undriven;
use super::flow::{self, Flow, Walk};
use super::with::With;
use crate::run_error::Error;
use crate::store::{BorrowContext, InContext};

/// A flow with the context of its run: `Agent.context(&services).run(&mut research).await`.
///
/// The context is what the nodes work with and the store does not contain: clients, pools,
/// configuration. Give it by reference, or as an `Arc` to a run that is spawned. Nothing of it is
/// stored, compared or shown.
///
/// ```
/// use pocketflow::{Shared, flow, node};
///
/// trait Llm: Send + Sync {
///     fn ask(&self, prompt: &str) -> String;
/// }
///
/// /// What the flow works with: a plain struct.
/// struct Services { llm: Box<dyn Llm> }
///
/// #[derive(Shared, Default)]
/// #[shared(context = Services)]
/// struct Research { question: String, answer: Option<String> }
///
/// #[node(Research, writes = answer)]
/// async fn answer(question: &str, #[context] llm: &dyn Llm) -> String {
///     llm.ask(question)
/// }
///
/// flow! { pub Answer { answer; } }
///
/// /// A model that always answers the same.
/// struct Canned(&'static str);
///
/// impl Llm for Canned {
///     fn ask(&self, _prompt: &str) -> String { self.0.into() }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), pocketflow::Error> {
/// let services = Services { llm: Box::new(Canned("42")) };
/// let mut research = Research { question: "why?".into(), ..Default::default() };
/// Answer.context(&services).run(&mut research).await?;
/// assert_eq!(research.answer.as_deref(), Some("42"));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy)]
#[must_use = "a flow does nothing until it is run"]
pub struct WithContext<'f, F, C> {
    pub(super) flow: &'f F,
    pub(super) context: C,
}

impl<'f, F: Flow, C: BorrowContext> WithContext<'f, F, C> {
    #[doc(hidden)]
    pub fn new(flow: &'f F, context: C) -> Self {
        Self { flow, context }
    }

    /// Adds a driver.
    pub fn with<D, Seam>(self, driver: D) -> With<'f, F, D, C, Seam> {
        With::in_context(self.flow, driver, self.context)
    }

    /// Runs the flow on a store, from its first node to an exit. See [`With::run`].
    ///
    /// # Errors
    ///
    /// Returns the final error of a node, as an [`Error`] that names the place.
    pub fn run<S>(self, shared: &mut S) -> impl Future<Output = Result<F::Exit, Error>> + Send
    where
        F: Walk<S, Undriven<C::Context>>,
        S: InContext<C::Context>,
    {
        async move {
            let Self { flow, context } = self;
            let cursor = flow::cursor::<F, Undriven<C::Context>>(context.borrow_context(), None);
            Ok(F::exit(flow.walk(cursor, shared).await?))
        }
    }
}
