//! `graph-flow`: tasks with names, edges between names, and a context, which is a concurrent map of
//! JSON values.
//!
//! A run is one call of `Graph::execute_session`, whose tasks continue with `ContinueAndExecute`.
//! It uses no `FlowRunner` and no storage, which would load and save the session at every step.
//! `left` and `count` are a pair under one key, which is faster than two keys.

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use graph_flow::fanout::FanOutTask;
use graph_flow::{
    Context, ExecutionStatus, Graph, GraphBuilder, GraphError, NextAction, Result, Session, Task,
    TaskResult,
};
use serde::de::DeserializeOwned;

use crate::contender::*;

pub const GRAPH_FLOW: Contender = Contender {
    name: "graph-flow",
    package: Some("graph-flow"),
    steps: &[
        (Shape::Loop, Steps::Async(|steps| Box::pin(again(steps)))),
        (Shape::Chain, Steps::Async(|steps| Box::pin(chain(steps)))),
        (Shape::Branch, Steps::Async(|steps| Box::pin(branch(steps)))),
        (Shape::Nested, Steps::Async(|steps| Box::pin(nested(steps)))),
        (Shape::Store, Steps::Async(|steps| Box::pin(lend(steps)))),
    ],
    batch: Some(|batch| Box::pin(fan_out(batch))),
    waiting: Some(|| Box::pin(wait())),
    notes: &[
        (
            "steps",
            "It runs with `Graph::execute_session` and without a `FlowRunner`, whose storage would load and save the session at each step.",
        ),
        (
            "batch",
            "`FanOutTask` starts all items at once and ignores the width. Each item is a task that is built in the run.",
        ),
    ],
    ..Contender::NONE
};

const ENDS: &str = "no task fails";
const BUILDS: &str = "the graph is sound";

const COUNT: &str = "count";

/// The value under a key, as an owned value, because a context lends no references.
fn get<T: DeserializeOwned>(context: &Context, key: &str) -> T {
    context.get(key).expect("it is there from the start")
}

/// Counts, and returns how many steps are left and the count that it read.
fn count(context: &Context) -> Result<(u64, u64)> {
    let (left, count): (u64, u64) = get(context, COUNT);
    let left = left.wrapping_sub(1);
    context.set(COUNT, (left, work(count)))?;
    Ok((left, count))
}

fn counter(left: u64, count: u64) -> Context {
    let context = Context::new();
    context.set(COUNT, (left, count)).expect(ENDS);
    context
}

fn counted(context: &Context) -> u64 {
    let (_, count): (u64, u64) = get(context, COUNT);
    count
}

fn turn(left: u64) -> TaskResult {
    TaskResult::new(
        None,
        if left == 0 {
            NextAction::End
        } else {
            NextAction::ContinueAndExecute
        },
    )
}

/// A session with an existing context. `Session::new_from_task` would create a second one.
fn session(start: &str, context: Context) -> Session {
    Session {
        id: "run".to_owned(),
        graph_id: "graph".to_owned(),
        current_task_id: start.to_owned(),
        status_message: None,
        context,
        version: 0,
    }
}

async fn run(graph: &Graph, context: Context) {
    let start = graph.start_task_id().expect(BUILDS);
    graph
        .execute_session(&mut session(start, context))
        .await
        .expect(ENDS);
}

/// Counts and repeats itself.
struct Tick {
    id: &'static str,
}

#[async_trait]
impl Task for Tick {
    fn id(&self) -> &str {
        self.id
    }

    async fn run(&self, context: Context) -> Result<TaskResult> {
        Ok(turn(count(&context)?.0))
    }
}

/// Counts and continues.
struct Pass {
    id: &'static str,
    next: NextAction,
}

impl Pass {
    fn new(id: &'static str) -> Arc<Self> {
        Arc::new(Self {
            id,
            next: NextAction::ContinueAndExecute,
        })
    }

    fn last(id: &'static str) -> Arc<Self> {
        Arc::new(Self {
            id,
            next: NextAction::End,
        })
    }
}

