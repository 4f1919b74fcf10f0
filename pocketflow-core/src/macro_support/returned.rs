//! What a node returns: a `Result`, a value, or nothing.

use core::marker::PhantomData;

/// Tells whether a type is a `Result`.
#[doc(hidden)]
#[derive(Debug)]
pub struct ReturnType<T>(PhantomData<fn() -> T>);

impl<T, E> ReturnType<Result<T, E>> {
    /// The type is a `Result`. This inherent constant wins over the trait's.
    pub const __IS_RESULT: bool = true;
}

impl<T> ReturnType<Option<T>> {
    /// The type is an `Option`. This inherent constant wins over the trait's.
    pub const __IS_OPTION: bool = true;
}

/// The case of [`ReturnType`] that is not a `Result`, or not an `Option`.
#[doc(hidden)]
pub trait NotResult {
    /// The type is not a `Result`.
    const __IS_RESULT: bool = false;
    /// The type is not an `Option`.
    const __IS_OPTION: bool = false;
}

impl<T> NotResult for ReturnType<T> {}

/// What a node returned. If it is a `Result` under a name that does not end in `Result`, the code
/// here takes its value, so that rustc reports only the failed check of the node.
#[doc(hidden)]
#[derive(Debug)]
pub struct ReturnValue<T>(pub T);

impl<T, E> ReturnValue<Result<T, E>> {
    /// The value. This inherent method wins over the trait's.
    pub fn __value(self) -> T {
        match self.0 {
            Ok(value) => value,
            Err(_) => {
                unreachable!("a node that returns a `Result` under another name does not compile")
            }
        }
    }
}

/// The case of [`ReturnValue`] that is not a `Result`.
#[doc(hidden)]
pub trait PlainValue<T> {
    /// The value.
    fn __value(self) -> T;
}

impl<T> PlainValue<T> for ReturnValue<T> {
    #[inline(always)]
    fn __value(self) -> T {
        self.0
    }
}

/// A value, and the field that it is written to. If the value is an `Option` under another name, and
/// the field holds what is in it, the code here takes that, so that rustc reports only the failed
/// check.
#[doc(hidden)]
#[derive(Debug)]
pub struct ValueFor<'a, T, F>(pub T, pub &'a F);

impl<T> ValueFor<'_, Option<T>, Option<T>> {
    /// What is in the `Option`. This inherent method wins over the trait's.
    pub fn __plain(self) -> T {
        unreachable!("a value that is an `Option` under another name does not compile")
    }
}

/// The case of [`ValueFor`] that is not such an `Option`.
#[doc(hidden)]
pub trait PlainValueFor<T> {
    /// The value.
    fn __plain(self) -> T;
}

impl<T, F> PlainValueFor<T> for ValueFor<'_, T, F> {
    #[inline(always)]
    fn __plain(self) -> T {
        self.0
    }
}

/// What the `exec` of a batch returns if no field stores its results.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the batch returns a `{Self}` for each item, and names no field to store them in",
    label = "one of these for each item",
    note = "store them in a `Vec`, in the order of the items: `#[node(…, writes = field)]`"
)]
pub trait Nothing {
    /// There is nothing to store.
    const NOTHING: () = ();
}

#[diagnostic::do_not_recommend]
impl Nothing for () {}

/// A type whose name ends in `Result`, which must be a `Result`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `Result`",
    label = "a node is fallible where the last name of its type is `Result`",
    note = "give the type of a plain value another name"
)]
pub trait Fallible {
    /// The type of the `Ok` value.
    type Value;
    /// The type of the `Err` value.
    type Error;
}

impl<T, E> Fallible for Result<T, E> {
    type Value = T;
    type Error = E;
}
