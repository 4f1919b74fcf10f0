//! `floxide`: nodes that pass a value to the next node along typed edges, and a context that all of
//! them share.
//!
//! Changing data travels along the edges, and constant data is in the context, as the library
//! intends: a context that changes needs a lock. A workflow ends after a node without edges, so
//! those with a loop have a last node that only passes on the count. It runs once and does not
//! count as a step.

#![expect(unused_braces, reason = "`node!` takes a body with braces only")]

use async_trait::async_trait;
use floxide::{
    BatchNode, CompositeNode, FloxideError, Node, SharedState, Transition, Workflow, WorkflowCtx,
    node, workflow,
};
use serde::{Deserialize, Serialize};

use crate::contender::*;

pub const FLOXIDE: Contender = Contender {
    name: "floxide",
    package: Some("floxide"),
    steps: &[
        (Shape::Loop, Steps::Async(|steps| Box::pin(again(steps)))),
        (Shape::Chain, Steps::Async(|steps| Box::pin(chain(steps)))),
        (Shape::Branch, Steps::Async(|steps| Box::pin(branch(steps)))),
        (Shape::Nested, Steps::Async(|steps| Box::pin(nested(steps)))),
        (Shape::Store, Steps::Async(|steps| Box::pin(lend(steps)))),
    ],
    batch: Some(|batch| Box::pin(times(batch))),
    waiting: Some(|| Box::pin(wait())),
    notes: &[
        (
            "steps",
            "Changing data travels along its edges, because a changing context needs a lock.",
        ),
        (
            "batch",
            "`BatchNode` runs each item on a thread of the pool for blocking work, up to 512 at a time, and starts the next \
1,000 when all of these are done.",
        ),
    ],
    ..Contender::NONE
};

const ENDS: &str = "no node fails";

/// The value that travels along the edges.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Count {
    left: u64,
    count: u64,
}