#[async_trait]
impl Task for Pass {
    fn id(&self) -> &str {
        self.id
    }

    async fn run(&self, context: Context) -> Result<TaskResult> {
        count(&context)?;
        Ok(TaskResult::new(None, self.next.clone()))
    }
}

async fn again(steps: u64) -> u64 {
    let graph = GraphBuilder::new("again")
        .add_task(Arc::new(Tick { id: "tick" }))
        .add_edge("tick", "tick")
        .build()
        .expect(BUILDS);
    let context = counter(steps, 0);
    run(&graph, context.clone()).await;
    counted(&context)
}

async fn chain(steps: u64) -> u64 {
    let graph = GraphBuilder::new("chain")
        .add_task(Pass::new("first"))
        .add_task(Pass::new("second"))
        .add_task(Pass::last("third"))
        .add_edge("first", "second")
        .add_edge("second", "third")
        .build()
        .expect(BUILDS);
    let mut done = 0;
    while done < steps {
        let context = counter(0, done);
        run(&graph, context.clone()).await;
        done = counted(&context);
    }
    done
}

const WAYS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// Counts and names the next task. Conditional edges would check one condition after the other, and
/// each would read the count again.
struct Choose;

#[async_trait]
impl Task for Choose {
    fn id(&self) -> &str {
        "choose"
    }

    async fn run(&self, context: Context) -> Result<TaskResult> {
        let (_, count) = count(&context)?;
        let way = WAYS[(count % 12 / 2) as usize];
        Ok(TaskResult::new(None, NextAction::GoTo(way.to_owned())))
    }
}

async fn branch(steps: u64) -> u64 {
    let mut graph = GraphBuilder::new("branch").add_task(Arc::new(Choose));
    for way in WAYS {
        graph = graph
            .add_task(Arc::new(Tick { id: way }))
            .add_edge(way, "choose");
    }
    let graph = graph.build().expect(BUILDS);
    let context = counter(steps, 0);
    let mut session = session("choose", context.clone());
    // It returns the session at every `GoTo`.
    while let ExecutionStatus::Paused { .. } = graph
        .execute_session(&mut session)
        .await
        .expect(ENDS)
        .status
    {}
    counted(&context)
}

/// A graph as a task of another graph, on the same context. The library has no built-in way to do
/// this.
struct Inner {
    graph: Graph,
}

#[async_trait]
impl Task for Inner {
    fn id(&self) -> &str {
        "inner"
    }

    async fn run(&self, context: Context) -> Result<TaskResult> {
        let start = self.graph.start_task_id().expect(BUILDS);
        let mut session = session(start, context);
        self.graph.execute_session(&mut session).await?;
        let (left, _): (u64, u64) = get(&session.context, COUNT);
        Ok(turn(left))
    }
}

async fn nested(steps: u64) -> u64 {
    let inner = GraphBuilder::new("inner")
        .add_task(Pass::new("first"))
        .add_task(Pass::last("second"))
        .add_edge("first", "second")
        .build()
        .expect(BUILDS);
    let graph = GraphBuilder::new("nested")
        .add_task(Pass::new("outer"))
        .add_task(Arc::new(Inner { graph: inner }))
        .add_edge("outer", "inner")
        .add_edge("inner", "outer")
        .build()
        .expect(BUILDS);
    let context = counter(steps, 0);
    run(&graph, context.clone()).await;
    counted(&context)
}

// A task that reads a lot of data.

const LEFT: &str = "left";
const TEXT: &str = "text";
const NUMBERS: &str = "numbers";
const VISIT: &str = "visit";

struct Look;

#[async_trait]
impl Task for Look {
    fn id(&self) -> &str {
        "look"
    }

