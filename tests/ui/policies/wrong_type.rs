#[path = "../context.rs"]
mod context;
use context::*;
use pocketflow::node;

const TRIES: &str = "3";
const WAIT: u64 = 200;

#[node(Research, writes = answer, attempts = TRIES)]
fn constant_count() -> Result<String, String> {
    Ok("42".into())
}

#[node(Research, writes = answer, attempts = 3, wait = WAIT)]
fn constant_wait() -> Result<String, String> {
    Ok("42".into())
}

#[node(Research, writes = answer, attempts = context.llm)]
fn field_of_the_context() -> Result<String, String> {
    Ok("42".into())
}

#[node(Research, writes = answer, timeout = context.tries)]
async fn timeout_of_the_context() -> Result<String, String> {
    Ok("42".into())
}

#[node(Research, writes = answer, attempts = context.trys)]
fn misspelt() -> Result<String, String> {
    Ok("42".into())
}

struct Ask {
    tries: u8,
}

#[node(Research, writes = answer, attempts = self.tries)]
impl Ask {
    fn exec(&self) -> Result<String, String> {
        Ok("42".into())
    }
}

fn main() {}
