use pocketflow::{BoxedFlow, Shared, flow, node};

struct Services {
    model: String,
}

#[derive(Shared, Default)]
#[shared(context = Services)]
struct Research {
    answer: Option<String>,
}

#[node(Research, writes = answer)]
async fn answer(#[context] model: &str) -> String {
    model.into()
}

flow! { pub Answer { answer; } }

fn flows() -> Vec<BoxedFlow<'static, Research>> {
    vec![BoxedFlow::new(Answer)]
}

fn main() {}
