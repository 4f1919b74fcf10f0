//! A fork takes little more space than `tokio::join!` of the same functions, and it compiles and
//! runs at any length.

use std::future::Future;
use std::thread;

use pocketflow::{Shared, StepLimit, flow, node};
use tokio::task::yield_now;

#[derive(Shared, Default)]
struct Notes {
    topic: String,
    n0: Option<String>,
    n1: Option<String>,
    n2: Option<String>,
    n3: Option<String>,
    n4: Option<String>,
    n5: Option<String>,
    n6: Option<String>,
    n7: Option<String>,
    n8: Option<String>,
    n9: Option<String>,
    n10: Option<String>,
    n11: Option<String>,
    n12: Option<String>,
    n13: Option<String>,
    n14: Option<String>,
    n15: Option<String>,
    n16: Option<String>,
    n17: Option<String>,
    n18: Option<String>,
    n19: Option<String>,
}

// Nodes that wait once.

#[node(Notes, writes = n0)]
async fn small_0(topic: &str) -> String {
    yield_now().await;
    topic.to_uppercase()
}

#[node(Notes, writes = n1)]
async fn small_1(topic: &str) -> String {
    yield_now().await;
    topic.to_uppercase()
}

#[node(Notes, writes = n2)]
async fn small_2(topic: &str) -> String {
    yield_now().await;
    topic.to_uppercase()
}

#[node(Notes, writes = n3)]
async fn small_3(topic: &str) -> String {
    yield_now().await;
    topic.to_uppercase()
}

#[node(Notes, writes = n4)]
async fn small_4(topic: &str) -> String {
    yield_now().await;
    topic.to_uppercase()
}

#[node(Notes, writes = n5)]
async fn small_5(topic: &str) -> String {
    yield_now().await;
    topic.to_uppercase()
}

#[node(Notes, writes = n6)]
async fn small_6(topic: &str) -> String {
    yield_now().await;
    topic.to_uppercase()
}

#[node(Notes, writes = n7)]
async fn small_7(topic: &str) -> String {
    yield_now().await;
    topic.to_uppercase()
}

#[node(Notes, writes = n8)]
async fn small_8(topic: &str) -> String {
    yield_now().await;
    topic.to_uppercase()
}

#[node(Notes, writes = n9)]
async fn small_9(topic: &str) -> String {
    yield_now().await;
    topic.to_uppercase()
}

#[node(Notes, writes = n10)]
async fn small_10(topic: &str) -> String {
    yield_now().await;
    topic.to_uppercase()
}

#[node(Notes, writes = n11)]
async fn small_11(topic: &str) -> String {
    yield_now().await;
    topic.to_uppercase()
}

#[node(Notes, writes = n12)]
async fn small_12(topic: &str) -> String {
    yield_now().await;
    topic.to_uppercase()
}

#[node(Notes, writes = n13)]
async fn small_13(topic: &str) -> String {
    yield_now().await;
    topic.to_uppercase()
}

#[node(Notes, writes = n14)]
async fn small_14(topic: &str) -> String {
    yield_now().await;
    topic.to_uppercase()
}

#[node(Notes, writes = n15)]
async fn small_15(topic: &str) -> String {
    yield_now().await;
    topic.to_uppercase()
}

#[node(Notes, writes = n16)]
async fn small_16(topic: &str) -> String {
    yield_now().await;
    topic.to_uppercase()
}

#[node(Notes, writes = n17)]
async fn small_17(topic: &str) -> String {
    yield_now().await;
    topic.to_uppercase()
}

#[node(Notes, writes = n18)]
async fn small_18(topic: &str) -> String {
    yield_now().await;
    topic.to_uppercase()
}

#[node(Notes, writes = n19)]
async fn small_19(topic: &str) -> String {
    yield_now().await;
    topic.to_uppercase()
}

// Nodes that hold 4 KiB while they wait.

