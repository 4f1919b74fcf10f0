//! The error of a run, which names the place and the cause.

mod cause;
mod failed;
mod items;
mod library_causes;
mod stored;
#[cfg(test)]
mod tests;

pub(crate) use cause::Cause;
pub use failed::Failed;
pub use items::ItemName;
use items::PathItem;
pub use library_causes::{EmptyField, InvalidPolicy, NoRuntime, TimedOut};
pub use stored::StoredError;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// Any error that a node may return. `anyhow::Error`, `eyre::Report`, `std::io::Error`, `String`
/// and others convert into it.
pub type BoxError = Box<dyn StdError + Send + Sync + 'static>;

/// Why a run stopped: the flow, the node, the stage, the attempt and the cause.
///
/// The text of an error names the place. As is usual in Rust, the cause is not in the text but in
/// [`source`](StdError::source). To print the whole chain, use `{:#}`, or `{:?}`, which `main`
/// uses.
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

#[derive(Clone)]
struct Inner {
    path: Vec<&'static str>,
    /// The items of collections on the path, from the outermost to the innermost.
    items: Vec<PathItem>,
    item: Option<usize>,
    stage: Stage,
    cause: Cause,
    /// Whether a mistake in the program caused it, so that nothing in the flow can recover from it.
    ends_the_run: bool,
    /// Whether the run can go on later from where it is.
    suspends: bool,
}

/// The stage at which a run stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// Before the first node: an input is empty, or the position to resume at does not exist.
    Start,
    /// In `prep`, or while the node read the store.
    Prep,
    /// In `exec`.
    Exec {
        /// The attempt that failed, counted from 1.
        attempt: u32,
        /// How many attempts the node has.
        attempts: u32,
    },
    /// In the node's fallback, after the last attempt.
    Fallback,
    /// After `post`, which did not fill a late field that it promised to fill. What it has written
    /// stays in the store.
    Post,
    /// In a driver.
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
            items: Vec::new(),
            item,
            stage,
            cause: cause.into(),
            ends_the_run: false,
            suspends: false,
        }))
    }

    /// An error that a mistake in the program causes.
    pub(crate) fn of_mistake(
        path: Vec<&'static str>,
        item: Option<usize>,
        stage: Stage,
        cause: Cause,
    ) -> Self {
        Self(Arc::new(Inner {
            path,
            items: Vec::new(),
            item,
            stage,
            cause,
            ends_the_run: true,
            suspends: false,
        }))
    }

    /// Whether this is a failure of a node: its `prep` or its last attempt failed, and no fallback
    /// helped. An error edge can lead on from it, and `Flow.each(field, failures = problems)` collects
    /// it. An inner run whose input is empty has failed as well, because the data of the run around it
    /// decide that. The errors of drivers and those that a mistake in the program causes are no
    /// failures.
    pub fn is_failure(&self) -> bool {
        let is_empty = self.cause().is::<EmptyField>();
        let failed = match self.stage() {
            Stage::Prep | Stage::Exec { .. } | Stage::Fallback => !is_empty,
            // The inputs of the outermost flow are up to the caller.
            Stage::Start => is_empty && self.path().len() > 1,
            Stage::Post | Stage::Driver => false,
        };
        failed && !self.ends_the_run()
    }

    /// Whether neither a fallback nor an error edge may lead on from it.
    pub(crate) fn ends_the_run(&self) -> bool {
        self.0.ends_the_run
    }

    /// An error with which a run is suspended.
    pub(crate) fn suspending(path: Vec<&'static str>, cause: impl Into<Cause>) -> Self {
        let mut inner = Arc::unwrap_or_clone(Self::new(path, Stage::Driver, cause).0);
        inner.suspends = true;
        Self(Arc::new(inner))
    }

    /// Whether a driver has suspended the run, which can go on later: see
    /// [`StepInfo::suspend`](crate::StepInfo::suspend).
    pub fn suspends(&self) -> bool {
        self.0.suspends
    }

    /// Whether both are the same error, and not only equal.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.0.cause.is(&other.0.cause)
    }

    /// The names from the outermost flow down to the node: `["Shop", "Payment", "authorize"]`. Where
    /// a flow runs on a field, the name of the field stands for the flow: `["Digest", "documents",
    /// "read"]`. See [`items`](Self::items).
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

    /// The node that was running. `None` if the flow had not reached its first node.
    pub fn node(&self) -> Option<&'static str> {
        match self.0.stage {
            Stage::Start => None,
            _ => self.0.path.last().copied(),
        }
    }

    /// Which stage failed: `prep`, `exec`, the fallback, `post`, a driver, or the start of the
    /// flow.
    pub fn stage(&self) -> Stage {
        self.0.stage
    }

    /// The attempt that failed, counted from 1, if `exec` failed.
    pub fn attempt(&self) -> Option<u32> {
        match self.0.stage {
            Stage::Exec { attempt, .. } => Some(attempt),
            _ => None,
        }
    }

    /// In a batch, the index of the item that failed.
    pub fn item(&self) -> Option<usize> {
        self.0.item
    }

    /// What went wrong: the error that the node returned, or one of this library's, such as
    /// [`TimedOut`], [`EmptyField`], [`StepsExceeded`](crate::StepsExceeded), [`NoStub`](crate::NoStub).
    ///
    /// To tell them apart, use `downcast_ref`, or [`find`](Self::find) if another error may wrap
    /// the one that you look for.
    pub fn cause(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self.0.cause.error()
    }

    /// The first error of this type among the cause and its sources. It also finds what
    /// `downcast_ref` on the cause does not: an error under a `context` of `anyhow`, in the error
    /// of another flow, or in a `std::io::Error`.
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
    /// It searches by type. To find a text, such as that of `.context("…")`, look at
    /// [`cause`](Self::cause) and its sources.
    pub fn find<E: StdError + 'static>(&self) -> Option<&E> {
        self.0.cause.find()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_path(f)?;
        if let Some(item) = self.0.item {
            write!(f, "[{item}]")?;
        }
        write!(f, ": {}", self.0.stage)?;
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

/// What failed, in words: `exec failed at attempt 2 of 2`.
impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => f.write_str("cannot start"),
            Self::Prep => f.write_str("prep failed"),
            Self::Exec { attempts: 1, .. } => f.write_str("exec failed"),
            Self::Exec { attempt, attempts } => {
                let rest = if attempt < attempts {
                    ", not retried"
                } else {
                    ""
                };
                write!(f, "exec failed at attempt {attempt} of {attempts}{rest}")
            }
            Self::Fallback => f.write_str("fallback failed"),
            Self::Post => f.write_str("post failed"),
            Self::Driver => f.write_str("stopped"),
        }
    }
}

/// For human readers, because `fn main() -> Result<(), Error>` prints this.
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
