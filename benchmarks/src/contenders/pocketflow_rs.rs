//! `pocketflow_rs`, whose store is a map of JSON values and whose edges are strings.
//!
//! A run consumes its context and only returns the value of `"result"`, so the count is there. It
//! has no retries.

use std::sync::LazyLock;

use anyhow::{Context as _, Result, anyhow};
use async_trait::async_trait;
use pocketflow_rs::{Context, Flow, Node, ProcessResult, ProcessState, build_flow};
use serde_json::Value;

use crate::contender::*;

pub const CONTENDER: Contender = Contender {
    name: "pocketflow_rs",
    package: Some("pocketflow_rs"),
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
        "its batch flow runs one item after the other and drops what each run returns: 100,000 sleeps would take minutes",
    )],
    ..Contender::NONE
};

const ENDS: &str = "no node fails";
const RESULT: &str = "result";
const LEFT: &str = "left";

/// The actions of a node. An action without an edge ends the flow.
#[derive(Default)]
enum Turn {
    #[default]
    Next,
    Again,
    Done,
    A,
    B,
    C,
    D,
    E,
    F,
}

impl ProcessState for Turn {
    fn is_default(&self) -> bool {
        matches!(self, Self::Next)
    }

    fn to_condition(&self) -> String {
        let condition = match self {
            Self::Next => "default",
            Self::Again => "again",
            Self::Done => "done",
            Self::A => "a",
            Self::B => "b",
            Self::C => "c",
            Self::D => "d",
            Self::E => "e",
            Self::F => "f",
        };
        condition.to_owned()
    }
}

type Turned = Result<ProcessResult<Turn>>;

/// Continues without a message, because nothing would read it.
fn go(turn: Turn) -> Turned {
    Ok(ProcessResult::new(turn, String::new()))
}

fn number(context: &Context, key: &str) -> Result<u64> {
    context
        .get(key)
        .and_then(Value::as_u64)
        .with_context(|| format!("there is no number `{key}`"))
}

fn done(result: &Result<Value>) -> Result<u64> {
    let value = result.as_ref().map_err(|error| anyhow!("{error:#}"))?;
    value.as_u64().context("the result is not a number")
}

/// Subtracts this many steps from those that are left.
fn turn(context: &mut Context, steps: u64) -> Turned {
    let left = number(context, LEFT)? - steps;
    context.set(LEFT, left.into());
    go(if left == 0 { Turn::Done } else { Turn::Again })
}

fn count(steps: u64) -> Context {
    let mut context = Context::new();
    context.set(RESULT, 0.into());
    context.set(LEFT, steps.into());
    context
}

async fn run(flow: &Flow<Turn>, context: Context) -> u64 {
    flow.run(context)
        .await
        .expect(ENDS)
        .as_u64()
        .expect("it is a number")
}

/// A node that counts and ends the flow after this many steps.
struct Tick(u64);

#[async_trait]
impl Node for Tick {
    type State = Turn;

    async fn execute(&self, context: &Context) -> Result<Value> {
        Ok(work(number(context, RESULT)?).into())
    }

    async fn post_process(&self, context: &mut Context, result: &Result<Value>) -> Turned {
        context.set(RESULT, done(result)?.into());
        turn(context, self.0)
    }
}

/// A node that counts.
struct Pass;

#[async_trait]
impl Node for Pass {
    type State = Turn;

    async fn execute(&self, context: &Context) -> Result<Value> {
        Ok(work(number(context, RESULT)?).into())
    }

    async fn post_process(&self, context: &mut Context, result: &Result<Value>) -> Turned {
        context.set(RESULT, done(result)?.into());
        go(Turn::Next)
    }
}

struct Choose;

#[async_trait]
impl Node for Choose {
    type State = Turn;

    async fn execute(&self, context: &Context) -> Result<Value> {
        Ok(work(number(context, RESULT)?).into())
    }

    async fn post_process(&self, context: &mut Context, result: &Result<Value>) -> Turned {
        let count = done(result)?;
        context.set(RESULT, count.into());
        go(match (count - 1) % 12 / 2 {
            0 => Turn::A,
            1 => Turn::B,
            2 => Turn::C,
            3 => Turn::D,
            4 => Turn::E,
            _ => Turn::F,
        })
    }
}

/// A flow in a node. A flow is not a node, and a run consumes its context and only returns the
/// result. So the node runs the flow with a copy and subtracts its steps afterwards.
struct Inner(Flow<Turn>);

#[async_trait]
impl Node for Inner {
    type State = Turn;

    async fn execute(&self, context: &Context) -> Result<Value> {
        self.0.run(context.clone()).await
    }

    async fn post_process(&self, context: &mut Context, result: &Result<Value>) -> Turned {
        context.set(RESULT, done(result)?.into());
        turn(context, 3)
    }
}

async fn again(steps: u64) -> u64 {
    let flow = build_flow!(
        start: ("tick", Tick(1)),
        nodes: [],
        edges: [("tick", "tick", Turn::Again)]
    );
    run(&flow, count(steps)).await
}

