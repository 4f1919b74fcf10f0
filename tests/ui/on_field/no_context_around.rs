use pocketflow::{Shared, flow, node};

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
pub struct Library {
    folder: String,
    desks: Vec<Desk>,
}

#[node(Desk, writes = finding)]
fn look(topic: &str, #[context] url: &str) -> String {
    format!("{url}{topic}")
}

flow! {
    pub Investigate: Desk {
        look;
    }
}

flow! {
    pub Digest: Library {
        Investigate.each(desks);
    }
}

async fn run(library: &mut Library) {
    let _ = Digest.run(library).await;
    let _ = Digest.context(&Search { url: String::new() }).run(library).await;
}

fn main() {}
