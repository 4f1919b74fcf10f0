//! All contenders, one file each.

mod cano;
mod cosmoflow;
mod floxide;
mod graph_flow;
mod hand;
mod ours;
mod pocketflow_core;
mod pocketflow_rs;
mod rust_fsm;
mod sayiir;
mod smlang;
mod statig;

use crate::contender::Contender;

/// All contenders, in the order of the tables.
pub const ALL: &[Contender] = &[
    ours::OURS,
    hand::SYNC,
    hand::ASYNC,
    hand::PHASES,
    hand::RETRY,
    hand::BUFFERED,
    hand::FUTURES_BUFFERED,
    hand::JOIN_SET,
    smlang::SYNC,
    smlang::ASYNC,
    rust_fsm::CONTENDER,
    statig::SYNC,
    statig::ASYNC,
    pocketflow_core::CONTENDER,
    pocketflow_rs::CONTENDER,
    graph_flow::GRAPH_FLOW,
    cano::CONTENDER,
    sayiir::SAYIIR,
    floxide::FLOXIDE,
    cosmoflow::CONTENDER,
];

/// The base for the cost of a step and the size of a waiting flow.
pub const BASE: &str = "by hand, prep/exec/post";

/// The base for the cost of a batch's item.
pub const BATCH_BASE: &str = "by hand, `buffered`";
