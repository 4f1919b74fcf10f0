//! A failure as plain text.

use std::error::Error as StdError;
use std::fmt;

use super::{Error, Stage};

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
    /// The names from the outermost flow down to the node.
    pub path: Vec<String>,
    /// In a batch, the index of the item.
    pub item: Option<usize>,
    /// How many attempts were made. It is 0 if `prep` failed, and also if the fallback failed, which
    /// runs after the last attempt.
    pub attempts: u32,
    /// What failed, in words: `exec failed at attempt 2 of 2`.
    pub stage: String,
    /// The text of the cause, then of its source, and so on.
    pub causes: Vec<String>,
}

impl Failed {
    /// The name of the node that failed.
    pub fn node(&self) -> Option<&str> {
        self.path.last().map(String::as_str)
    }

    /// The text of the cause, without its sources.
    pub fn cause(&self) -> &str {
        self.causes.first().map_or("", String::as_str)
    }
}

impl From<&Error> for Failed {
    fn from(error: &Error) -> Self {
        let mut causes = Vec::new();
        let mut source = error.source();
        while let Some(cause) = source {
            causes.push(cause.to_string());
            source = cause.source();
        }
        Self {
            path: error.path().iter().map(|name| (*name).into()).collect(),
            item: error.item(),
            attempts: match error.stage() {
                Stage::Exec { attempt, .. } => attempt,
                _ => 0,
            },
            stage: error.stage().to_string(),
            causes,
        }
    }
}

/// The place and the stage. With `{:#}`, the causes follow.
impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path.join(" > "))?;
        if let Some(item) = self.item {
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