impl Count {
    fn next(self) -> Self {
        Self {
            left: self.left.wrapping_sub(1),
            count: work(self.count),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Turn {
    Again(Count),
    Done(Count),
}

impl Turn {
    fn of(count: Count) -> Self {
        if count.left == 0 {
            Self::Done(count)
        } else {
            Self::Again(count)
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Way {
    A(Count),
    B(Count),
    C(Count),
    D(Count),
    E(Count),
    F(Count),
}

node! {
    pub struct Tick {};
    context = ();
    input = Count;
    output = Turn;
    |_context, count| { Ok(Transition::Next(Turn::of(count.next()))) }
}

node! {
    pub struct Pass {};
    context = ();
    input = Count;
    output = Count;
    |_context, count| { Ok(Transition::Next(count.next())) }
}

node! {
    pub struct Choose {};
    context = ();
    input = Count;
    output = Way;
    |_context, count| {
        let next = count.next();
        Ok(Transition::Next(match count.count % 12 / 2 {
            0 => Way::A(next),
            1 => Way::B(next),
            2 => Way::C(next),
            3 => Way::D(next),
            4 => Way::E(next),
            _ => Way::F(next),
        }))
    }
}

node! {
    pub struct Done {};
    context = ();
    input = Count;
    output = u64;
    |_context, count| { Ok(Transition::Next(count.count)) }
}

workflow! {
    pub struct Again {
        tick: Tick,
        done: Done,
    }
    start = tick;
    context = ();
    edges {
        tick => {
            Turn::Again(count) => [ tick ];
            Turn::Done(count) => [ done ];
        };
        done => {};
    }
}

workflow! {
    pub struct Chain {
        first: Pass,
        second: Pass,
        third: Pass,
    }
    start = first;
    context = ();
    edges {
        first => { [ second ] };
        second => { [ third ] };
        third => {};
    }
}

workflow! {
    pub struct Branch {
        choose: Choose,
        a: Tick,
        b: Tick,
        c: Tick,
        d: Tick,
        e: Tick,
        f: Tick,
        done: Done,
    }
    start = choose;
    context = ();
    edges {
        choose => {
            Way::A(count) => [ a ];
            Way::B(count) => [ b ];
            Way::C(count) => [ c ];
            Way::D(count) => [ d ];
            Way::E(count) => [ e ];
            Way::F(count) => [ f ];
        };
        a => { Turn::Again(count) => [ choose ]; Turn::Done(count) => [ done ]; };
        b => { Turn::Again(count) => [ choose ]; Turn::Done(count) => [ done ]; };
        c => { Turn::Again(count) => [ choose ]; Turn::Done(count) => [ done ]; };
        d => { Turn::Again(count) => [ choose ]; Turn::Done(count) => [ done ]; };
        e => { Turn::Again(count) => [ choose ]; Turn::Done(count) => [ done ]; };
        f => { Turn::Again(count) => [ choose ]; Turn::Done(count) => [ done ]; };
        done => {};
    }
}

// The macro makes a trait for every pair of names along an edge, so a module can contain each pair
// only once: there is no second `first >> second`.
workflow! {
    pub struct Inner {
        former: Pass,
        latter: Tick,
    }
    start = former;
    context = ();
    edges {
        former => { [ latter ] };
        latter => {};
    }
}

workflow! {
    pub struct Nested {
        outer: Pass,
        inner: CompositeNode<(), Inner>,
        done: Done,
    }
    start = outer;
    context = ();
    edges {
        outer => { [ inner ] };
        inner => {
            Turn::Again(count) => [ outer ];
            Turn::Done(count) => [ done ];
        };
        done => {};
    }
}

async fn again(steps: u64) -> u64 {
    let flow = Again {
        tick: Tick {},
        done: Done {},
    };
    flow.run(
        &WorkflowCtx::new(()),
        Count {
            left: steps,
            count: 0,
        },
    )
    .await
    .expect(ENDS)
}

async fn chain(steps: u64) -> u64 {
    let flow = Chain {
        first: Pass {},
        second: Pass {},
        third: Pass {},
    };
    let mut done = 0;
    while done < steps {
        let count = Count {
            left: 0,
            count: done,
        };
        done = flow
            .run(&WorkflowCtx::new(()), count)
            .await
            .expect(ENDS)
            .count;
    }
    done
}

async fn branch(steps: u64) -> u64 {
    let (a, b, c, d, e, f) = (Tick {}, Tick {}, Tick {}, Tick {}, Tick {}, Tick {});
    let flow = Branch {
        choose: Choose {},
        a,
        b,
        c,
        d,
        e,
        f,
        done: Done {},
    };
    flow.run(
        &WorkflowCtx::new(()),
        Count {
            left: steps,
            count: 0,
        },
    )
    .await
    .expect(ENDS)
}

async fn nested(steps: u64) -> u64 {
    let context = WorkflowCtx::new(());
    let inner = CompositeNode::new(
        Inner {
            former: Pass {},
            latter: Tick {},
        },
        &context,
    );
    let flow = Nested {
        outer: Pass {},
        inner,
        done: Done {},
    };
    flow.run(
        &context,
        Count {
            left: steps,
            count: 0,
        },
    )
    .await
    .expect(ENDS)
}

// A node that borrows from the context and fills a field of it.

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Lender {
    text: String,
    numbers: Vec<u64>,
    visit: SharedState<Option<u64>>,
}

#[derive(Clone, Copy, Debug)]
pub enum Visit {
    Again(u64),
    Done(u64),
}

node! {
    pub struct Look {};
    context = Lender;
    input = u64;
    output = Visit;
    |context, left| {
        let mut visit = context.visit.get().await;
        *visit = Some(look(visit.unwrap_or_default(), &context.text, &context.numbers));
        Ok(Transition::Next(if left == 1 { Visit::Done(0) } else { Visit::Again(left - 1) }))
    }
}

node! {
    pub struct Looked {};
    context = Lender;
    input = u64;
    output = u64;
    |context, _left| { Ok(Transition::Next(context.visit.get().await.unwrap_or_default())) }
}

workflow! {
    pub struct Lend {
        look: Look,
        looked: Looked,
    }
    start = look;
    context = Lender;
    edges {
        look => {
            Visit::Again(left) => [ look ];
            Visit::Done(left) => [ looked ];
        };
        looked => {};
    }
}

async fn lend(steps: u64) -> u64 {
    let flow = Lend {
        look: Look {},
        looked: Looked {},
    };
    let store = Lender {
        text: text(),
        numbers: numbers(),
        visit: SharedState::new(None),
    };
    flow.run(&WorkflowCtx::new(store), steps).await.expect(ENDS)
}

// A batch. `BatchNode` runs each item on a thread of the runtime's pool for blocking work, which
// has up to 512 threads, and starts the next `width` items when all of the previous ones are done.

#[derive(Clone, Debug)]
pub struct Times {
    factor: u64,
    pause: Pause,
}

#[async_trait]
impl Node for Times {
    type Input = u64;
    type Output = u64;

    async fn process(&self, _context: &(), number: u64) -> Result<Transition<u64>, FloxideError> {
        Ok(Transition::Next(
            item(self.pause, number, self.factor).await,
        ))
    }
}

workflow! {
    pub struct Multiply {
        times: BatchNode<(), Times>,
    }
    start = times;
    context = ();
    edges {
        times => {};
    }
}

async fn times(
    Batch {
        items,
        width,
        factor,
        pause,
    }: Batch,
) -> u64 {
    let flow = Multiply {
        times: BatchNode::new(Times { factor, pause }, width),
    };
    flow.run(&WorkflowCtx::new(()), (0..items).collect())
        .await
        .expect(ENDS)
        .iter()
        .sum()
}

// A flow that waits.

node! {
    pub struct Draft {};
    context = ();
    input = String;
    output = String;
    |_context, topic| { Ok(Transition::Next(topic.to_uppercase())) }
}

node! {
    pub struct Review {};
    context = ();
    input = String;
    output = String;
    |_context, text| {
        gate().await;
        if text.is_empty() {
            return Err(FloxideError::Generic("there is no text".to_owned()));
        }
        Ok(Transition::Next(text))
    }
}

node! {
    pub struct Publish {};
    context = ();
    input = String;
    output = u64;
    |_context, text| { Ok(Transition::Next(text.len() as u64)) }
}

workflow! {
    pub struct Write {
        draft: Draft,
        review: Review,
        publish: Publish,
    }
    start = draft;
    context = ();
    edges {
        draft => { [ review ] };
        review => { [ publish ] };
        publish => {};
    }
}

static WRITE: Write = Write {
    draft: Draft {},
    review: Review {},
    publish: Publish {},
};

async fn wait() -> u64 {
    WRITE.run(&WorkflowCtx::new(()), topic()).await.expect(ENDS)
}
