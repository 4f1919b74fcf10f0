//! `cosmoflow`, whose store is a map of JSON values and whose actions are strings.
//!
//! It uses the feature `async`, which replaces the sync API: a flow that waits needs it, and a
//! program can only have one of the two. (A step of the sync API, which is the default, takes about
//! half as long: it makes one random id, where the async one makes two, and boxes no futures.) The
//! store is the in-memory one, which the documentation uses. By default, nodes have up to three
//! attempts and a run has up to 1,000 steps. Here `max_retries` is 0, and there is no limit on the
//! steps.

use std::sync::Arc;

use cosmoflow::prelude::*;
use cosmoflow::shared_store::backends::MemoryStorageError;

use crate::contender::*;

pub const CONTENDER: Contender = Contender {
    name: "cosmoflow",
    package: Some("cosmoflow"),
    steps: &[
        (Shape::Loop, Steps::Async(|steps| Box::pin(again(steps)))),
        (Shape::Chain, Steps::Async(|steps| Box::pin(chain(steps)))),
        (Shape::Branch, Steps::Async(|steps| Box::pin(branch(steps)))),
        (Shape::Nested, Steps::Async(|steps| Box::pin(nested(steps)))),
        (Shape::Store, Steps::Async(|steps| Box::pin(lend(steps)))),
    ],
    waiting: Some(|| Box::pin(wait())),
    missing: &[(
        "batch",
        "it has no batches, and its nodes run one after the other",
    )],
    notes: &[(
        "steps",
        "With its feature `async`. A step of its sync API, which is the default, takes about half as long. Its default retries are \
turned off.",
    )],
    ..Contender::NONE
};

const ENDS: &str = "no node fails";
const COUNT: &str = "count";
const LEFT: &str = "left";
const WAYS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

type Builder = FlowBuilder<MemoryStorage>;
type Stored<T> = Result<T, MemoryStorageError>;

fn number(store: &MemoryStorage, key: &str) -> Stored<u64> {
    Ok(store.get(key)?.unwrap_or_default())
}

/// Subtracts this many steps from those that are left.
fn turn(store: &mut MemoryStorage, steps: u64) -> Stored<Action> {
    let left = number(store, LEFT)? - steps;
    store.set(LEFT.to_owned(), left)?;
    Ok(Action::simple(if left == 0 { "done" } else { "again" }))
}

fn count(left: u64, count: u64) -> Stored<MemoryStorage> {
    let mut store = MemoryStorage::new();
    store.set(LEFT.to_owned(), left)?;
    store.set(COUNT.to_owned(), count)?;
    Ok(store)
}

async fn run(flow: Builder, mut store: MemoryStorage) -> u64 {
    let mut flow = flow.max_steps(usize::MAX).build();
    flow.execute(&mut store).await.expect(ENDS);
    number(&store, COUNT).expect("it is a number")
}

/// A node that counts, and then does something with the store and the new count.
struct Counter<F>(F);

#[async_trait]
impl<F> Node<MemoryStorage> for Counter<F>
where
    F: FnMut(&mut MemoryStorage, u64) -> Stored<Action> + Send + Sync,
{
    type PrepResult = u64;
    type ExecResult = u64;
    type Error = MemoryStorageError;

    fn max_retries(&self) -> usize {
        0
    }

    async fn prep(&mut self, store: &MemoryStorage, _context: &ExecutionContext) -> Stored<u64> {
        number(store, COUNT)
    }

    async fn exec(&mut self, prep: u64, _context: &ExecutionContext) -> Stored<u64> {
        Ok(work(prep))
    }

    async fn post(
        &mut self,
        store: &mut MemoryStorage,
        _prep: u64,
        exec: u64,
        _context: &ExecutionContext,
    ) -> Stored<Action> {
        store.set(COUNT.to_owned(), exec)?;
        (self.0)(store, exec)
    }
}

/// A node that counts and ends the flow after this many steps.
fn tick(steps: u64) -> impl Node<MemoryStorage> {
    Counter(move |store: &mut MemoryStorage, _| turn(store, steps))
}

fn pass() -> impl Node<MemoryStorage> {
    Counter(|_: &mut MemoryStorage, _| Ok(Action::simple("next")))
}

