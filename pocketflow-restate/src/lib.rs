#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(missing_docs)]

pub mod wire;

#[cfg(feature = "worker")]
mod burst;
#[cfg(feature = "worker")]
mod clock;
#[cfg(feature = "worker")]
mod driver;
#[cfg(feature = "worker")]
mod flow;
#[cfg(feature = "worker")]
mod job;
#[cfg(feature = "worker")]
mod object;
#[cfg(feature = "worker")]
mod pump;
#[cfg(feature = "worker")]
mod state;
#[cfg(all(test, feature = "worker"))]
mod tests;

#[cfg(feature = "worker")]
pub use driver::RestateRun;
#[cfg(feature = "worker")]
pub use flow::{FromState, RestateFlow, flow, flow_with_store};
