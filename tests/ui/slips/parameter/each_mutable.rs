use pocketflow::{Shared, flow, node};

#[derive(Shared, Default)]
struct Research {
    question: String,
    notes: Vec<String>,
    answer: Option<Vec<String>>,
}

struct WebSearch {
    limit: usize,
}

#[node(Research, attempts = 2)]
impl WebSearch {
    fn prep(&self, question: &str) -> String {
        question.to_lowercase()
    }

    async fn exec(&self, prep: &String) -> anyhow::Result<Vec<String>> {
        Ok(vec![prep.clone(); self.limit])
    }

    fn post(&self, notes: &mut Vec<String>, exec: Vec<String>) {
        notes.extend(exec);
    }
}

#[node(Research, writes = answer)]
async fn conclude(#[each(notes)] note: &mut String, question: &str) -> anyhow::Result<String> {
    Ok(format!("{question}: {note}"))
}

flow! {
    pub Agent {
        search: WebSearch;
        search >> conclude;
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let agent = Agent { search: WebSearch { limit: 3 } };
    let mut research = Research { question: "Why?".into(), ..Default::default() };
    agent.run(&mut research).await?;
    let mut other = Research { question: "How?".into(), ..Default::default() };
    agent.run(&mut other).await?;
    println!("{:?} {:?}", research.answer, other.answer);
    Ok(())
}
