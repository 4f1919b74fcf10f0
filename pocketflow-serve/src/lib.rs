#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod access;
mod actions;
mod assets;
mod database;
mod list;
mod records;
mod schema;
mod server;
mod sources;
mod stream;

pub use server::{Bound, Server};
