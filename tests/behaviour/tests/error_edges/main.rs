//! Error edges: where a flow goes on when a node has failed.

// Each is a separate crate elsewhere, and a module here.
#![allow(unreachable_pub)]

mod sell;

mod kept;

mod kinds;

mod nested;

mod large;

mod killed;
