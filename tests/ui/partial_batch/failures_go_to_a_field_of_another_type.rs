use pocketflow::{Shared, node};

#[derive(Shared, Default)]
struct Library {
    documents: Vec<String>,
    summaries: Option<Vec<String>>,
    problems: Vec<String>,
    problem: Option<pocketflow::Failed>,
}

#[node(Library, writes = summaries, failures = problems)]
async fn summarize(#[each(documents)] document: &str) -> Result<String, std::io::Error> {
    Ok(document.into())
}

#[node(Library, writes = summaries, failures = problem)]
async fn shorten(#[each(documents)] document: &str) -> Result<String, std::io::Error> {
    Ok(document.into())
}

fn main() {}
