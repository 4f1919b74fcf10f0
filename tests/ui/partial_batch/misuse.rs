use pocketflow::{Failed, Shared, node};

#[derive(Shared, Default)]
struct Library {
    documents: Vec<String>,
    summaries: Option<Vec<String>>,
    digest: Option<String>,
    problems: Vec<Failed>,
}

#[node(Library, writes = digest, failures = problems)]
async fn not_a_batch(documents: &[String]) -> Result<String, std::io::Error> {
    Ok(documents.concat())
}

#[node(Library, writes = summaries, failures = problems)]
async fn that_cannot_fail(#[each(documents)] document: &str) -> String {
    document.into()
}

#[node(Library, writes = summaries, failures = probelms)]
async fn misspelt(#[each(documents)] document: &str) -> Result<String, std::io::Error> {
    Ok(document.into())
}

#[node(Library, writes = summaries, failures)]
async fn without_a_field(#[each(documents)] document: &str) -> Result<String, std::io::Error> {
    Ok(document.into())
}

fn main() {}
