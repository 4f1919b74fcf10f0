#[path = "../nodes.rs"]
mod nodes;
use nodes::*;
use pocketflow::{Attempt, node};

#[node(Article, writes = section_drafts)]
async fn both(#[each(section_titles)] #[attempt] title: &str) -> String {
    title.into()
}

#[node(Article, writes = section_drafts)]
async fn each_twice(#[each(section_titles)] #[each(section_titles)] title: &str) -> String {
    title.into()
}

#[node(Article, attempts = 2)]
fn attempt_twice(#[attempt] #[attempt] attempt: Attempt<'_>) -> Result<(), String> {
    Err(format!("{attempt:?}"))
}

#[node(Article)]
#[node(Article)]
fn node_twice() {}

#[node(Article)]
fn of_a_trait(topic: &impl Send) {
    let _ = topic;
}

#[node(Article, #[cfg(test)] writes = final_article)]
fn attribute_of_an_option(topic: &str) {
    println!("{topic}");
}

#[node(Article)]
unsafe fn not_safe(topic: &str) {
    println!("{topic}");
}

struct Borrows;

#[node(Article, attempts = 2)]
impl Borrows {
    fn exec(&self) -> Result<(), String> {
        Ok(())
    }

    fn fallback(&self, error: &str) -> Result<(), String> {
        Err(error.into())
    }
}

fn main() {}
