//! The driver `Trace` around a durable run: what has finished before has no span again.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use pocketflow::{Shared, Trace, flow, node};
use pocketflow_checkpoint::Checkpoints;
use serde::{Deserialize, Serialize};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Remembers the spans in the order in which they begin: their names, and which item or run they are
/// for.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<String>>>);

#[derive(Default)]
struct Texts(BTreeMap<&'static str, String>);

impl Visit for Texts {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

impl Subscriber for Spans {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.target() == "pocketflow"
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut texts = Texts::default();
        span.record(&mut texts);
        let mut line = texts.0["otel.name"].clone();
        for field in ["pocketflow.run.id", "pocketflow.item.index"] {
            if let Some(value) = texts.0.get(field) {
                line += &format!(" {value}");
            }
        }
        let mut lines = self.0.lock().unwrap();
        lines.push(line);
        Id::from_u64(lines.len() as u64)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// How often the program has been started.
static STARTS: AtomicU32 = AtomicU32::new(0);

/// Fails before the program has been started so often.
fn succeeds_at(start: u32) -> Result<(), &'static str> {
    match STARTS.load(SeqCst) < start {
        true => Err("not yet"),
        false => Ok(()),
    }
}

#[derive(Shared, Default, Serialize, Deserialize)]
struct Part {
    number: u32,
    done: Option<bool>,
}

#[node(Part, writes = done)]
fn make(number: &u32) -> Result<bool, &'static str> {
    if *number == 2 {
        succeeds_at(3)?;
    }
    Ok(true)
}

flow! { Make { make; } }

#[derive(Shared, Default, Serialize, Deserialize)]
struct Order {
    cents: Vec<u32>,
    doubled: Option<Vec<u32>>,
    parts: Vec<Part>,
    checked: Option<bool>,
}

#[node(Order, writes = checked)]
fn check() -> bool {
    true
}

#[node(Order, writes = doubled)]
fn double(#[each(cents)] cents: &u32) -> Result<u32, &'static str> {
    if *cents == 20 {
        succeeds_at(2)?;
    }
    Ok(cents * 2)
}

#[node(Order)]
fn pay(doubled: &[u32]) {
    let _ = doubled;
}

flow! { Sell: Order { check >> double >> Make.each(parts) >> pay; } }

#[tokio::test]
async fn finished_work_has_no_span_again() {
    let folder = tempfile::tempdir().unwrap();
    let runs = Checkpoints::open(folder.path().join("runs.db"))
        .await
        .unwrap();
    let start = async |succeeds: bool| {
        STARTS.fetch_add(1, SeqCst);
        let part = |number| Part { number, done: None };
        let mut order = Order {
            cents: vec![10, 20, 30],
            parts: vec![part(1), part(2)],
            ..Order::default()
        };
        let spans = Spans::default();
        let guard = tracing::subscriber::set_default(spans.clone());
        let run = Sell.with(Trace).with(runs.run("order-17"));
        assert_eq!(run.run(&mut order).await.is_ok(), succeeds);
        drop(guard);
        let lines = spans.0.lock().unwrap();
        lines.clone()
    };
    assert_eq!(
        start(false).await,
        [
            "invoke_workflow Sell order-17",
            "step check",
            "step double",
            "item double 0",
            "item double 1",
        ]
    );
    assert_eq!(
        start(false).await,
        [
            "invoke_workflow Sell order-17",
            "step double",
            "item double 1",
            "item double 2",
            "step Make.each(parts)",
            "invoke_workflow Make order-17/3/parts[0] 0",
            "step make",
            "invoke_workflow Make order-17/3/parts[1] 1",
            "step make",
        ]
    );
    assert_eq!(
        start(true).await,
        [
            "invoke_workflow Sell order-17",
            "step Make.each(parts)",
            "invoke_workflow Make order-17/3/parts[1] 1",
            "step make",
            "step pay",
        ]
    );
    assert_eq!(start(true).await, [""; 0]);
}
