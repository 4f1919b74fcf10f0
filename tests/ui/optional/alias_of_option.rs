use pocketflow::{Shared, flow, node};

#[derive(Shared, Default)]
struct Assistant {
    question: String,
    found: Option<String>,
}

type Maybe<T> = Option<T>;

#[node(Assistant, writes = found)]
fn recall(question: &str) -> Result<Maybe<String>, std::io::Error> {
    Ok(Some(question.into()))
}

#[node(Assistant)]
fn answer(found: Option<&str>) {
    println!("{found:?}");
}

flow! {
    pub Assist {
        recall >> answer;
    }
}

#[tokio::main]
async fn main() {
    Assist.run(&mut Assistant::default()).await.unwrap();
}