fn choose() -> impl Node<MemoryStorage> {
    Counter(|_: &mut MemoryStorage, count| Ok(Action::simple(WAYS[(count as usize - 1) % 12 / 2])))
}

/// A flow in a node. With `async`, a flow used as a node always fails with the message that it is
/// not implemented yet. So a node runs the flow in its `post`, the only one of its three functions
/// that has the store.
struct Inner(Flow<MemoryStorage>);

#[async_trait]
impl Node<MemoryStorage> for Inner {
    type PrepResult = ();
    type ExecResult = ();
    type Error = NodeError;

    fn max_retries(&self) -> usize {
        0
    }

    async fn prep(
        &mut self,
        _store: &MemoryStorage,
        _context: &ExecutionContext,
    ) -> Result<(), NodeError> {
        Ok(())
    }

    async fn exec(&mut self, _prep: (), _context: &ExecutionContext) -> Result<(), NodeError> {
        Ok(())
    }

    async fn post(
        &mut self,
        store: &mut MemoryStorage,
        _prep: (),
        _exec: (),
        _context: &ExecutionContext,
    ) -> Result<Action, NodeError> {
        let result = self
            .0
            .execute(store)
            .await
            .map_err(|error| NodeError::ExecutionError(error.to_string()))?;
        Ok(result.final_action)
    }
}

async fn again(steps: u64) -> u64 {
    let flow = Builder::new()
        .start_with("tick", tick(1))
        .self_route("tick", "again")
        .terminal_route("tick", "done");
    run(flow, count(steps, 0).expect(ENDS)).await
}

async fn chain(steps: u64) -> u64 {
    let mut flow = Builder::new()
        .start_with("first", pass())
        .node("second", pass())
        .node("third", pass())
        .route("first", "next", "second")
        .route("second", "next", "third")
        .terminal_route("third", "next")
        .build();
    let mut done = 0;
    while done < steps {
        let mut store = MemoryStorage::new();
        store.set(COUNT.to_owned(), done).expect(ENDS);
        flow.execute(&mut store).await.expect(ENDS);
        done = number(&store, COUNT).expect(ENDS);
    }
    done
}

async fn branch(steps: u64) -> u64 {
    let mut flow = Builder::new().start_with("choose", choose());
    for way in WAYS {
        flow = flow
            .node(way, tick(2))
            .route("choose", way, way)
            .route(way, "again", "choose")
            .terminal_route(way, "done");
    }
    run(flow, count(steps, 0).expect(ENDS)).await
}

async fn nested(steps: u64) -> u64 {
    let inner = Builder::new()
        .start_with("first", pass())
        .node("second", tick(3))
        .route("first", "next", "second")
        .terminal_route("second", "again")
        .terminal_route("second", "done")
        .build();
    let flow = Builder::new()
        .start_with("outer", pass())
        .node("inner", Inner(inner))
        .route("outer", "next", "inner")
        .route("inner", "again", "outer")
        .terminal_route("inner", "done");
    run(flow, count(steps, 0).expect(ENDS)).await
}

/// The data that a node of the last shape reads. It is copied, because the store cannot lend it,
/// and shared, because it is cloned on its way to `exec`.
struct Reads {
    text: String,
    numbers: Vec<u64>,
    visit: u64,
}

struct Look;

#[async_trait]
impl Node<MemoryStorage> for Look {
    type PrepResult = Arc<Reads>;
    type ExecResult = u64;
    type Error = MemoryStorageError;

    fn max_retries(&self) -> usize {
        0
    }

    async fn prep(
        &mut self,
        store: &MemoryStorage,
        _context: &ExecutionContext,
    ) -> Stored<Arc<Reads>> {
        Ok(Arc::new(Reads {
            text: store.get("text")?.unwrap_or_default(),
            numbers: store.get("numbers")?.unwrap_or_default(),
            visit: number(store, COUNT)?,
        }))
    }

    async fn exec(&mut self, prep: Arc<Reads>, _context: &ExecutionContext) -> Stored<u64> {
        Ok(look(prep.visit, &prep.text, &prep.numbers))
    }

