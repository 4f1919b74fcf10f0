//! Nodes: three steps on a shared store, `prep` → `exec` → `post`.

mod attempt;
mod failure;
mod policy;

pub(crate) use attempt::KeySource;
pub use attempt::{Attempt, Key, LastError};
pub use failure::Failure;
pub use policy::Policy;

use std::future::{Future, ready};

use crate::error::{EmptyField, Error};
use crate::graph::Describe;

/// A node of a flow over the store `S`. Written by `#[node]`; a driver meets it as a bound.
///
/// The three steps are those of PocketFlow. `prep` computes from the store; `exec` does the work,
/// and all that it sees is what `prep` returned and the fields it borrows, so it can be tried
/// again; `post` writes to the store and returns the action, as an index into the node's actions.
/// `post` returns no error of the user's, so a store is as the last finished `post` left it; a
/// `post` that panics, or leaves a late field empty that it promised to fill, leaves what it has
/// written by then.
///
/// `Marker` is a type private to the node's macro. It keeps the associated types, which name types
/// of the user's, out of any public interface.
pub trait Node<S: 'static, Marker>: Describe + Sized + Send + Sync + 'static {
    /// When and how often `exec` is tried.
    const POLICY: Policy = Policy::ONCE;

    /// What `prep` made of the store for `exec`: what the node's own `prep` returned, and the items
    /// of a batch. The fields that `exec` borrows are no part of it.
    type Prep<'a>: OrNothing + Send + Sync;
    /// The one item of a batch that a call of `exec` works on; `()` for a node that is no batch.
    type Item<'a>: Copy + Send + Sync;
    /// What one call of `exec` returns.
    type Exec: Send;
    /// What `post` gets: what `exec` returned, or for a batch what it returned for each item, in
    /// the order of the items.
    type Done: Send;
    /// What is left of [`Prep`](Self::Prep) for `post`: nothing that borrows the store.
    type Kept: OrNothing + Send;

    /// Computes from the store what `exec` needs.
    ///
    /// # Errors
    ///
    /// That of the node's own `prep`; and before that, where one of the late fields is empty that
    /// `exec` borrows.
    #[inline]
    fn prep<'a>(&'a self, _shared: &'a S) -> Result<Self::Prep<'a>, Failure> {
        Ok(OrNothing::NOTHING)
    }

    /// Borrows what `exec` and `fallback` read.
    ///
    /// # Errors
    ///
    /// Where one of the late fields is empty. A step checks that before its first attempt.
    fn reads(shared: &S) -> Result<Self::Reads<'_>, Failure>;

    /// Does the work, once for every attempt.
    fn exec(
        &self,
        reads: Self::Reads<'_>,
        prep: &Self::Prep<'_>,
        item: Self::Item<'_>,
        attempt: Attempt<'_>,
    ) -> impl Future<Output = Result<Self::Exec, Failure>> + Send;

    /// What `post` gets instead when the last attempt has failed. Without one
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

    /// Takes out of [`Prep`](Self::Prep), before it is dropped, what `post` needs.
    #[inline]
    fn keep(_prep: &mut Self::Prep<'_>) -> Self::Kept {
        OrNothing::NOTHING
    }

    /// Writes to the store and chooses the action.
    fn post(&self, shared: &mut S, kept: Self::Kept, done: Self::Done)
    -> Result<usize, EmptyField>;
}

/// What a node reads, a field a parameter: `Reads<'_, outline>` for `async fn outline(topic: &str)`
/// has the field `topic`.
///
/// A `fallback` function of a node gets it, beside the error:
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

/// What some nodes have and others do not, for whom it is nothing.
#[doc(hidden)]
pub trait OrNothing: Sized {
    /// Nothing. Whoever has something makes it, and does not ask for this.
    const NOTHING: Self = unreachable!();
}

impl OrNothing for () {
    const NOTHING: Self = ();
}
