use std::error::Error as StdError;
use std::fmt;
use std::ops::Deref;

use crate::error::Cause;

/// Which attempt an `exec` is in, and how the one before it failed: what a parameter `#[attempt]
/// attempt: Attempt<'_>` gets.
///
/// Attempts are counted from 1, anew for every item of a batch, on every visit of the node and in
/// every run. A unit test that calls the node's function passes [`Attempt::FIRST`].
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
    /// The first of one attempt, as a unit test needs it.
    pub const FIRST: Attempt<'static> = Attempt::first_of(1, None, None);

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

    /// How many attempts the node has, this one included.
    pub fn of(&self) -> u32 {
        self.of
    }

    /// Whether the node's `attempts` are used up after this one.
    pub fn is_last(&self) -> bool {
        self.number == self.of
    }

    /// The index of the item, in a batch.
    pub fn item(&self) -> Option<usize> {
        self.item
    }

    /// An idempotency key, to pass on to whoever is called: the same in every attempt at this work,
    /// also after the process has died and the run goes on in another. There is one where a
    /// driver names the run, as a checkpoint does.
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

    /// Why the attempt before this one failed; `None` in the first.
    pub fn last_error(&self) -> Option<LastError<'a>> {
        self.last_error.map(LastError)
    }
}

/// What tells a piece of work from every other: see [`Attempt::key`]. It prints as `order-17/3`,
/// with the number of the branch of a fork and the index of the item behind it:
/// `order-17/3/branch-0/item-12`. Where a driver knows an item by what it is, a number that
/// goes with that stands in place of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key<'a> {
    /// The name of the run.
    pub run: &'a str,
    /// The number of the step in the run, counted from 1.
    pub step: u64,
    /// Which of a fork's nodes it is, counted from 0.
    pub branch: Option<usize>,
    /// The index of the item of a batch, counted from 0.
    pub item: Option<usize>,
    /// What a driver that keeps items knows this one by: see
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

/// Why the attempt before this one failed. It prints with its causes, in one line: what a model
/// needs to know is often the last.
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
