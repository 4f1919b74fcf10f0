use std::cell::Cell;

use pocketflow::{Shared, flow, node};

#[derive(Shared, Default)]
struct Research {
    question: String,
    answer: Option<String>,
}

struct WebSearch {
    calls: Cell<usize>,
}

#[node(Research, writes = answer)]
impl WebSearch {
    async fn exec(&self, question: &str) -> String {
        self.calls.set(self.calls.get() + 1);
        question.into()
    }
}

#[node(Research)]
fn show(answer: &str) {
    println!("{answer}");
}

flow! {
    pub Agent {
        search: WebSearch;
        search;
    }
}

flow! {
    pub Session {
        agent: Agent;
        agent >> show;
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let session = Session { agent: Agent { search: WebSearch { calls: Cell::new(0) } } };
    let mut research = Research { question: "Why?".into(), ..Default::default() };
    session.run(&mut research).await?;
    session.with(pocketflow::StepLimit::new(9)).run(&mut research).await?;
    println!("{:?}", research.answer);
    Ok(())
}
