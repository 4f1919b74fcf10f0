//! What the types of items and their results must implement.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A result that can be stored: any type that serde reads and writes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `Serialize` and `Deserialize`: a durable run keeps what `exec` returns in a batch or a fork",
    label = "`{Self}` cannot be kept",
    note = "write `#[derive(Serialize, Deserialize)]` on `{Self}`"
)]
#[doc(hidden)]
pub trait Kept: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Kept for T {}

/// An item that can be identified: any type that serde writes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not `Serialize`: a durable run knows the items of a batch by what they are",
    label = "an item of `{Self}` cannot be distinguished from another",
    note = "write `#[derive(Serialize)]` on the type of the item"
)]
#[doc(hidden)]
pub trait Known: Serialize {}

#[diagnostic::do_not_recommend]
impl<T: Serialize> Known for T {}
