use pocketflow::{Action, Shared, flow, node};

#[derive(Shared, Default)]
struct Assistant {
    question: String,
    path: Option<String>,
    line: Option<u32>,
}

#[derive(Action)]
#[action(Assistant)]
enum Tool {
    Read { path: String, line: Option<u32> },
    Done,
}

#[node(Assistant)]
fn choose(question: &str) -> Tool {
    if question.is_empty() { Tool::Done } else { Tool::Read { path: question.into(), line: None } }
}

#[node(Assistant)]
fn read(path: &str, line: &u32) {
    println!("{path}:{line}");
}

flow! {
    pub Assist {
        choose - "read" >> read >> choose;
        choose - "done" >> end;
    }
}

fn main() {}
