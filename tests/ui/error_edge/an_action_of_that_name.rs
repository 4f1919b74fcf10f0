use pocketflow::{Action, Shared, flow, node};

#[derive(Shared, Default)]
struct Order {
    total_cents: u64,
}

#[derive(Action)]
enum Reply {
    Ok,
    Error,
}

#[node(Order)]
fn ask(total_cents: &u64) -> Result<Reply, String> {
    match total_cents {
        0 => Err("nothing to pay".into()),
        1 => Ok(Reply::Error),
        _ => Ok(Reply::Ok),
    }
}

flow! {
    pub Sell {
        ask - "ok" >> end;
        ask - "error" >> end "refused";
        ask - error >> end "failed";
    }
}

fn main() {}