    async fn run(&self, context: Context) -> Result<TaskResult> {
        let text: String = get(&context, TEXT);
        let numbers: Vec<u64> = get(&context, NUMBERS);
        let visit: u64 = context.get(VISIT).unwrap_or_default();
        context.set(VISIT, look(visit, &text, &numbers))?;
        let left = get::<u64>(&context, LEFT) - 1;
        context.set(LEFT, left)?;
        Ok(turn(left))
    }
}

async fn lend(steps: u64) -> u64 {
    let graph = GraphBuilder::new("lend")
        .add_task(Arc::new(Look))
        .add_edge("look", "look")
        .build()
        .expect(BUILDS);
    let context = Context::new();
    context.set(LEFT, steps).expect(ENDS);
    context.set(TEXT, text()).expect(ENDS);
    context.set(NUMBERS, numbers()).expect(ENDS);
    run(&graph, context.clone()).await;
    get(&context, VISIT)
}

// A batch: one task for each item, each with a name and a place in the context. `FanOutTask` starts
// all of them at once, so `width` is not used.

struct Times {
    id: String,
    key: String,
    number: u64,
    factor: u64,
    pause: Pause,
}

#[async_trait]
impl Task for Times {
    fn id(&self) -> &str {
        &self.id
    }

    async fn run(&self, context: Context) -> Result<TaskResult> {
        context.set(
            self.key.as_str(),
            item(self.pause, self.number, self.factor).await,
        )?;
        Ok(TaskResult::new(None, NextAction::End))
    }
}

async fn fan_out(
    Batch {
        items,
        factor,
        pause,
        ..
    }: Batch,
) -> u64 {
    let key = |number| format!("output.{number}");
    let times = |number: u64| -> Arc<dyn Task> {
        Arc::new(Times {
            id: number.to_string(),
            key: key(number),
            number,
            factor,
            pause,
        })
    };
    let fan_out =
        FanOutTask::new("times", (0..items).map(times).collect()).with_next_action(NextAction::End);
    let graph = GraphBuilder::new("batch")
        .add_task(fan_out)
        .build()
        .expect(BUILDS);
    let context = Context::new();
    run(&graph, context.clone()).await;
    (0..items)
        .map(|number| get::<u64>(&context, &key(number)))
        .sum()
}

// A flow that waits.

const TOPIC: &str = "topic";
const LENGTH: &str = "length";

struct Draft;

#[async_trait]
impl Task for Draft {
    fn id(&self) -> &str {
        "draft"
    }

    async fn run(&self, context: Context) -> Result<TaskResult> {
        let topic: String = get(&context, TOPIC);
        context.set(TEXT, topic.to_uppercase())?;
        Ok(TaskResult::move_to_next_direct())
    }
}

struct Review;

#[async_trait]
impl Task for Review {
    fn id(&self) -> &str {
        "review"
    }

    async fn run(&self, context: Context) -> Result<TaskResult> {
        let text: String = get(&context, TEXT);
        gate().await;
        if text.is_empty() {
            return Err(GraphError::TaskExecutionFailed(
                "there is no text".to_owned(),
            ));
        }
        Ok(TaskResult::move_to_next_direct())
    }
}

struct Publish;

#[async_trait]
impl Task for Publish {
    fn id(&self) -> &str {
        "publish"
    }

    async fn run(&self, context: Context) -> Result<TaskResult> {
        let text: String = get(&context, TEXT);
        context.set(LENGTH, text.len())?;
        Ok(TaskResult::new(None, NextAction::End))
    }
}

static WRITE: LazyLock<Graph> = LazyLock::new(|| {
    GraphBuilder::new("write")
        .add_task(Arc::new(Draft))
        .add_task(Arc::new(Review))
        .add_task(Arc::new(Publish))
        .add_edge("draft", "review")
        .add_edge("review", "publish")
        .build()
        .expect(BUILDS)
});

async fn wait() -> u64 {
    let mut session = Session::new_from_task("run".to_owned(), "draft");
    session.context.set(TOPIC, topic()).expect(ENDS);
    WRITE.execute_session(&mut session).await.expect(ENDS);
    get(&session.context, LENGTH)
}
