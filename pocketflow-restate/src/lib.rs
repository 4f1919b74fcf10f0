#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(missing_docs)]

#[cfg(feature = "worker")]
mod burst;
#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "worker")]
mod clock;
#[cfg(feature = "worker")]
mod driver;
#[cfg(feature = "worker")]
mod flow;
#[cfg(feature = "worker")]
mod input;
#[cfg(feature = "worker")]
mod items;
#[cfg(feature = "worker")]
mod job;
#[cfg(feature = "worker")]
mod listen;
#[cfg(feature = "worker")]
mod object;
#[cfg(feature = "worker")]
mod pump;
#[cfg(feature = "worker")]
mod state;
#[cfg(all(test, feature = "worker"))]
mod tests;
pub mod wire;

#[cfg(feature = "client")]
pub use client::client;
#[cfg(feature = "worker")]
pub use driver::RestateRun;
#[cfg(feature = "worker")]
pub use flow::{FromState, RestateFlow, flow, flow_with_store};
#[cfg(feature = "worker")]
pub use listen::listen;
#[cfg(feature = "worker")]
pub use pocketflow_durable::Durable;
/// The SDK of Restate, in the version to which this crate is pinned.
#[cfg(feature = "worker")]
pub use restate_sdk;
