use pocketflow::{Shared, flow, node};

#[derive(Shared, Default)]
struct Assistant {
    question: String,
    found: Option<Vec<String>>,
    answer: Option<String>,
}

#[node(Assistant, writes = found)]
fn recall(question: &str) -> Option<Vec<String>> {
    (!question.is_empty()).then(|| vec![question.into()])
}

#[node(Assistant)]
fn log(question: &str) {
    println!("{question}");
}

#[node(Assistant, writes = answer)]
fn answer(found: &[String]) -> String {
    found.concat()
}

flow! {
    pub Assist {
        recall >> log >> answer;
    }
}

fn main() {}