    async fn post(
        &mut self,
        store: &mut MemoryStorage,
        _prep: Arc<Reads>,
        exec: u64,
        _context: &ExecutionContext,
    ) -> Stored<Action> {
        store.set(COUNT.to_owned(), exec)?;
        turn(store, 1)
    }
}

async fn lend(steps: u64) -> u64 {
    let flow = Builder::new()
        .start_with("look", Look)
        .self_route("look", "again")
        .terminal_route("look", "done");
    let mut store = MemoryStorage::new();
    store.set(LEFT.to_owned(), steps).expect(ENDS);
    store.set("text".to_owned(), text()).expect(ENDS);
    store.set("numbers".to_owned(), numbers()).expect(ENDS);
    run(flow, store).await
}

// A flow that waits.

fn stored(error: MemoryStorageError) -> NodeError {
    NodeError::StorageError(error.to_string())
}

fn string(store: &MemoryStorage, key: &str) -> Result<String, NodeError> {
    store
        .get(key)
        .map_err(stored)?
        .ok_or_else(|| NodeError::ValidationError(format!("there is no `{key}`")))
}

struct Draft;

#[async_trait]
impl Node<MemoryStorage> for Draft {
    type PrepResult = String;
    type ExecResult = String;
    type Error = NodeError;

    fn max_retries(&self) -> usize {
        0
    }

    async fn prep(
        &mut self,
        store: &MemoryStorage,
        _context: &ExecutionContext,
    ) -> Result<String, NodeError> {
        string(store, "topic")
    }

    async fn exec(
        &mut self,
        topic: String,
        _context: &ExecutionContext,
    ) -> Result<String, NodeError> {
        Ok(topic.to_uppercase())
    }

    async fn post(
        &mut self,
        store: &mut MemoryStorage,
        _topic: String,
        text: String,
        _context: &ExecutionContext,
    ) -> Result<Action, NodeError> {
        store.set("text".to_owned(), text).map_err(stored)?;
        Ok(Action::simple("next"))
    }
}

struct Review;

#[async_trait]
impl Node<MemoryStorage> for Review {
    type PrepResult = String;
    type ExecResult = ();
    type Error = NodeError;

    fn max_retries(&self) -> usize {
        0
    }

    async fn prep(
        &mut self,
        store: &MemoryStorage,
        _context: &ExecutionContext,
    ) -> Result<String, NodeError> {
        string(store, "text")
    }

    async fn exec(&mut self, text: String, _context: &ExecutionContext) -> Result<(), NodeError> {
        gate().await;
        if text.is_empty() {
            Err("there is no text".into())
        } else {
            Ok(())
        }
    }

    async fn post(
        &mut self,
        _store: &mut MemoryStorage,
        _text: String,
        _exec: (),
        _context: &ExecutionContext,
    ) -> Result<Action, NodeError> {
        Ok(Action::simple("next"))
    }
}

struct Publish;

#[async_trait]
impl Node<MemoryStorage> for Publish {
    type PrepResult = String;
    type ExecResult = u64;
    type Error = NodeError;

    fn max_retries(&self) -> usize {
        0
    }

    async fn prep(
        &mut self,
        store: &MemoryStorage,
        _context: &ExecutionContext,
    ) -> Result<String, NodeError> {
        string(store, "text")
    }

    async fn exec(&mut self, text: String, _context: &ExecutionContext) -> Result<u64, NodeError> {
        Ok(text.len() as u64)
    }

    async fn post(
        &mut self,
        store: &mut MemoryStorage,
        _text: String,
        length: u64,
        _context: &ExecutionContext,
    ) -> Result<Action, NodeError> {
        store.set("length".to_owned(), length).map_err(stored)?;
        Ok(Action::simple("next"))
    }
}

/// A run borrows its flow mutably, so each run has a separate flow.
async fn wait() -> u64 {
    let mut store = MemoryStorage::new();
    store.set("topic".to_owned(), topic()).expect(ENDS);
    let mut flow = Builder::new()
        .start_with("draft", Draft)
        .node("review", Review)
        .node("publish", Publish)
        .route("draft", "next", "review")
        .route("review", "next", "publish")
        .terminal_route("publish", "next")
        .build();
    flow.execute(&mut store).await.expect(ENDS);
    number(&store, "length").expect(ENDS)
}
