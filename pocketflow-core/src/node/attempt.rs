use std::error::Error as StdError;
use std::fmt;
use std::ops::Deref;

use super::Failure;
use crate::run_error::Cause;

/// Which attempt this is, and why the previous one failed. A node receives it through a parameter
/// `#[attempt] attempt: Attempt<'_>`.
///
/// Attempts are counted from 1. The count starts again for every item of a batch, on every visit to
/// the node and in every run. A unit test that calls the node's function passes [`Attempt::FIRST`].
///
/// ```
/// # use pocketflow::{Attempt, Shared, node};
/// # #[derive(Shared, Default)] struct Research { question: String, answer: Option<String> }
/// #[node(Research, writes = answer, attempts = 3)]
/// fn answer(question: &str, #[attempt] attempt: Attempt<'_>) -> std::io::Result<String> {
///     let mut prompt = format!("Answer in one word: {question}");
///     if let Some(error) = attempt.last_error() {
///         prompt += &format!("\nYour last reply was rejected: {error}");
///     }
///     Ok(prompt)
/// }
///
/// assert_eq!(answer("Who?", Attempt::FIRST).unwrap(), "Answer in one word: Who?");
/// ```
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    number: u32,
    of: u32,
    item: Option<usize>,
    last_error: Option<&'a Cause>,
    work: Option<&'a dyn KeySource>,
}

/// Makes the key of an attempt. It is behind a pointer, so an attempt stays small.
pub(crate) trait KeySource: Send + Sync {
    /// The key without the item.
    fn key(&self) -> Option<Key<'_>>;
}

impl<'a> Attempt<'a> {
    /// The first and only attempt, for unit tests.
    pub const FIRST: Attempt<'static> = Attempt::first_of(1, None, None);

    /// The attempt after one that failed, for unit tests of a node that looks at
    /// [`last_error`](Self::last_error). It is the second of two.
    ///
    /// ```
    /// # use pocketflow::{Attempt, Shared, node};
    /// # #[derive(Shared, Default)] struct Research { question: String, answer: Option<String> }
    /// # fn call_llm(prompt: &str) -> std::io::Result<String> { Ok(prompt.into()) }
    /// #[node(Research, writes = answer, attempts = 3)]
    /// fn answer(question: &str, #[attempt] attempt: Attempt<'_>) -> std::io::Result<String> {
    ///     let mut prompt = format!("Answer in one word: {question}");
    ///     if let Some(error) = attempt.last_error() {
    ///         prompt += &format!("\nYour last reply was rejected: {error}");
    ///     }
    ///     call_llm(&prompt)
    /// }
    ///
    /// let prompt = answer("Who?", Attempt::after(&"two words".into())).unwrap();
    /// assert_eq!(prompt, "Answer in one word: Who?\nYour last reply was rejected: two words");
    /// ```
    ///
    /// A node that asks for the type of the error receives the error that the [`Failure`] was made
    /// from:
    ///
    /// ```
    /// # use pocketflow::{Attempt, Failure};
    /// let failure = Failure::new(std::fmt::Error);
    /// let attempt = Attempt::after(&failure);
    /// assert!(attempt.last_error().is_some_and(|error| error.is::<std::fmt::Error>()));
    /// assert_eq!(attempt.number(), 2);
    /// ```
    pub fn after(failure: &'a Failure) -> Self {
        Attempt::first_of(2, None, None).again(2, failure.kept())
    }

    pub(crate) const fn first_of(
        of: u32,
        item: Option<usize>,
        work: Option<&'a dyn KeySource>,
    ) -> Self {
        Attempt {
            number: 1,
            of,
            item,
            last_error: None,
            work,
        }
    }

    pub(crate) fn again(self, number: u32, last_error: &'a Cause) -> Self {
        Attempt {
            number,
            last_error: Some(last_error),
            ..self
        }
    }

    /// The number of this attempt, counted from 1.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// How many attempts the node has, including this one.
    pub fn of(&self) -> u32 {
        self.of
    }

    /// Whether this is the last of the node's `attempts`.
    pub fn is_last(&self) -> bool {
        self.number == self.of
    }

    /// The index of the item, in a batch.
    pub fn item(&self) -> Option<usize> {
        self.item
    }

    /// An idempotency key to send to the service that the node calls. It is the same in every
    /// attempt at this work, even after the process has died and the run has resumed in another
    /// process. It is `None` unless a driver has an id for the run, as a checkpoint does.
    ///
    /// ```
    /// # use pocketflow::{Attempt, Shared, node};
    /// # #[derive(Shared, Default)] struct Order { total_cents: u64, receipt: Option<String> }
    /// # async fn charge(_: u64, key: Option<String>) -> std::io::Result<String> { Ok(format!("{key:?}")) }
    /// #[node(Order, writes = receipt, attempts = 3)]
    /// async fn pay(total_cents: &u64, #[attempt] attempt: Attempt<'_>) -> std::io::Result<String> {
    ///     charge(*total_cents, attempt.key().map(|key| key.to_string())).await
    /// }
    /// ```
    pub fn key(&self) -> Option<Key<'a>> {
        Some(Key {
            item: self.item,
            ..self.work?.key()?
        })
    }

    /// Why the previous attempt failed. `None` in the first attempt.
    pub fn last_error(&self) -> Option<LastError<'a>> {
        self.last_error.map(LastError)
    }
}

/// Identifies a piece of work: see [`Attempt::key`]. It prints as `order-17/3`, followed by the
/// number of the branch of a fork and the index of the item of a batch:
/// `order-17/3/branch-0/item-12`. If a driver identifies items by their value, the key has that
/// identity in place of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key<'a> {
    /// The id of the run.
    pub run: &'a str,
    /// The number of the step in the run, counted from 1.
    pub step: u64,
    /// Which of a fork's nodes it is, counted from 0.
    pub branch: Option<usize>,
    /// The index of the item of a batch, counted from 0.
    pub item: Option<usize>,
    /// The number by which a driver identifies the item: see
    /// [`ItemCall::identify`](crate::ItemCall::identify).
    pub identity: Option<u64>,
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.run, self.step)?;
        if let Some(branch) = self.branch {
            write!(f, "/branch-{branch}")?;
        }
        match (self.identity, self.item) {
            (Some(identity), _) => write!(f, "/item-{identity:016x}"),
            (None, Some(item)) => write!(f, "/item-{item}"),
            (None, None) => Ok(()),
        }
    }
}

/// Why the previous attempt failed. It prints on one line with its causes, because the last cause
/// is often the one that a model needs to know.
///
/// It derefs to the error itself, which can be downcast.
#[derive(Clone, Copy)]
pub struct LastError<'a>(&'a Cause);

impl Deref for LastError<'_> {
    type Target = dyn StdError + Send + Sync + 'static;

    fn deref(&self) -> &Self::Target {
        self.0.error()
    }
}

impl fmt::Display for LastError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = self.0.error();
        write!(f, "{error}")?;
        let mut source = error.source();
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

impl fmt::Debug for LastError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0.error(), f)
    }
}

impl fmt::Debug for Attempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "attempt {} of {}", self.number, self.of)
    }
}
