use pocketflow::{Shared, node};

struct Services {
    style: String,
}

#[derive(Shared, Default)]
#[shared(context = Services)]
struct Article {
    style: String,
    text: Option<String>,
}

struct Write;

#[node(Article, writes = text)]
impl Write {
    fn exec(&self, #[context] style: &str) -> Result<String, String> {
        Err(style.into())
    }
    fn fallback(&self, style: &str) -> Result<String, String> {
        Ok(style.into())
    }
}

fn main() {}
