use pocketflow::{Shared, flow, node};
use pocketflow_record::Record;

#[derive(Shared, Default)]
struct Agent {
    answer: Option<String>,
}

struct Reply {
    text: String,
}

struct Ask;

#[node(Agent)]
impl Ask {
    async fn exec(&self) -> Reply {
        Reply { text: "42".into() }
    }

    fn post(&self, answer: &mut Option<String>, exec: Reply) {
        *answer = Some(exec.text);
    }
}

flow! { Answer { Ask; } }

async fn run(agent: &mut Agent) {
    let record = Record::in_memory();
    Answer.with(&record).run(agent).await.unwrap();
    // This is fine.
    let record = Record::in_memory().steps_only();
    Answer.with(&record).run(agent).await.unwrap();
}

fn main() {}