#[node(Notes, writes = n0)]
async fn large_0(topic: &str) -> String {
    let kept = [topic.len(); 512];
    yield_now().await;
    kept.iter().sum::<usize>().to_string()
}

#[node(Notes, writes = n1)]
async fn large_1(topic: &str) -> String {
    let kept = [topic.len(); 512];
    yield_now().await;
    kept.iter().sum::<usize>().to_string()
}

#[node(Notes, writes = n2)]
async fn large_2(topic: &str) -> String {
    let kept = [topic.len(); 512];
    yield_now().await;
    kept.iter().sum::<usize>().to_string()
}

#[node(Notes, writes = n3)]
async fn large_3(topic: &str) -> String {
    let kept = [topic.len(); 512];
    yield_now().await;
    kept.iter().sum::<usize>().to_string()
}

#[node(Notes, writes = n4)]
async fn large_4(topic: &str) -> String {
    let kept = [topic.len(); 512];
    yield_now().await;
    kept.iter().sum::<usize>().to_string()
}

#[node(Notes, writes = n5)]
async fn large_5(topic: &str) -> String {
    let kept = [topic.len(); 512];
    yield_now().await;
    kept.iter().sum::<usize>().to_string()
}

#[node(Notes, writes = n6)]
async fn large_6(topic: &str) -> String {
    let kept = [topic.len(); 512];
    yield_now().await;
    kept.iter().sum::<usize>().to_string()
}

#[node(Notes, writes = n7)]
async fn large_7(topic: &str) -> String {
    let kept = [topic.len(); 512];
    yield_now().await;
    kept.iter().sum::<usize>().to_string()
}

#[node(Notes, writes = n8)]
async fn large_8(topic: &str) -> String {
    let kept = [topic.len(); 512];
    yield_now().await;
    kept.iter().sum::<usize>().to_string()
}

#[node(Notes, writes = n9)]
async fn large_9(topic: &str) -> String {
    let kept = [topic.len(); 512];
    yield_now().await;
    kept.iter().sum::<usize>().to_string()
}

#[node(Notes, writes = n10)]
async fn large_10(topic: &str) -> String {
    let kept = [topic.len(); 512];
    yield_now().await;
    kept.iter().sum::<usize>().to_string()
}

#[node(Notes, writes = n11)]
async fn large_11(topic: &str) -> String {
    let kept = [topic.len(); 512];
    yield_now().await;
    kept.iter().sum::<usize>().to_string()
}

#[node(Notes, writes = n12)]
async fn large_12(topic: &str) -> String {
    let kept = [topic.len(); 512];
    yield_now().await;
    kept.iter().sum::<usize>().to_string()
}

#[node(Notes, writes = n13)]
async fn large_13(topic: &str) -> String {
    let kept = [topic.len(); 512];
    yield_now().await;
    kept.iter().sum::<usize>().to_string()
}

#[node(Notes, writes = n14)]
async fn large_14(topic: &str) -> String {
    let kept = [topic.len(); 512];
    yield_now().await;
    kept.iter().sum::<usize>().to_string()
}

#[node(Notes, writes = n15)]
async fn large_15(topic: &str) -> String {
    let kept = [topic.len(); 512];
    yield_now().await;
    kept.iter().sum::<usize>().to_string()
}

#[node(Notes, writes = n16)]
async fn large_16(topic: &str) -> String {
    let kept = [topic.len(); 512];
    yield_now().await;
    kept.iter().sum::<usize>().to_string()
}

#[node(Notes, writes = n17)]
async fn large_17(topic: &str) -> String {
    let kept = [topic.len(); 512];
    yield_now().await;
    kept.iter().sum::<usize>().to_string()
}

#[node(Notes, writes = n18)]
async fn large_18(topic: &str) -> String {
    let kept = [topic.len(); 512];
    yield_now().await;
    kept.iter().sum::<usize>().to_string()
}

