use pocketflow::{Failed, Shared, flow, node};

#[derive(Shared, Default)]
struct Order {
    receipt: Option<String>,
    problem: Option<Failed>,
}

#[node(Order, writes = receipt)]
async fn pay() -> Result<String, std::io::Error> {
    Ok("paid".into())
}

#[node(Order)]
fn release() {}

#[node(Order)]
fn explain(problem: &Failed) {
    println!("{problem}");
}

flow! {
    pub Capital: Order {
        pay >> end;
        pay - Error >> release;
    }
}

flow! {
    pub Short: Order {
        pay >> end;
        pay - err(problem) >> explain;
    }
}

flow! {
    pub Slip: Order {
        pay >> end;
        pay - eror >> release;
    }
}

flow! {
    pub AnotherWord: Order {
        pay >> end;
        pay - failed(problem) >> explain;
    }
}

flow! {
    pub Brackets: Order {
        pay >> end;
        pay - error[problem] >> explain;
    }
}

flow! {
    pub NoParentheses: Order {
        pay >> end;
        pay - error problem >> explain;
    }
}

fn main() {}
