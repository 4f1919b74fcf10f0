//! How long the field of an error edge keeps the failure.

use pocketflow::{Failed, Shared, flow, node};

#[derive(Shared, Default)]
struct Order {
    tries: u32,
    problem: Option<Failed>,
    seen: Option<String>,
}

#[node(Order, writes = tries)]
fn count(tries: &u32) -> u32 {
    tries + 1
}

#[node(Order)]
async fn pay(tries: &u32) -> Result<(), String> {
    match tries {
        0..=2 => Err(format!("refused {tries}")),
        _ => Ok(()),
    }
}

#[node(Order, writes = problem)]
fn forget() -> Option<Failed> {
    None
}

#[node(Order, writes = seen)]
fn look(problem: Option<&Failed>) -> String {
    problem.map_or("nothing".into(), |problem| problem.cause().into())
}

flow! { Keeps: Order { count >> pay >> look; pay - error(problem) >> count; } }

flow! { Forgets: Order { count >> pay >> look; pay - error(problem) >> forget >> count; } }

#[tokio::test]
async fn the_last_failure_stays_until_a_node_empties_the_field() {
    let mut order = Order::default();
    Keeps.run(&mut order).await.unwrap();
    assert_eq!(order.seen.as_deref(), Some("refused 2"));
    let mut order = Order::default();
    Forgets.run(&mut order).await.unwrap();
    assert_eq!(order.seen.as_deref(), Some("nothing"));
}
