use pocketflow::{Action, Shared};

#[derive(Shared, Default)]
struct Assistant {
    history: String,
    total: u32,
}

#[derive(Action)]
#[action(Assistant)]
enum OnTheVariant {
    #[appends]
    Complain { history: String },
}

#[derive(Action)]
#[action(Assistant)]
enum WithArguments {
    Complain {
        #[appends(history)]
        history: String,
    },
}

#[derive(Action)]
#[action(Assistant)]
enum WrongType {
    Complain {
        #[appends]
        total: String,
    },
}

fn main() {}
