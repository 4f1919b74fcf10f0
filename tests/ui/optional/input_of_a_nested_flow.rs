use pocketflow::{Shared, flow, node};

#[derive(Shared, Default)]
struct Assistant {
    question: String,
    found: Option<String>,
    answer: Option<String>,
}

#[node(Assistant, writes = found)]
fn recall(question: &str) -> Option<String> {
    Some(question.into())
}

#[node(Assistant, writes = answer)]
fn answer(found: &str) -> String {
    found.into()
}

flow! {
    pub Answer(found) {
        answer;
    }
}

flow! {
    pub Assist {
        recall >> Answer;
    }
}

fn main() {}
