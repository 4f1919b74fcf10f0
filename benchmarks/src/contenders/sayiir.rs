//! `sayiir`: a durable workflow whose tasks pass bytes to each other. A codec encodes the result of
//! a task and decodes it for the next one.
//!
//! It runs in memory, like `InProcessRunner`: with `execute_continuation_async`, which also returns
//! the output of the last task. There is no store, so the tasks pass on everything that a node
//! would find in a store, which is also all that a resumed workflow has.

use std::sync::{Arc, LazyLock};

use sayiir_core::LoopResult;
use sayiir_core::builder::WorkflowBuilder;
use sayiir_core::codec::{Codec, Decoder, Encoder};
use sayiir_core::context::WorkflowContext;
use sayiir_core::error::BoxError;
use sayiir_core::task::{BranchEnvelope, BranchOutputs, to_core_loop_task_arc};
use sayiir_core::workflow::{MaxIterationsPolicy, Workflow, WorkflowContinuation};
use sayiir_runtime::serialization::{JsonCodec, RkyvCodec};
use sayiir_runtime::{BranchKey, execute_continuation_async};
use serde::de::DeserializeOwned;

use crate::contender::*;

pub const SAYIIR: Contender = Contender {
    name: "sayiir",
    package: Some("sayiir-runtime"),
    steps: &[
        (Shape::Loop, Steps::Async(|steps| Box::pin(again(steps)))),
        (Shape::Chain, Steps::Async(|steps| Box::pin(chain(steps)))),
        (Shape::Branch, Steps::Async(|steps| Box::pin(branch(steps)))),
        (Shape::Nested, Steps::Async(|steps| Box::pin(nested(steps)))),
        (Shape::Store, Steps::Async(|steps| Box::pin(lend(steps)))),
    ],
    batch: Some(|batch| Box::pin(fork(batch))),
    waiting: Some(|| Box::pin(wait())),
    notes: &[
        (
            "steps",
            "It is designed for durable runs: each step encodes its result, here as JSON, and the next step decodes it.",
        ),
        (
            "store",
            "It has no store: each step passes all data on, encoded by `RkyvCodec`.",
        ),
        (
            "batch",
            "A fork starts all items at once and ignores the width. Each item is a branch that is built in the run.",
        ),
    ],
    ..Contender::NONE
};

const BUILDS: &str = "the workflow is sound";
const ENDS: &str = "no task fails";

/// It is faster than `RkyvCodec` for small values.
const CODEC: JsonCodec = JsonCodec;

fn builder<C: Codec, I>(name: &str, codec: C) -> WorkflowBuilder<C, I, I> {
    WorkflowBuilder::new(WorkflowContext::new(name, Arc::new(codec), Arc::new(())))
}

/// The number of steps that are left, and the number of steps so far.
type Count = (u64, u64);

fn pass((left, count): Count) -> Count {
    (left.wrapping_sub(1), work(count))
}

fn turn(count: Count) -> LoopResult<Count> {
    if count.0 == 0 {
        LoopResult::Done(count)
    } else {
        LoopResult::Again(count)
    }
}

async fn count(count: Count) -> Result<Count, BoxError> {
    Ok(pass(count))
}

async fn tick(count: Count) -> Result<LoopResult<Count>, BoxError> {
    Ok(turn(pass(count)))
}

async fn run(flow: &WorkflowContinuation, count: Count) -> u64 {
    let input = CODEC.encode(&count).expect(ENDS);
    let output = execute_continuation_async(flow, input, &CODEC)
        .await
        .expect(ENDS);
    let (_, count): Count = CODEC.decode(output).expect(ENDS);
    count
}

async fn again(steps: u64) -> u64 {
    let flow = builder("again", CODEC)
        .loop_task("tick", tick, u32::MAX)
        .build()
        .expect(BUILDS);
    run(flow.continuation(), (steps, 0)).await
}

async fn chain(steps: u64) -> u64 {
    let flow = builder("chain", CODEC)
        .then("first", count)
        .then("second", count)
        .then("third", count)
        .build()
        .expect(BUILDS);
    let mut done = 0;
    while done < steps {
        done = run(flow.continuation(), (0, done)).await;
    }
    done
}

// Loops around more than one task. The runtime accepts any body whose last task says whether to
// continue, but the builder only makes bodies of a single task. So these loops are assembled from
// the parts that the builder uses.

fn last<I, F, Fut>(id: &str, task: F) -> WorkflowContinuation
where
    I: DeserializeOwned + Send + 'static,
    F: Fn(I) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<LoopResult<Count>, BoxError>> + Send + 'static,
{
    WorkflowContinuation::Task {
        id: id.to_owned(),
        func: Some(to_core_loop_task_arc(id, Arc::new(task), Arc::new(CODEC))),
        timeout: None,
        retry_policy: None,
        version: None,
        priority: None,
        tags: Vec::new(),
        next: None,
    }
}

fn around(body: WorkflowContinuation) -> WorkflowContinuation {
    let (id, max_iterations, on_max) = ("around".to_owned(), u32::MAX, MaxIterationsPolicy::Fail);
    WorkflowContinuation::Loop {
        id,
        body: Box::new(body),
        max_iterations,
        on_max,
        next: None,
    }
}

