//! What went wrong, with the chain of its sources.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;

use super::BoxError;

/// What went wrong, stored as the node returned it. A report such as `anyhow::Error` is not an
/// error but refers to one, and converting it into a [`BoxError`] would hide the type of that
/// error.
#[derive(Clone)]
pub(crate) struct Cause(Arc<dyn Held>);

/// A report, or an error in a box.
trait Held: AsRef<dyn StdError + Send + Sync> + Any + Send + Sync {
    /// The report, for a downcast.
    fn report(&self) -> &dyn Any;
}

impl<T: AsRef<dyn StdError + Send + Sync> + Any + Send + Sync> Held for T {
    fn report(&self) -> &dyn Any {
        self
    }
}

impl Cause {
    /// Takes a report, which refers to an error.
    pub(crate) fn of_report(
        report: impl AsRef<dyn StdError + Send + Sync> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(report))
    }

    /// Takes an error, or a value that converts into one.
    pub(crate) fn of_error(error: impl Into<BoxError>) -> Self {
        struct Boxed(BoxError);
        impl AsRef<dyn StdError + Send + Sync> for Boxed {
            fn as_ref(&self) -> &(dyn StdError + Send + Sync + 'static) {
                &*self.0
            }
        }
        Self(Arc::new(Boxed(error.into())))
    }

    pub(crate) fn error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        (*self.0).as_ref()
    }

    /// The report, if it is of this type.
    pub(crate) fn report<R: 'static>(&self) -> Option<&R> {
        self.0.report().downcast_ref()
    }

    /// Whether both are the same, and not only equal.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The first error of a type in the chain.
    pub(crate) fn find<E: StdError + 'static>(&self) -> Option<&E> {
        let mut next: Option<&(dyn StdError + 'static)> = Some(self.error());
        while let Some(error) = next {
            // The source of an `Arc`, a `Box` and an `io::Error` is the source of the error inside,
            // so the code must look for the error itself here.
            let found = error
                .downcast_ref()
                .or_else(|| error.downcast_ref::<Arc<E>>().map(|shared| &**shared))
                .or_else(|| error.downcast_ref::<Box<E>>().map(|boxed| &**boxed));
            if found.is_some() {
                return found;
            }
            let within = error
                .downcast_ref::<io::Error>()
                .and_then(io::Error::get_ref);
            next = match within {
                Some(within) => Some(within),
                None => error.source(),
            };
        }
        None
    }
}

impl<E: Into<BoxError>> From<E> for Cause {
    fn from(error: E) -> Self {
        Self::of_error(error)
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.error(), f)
    }
}
