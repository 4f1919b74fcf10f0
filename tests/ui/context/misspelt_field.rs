#[path = "../context.rs"]
mod context;
use context::*;
use pocketflow::node;

#[node(Research)]
async fn ask(question: &str, #[context] lm: &dyn Llm) {
    lm.ask(question);
}

struct Ask;

#[node(Research)]
impl Ask {
    fn exec(&self) {}
    fn post(&self, #[context] trys: &u32) {
        println!("{trys}");
    }
}

fn main() {}
