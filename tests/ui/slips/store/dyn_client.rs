use pocketflow::{Shared, flow, node};

trait Llm {
    fn ask(&self, prompt: &str) -> String;
}

#[derive(Shared, Default)]
struct Research {
    question: String,
    notes: Vec<String>,
    llm: Option<Box<dyn Llm>>,
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

    fn post(&self, notes: &mut Vec<String>, exec: Vec<String>) {
        notes.extend(exec);
    }
}

#[node(Research, writes = answer)]
async fn conclude(question: &str, notes: &[String], llm: Option<&Box<dyn Llm>>) -> anyhow::Result<String> {
    Ok(llm.map(|llm| llm.ask(question)).unwrap_or_else(|| notes.join(", ")))
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
