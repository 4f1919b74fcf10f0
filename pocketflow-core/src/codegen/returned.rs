//! What the compiler checks of the types of a node.

use core::marker::PhantomData;

use crate::checks::message::Message;

/// Tells whether a type is a `Result`.
#[doc(hidden)]
#[derive(Debug)]
pub struct Returned<T>(PhantomData<fn() -> T>);

impl<T, E> Returned<Result<T, E>> {
    /// It is; this inherent constant wins over the trait's.
    pub const __IS_RESULT: bool = true;
}

/// The other side of [`Returned`].
#[doc(hidden)]
pub trait ReturnedPlain {
    /// It is not.
    const __IS_RESULT: bool = false;
}

impl<T> ReturnedPlain for Returned<T> {}

/// What a node returned. A `Result` that its name does not tell is taken for its value, since its
/// check speaks of it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Given<T>(pub T);

impl<T, E> Given<Result<T, E>> {
    /// The value; this inherent method wins over the trait's.
    pub fn __value(self) -> T {
        match self.0 {
            Ok(value) => value,
            Err(_) => {
                unreachable!("a node that returns a `Result` under another name does not compile")
            }
        }
    }
}

/// The other side of [`Given`].
#[doc(hidden)]
pub trait GivenPlain<T> {
    /// The value.
    fn __value(self) -> T;
}

impl<T> GivenPlain<T> for Given<T> {
    #[inline(always)]
    fn __value(self) -> T {
        self.0
    }
}

/// Checks what a node returns.
#[doc(hidden)]
#[track_caller]
pub const fn check_returned(holds: bool, message: &str) -> usize {
    assert!(holds, "{}", message);
    0
}

/// Checks the type of a node, by its name and as [`Threads`](crate::store::Threads) knows it.
#[doc(hidden)]
#[track_caller]
pub const fn check_node(name: &str, sends: bool, syncs: bool) -> usize {
    let not = match (sends, syncs) {
        (true, true) => return 0,
        (true, false) => "not `Sync`",
        (false, true) => "not `Send`",
        (false, false) => "neither `Send` nor `Sync`",
    };
    Message::new("a node is `Send + Sync`, and ")
        .code(name)
        .push(" is ")
        .push(not)
        .push("\nnote: a run moves between threads, and several runs may use the node at the same time")
        .push("\nhelp: in its fields, write `dyn … + Send + Sync` instead of `dyn …`, `Arc` instead of `Rc`, and an atomic or a `Mutex` instead of `Cell`")
        .report()
}
