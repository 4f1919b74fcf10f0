//! A node of another module, whose store and value are private there.

use pocketflow::{Shared, Stub, flow, node};

#[derive(Shared, Default)]
struct Own {
    number: Option<Number>,
}

struct Number(u8);

#[node(Own, writes = number)]
fn number() -> Number {
    Number(1)
}

flow! { Numbered { number; } }

pub(super) async fn stubbed() -> usize {
    let stub = Stub::new().node::<number>(|_, _| Ok(Number(2)));
    let mut own = Own::default();
    Numbered.with(&stub).run(&mut own).await.unwrap();
    assert_eq!(own.number.unwrap().0, 2);
    stub.calls::<number>()
}
