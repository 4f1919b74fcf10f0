//! The error of a run, which names the place and the cause.

mod cause;
mod causes;
#[cfg(test)]
mod tests;

pub(crate) use cause::Cause;
pub use causes::{EmptyField, NoRuntime, TimedOut};

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// Any error a node may return: `anyhow::Error`, `eyre::Report`, `std::io::Error`, a `String` …
/// convert into it.
pub type BoxError = Box<dyn StdError + Send + Sync + 'static>;

/// Why a run stopped: the flow, the node, its step, the attempt, and the cause.
///
/// The text of an error names the place and, as is the custom, leaves the cause to
/// [`source`](StdError::source). Print the whole chain with `{:#}`, or with `{:?}` as `main` does.
///
/// ```
/// # use pocketflow::{Shared, flow, node};
/// #[derive(Shared, Default)]
/// struct Order { total_cents: u64, receipt: Option<String> }
///
/// #[node(Order, writes = receipt, attempts = 2)]
/// async fn pay(total_cents: &u64) -> Result<String, String> {
///     Err(format!("the bank refused {total_cents} cents"))
/// }
///
/// flow! { Checkout { pay; } }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let error = Checkout.run(&mut Order { total_cents: 100, receipt: None }).await.err().unwrap();
/// assert_eq!(error.flow(), Some("Checkout"));
/// assert_eq!(error.node(), Some("pay"));
/// assert_eq!(error.attempt(), Some(2));
/// assert_eq!(error.to_string(), "Checkout > pay: exec failed at attempt 2 of 2");
/// assert_eq!(format!("{error:#}"), "Checkout > pay: exec failed at attempt 2 of 2: the bank refused 100 cents");
/// # }
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    path: Vec<&'static str>,
    item: Option<usize>,
    stage: Stage,
    cause: Cause,
}

/// Where inside a node, or around it, a run stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// Before the first node: an input is empty, or a position to resume at does not exist.
    Start,
    /// While the node read the store.
    Prep,
    /// In the node's work.
    Exec {
        /// The attempt that failed, counted from 1.
        attempt: u32,
        /// How many attempts the node has.
        attempts: u32,
    },
    /// In the node's fallback, after its last attempt.
    Fallback,
    /// After the node's `post`, which promised to fill a late field and did not. What it has
    /// written stays in the store.
    Post,
    /// In a driver, around a step.
    Driver,
}

impl Error {
    pub(crate) fn new(path: Vec<&'static str>, stage: Stage, cause: impl Into<Cause>) -> Self {
        Self::at_item(path, None, stage, cause)
    }

    /// An error at an item of a batch.
    pub(crate) fn at_item(
        path: Vec<&'static str>,
        item: Option<usize>,
        stage: Stage,
        cause: impl Into<Cause>,
    ) -> Self {
        Self(Arc::new(Inner {
            path,
            item,
            stage,
            cause: cause.into(),
        }))
    }

    /// Whether both are one error, and not only alike.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The names from the outermost flow down to the node: `["Shop", "Payment", "authorize"]`.
    pub fn path(&self) -> &[&'static str] {
        &self.0.path
    }

    /// The innermost flow that was running.
    pub fn flow(&self) -> Option<&'static str> {
        match self.0.stage {
            Stage::Start => self.0.path.last().copied(),
            _ => self
                .0
                .path
                .len()
                .checked_sub(2)
                .map(|flow| self.0.path[flow]),
        }
    }

    /// The node that was running, unless the flow had not reached its first.
    pub fn node(&self) -> Option<&'static str> {
        match self.0.stage {
            Stage::Start => None,
            _ => self.0.path.last().copied(),
        }
    }

    /// The step of the node that failed.
    pub fn stage(&self) -> Stage {
        self.0.stage
    }

    /// The attempt that failed, counted from 1, where it was `exec` that failed.
    pub fn attempt(&self) -> Option<u32> {
        match self.0.stage {
            Stage::Exec { attempt, .. } => Some(attempt),
            _ => None,
        }
    }

    /// The index of the item that failed, in a batch.
    pub fn item(&self) -> Option<usize> {
        self.0.item
    }

    /// What went wrong: the error the node returned, or one of [`TimedOut`], [`EmptyField`],
    /// [`StepsExceeded`](crate::StepsExceeded).
    ///
    /// Use `downcast_ref` on it to tell them apart, or [`find`](Self::find) where another error may
    /// be around the one you look for.
    pub fn cause(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self.0.cause.error()
    }

    /// The first error of this type among the cause and its sources: what `downcast_ref` on the
    /// cause does not find under a `context` of `anyhow`, in the error of another flow, or in a
    /// `std::io::Error`.
    ///
    /// ```
    /// # use anyhow::Context;
    /// # use pocketflow::{Shared, flow, node};
    /// # #[derive(Shared, Default)] struct Order { total_cents: u64, receipt: Option<String> }
    /// #[derive(Debug)]
    /// struct Refused {
    ///     cents: u64,
    /// }
    ///
    /// impl std::fmt::Display for Refused {
    ///     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    ///         write!(f, "the bank refused {} cents", self.cents)
    ///     }
    /// }
    ///
    /// impl std::error::Error for Refused {}
    ///
    /// #[node(Order, writes = receipt)]
    /// async fn pay(total_cents: &u64) -> anyhow::Result<String> {
    ///     Err(Refused { cents: *total_cents }).context("the card cannot be charged")
    /// }
    ///
    /// flow! { Checkout { pay; } }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let error = Checkout.run(&mut Order { total_cents: 100, receipt: None }).await.err().unwrap();
    /// assert_eq!(error.cause().to_string(), "the card cannot be charged");
    /// assert!(error.cause().downcast_ref::<Refused>().is_none());
    /// assert_eq!(error.find::<Refused>().unwrap().cents, 100);
    /// # }
    /// ```
    ///
    /// It finds errors, by the type they have. What is only text, as in `.context("…")`, is in
    /// [`cause`](Self::cause) and its sources.
    pub fn find<E: StdError + 'static>(&self) -> Option<&E> {
        self.0.cause.find()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, name) in self.0.path.iter().enumerate() {
            write!(f, "{}{name}", if depth == 0 { "" } else { " > " })?;
        }
        if let Some(item) = self.0.item {
            write!(f, "[{item}]")?;
        }
        match self.0.stage {
            Stage::Start => write!(f, ": cannot start"),
            Stage::Prep => write!(f, ": prep failed"),
            Stage::Exec { attempts: 1, .. } => write!(f, ": exec failed"),
            Stage::Exec { attempt, attempts } => {
                let rest = if attempt < attempts {
                    ", not retried"
                } else {
                    ""
                };
                write!(f, ": exec failed at attempt {attempt} of {attempts}{rest}")
            }
            Stage::Fallback => write!(f, ": fallback failed"),
            Stage::Post => write!(f, ": post failed"),
            Stage::Driver => write!(f, ": stopped"),
        }?;
        if f.alternate() {
            let mut source = self.source();
            while let Some(cause) = source {
                write!(f, ": {cause}")?;
                source = cause.source();
            }
        }
        Ok(())
    }
}

/// For people, since this is what `fn main() -> Result<(), Error>` prints.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}\n\nCaused by:")?;
        let mut source = self.source();
        while let Some(cause) = source {
            for line in cause.to_string().lines() {
                let indent = if line.is_empty() { "" } else { "    " };
                write!(f, "\n{indent}{line}")?;
            }
            source = cause.source();
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.0.cause.error())
    }
}
