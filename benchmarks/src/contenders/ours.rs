//! This library.

use std::convert::Infallible;

use pocketflow::{Action, Shared, flow, node};

use crate::contender::*;

pub const OURS: Contender = Contender {
    name: "pocketflow (this one)",
    package: Some("pocketflow-dsl"),
    steps: &[
        (Shape::Loop, Steps::Async(|steps| Box::pin(again(steps)))),
        (Shape::Chain, Steps::Async(|steps| Box::pin(chain(steps)))),
        (Shape::Branch, Steps::Async(|steps| Box::pin(branch(steps)))),
        (Shape::Nested, Steps::Async(|steps| Box::pin(nested(steps)))),
        (Shape::Store, Steps::Async(|steps| Box::pin(lend(steps)))),
    ],
    batch: Some(|batch| Box::pin(times(batch))),
    waiting: Some(|| Box::pin(wait())),
    ..Contender::NONE
};

const ENDS: &str = "no node fails";

#[derive(Shared)]
struct Count {
    left: u64,
    count: u64,
}

impl Count {
    #[inline(always)]
    fn set(&mut self, count: u64) {
        self.count = count;
        self.left = self.left.wrapping_sub(1);
    }
}

#[derive(Action)]
enum Turn {
    Again,
    Done,
}

impl Turn {
    #[inline(always)]
    fn of(left: u64) -> Self {
        if left == 0 { Self::Done } else { Self::Again }
    }
}

#[derive(Action)]
enum Way {
    A,
    B,
    C,
    D,
    E,
    F,
}

/// Nodes that count and repeat themselves.
macro_rules! tick {
    ($($name:ident)*) => { $(
        struct $name;

        #[node(Count)]
        impl $name {
            fn prep(count: &u64) -> u64 {
                *count
            }

            async fn exec(prep: &u64) -> Result<u64, Infallible> {
                Ok(work(*prep))
            }

            fn post(shared: &mut Count, exec: u64) -> Turn {
                shared.set(exec);
                Turn::of(shared.left)
            }
        }
    )* };
}

/// Nodes that count.
macro_rules! pass {
    ($($name:ident)*) => { $(
        struct $name;

        #[node(Count)]
        impl $name {
            fn prep(count: &u64) -> u64 {
                *count
            }

            async fn exec(prep: &u64) -> Result<u64, Infallible> {
                Ok(work(*prep))
            }

            fn post(shared: &mut Count, exec: u64) {
                shared.set(exec);
            }
        }
    )* };
}

struct Choose;

#[node(Count)]
impl Choose {
    fn prep(count: &u64) -> u64 {
        *count
    }

    async fn exec(prep: &u64) -> Result<u64, Infallible> {
        Ok(work(*prep))
    }

    fn post(shared: &mut Count, exec: u64) -> Way {
        shared.set(exec);
        match (exec - 1) % 12 / 2 {
            0 => Way::A,
            1 => Way::B,
            2 => Way::C,
            3 => Way::D,
            4 => Way::E,
            _ => Way::F,
        }
    }
}

tick! { Tick Last A B C D E F }
pass! { First Second Third Outer Begin }

flow! { Again { Tick - "again" >> Tick; Tick - "done" >> end; } }

flow! { Chain { First >> Second >> Third; } }

flow! {
    Branch {
        Choose - "a" >> A; Choose - "b" >> B; Choose - "c" >> C; Choose - "d" >> D; Choose - "e" >> E; Choose - "f" >> F;
        A - "again" >> Choose; A - "done" >> end;
        B - "again" >> Choose; B - "done" >> end;
        C - "again" >> Choose; C - "done" >> end;
        D - "again" >> Choose; D - "done" >> end;
        E - "again" >> Choose; E - "done" >> end;
        F - "again" >> Choose; F - "done" >> end;
    }
}

flow! { Inner { Begin >> Last; Last - "again" >> end "again"; Last - "done" >> end "done"; } }

flow! { Nested { Outer >> Inner; Inner - "again" >> Outer; Inner - "done" >> end; } }

async fn again(steps: u64) -> u64 {
    let mut count = Count {
        left: steps,
        count: 0,
    };
    Again.run(&mut count).await.expect(ENDS);
    count.count
}

async fn chain(steps: u64) -> u64 {
    let mut done = 0;
    while done < steps {
        let mut count = Count {
            left: 0,
            count: done,
        };
        Chain.run(&mut count).await.expect(ENDS);
        done = count.count;
    }
    done
}

async fn branch(steps: u64) -> u64 {
    let mut count = Count {
        left: steps,
        count: 0,
    };
    Branch.run(&mut count).await.expect(ENDS);
    count.count
}

async fn nested(steps: u64) -> u64 {
    let mut count = Count {
        left: steps,
        count: 0,
    };
    Nested.run(&mut count).await.expect(ENDS);
    count.count
}

// A node that borrows and fills a field.

#[derive(Shared)]
struct Lender {
    left: u64,
    count: u64,
    text: String,
    numbers: Vec<u64>,
    visit: Option<u64>,
}

struct Look;

#[node(Lender, writes = visit)]
impl Look {
    async fn exec(text: &str, numbers: &[u64], count: &u64) -> Result<u64, Infallible> {
        Ok(look(*count, text, numbers))
    }

    fn post(shared: &mut Lender, exec: u64) -> Turn {
        shared.count = exec;
        shared.visit = Some(exec);
        shared.left -= 1;
        Turn::of(shared.left)
    }
}

flow! { Lend { Look - "again" >> Look; Look - "done" >> end; } }

async fn lend(steps: u64) -> u64 {
    let mut store = Lender {
        left: steps,
        count: 0,
        text: text(),
        numbers: numbers(),
        visit: None,
    };
    Lend.run(&mut store).await.expect(ENDS);
    store.visit.unwrap_or_default()
}

// A batch.

#[derive(Shared)]
struct Numbers {
    inputs: Vec<u64>,
    factor: u64,
    pause: Pause,
    outputs: Option<Vec<u64>>,
}

struct Times {
    width: std::num::NonZeroUsize,
}

#[node(Numbers, writes = outputs, parallel = self.width)]
impl Times {
    async fn exec(
        #[each(inputs)] input: &u64,
        factor: &u64,
        pause: &Pause,
    ) -> Result<u64, Infallible> {
        Ok(item(*pause, *input, *factor).await)
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
    let mut numbers = Numbers {
        inputs: (0..items).collect(),
        factor,
        pause,
        outputs: None,
    };
    let times = Times {
        width: width.try_into().expect("at least one at a time"),
    };
    let flow = flow! { times: Times; times; };
    flow.run(&mut numbers).await.expect(ENDS);
    numbers.outputs.unwrap_or_default().iter().sum()
}

// A flow that waits.

#[derive(Shared)]
struct Article {
    topic: String,
    text: Option<String>,
    length: Option<u64>,
}

#[node(Article, writes = text)]
async fn draft(topic: &str) -> Result<String, Infallible> {
    Ok(topic.to_uppercase())
}

#[node(Article)]
async fn review(text: &str) -> Result<(), String> {
    gate().await;
    if text.is_empty() {
        Err("there is no text".into())
    } else {
        Ok(())
    }
}

#[node(Article, writes = length)]
async fn publish(text: &str) -> Result<u64, Infallible> {
    Ok(text.len() as u64)
}

flow! { Write { draft >> review >> publish; } }

async fn wait() -> u64 {
    let mut article = Article {
        topic: topic(),
        text: None,
        length: None,
    };
    Write.run(&mut article).await.expect(ENDS);
    article.length.unwrap_or_default()
}
