use pocketflow::Shared;

#[derive(Shared)]
struct Order {
    #[shared(redact)]
    card: String,
    #[shared(redacted)]
    token: String,
    #[shared(redact = true)]
    key: String,
    #[shared]
    name: String,
    #[shared()]
    street: String,
    #[shared(context = Services)]
    city: String,
    #[shared(redact)]
    #[shared(redact)]
    note: String,
}

#[derive(Shared)]
#[shared(redact)]
struct Secrets {
    card: String,
}

fn main() {}
