#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{Attempt, node};

#[node]
fn no_store(total_cents: &u64) {
    println!("{total_cents}");
}

#[node(Order)]
fn generic<T>(total_cents: &u64) {
    println!("{total_cents}");
}

#[node(Order)]
fn by_value(total_cents: u64) {
    println!("{total_cents}");
}

#[node(Order)]
fn unmarked(attempt: Attempt<'_>) {
    println!("{attempt:?}");
}

#[node(Order, writes = receipt)]
fn borrowed(receipt: Option<&str>) -> &str {
    receipt.unwrap_or_default()
}

#[node(Order)]
struct Archive;

#[node(Order)]
impl Archive {
    fn prep(&mut self) {}

    fn post(&self) -> Result<(), String> {
        Ok(())
    }
}

struct Misnamed;

#[node(Order)]
impl Misnamed {
    fn exec(&self) -> Result<(), String> {
        Ok(())
    }

    fn fallback(&self, failure: pocketflow::Error) -> Result<(), String> {
        Err(failure.to_string())
    }

    fn post(&self, exec: &mut ()) {
        *exec = ();
    }
}

#[node(Article, writes = final_article, max_retries = 3, wait = "1s")]
async fn as_in_python(topic: &str) -> Result<String, String> {
    Ok(topic.into())
}

fn main() {}
