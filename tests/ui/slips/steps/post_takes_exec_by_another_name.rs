use pocketflow::{Shared, flow, node};

#[derive(Shared, Default)]
struct Research {
    question: String,
    notes: Vec<String>,
    answer: Option<String>,
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

    fn post(&self, notes: &mut Vec<String>, found: Vec<String>) {
        notes.extend(found);
    }
}

#[node(Research, writes = answer)]
async fn conclude(question: &str, notes: &[String]) -> anyhow::Result<String> {
    Ok(format!("{question}: {}", notes.join(", ")))
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
