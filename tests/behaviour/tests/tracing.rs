//! The `Trace` driver: a span for every flow and every node.

use std::collections::HashMap;
use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};

use pocketflow::{Attempt, Shared, Trace, flow, node};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_core::span::Current;

#[derive(Shared, Default)]
struct Order {
    total_cents: u64,
    receipt: Option<String>,
}

#[node(Order, writes = receipt, attempts = 2)]
async fn pay(total_cents: &u64, #[attempt] attempt: Attempt<'_>) -> Result<String, String> {
    tracing::info!("paying");
    if attempt.number() == 1 {
        Err("the bank is busy".into())
    } else {
        Ok(format!("{total_cents} cents"))
    }
}

flow! { Payment { pay; } }

flow! { Shop { Payment >> end "paid"; } }

/// Records spans and events as text.
#[derive(Clone, Default)]
struct Recorder {
    lines: Arc<Mutex<Vec<String>>>,
    /// The current spans, the innermost last.
    entered: Arc<Mutex<Vec<Id>>>,
    spans: Arc<Mutex<HashMap<u64, &'static Metadata<'static>>>>,
    /// The span around each span.
    parents: Arc<Mutex<HashMap<u64, u64>>>,
}

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0, " {}={value:?}", field.name());
    }
}

impl Recorder {
    fn line(&self, start: String, record: impl FnOnce(&mut Fields)) -> u64 {
        let mut fields = Fields(start);
        record(&mut fields);
        let mut lines = self.lines.lock().unwrap();
        lines.push(fields.0);
        lines.len() as u64
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("pocketflow") || metadata.target().starts_with("tracing")
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let id = self.line(span.metadata().name().into(), |fields| span.record(fields));
        self.spans.lock().unwrap().insert(id, span.metadata());
        if let Some(parent) = self.entered.lock().unwrap().last() {
            let parent = parent.into_u64();
            self.parents.lock().unwrap().insert(id, parent);
        }
        Id::from_u64(id)
    }
    fn record(&self, span: &Id, values: &Record<'_>) {
        self.line(format!("  {}:", span.into_u64()), |fields| {
            values.record(fields)
        });
    }
    fn event(&self, event: &Event<'_>) {
        self.line("event".into(), |fields| event.record(fields));
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, span: &Id) {
        self.entered.lock().unwrap().push(span.clone());
    }
    fn exit(&self, span: &Id) {
        assert_eq!(self.entered.lock().unwrap().pop().as_ref(), Some(span));
    }
    fn current_span(&self) -> Current {
        match self.entered.lock().unwrap().last() {
            Some(span) => Current::new(span.clone(), self.spans.lock().unwrap()[&span.into_u64()]),
            None => Current::none(),
        }
    }
}

#[tokio::test]
async fn flows_and_nodes_have_spans_with_the_attempt_and_the_action() {
    let recorder = Recorder::default();
    let guard = tracing::subscriber::set_default(recorder.clone());
    Shop.with(Trace)
        .run(&mut Order {
            total_cents: 5,
            ..Default::default()
        })
        .await
        .unwrap();
    drop(guard);
    assert_eq!(
        *recorder.lines.lock().unwrap(),
        [
            "flow name=\"Shop\"",
            "flow name=\"Payment\"",
            "node name=\"pay\" path=Shop > Payment > pay step=1",
            "  3: attempt=1",
            "event message=paying",
            "event message=an attempt failed attempt=1 of=2 error=the bank is busy",
            "  3: attempt=2",
            "event message=paying",
            "  3: action=\"default\"",
            "  2: exit=\"default\"",
            "  1: exit=\"paid\"",
        ]
    );
}

#[derive(Shared, Default)]
struct Market {
    orders: Vec<Order>,
    first: Order,
}

#[node(Order, writes = receipt)]
async fn settle(total_cents: &u64) -> String {
    tokio::task::yield_now().await;
    format!("{total_cents} cents")
}

flow! { Settle { settle; } }

flow! { Close: Market { (Settle.each(orders, parallel = 2), Settle.on(first)); } }

/// The spans of runs that are polled in turns are each inside the span of its own run.
#[tokio::test]
async fn inner_runs_have_spans_in_the_span_of_their_step() {
    let recorder = Recorder::default();
    let guard = tracing::subscriber::set_default(recorder.clone());
    let mut market = Market {
        orders: vec![Order::default(), Order::default(), Order::default()],
        ..Market::default()
    };
    Close.with(Trace).run(&mut market).await.unwrap();
    drop(guard);
    let lines = recorder.lines.lock().unwrap();
    let parents = recorder.parents.lock().unwrap();
    let around = |line: &str| -> Vec<&str> {
        let place = lines.iter().position(|known| known.starts_with(line));
        let place = place.unwrap_or_else(|| panic!("{line} in {lines:#?}"));
        let mut around = Vec::new();
        let mut next = parents.get(&(place as u64 + 1));
        while let Some(parent) = next {
            around.push(&*lines[*parent as usize - 1]);
            next = parents.get(parent);
        }
        around
    };
    let fork = "node name=\"(Settle.each(orders), Settle.on(first))\" path=Close > (Settle.each(orders), Settle.on(first)) step=1";
    for item in ["orders[0]", "orders[1]", "orders[2]", "first"] {
        let step = format!("node name=\"settle\" path=Close > {item} > settle step=1");
        assert_eq!(
            around(&step),
            ["flow name=\"Settle\"", fork, "flow name=\"Close\""]
        );
    }
    let flows = lines
        .iter()
        .filter(|line| line.starts_with("flow name=\"Settle\""));
    assert_eq!(flows.count(), 4);
}
