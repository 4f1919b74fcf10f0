#[path = "../context.rs"]
mod context;
use context::*;
use pocketflow::{Attempt, node};

#[node(Research)]
fn owns(#[context] tries: u32) {
    println!("{tries}");
}

#[node(Research)]
fn owns_a_pointer(#[context] llm: Box<dyn Llm>) {
    llm.ask("why?");
}

#[node(Research)]
fn changes(#[context] tries: &mut u32) {
    *tries += 1;
}

#[node(Research)]
fn is_generic(#[context] llm: &impl Llm) {
    llm.ask("why?");
}

#[node(Research)]
fn takes_it_apart(#[context] &tries: &u32) {
    println!("{tries}");
}

#[node(Research)]
fn names_the_field(#[context(llm)] model: &dyn Llm) {
    model.ask("why?");
}

#[node(Research)]
fn is_an_attempt_too(#[attempt] #[context] attempt: Attempt<'_>) {
    println!("{attempt:?}");
}

fn main() {}
