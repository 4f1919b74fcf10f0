use pocketflow::{Shared, flow, node};
use pocketflow_record::Record;

struct Model;

#[derive(Shared)]
struct Agent {
    model: Model,
    answer: Option<String>,
}

#[node(Agent, writes = answer)]
fn answer(model: &Model) -> String {
    let Model = model;
    "42".into()
}

flow! { Answer { answer; } }

async fn run(agent: &mut Agent) {
    let record = Record::in_memory();
    Answer.with(&record).run(agent).await.unwrap();
}

fn main() {}
