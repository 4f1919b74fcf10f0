use std::time::Duration;

use pocketflow::{Shared, flow, node};

#[derive(Shared, Default)]
struct Desk {
    items: Vec<u32>,
    done: Option<Vec<u32>>,
}

const NONE: u32 = 0;
const SHRINKS: f64 = 0.5;
const WAIT: Duration = Duration::from_secs(2);
const SHORTER: Duration = Duration::from_secs(1);
const NO_TIME: Duration = Duration::ZERO;
const NO_ITEM: usize = 0;

#[node(Desk, attempts = NONE)]
fn never() -> Result<(), String> {
    Ok(())
}

#[node(Desk, attempts = 3, wait = "1s", backoff = SHRINKS)]
fn shrinks() -> Result<(), String> {
    Ok(())
}

#[node(Desk, attempts = 3, wait = WAIT, max_wait = SHORTER)]
fn shorter() -> Result<(), String> {
    Ok(())
}

#[node(Desk, timeout = NO_TIME)]
async fn no_time() -> Result<(), String> {
    Ok(())
}

#[node(Desk, writes = done, parallel = NO_ITEM)]
async fn no_item(#[each(items)] item: &u32) -> u32 {
    *item
}

flow! {
    Never {
        never >> shrinks max NONE else end;
        shrinks >> never;
    }
}

fn main() {}
