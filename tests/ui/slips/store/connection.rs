use pocketflow::{Shared, flow, node};

/// As of a database: one thread at a time.
struct Connection {
    statements: std::cell::RefCell<Vec<String>>,
}

#[derive(Shared)]
struct Research {
    question: String,
    notes: Vec<String>,
    database: Connection,
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
async fn conclude(question: &str, notes: &[String]) -> anyhow::Result<String> {
    Ok(format!("{question}: {}", notes.join(", ")))
}

flow! {
    pub Agent {
        search: WebSearch;
        search >> conclude;
    }
}

fn open(question: &str) -> Research {
    let database = Connection { statements: Default::default() };
    database.statements.borrow_mut().push(question.into());
    Research { question: question.into(), notes: Vec::new(), database, answer: None }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let agent = Agent { search: WebSearch { limit: 3 } };
    let mut research = open("Why?");
    agent.run(&mut research).await?;
    let mut other = open("How?");
    agent.run(&mut other).await?;
    println!("{:?} {:?}", research.answer, other.answer);
    Ok(())
}
