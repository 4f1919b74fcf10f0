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

    fn post(&self, notes: &mut Vec<String>, exec: Vec<String>) {
        notes.extend(exec);
    }
}

struct Draft {
    width: usize,
}

impl Draft {
    fn n(&self) -> usize {
        self.width
    }
}

#[node(Research, parallel = self.n())]
impl Draft {
    async fn exec(&self, #[each(notes)] note: &str) -> usize {
        note.len()
    }
    fn post(&self, notes: &mut Vec<String>, exec: Vec<usize>) {
        notes.push(format!("{exec:?}"));
    }
}

#[node(Research, writes = answer)]
async fn conclude(question: &str, notes: &[String]) -> anyhow::Result<String> {
    Ok(format!("{question}: {}", notes.join(", ")))
}

flow! {
    pub Agent {
        search: WebSearch;
        draft: Draft;
        search >> draft >> conclude;
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let agent = Agent { search: WebSearch { limit: 3 }, draft: Draft { width: 2 } };
    let mut research = Research { question: "Why?".into(), ..Default::default() };
    agent.run(&mut research).await?;
    let mut other = Research { question: "How?".into(), ..Default::default() };
    agent.run(&mut other).await?;
    println!("{:?} {:?}", research.answer, other.answer);
    Ok(())
}
