//! Panics of nodes.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use crate::causes::Panicked;

/// Does the work, and catches a panic in it.
///
/// # Errors
///
/// It panicked. The work is then dropped.
pub async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    let mut work = pin!(work);
    poll_fn(
        |context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(Panicked {
                message: message(&*panic),
            })),
        },
    )
    .await
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a value that is not a text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_an_error_with_its_message() {
        assert_eq!(caught(async { 7 }).await, Ok(7));
        let text = caught(async { panic!("it is {}", "late") }).await;
        let message: fn(()) -> _ = |()| ();
        assert_eq!(text.map(message).unwrap_err().message, "it is late");
        let odd = caught(async { std::panic::panic_any(7) }).await;
        assert_eq!(
            odd.map(message).unwrap_err().to_string(),
            "it panicked: a value that is not a text"
        );
    }
}
