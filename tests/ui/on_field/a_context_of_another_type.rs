use pocketflow::{Shared, flow, node};

pub struct Model;
pub struct Search {
    url: String,
}

#[derive(Shared, Default)]
#[shared(context = Search)]
pub struct Desk {
    topic: String,
    finding: Option<String>,
}

#[derive(Shared, Default)]
#[shared(context = Model)]
pub struct Library {
    folder: String,
    facts: Desk,
}

#[node(Desk, writes = finding)]
fn look(topic: &str, #[context] url: &str) -> String {
    format!("{url}{topic}")
}

#[node(Library)]
fn list(folder: &str) {
    println!("{folder}");
}

flow! {
    pub Investigate: Desk {
        look;
    }
}

flow! {
    pub Digest: Library {
        list >> Investigate.on(facts);
    }
}

async fn run(library: &mut Library) {
    let _ = Digest.context(&Model).run(library).await;
}

fn main() {}
