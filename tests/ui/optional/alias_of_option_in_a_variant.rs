use pocketflow::{Action, Shared, flow, node};

#[derive(Shared, Default)]
struct Assistant {
    question: String,
    line: Option<u32>,
}

type Line = Option<u32>;

#[derive(Action)]
#[action(Assistant)]
enum Tool {
    Read { line: Line },
    Done,
}

#[node(Assistant)]
fn choose(question: &str) -> Tool {
    if question.is_empty() { Tool::Done } else { Tool::Read { line: None } }
}

flow! {
    pub Assist {
        choose - "read" >> choose;
        choose - "done" >> end;
    }
}

#[tokio::main]
async fn main() {
    Assist.run(&mut Assistant::default()).await.unwrap();
}