async fn chain(steps: u64) -> u64 {
    let flow = build_flow!(
        start: ("first", Pass),
        nodes: [("second", Pass), ("third", Pass)],
        edges: [("first", "second", Turn::Next), ("second", "third", Turn::Next)]
    );
    let mut done = 0;
    while done < steps {
        let mut context = Context::new();
        context.set(RESULT, done.into());
        done = run(&flow, context).await;
    }
    done
}

async fn branch(steps: u64) -> u64 {
    let flow = build_flow!(
        start: ("choose", Choose),
        nodes: [("a", Tick(2)), ("b", Tick(2)), ("c", Tick(2)), ("d", Tick(2)), ("e", Tick(2)), ("f", Tick(2))],
        edges: [
            ("choose", "a", Turn::A),
            ("choose", "b", Turn::B),
            ("choose", "c", Turn::C),
            ("choose", "d", Turn::D),
            ("choose", "e", Turn::E),
            ("choose", "f", Turn::F),
            ("a", "choose", Turn::Again),
            ("b", "choose", Turn::Again),
            ("c", "choose", Turn::Again),
            ("d", "choose", Turn::Again),
            ("e", "choose", Turn::Again),
            ("f", "choose", Turn::Again)
        ]
    );
    run(&flow, count(steps)).await
}

async fn nested(steps: u64) -> u64 {
    let inner = build_flow!(
        start: ("first", Pass),
        nodes: [("second", Pass)],
        edges: [("first", "second", Turn::Next)]
    );
    let flow = build_flow!(
        start: ("outer", Pass),
        nodes: [("inner", Inner(inner))],
        edges: [("outer", "inner", Turn::Next), ("inner", "outer", Turn::Again)]
    );
    run(&flow, count(steps)).await
}

/// A node that reads a text, which a context can lend, and numbers, which the context holds as
/// JSON, so that the node has to build a list of them.
struct Look;

#[async_trait]
impl Node for Look {
    type State = Turn;

    async fn execute(&self, context: &Context) -> Result<Value> {
        let text = context
            .get("text")
            .and_then(Value::as_str)
            .context("there is no text")?;
        let numbers = context
            .get("numbers")
            .and_then(Value::as_array)
            .context("there are no numbers")?;
        let numbers: Option<Vec<u64>> = numbers.iter().map(Value::as_u64).collect();
        let visit = context
            .get(RESULT)
            .and_then(Value::as_u64)
            .unwrap_or_default();
        Ok(look(visit, text, &numbers.context("one is not a number")?).into())
    }

    async fn post_process(&self, context: &mut Context, result: &Result<Value>) -> Turned {
        context.set(RESULT, done(result)?.into());
        turn(context, 1)
    }
}

async fn lend(steps: u64) -> u64 {
    let flow = build_flow!(
        start: ("look", Look),
        nodes: [],
        edges: [("look", "look", Turn::Again)]
    );
    let mut context = Context::new();
    context.set(LEFT, steps.into());
    context.set("text", text().into());
    context.set("numbers", numbers().into());
    run(&flow, context).await
}

// A flow that waits.

fn string<'a>(context: &'a Context, key: &str) -> Result<&'a str> {
    context
        .get(key)
        .and_then(Value::as_str)
        .with_context(|| format!("there is no `{key}`"))
}

struct Draft;

#[async_trait]
impl Node for Draft {
    type State = Turn;

    async fn execute(&self, context: &Context) -> Result<Value> {
        Ok(string(context, "topic")?.to_uppercase().into())
    }

    async fn post_process(&self, context: &mut Context, result: &Result<Value>) -> Turned {
        let text = result.as_ref().map_err(|error| anyhow!("{error:#}"))?;
        context.set("text", text.clone());
        go(Turn::Next)
    }
}

struct Review;

#[async_trait]
impl Node for Review {
    type State = Turn;

    async fn execute(&self, context: &Context) -> Result<Value> {
        let text = string(context, "text")?;
        gate().await;
        if text.is_empty() {
            Err(anyhow!("there is no text"))
        } else {
            Ok(Value::Null)
        }
    }

    async fn post_process(&self, _context: &mut Context, result: &Result<Value>) -> Turned {
        result.as_ref().map_err(|error| anyhow!("{error:#}"))?;
        go(Turn::Next)
    }
}

struct Publish;

#[async_trait]
impl Node for Publish {
    type State = Turn;

    async fn execute(&self, context: &Context) -> Result<Value> {
        Ok((string(context, "text")?.len() as u64).into())
    }

    async fn post_process(&self, context: &mut Context, result: &Result<Value>) -> Turned {
        context.set(RESULT, done(result)?.into());
        go(Turn::Done)
    }
}

/// A flow stores nothing about a run, so all runs share it.
static WRITE: LazyLock<Flow<Turn>> = LazyLock::new(|| {
    build_flow!(
        start: ("draft", Draft),
        nodes: [("review", Review), ("publish", Publish)],
        edges: [("draft", "review", Turn::Next), ("review", "publish", Turn::Next)]
    )
});

async fn wait() -> u64 {
    let mut context = Context::new();
    context.set("topic", topic().into());
    run(&WRITE, context).await
}
