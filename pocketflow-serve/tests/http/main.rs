//! The server, as a browser and as an attacker sees it.

mod access;
mod actions;
mod inner;
mod list;
mod run;
mod support;