#[node(Notes, writes = n19)]
async fn large_19(topic: &str) -> String {
    let kept = [topic.len(); 512];
    yield_now().await;
    kept.iter().sum::<usize>().to_string()
}

flow! { Small2 { (small_0, small_1); } }
flow! { Small4 { (small_0, small_1, small_2, small_3); } }
flow! { Small8 { (small_0, small_1, small_2, small_3, small_4, small_5, small_6, small_7); } }
flow! { Small20 { (small_0, small_1, small_2, small_3, small_4, small_5, small_6, small_7, small_8, small_9, small_10, small_11, small_12, small_13, small_14, small_15, small_16, small_17, small_18, small_19); } }
flow! { Large2 { (large_0, large_1); } }
flow! { Large4 { (large_0, large_1, large_2, large_3); } }
flow! { Large8 { (large_0, large_1, large_2, large_3, large_4, large_5, large_6, large_7); } }
flow! { Large20 { (large_0, large_1, large_2, large_3, large_4, large_5, large_6, large_7, large_8, large_9, large_10, large_11, large_12, large_13, large_14, large_15, large_16, large_17, large_18, large_19); } }

/// The sizes of a fork and of the same functions joined.
macro_rules! sizes {
    ($flow:ident: $($node:ident)*) => {{
        let topic = String::new();
        let joined = async { tokio::join!($($node(&topic)),*) };
        (size_of_val(&$flow.run(&mut Notes::default())), size_of_val(&joined), 0 $(+ results(&$node(&topic)))*)
    }};
}

fn results<T>(_: &impl Future<Output = T>) -> usize {
    size_of::<T>()
}

/// The size that a flow adds to its steps, and a fork to its nodes.
const FLOW: usize = 96;

#[test]
fn a_fork_is_about_as_large_as_its_nodes_together() {
    let sizes = [
        sizes!(Small2: small_0 small_1),
        sizes!(Small4: small_0 small_1 small_2 small_3),
        sizes!(Small8: small_0 small_1 small_2 small_3 small_4 small_5 small_6 small_7),
        sizes!(Small20: small_0 small_1 small_2 small_3 small_4 small_5 small_6 small_7 small_8 small_9 small_10 small_11 small_12 small_13 small_14 small_15 small_16 small_17 small_18 small_19),
        sizes!(Large2: large_0 large_1),
        sizes!(Large4: large_0 large_1 large_2 large_3),
        sizes!(Large8: large_0 large_1 large_2 large_3 large_4 large_5 large_6 large_7),
        sizes!(Large20: large_0 large_1 large_2 large_3 large_4 large_5 large_6 large_7 large_8 large_9 large_10 large_11 large_12 large_13 large_14 large_15 large_16 large_17 large_18 large_19),
    ];
    for (fork, joined, results) in sizes {
        println!("{fork} bytes; joined {joined}, and {results} of results");
        assert!(
            fork <= joined + joined / 10 + results + FLOW,
            "{fork} bytes against {joined}, and {results} of results"
        );
    }
}

/// This also holds in a debug build, where moves of a future are not optimized away.
#[test]
fn a_fork_of_large_nodes_fits_a_small_stack() {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let mut notes = Notes {
            topic: "rain".into(),
            ..Default::default()
        };
        runtime.block_on(Large20.run(&mut notes)).unwrap();
        notes.n19
    };
    // The future has 83 KiB.
    let thread = thread::Builder::new().stack_size(STACK).spawn(run).unwrap();
    assert_eq!(thread.join().unwrap().unwrap(), (512 * 4).to_string());
}

const STACK: usize = 1024 * 1024;

#[tokio::test]
async fn drivers_see_a_fork_of_twenty() {
    let mut notes = Notes {
        topic: "rain".into(),
        ..Default::default()
    };
    Small20
        .with(StepLimit::new(1))
        .run(&mut notes)
        .await
        .unwrap();
    assert_eq!(notes.n19.as_deref(), Some("RAIN"));
}
