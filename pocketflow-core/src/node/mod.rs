//! Nodes: three stages on a shared store, `prep` → `exec` → `post`.

mod attempt;
mod failure;
mod policy;
mod typed;

pub(crate) use attempt::KeySource;
pub use attempt::{Attempt, Key, LastError};
pub use failure::Failure;
pub use policy::Policy;
pub(crate) use typed::{BoxedEachStub, Replacement};
pub use typed::{Itself, NodeParameters, TypedBatch, TypedNode};

use std::future::{Future, ready};

use crate::graph::Describe;
use crate::run_error::{EmptyField, Error};
use crate::store::Shared;

/// A node of a flow over the store `S`. `#[node]` implements it, and drivers use it as a bound.
///
/// The three stages are those of PocketFlow:
///
/// - `prep` computes values from the store.
/// - `exec` does the work. It sees only what `prep` returned and the fields it borrows, so it can be
///   retried.
/// - `post` writes to the store and returns the action, as an index into the node's actions.
///
/// The user's `post` cannot return an error, so the store stays as the last finished `post` left
/// it. If a `post` panics, or does not fill a late field that it promised to fill, what it has
/// written stays in the store.
///
/// `Marker` is a type private to the node's macro. The associated types name the user's types, and
/// `Marker` keeps them out of the public interface.
pub trait Node<S: 'static, Marker>: Describe + Sized + Send + Sync + 'static {
    /// When and how often `exec` is attempted.
    ///
    /// An option that is a field of the node or of the context is not in it: see
    /// [`policy`](Self::policy).
    const POLICY: Policy = Policy::ONCE;

    /// Whether an option is a field of the node or of the context.
    const CONFIGURED: bool = false;

    /// The policy of a run, with the options that are fields of the node or of the context.
    #[inline]
    fn policy(&self, _context: S::Context<'_>) -> Policy
    where
        S: Shared,
    {
        Self::POLICY
    }

    /// What `prep` computed for `exec`: the result of the user's `prep`, and the items of a batch.
    /// It does not include the fields that `exec` borrows.
    type Prep<'a>: OrNothing + Send + Sync;
    /// The item of a batch that a call of `exec` works on, or `()` if the node is not a batch.
    type Item<'a>: Copy + Send + Sync;
    /// What one call of `exec` returns.
    type Exec: Send;
    /// What `post` receives: the result of `exec` or, in a batch, the results for all items, in the
    /// order of the items.
    type Done: Send;
    /// The part of [`Prep`](Self::Prep) that `post` needs. It does not borrow the store.
    type Kept: OrNothing + Send;

    /// Computes from the store what `exec` needs.
    ///
    /// # Errors
    ///
    /// Fails if a late field that `exec` borrows is empty, or if the user's `prep` fails.
    #[inline]
    fn prep<'a>(
        &'a self,
        _shared: &'a S,
        _context: S::Context<'a>,
    ) -> Result<Self::Prep<'a>, Failure>
    where
        S: Shared,
    {
        Ok(OrNothing::NOTHING)
    }

    /// Borrows what `exec` and `fallback` read, from the store and from the context.
    ///
    /// # Errors
    ///
    /// Fails if one of the late fields is empty. A step checks this before its first attempt.
    fn reads<'a>(shared: &'a S, context: S::Context<'a>) -> Result<Self::Reads<'a>, Failure>
    where
        S: Shared;

    /// Does the work, once for every attempt.
    fn exec(
        &self,
        reads: Self::Reads<'_>,
        prep: &Self::Prep<'_>,
        item: Self::Item<'_>,
        attempt: Attempt<'_>,
    ) -> impl Future<Output = Result<Self::Exec, Failure>> + Send;

    /// Returns what `post` receives when the last attempt has failed. If the node has no fallback
    /// ([`Policy::fallback`]), the error ends the run.
    fn fallback(
        &self,
        _reads: Self::Reads<'_>,
        _prep: &Self::Prep<'_>,
        _item: Self::Item<'_>,
        error: Error,
    ) -> impl Future<Output = Result<Self::Exec, Failure>> + Send {
        ready(Err(Failure::of(error)))
    }

    /// Lets the node's `retry_if` decide whether there is another attempt after a failure that a
    /// driver has made.
    #[doc(hidden)]
    fn judge(failure: Failure) -> Failure {
        failure
    }

    /// Takes what `post` needs out of [`Prep`](Self::Prep) before that is dropped.
    #[inline]
    fn keep(_prep: &mut Self::Prep<'_>) -> Self::Kept {
        OrNothing::NOTHING
    }

    /// Writes to the store and chooses the action.
    fn post(
        &self,
        shared: &mut S,
        context: S::Context<'_>,
        kept: Self::Kept,
        done: Self::Done,
    ) -> Result<usize, EmptyField>
    where
        S: Shared;
}

/// What the `exec` of a node reads: a struct with a field for each parameter that borrows from the
/// store or from the context. For the node `async fn outline(topic: &str)`, `Reads<'_, outline>`
/// has the field `topic`. It has no fields for the parameters `#[each(…)]` and `#[attempt]`.
///
/// For an `impl`, these are the parameters of `exec` and of `fallback`. What only `prep` or `post`
/// reads is not in it, and neither is the value of `prep`.
///
/// A node's `fallback` function receives it, together with the error:
///
/// ```
/// # use pocketflow::{Reads, Shared, node};
/// # #[derive(Shared, Default)] struct Article { topic: String, outline: Option<Vec<String>> }
/// #[node(Article, writes = outline, attempts = 3, fallback = one_section)]
/// async fn outline(topic: &str) -> std::io::Result<Vec<String>> {
///     Err(std::io::Error::other(format!("no model for {topic}")))
/// }
///
/// fn one_section(reads: &Reads<'_, outline>, _error: pocketflow::Error) -> std::io::Result<Vec<String>> {
///     Ok(vec![format!("About {}", reads.topic)])
/// }
/// # pocketflow::flow! { Write { outline; } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), pocketflow::Error> {
/// # let mut article = Article { topic: "rain".into(), outline: None };
/// # Write.run(&mut article).await?;
/// # assert_eq!(article.outline.unwrap(), ["About rain"]); Ok(()) }
/// ```
pub type Reads<'a, N> = <N as Describe>::Reads<'a>;

/// Something that only some nodes have.
#[doc(hidden)]
pub trait OrNothing: Sized {
    /// Stands for nothing. A node that has something makes it, and does not use this constant.
    const NOTHING: Self = unreachable!();
}

impl OrNothing for () {
    const NOTHING: Self = ();
}
