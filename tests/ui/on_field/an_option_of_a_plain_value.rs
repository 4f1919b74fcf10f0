#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::{Shared, flow, node};

struct Plain;

#[derive(Shared)]
pub struct Office {
    desks: Vec<Desk>,
    plain: Vec<Plain>,
    one: Option<Plain>,
    arc: std::sync::Arc<Desk>,
    arcs: Vec<std::sync::Arc<Desk>>,
}

#[node(Office)]
fn open() {}

#[node(Office)]
fn close() {}

flow! {
    pub Digest(one): Office {
        open >> Investigate.on(one) >> close;
    }
}

fn main() {}
