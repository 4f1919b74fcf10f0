//! What the programs in `context/` work with.

use pocketflow::{Shared, node};

pub trait Llm: Send + Sync {
    fn ask(&self, prompt: &str) -> String;
}

pub struct Services {
    pub llm: Box<dyn Llm>,
    pub tries: u32,
}

#[derive(Shared, Default)]
#[shared(context = Services)]
pub struct Research {
    pub question: String,
    pub answer: Option<String>,
}

#[node(Research, writes = answer)]
pub async fn answer(question: &str, #[context] llm: &dyn Llm) -> String {
    llm.ask(question)
}
