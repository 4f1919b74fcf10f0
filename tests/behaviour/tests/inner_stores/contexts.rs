//! The context of a run is that of its inner runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use pocketflow::{Shared, Stage, StepLimit, flow, node};

struct Services {
    asked: AtomicU32,
    tries: u32,
}

impl Services {
    fn new(tries: u32) -> Self {
        Self {
            asked: AtomicU32::new(0),
            tries,
        }
    }
}

#[derive(Shared, Default)]
#[shared(context = Services)]
struct Desk {
    topic: String,
    finding: Option<String>,
}

#[derive(Shared, Default)]
#[shared(context = Services)]
struct Report {
    facts: Desk,
    more: Vec<Desk>,
    plain: Plain,
    text: Option<String>,
}

/// A store without a context.
#[derive(Shared, Default)]
struct Plain {
    words: u64,
}

#[node(Desk, writes = finding, attempts = context.tries)]
async fn research(topic: &str, #[context] asked: &AtomicU32) -> Result<String, String> {
    match asked.fetch_add(1, Relaxed) {
        0 => Err("busy".into()),
        number => Ok(format!("{topic} {number}")),
    }
}

flow! { Research { research; } }

#[node(Plain, writes = words)]
fn count(words: &u64) -> u64 {
    words + 1
}

flow! { Count { count; } }

#[node(Report, writes = text)]
fn write(facts: &Desk, more: &[Desk]) -> String {
    let findings = std::iter::once(facts)
        .chain(more)
        .map(|desk| desk.finding.as_deref());
    findings.map(Option::unwrap).collect::<Vec<_>>().join(", ")
}

flow! {
    Write: Report {
        Count.on(plain) >> (Research.on(facts), Research.each(more, parallel = 2)) >> write;
    }
}

fn report() -> Report {
    Report {
        more: vec![Desk::default(), Desk::default()],
        ..Report::default()
    }
}

#[tokio::test(start_paused = true)]
async fn the_nodes_of_inner_runs_borrow_from_the_context_of_the_run() {
    for driven in [false, true] {
        let (services, mut report) = (Arc::new(Services::new(2)), report());
        let flow = Write.context(&services);
        if driven {
            flow.with(StepLimit::new(20))
                .run(&mut report)
                .await
                .unwrap();
        } else {
            flow.run(&mut report).await.unwrap();
        }
        assert_eq!((services.asked.load(Relaxed), report.plain.words), (4, 1));
        assert_eq!(report.text.unwrap().split(", ").count(), 3);
    }
}

#[tokio::test]
async fn a_policy_of_the_context_is_checked_before_the_first_node() {
    let (services, mut report) = (Services::new(0), report());
    let error = Write.context(&services).run(&mut report).await.unwrap_err();
    assert_eq!(error.stage(), Stage::Start);
    assert_eq!(error.path(), ["Write", "facts", "research"]);
    assert_eq!(report.plain.words, 0);
}
