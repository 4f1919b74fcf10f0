//! A failure as plain text.

use std::error::Error as StdError;
use std::fmt;

use super::{BoxError, Error, Stage, StoredError};

/// Why a node failed, as plain text that a store can hold: a copy of an [`Error`]. An error edge
/// fills a late field `Option<Failed>` with it, as does `failures = field` of a batch.
///
/// With the feature `serde` it can be serialized, so that a durable run can store it.
///
/// ```
/// use pocketflow::{Failed, Shared, flow, node};
///
/// #[derive(Shared, Default)]
/// struct Order { total_cents: u64, receipt: Option<String>, problem: Option<Failed>, note: String }
///
/// #[node(Order, writes = receipt, attempts = 2)]
/// async fn pay(total_cents: &u64) -> Result<String, String> {
///     Err(format!("the bank refused {total_cents} cents"))
/// }
///
/// #[node(Order, writes = note)]
/// fn release(problem: &Failed) -> String { format!("released: {problem:#}") }
///
/// flow! { Checkout { pay - error(problem) >> release; } }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), pocketflow::Error> {
/// let mut order = Order { total_cents: 100, ..Default::default() };
/// Checkout.run(&mut order).await?;
/// assert_eq!(
///     order.note,
///     "released: Checkout > pay: exec failed at attempt 2 of 2: the bank refused 100 cents",
/// );
/// let problem = order.problem.unwrap();
/// assert_eq!((problem.node(), problem.attempts), (Some("pay"), 2));
/// assert_eq!(problem.causes, ["the bank refused 100 cents"]);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Failed {
    /// The names from the outermost flow down to the node. Where a flow runs on the items of a
    /// collection, the names carry their items: `["Digest", "documents[3]", "read"]`.
    pub path: Vec<String>,
    /// In a batch, the index of the item. In the field of `failures = field` and of an error edge of
    /// `Flow.each(…)`, the index of the item of that collection, unless it is a map.
    pub item: Option<usize>,
    /// The key of the item, as text, if the collection of `Flow.each(…)` is a map.
    #[cfg_attr(feature = "serde", serde(default))]
    pub key: Option<String>,
    /// How many attempts were made. It is 0 if `prep` failed, and also if the fallback failed, which
    /// runs after the last attempt.
    pub attempts: u32,
    /// What failed, in words: `exec failed at attempt 2 of 2`.
    pub stage: String,
    /// The text of the cause, then of its source, and so on.
    pub causes: Vec<String>,
}

impl Failed {
    /// The name of the node that failed. `None` if an input of an inner run was empty, so that the run
    /// had not reached its first node.
    pub fn node(&self) -> Option<&str> {
        if self.stage == Stage::Start.to_string() {
            return None;
        }
        let last = self.path.last()?;
        Some(last.split_once('[').map_or(&**last, |(name, _)| name))
    }

    /// The failure of a place with so many flows around it, which may have failed in an item of its
    /// collection.
    pub(crate) fn of_place(error: &Error, depth: usize) -> Self {
        let failed = Self::from(error);
        match error.item_after(depth + 1) {
            Some(item) => Self {
                item: item.index(),
                key: item.key().map(Into::into),
                ..failed
            },
            None => failed,
        }
    }

    /// Whether the names carry their items.
    fn is_in_item(&self) -> bool {
        self.path.iter().any(|name| name.ends_with(']'))
    }

    /// The text of the cause, without its sources.
    pub fn cause(&self) -> &str {
        self.causes.first().map_or("", String::as_str)
    }
}

impl From<&Error> for Failed {
    fn from(error: &Error) -> Self {
        let named = error.named().map(|(name, item)| match item {
            Some(item) => format!("{name}{item}"),
            None => name.to_owned(),
        });
        if let Some(FailedBefore(failed)) = error.cause().downcast_ref() {
            let mut failed = failed.clone();
            // Since then the error may have left items, which the names of their collections carry.
            for (name, now) in failed.path.iter_mut().zip(named) {
                *name = now;
            }
            return failed;
        }
        let causes = StoredError::texts(error.cause());
        let mut path: Vec<String> = named.collect();
        if let (true, Some(item), Some(node)) = (error.has_items(), error.item(), path.last_mut()) {
            *node += &format!("[{item}]");
        }
        Self {
            path,
            item: error.item(),
            key: None,
            attempts: match error.stage() {
                Stage::Exec { attempt, .. } => attempt,
                _ => 0,
            },
            stage: error.stage().to_string(),
            causes,
        }
    }
}

/// A failure that a driver has stored.
#[derive(Debug)]
struct FailedBefore(Failed);

impl fmt::Display for FailedBefore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.0)
    }
}

impl StdError for FailedBefore {}

impl Error {
    /// The error of an inner run at this path that has failed before.
    pub(crate) fn failed_before(path: Vec<&'static str>, failed: Failed) -> Self {
        let attempt = failed.attempts.max(1);
        let stage = Stage::Exec {
            attempt,
            attempts: attempt,
        };
        Self::new(path, stage, BoxError::from(FailedBefore(failed)))
    }
}

/// The place and the stage. With `{:#}`, the causes follow.
impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path.join(" > "))?;
        if let Some(item) = self.item.filter(|_| !self.is_in_item()) {
            write!(f, "[{item}]")?;
        }
        write!(f, ": {}", self.stage)?;
        if f.alternate() {
            for cause in &self.causes {
                write!(f, ": {cause}")?;
            }
        }
        Ok(())
    }
}
