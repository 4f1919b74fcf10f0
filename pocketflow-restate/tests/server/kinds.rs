//! The kinds of flows whose workers are killed.

use pocketflow_checkpoint::{Checkpoints, Storage, Worker};
use serde_json::{Value, json};

use crate::flows::agents::{Agents, Library};
use crate::flows::batches::{Batch, Fork, Sums, WIDTH};
use crate::flows::loops::{Laps, NESTED, Race};
use crate::flows::waits::{Article, Publish};

/// A kind of flow, with the store of a run and what must come out.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) flow: &'static str,
    /// How many pieces of work of one step run at a time.
    pub(crate) width: usize,
    pub(crate) store: fn() -> Value,
    /// The fields that are checked at the end.
    pub(crate) result: fn() -> Value,
}

const NUMBERS: std::ops::Range<u64> = 0..20;

pub(crate) static KINDS: [Kind; 6] = [
    Kind {
        name: "loop",
        flow: "Laps",
        width: 1,
        store: || json!({"until": 40, "laps": [], "state": ""}),
        result: || json!({"laps": Vec::from_iter(0..40)}),
    },
    Kind {
        name: "nested flow",
        flow: "Nested",
        width: 1,
        store: || json!({"until": 0, "laps": [], "state": ""}),
        result: || json!({"laps": [0, 1, 2, 3, 4, 5], "state": "bb2mb46"}),
    },
    Kind {
        name: "batch",
        flow: "Batch",
        width: WIDTH,
        store: numbers,
        result: || {
            let squares: Vec<_> = NUMBERS.map(|number| number * number).collect();
            json!({"sum": squares.iter().sum::<u64>(), "squares": squares})
        },
    },
    Kind {
        name: "fork",
        flow: "Fork",
        width: 2,
        store: numbers,
        result: || {
            let texts: String = NUMBERS.map(|number| format!("<{number}>")).collect();
            json!({"rounds": 3, "least": 0, "result": format!("Some(0) {texts}")})
        },
    },
    Kind {
        name: "await and sleep",
        flow: "Publish",
        width: 1,
        store: || json!({}),
        result: || {
            let text = "rain, approved by Ada";
            json!({"text": text, "copies": 7, "printed": format!("7 of {text}"), "stamp": null, "state": format!("nobody stamped {text}")})
        },
    },
    Kind {
        name: "sub-agents",
        flow: "Agents",
        width: 2,
        store: || {
            let desk = |topic: &str| json!({"topic": topic, "notes": []});
            let document = |number| json!({"title": format!("document {number}"), "parts": ["rain", "snow", "hail"]});
            let desks: Vec<_> = ["a", "bb", "ccc", "dddd"].map(desk).into();
            let documents: Vec<_> = (0..5).map(document).collect();
            json!({"facts": desk("xy"), "figures": desk("xyz"), "desks": desks, "documents": documents, "problems": []})
        },
        result: || {
            let findings = "a; bb bb; ccc ccc ccc; dddd dddd dddd dddd; xy xy; xyz xyz xyz";
            json!({"report": format!("{findings} | 4")})
        },
    },
];

fn numbers() -> Value {
    json!({"numbers": Vec::from_iter(NUMBERS), "rounds": 0})
}

impl Kind {
    /// Checks the store of a finished run.
    pub(crate) fn check(&self, run: &str, store: &Value) {
        for (field, expected) in (self.result)().as_object().unwrap() {
            assert_eq!(&store[field], expected, "{run}: {field} of {store:#}");
        }
    }

    /// Starts a run that a worker of a database executes.
    pub(crate) async fn enqueue(&self, runs: &Checkpoints<impl Storage>, run: &str) {
        let store = (self.store)();
        macro_rules! enqueue {
            ($($name:ident $flow:expr, $store:ty;)*) => {
                match self.flow {
                    $(stringify!($name) => {
                        let store: $store = serde_json::from_value(store).unwrap();
                        runs.enqueue(run, &$flow, store).await
                    })*
                    flow => panic!("no {flow}"),
                }
            };
        }
        let enqueued = enqueue! {
            Laps Laps, Race;
            Nested NESTED, Race;
            Batch Batch, Sums;
            Fork Fork, Sums;
            Publish Publish, Article;
            Agents Agents, Library;
        };
        enqueued.unwrap();
    }
}

/// The flows of the kinds.
pub(crate) fn all<S: Storage>(worker: Worker<S>) -> Worker<S> {
    worker
        .flow(Laps)
        .flow(NESTED)
        .flow(Batch)
        .flow(Fork)
        .flow(Publish)
        .flow(Agents)
}
