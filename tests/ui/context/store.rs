use std::rc::Rc;

use pocketflow::{Shared, flow, node};

struct Services {
    model: Rc<str>,
}

#[derive(Shared, Default)]
#[shared(context = Services)]
struct Article {
    topic: String,
}

#[node(Article)]
fn outline(topic: &str, #[context] model: &str) {
    println!("{topic} {model}");
}

flow! { pub Write { outline; } }

struct Pool;

#[derive(Shared)]
#[shared(context = &'static Pool)]
struct Borrowed {}

#[derive(Shared)]
#[shared(context = std::sync::Arc<Pool>)]
struct Counted {}

#[derive(Shared)]
#[shared(context)]
struct Unnamed {}

#[derive(Shared)]
#[shared(context = "Pool")]
struct Quoted {}

#[derive(Shared)]
#[shared(contxt = Pool)]
struct Misspelt {}

#[derive(Shared)]
#[shared(context = Pool, context = Pool)]
struct Twice {}

fn main() {}
