use pocketflow::{Shared, node};

#[derive(Shared, Default)]
struct Desk {
    text: Option<String>,
}

#[node(Desk, writes = text, attempts = self.tries)]
fn of_a_function() -> Result<String, String> {
    Ok(String::new())
}

#[node(Desk, writes = text, attempts = context.tries)]
fn without_a_context() -> Result<String, String> {
    Ok(String::new())
}

fn main() {}
