use pocketflow::{Shared, flow, node};

struct Services<'a> {
    language: &'a str,
}

#[derive(Shared, Default)]
#[shared(context = Services<'a>)]
struct Research {
    question: String,
    answer: Option<String>,
}

#[node(Research, writes = answer)]
fn answer(question: &str) -> String {
    question.to_uppercase()
}

flow! { pub Answer { answer; } }

fn main() {}