#[derive(BranchKey)]
enum Way {
    A,
    B,
    C,
    D,
    E,
    F,
}

async fn way((_, count): Count) -> Result<Way, BoxError> {
    Ok(match (count - 1) % 12 / 2 {
        0 => Way::A,
        1 => Way::B,
        2 => Way::C,
        3 => Way::D,
        4 => Way::E,
        _ => Way::F,
    })
}

async fn back(chosen: BranchEnvelope<Count>) -> Result<LoopResult<Count>, BoxError> {
    Ok(turn(chosen.result))
}

/// A choice only names a branch, so `choose` is a task before it. A branch cannot continue the
/// loop, so `back` is a task after it, which does not count as a step.
async fn branch(steps: u64) -> u64 {
    let mut body = builder("branch", CODEC)
        .then("choose", count)
        .route(way)
        .branch(Way::A, |flow| flow.then("a", count))
        .branch(Way::B, |flow| flow.then("b", count))
        .branch(Way::C, |flow| flow.then("c", count))
        .branch(Way::D, |flow| flow.then("d", count))
        .branch(Way::E, |flow| flow.then("e", count))
        .branch(Way::F, |flow| flow.then("f", count))
        .done()
        .build()
        .expect(BUILDS)
        .into_continuation();
    body.append_to_chain(last("back", back));
    run(&around(body), (steps, 0)).await
}

async fn nested(steps: u64) -> u64 {
    let mut inner = builder("inner", CODEC)
        .then("first", count)
        .build()
        .expect(BUILDS)
        .into_continuation();
    inner.append_to_chain(last("second", tick));
    let mut body = builder("nested", CODEC)
        .then("outer", count)
        .build()
        .expect(BUILDS)
        .into_continuation();
    let id = "inner".to_owned();
    body.append_to_chain(WorkflowContinuation::ChildWorkflow {
        id,
        child: Arc::new(inner),
        next: None,
    });
    run(&around(body), (steps, 0)).await
}

// A task that reads a lot of data. All of it is passed on at each step, which is what `RkyvCodec`
// is made for.

/// The number of steps that are left, the text, the numbers, and the visit.
type Lender = (u64, String, Vec<u64>, Option<u64>);

async fn visit((left, text, numbers, visit): Lender) -> Result<LoopResult<Lender>, BoxError> {
    let visit = look(visit.unwrap_or_default(), &text, &numbers);
    let store = (left - 1, text, numbers, Some(visit));
    Ok(if left == 1 {
        LoopResult::Done(store)
    } else {
        LoopResult::Again(store)
    })
}

async fn lend(steps: u64) -> u64 {
    let flow = builder("lend", RkyvCodec)
        .loop_task("visit", visit, u32::MAX)
        .build()
        .expect(BUILDS);
    let store: Lender = (steps, text(), numbers(), None);
    let input = RkyvCodec.encode(&store).expect(ENDS);
    let output = execute_continuation_async(flow.continuation(), input, &RkyvCodec)
        .await
        .expect(ENDS);
    let (.., visit): Lender = RkyvCodec.decode(output).expect(ENDS);
    visit.unwrap_or_default()
}

// A batch: one branch of a fork for each item. A fork starts all of its branches at once, so
// `width` is not used.

async fn fork(
    Batch {
        items,
        factor,
        pause,
        ..
    }: Batch,
) -> u64 {
    let sum = |outputs: BranchOutputs<JsonCodec>| async move {
        outputs
            .branch_names()
            .map(|name| outputs.get_by_id::<u64>(name))
            .sum::<Result<u64, BoxError>>()
    };
    let flow = builder::<_, ()>("batch", CODEC)
        .branches(|fork| {
            for number in 0..items {
                fork.add(&number.to_string(), move |()| async move {
                    Ok(item(pause, number, factor).await)
                });
            }
        })
        .join("sum", sum)
        .build()
        .expect(BUILDS);
    let input = CODEC.encode(&()).expect(ENDS);
    let output = execute_continuation_async(flow.continuation(), input, &CODEC)
        .await
        .expect(ENDS);
    CODEC.decode(output).expect(ENDS)
}

// A flow that waits.

async fn draft(topic: String) -> Result<String, BoxError> {
    Ok(topic.to_uppercase())
}

async fn review(text: String) -> Result<String, BoxError> {
    gate().await;
    if text.is_empty() {
        Err("there is no text".into())
    } else {
        Ok(text)
    }
}

async fn publish(text: String) -> Result<u64, BoxError> {
    Ok(text.len() as u64)
}

static WRITE: LazyLock<Workflow<JsonCodec, String>> = LazyLock::new(|| {
    builder("write", CODEC)
        .then("draft", draft)
        .then("review", review)
        .then("publish", publish)
        .build()
        .expect(BUILDS)
});

async fn wait() -> u64 {
    let input = CODEC.encode(&topic()).expect(ENDS);
    let output = execute_continuation_async(WRITE.continuation(), input, &CODEC)
        .await
        .expect(ENDS);
    CODEC.decode(output).expect(ENDS)
}
