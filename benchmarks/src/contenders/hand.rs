//! The same flows written by hand, without a library: a `loop` over a `match`.
//!
//! There are four variants: `sync`; `async`, whose nodes are `async fn`s; `phases`, whose nodes are
//! three functions, `prep`, an async `exec` that can fail, and `post`; and `retry`, which adds the
//! usual retry loop around the exec of `phases`. This library is compared with `phases`. The loops
//! are the same in all four, and written once.

use std::convert::Infallible;
use std::error::Error;
use std::pin::pin;
use std::time::Duration;

use futures_buffered::BufferedStreamExt;
use futures_util::stream::{self, StreamExt};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::contender::*;

type BoxError = Box<dyn Error + Send + Sync>;

pub const SYNC: Contender = Contender {
    name: "by hand, sync",
    steps: &[
        (Shape::Loop, Steps::Sync(sync::again)),
        (Shape::Chain, Steps::Sync(sync::chain)),
        (Shape::Branch, Steps::Sync(sync::branch)),
        (Shape::Nested, Steps::Sync(sync::nested)),
        (Shape::Store, Steps::Sync(sync::lend)),
    ],
    ..Contender::NONE
};

macro_rules! in_a_runtime {
    ($way:ident) => {
        &[
            (
                Shape::Loop,
                Steps::Async(|steps| Box::pin($way::again(steps))),
            ),
            (
                Shape::Chain,
                Steps::Async(|steps| Box::pin($way::chain(steps))),
            ),
            (
                Shape::Branch,
                Steps::Async(|steps| Box::pin($way::branch(steps))),
            ),
            (
                Shape::Nested,
                Steps::Async(|steps| Box::pin($way::nested(steps))),
            ),
            (
                Shape::Store,
                Steps::Async(|steps| Box::pin($way::lend(steps))),
            ),
        ]
    };
}

pub const ASYNC: Contender = Contender {
    name: "by hand, async",
    steps: in_a_runtime!(plain),
    ..Contender::NONE
};

pub const PHASES: Contender = Contender {
    name: "by hand, prep/exec/post",
    steps: in_a_runtime!(phases),
    waiting: Some(|| Box::pin(wait())),
    ..Contender::NONE
};

pub const RETRY: Contender = Contender {
    name: "by hand, with retry",
    steps: in_a_runtime!(retry),
    ..Contender::NONE
};

pub const BUFFERED: Contender = Contender {
    name: "by hand, `buffered`",
    batch: Some(|batch| Box::pin(buffered(batch))),
    ..Contender::NONE
};

/// Other ways to build the pool of a batch. Ours is as fast if an item only yields, is faster if it
/// sleeps or yields to tokio, and needs no additional crates.
pub const FUTURES_BUFFERED: Contender = Contender {
    name: "by hand, `futures-buffered`",
    batch: Some(|batch| Box::pin(futures_buffered(batch))),
    ..Contender::NONE
};

pub const JOIN_SET: Contender = Contender {
    name: "by hand, `JoinSet`",
    batch: Some(|batch| Box::pin(join_set(batch))),
    ..Contender::NONE
};

/// The store of all shapes except the last.
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

/// The store of the last shape.
struct Lender {
    left: u64,
    count: u64,
    text: String,
    numbers: Vec<u64>,
    visit: Option<u64>,
}

impl Lender {
    #[inline(always)]
    fn set(&mut self, count: u64) {
        self.count = count;
        self.visit = Some(count);
        self.left -= 1;
    }
}

// The actions.

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

enum Way {
    A,
    B,
    C,
    D,
    E,
    F,
}

impl Way {
    #[inline(always)]
    fn of(count: u64) -> Self {
        match count % 12 / 2 {
            0 => Self::A,
            1 => Self::B,
            2 => Self::C,
            3 => Self::D,
            4 => Self::E,
            _ => Self::F,
        }
    }
}

/// The loops, given the nodes: `tick` returns a `Turn`, `pass` nothing, and `choose` a `Way`.
/// `visit` is the node of the last shape.
macro_rules! shapes {
    ([$($async:tt)?], [$($await:tt)*]) => {
        pub $($async)? fn again(steps: u64) -> u64 {
            $($async)? fn run(count: &mut Count) -> Result<(), Error> {
                enum State { Tick }
                let mut state = State::Tick;
                loop {
                    state = match state {
                        State::Tick => match tick(count) $($await)*? {
                            Turn::Again => State::Tick,
                            Turn::Done => return Ok(()),
                        },
                    };
                }
            }
            let mut count = Count { left: steps, count: 0 };
            run(&mut count) $($await)*.expect("no node fails");
            count.count
        }

        pub $($async)? fn chain(steps: u64) -> u64 {
            $($async)? fn run(count: &mut Count) -> Result<(), Error> {
                enum State { First, Second, Third }
                let mut state = State::First;
                loop {
                    state = match state {
                        State::First => {
                            pass(count) $($await)*?;
                            State::Second
                        }
                        State::Second => {
                            pass(count) $($await)*?;
                            State::Third
                        }
                        State::Third => {
                            pass(count) $($await)*?;
                            return Ok(());
                        }
                    };
                }
            }
            let mut done = 0;
            while done < steps {
                let mut count = Count { left: 0, count: done };
                run(&mut count) $($await)*.expect("no node fails");
                done = count.count;
            }
            done
        }

        pub $($async)? fn branch(steps: u64) -> u64 {
            $($async)? fn run(count: &mut Count) -> Result<(), Error> {
                enum State { Choose, A, B, C, D, E, F }
                let after = |turn| match turn {
                    Turn::Again => Some(State::Choose),
                    Turn::Done => None,
                };
                let mut state = Some(State::Choose);
                while let Some(now) = state {
                    state = match now {
                        State::Choose => Some(match choose(count) $($await)*? {
                            Way::A => State::A,
                            Way::B => State::B,
                            Way::C => State::C,
                            Way::D => State::D,
                            Way::E => State::E,
                            Way::F => State::F,
                        }),
                        State::A => after(tick(count) $($await)*?),
                        State::B => after(tick(count) $($await)*?),
                        State::C => after(tick(count) $($await)*?),
                        State::D => after(tick(count) $($await)*?),
                        State::E => after(tick(count) $($await)*?),
                        State::F => after(tick(count) $($await)*?),
                    };
                }
                Ok(())
            }
            let mut count = Count { left: steps, count: 0 };
            run(&mut count) $($await)*.expect("no node fails");
            count.count
        }

        pub $($async)? fn nested(steps: u64) -> u64 {
            $($async)? fn inner(count: &mut Count) -> Result<Turn, Error> {
                enum State { First, Second }
                let mut state = State::First;
                loop {
                    state = match state {
                        State::First => {
                            pass(count) $($await)*?;
                            State::Second
                        }
                        State::Second => return tick(count) $($await)*,
                    };
                }
            }
            $($async)? fn run(count: &mut Count) -> Result<(), Error> {
                enum State { Outer, Inner }
                let mut state = State::Outer;
                loop {
                    state = match state {
                        State::Outer => {
                            pass(count) $($await)*?;
                            State::Inner
                        }
                        State::Inner => match inner(count) $($await)*? {
                            Turn::Again => State::Outer,
                            Turn::Done => return Ok(()),
                        },
                    };
                }
            }
            let mut count = Count { left: steps, count: 0 };
            run(&mut count) $($await)*.expect("no node fails");
            count.count
        }

        pub $($async)? fn lend(steps: u64) -> u64 {
            $($async)? fn run(store: &mut Lender) -> Result<(), Error> {
                enum State { Look }
                let mut state = State::Look;
                loop {
                    state = match state {
                        State::Look => match visit(store) $($await)*? {
                            Turn::Again => State::Look,
                            Turn::Done => return Ok(()),
                        },
                    };
                }
            }
            let mut store = Lender { left: steps, count: 0, text: text(), numbers: numbers(), visit: None };
            run(&mut store) $($await)*.expect("no node fails");
            store.visit.unwrap_or_default()
        }
    };
}

/// Without a runtime.
mod sync {
    use super::*;

    type Error = Infallible;

    fn tick(count: &mut Count) -> Result<Turn, Error> {
        count.set(work(count.count));
        Ok(Turn::of(count.left))
    }

    fn pass(count: &mut Count) -> Result<(), Error> {
        count.set(work(count.count));
        Ok(())
    }

    fn choose(count: &mut Count) -> Result<Way, Error> {
        count.set(work(count.count));
        Ok(Way::of(count.count - 1))
    }

    fn visit(store: &mut Lender) -> Result<Turn, Error> {
        store.set(look(store.count, &store.text, &store.numbers));
        Ok(Turn::of(store.left))
    }

    shapes!([], []);
}

/// With async nodes.
mod plain {
    use super::*;

    type Error = Infallible;

    async fn tick(count: &mut Count) -> Result<Turn, Error> {
        count.set(work(count.count));
        Ok(Turn::of(count.left))
    }

    async fn pass(count: &mut Count) -> Result<(), Error> {
        count.set(work(count.count));
        Ok(())
    }

    async fn choose(count: &mut Count) -> Result<Way, Error> {
        count.set(work(count.count));
        Ok(Way::of(count.count - 1))
    }

    async fn visit(store: &mut Lender) -> Result<Turn, Error> {
        store.set(look(store.count, &store.text, &store.numbers));
        Ok(Turn::of(store.left))
    }

    shapes!([async], [.await]);
}

/// The three steps of a node.
mod steps {
    use super::*;

    pub(super) fn prep(count: &Count) -> u64 {
        count.count
    }

    pub(super) async fn exec(prep: &u64) -> Result<u64, BoxError> {
        Ok(work(*prep))
    }

    pub(super) fn tick(count: &mut Count, exec: u64) -> Turn {
        count.set(exec);
        Turn::of(count.left)
    }

    pub(super) fn pass(count: &mut Count, exec: u64) {
        count.set(exec);
    }

    pub(super) fn choose(count: &mut Count, exec: u64) -> Way {
        count.set(exec);
        Way::of(exec - 1)
    }

    pub(super) struct Reads<'a> {
        text: &'a str,
        numbers: &'a [u64],
        count: u64,
    }

    pub(super) fn borrow(store: &Lender) -> Reads<'_> {
        Reads {
            text: &store.text,
            numbers: &store.numbers,
            count: store.count,
        }
    }

    pub(super) async fn read(prep: &Reads<'_>) -> Result<u64, BoxError> {
        Ok(look(prep.count, prep.text, prep.numbers))
    }

    pub(super) fn write(store: &mut Lender, exec: u64) -> Turn {
        store.set(exec);
        Turn::of(store.left)
    }
}

/// With three functions for each node.
mod phases {
    use super::*;

    type Error = BoxError;

    async fn tick(count: &mut Count) -> Result<Turn, Error> {
        let prep = steps::prep(count);
        let exec = steps::exec(&prep).await?;
        Ok(steps::tick(count, exec))
    }

    async fn pass(count: &mut Count) -> Result<(), Error> {
        let prep = steps::prep(count);
        let exec = steps::exec(&prep).await?;
        steps::pass(count, exec);
        Ok(())
    }

    async fn choose(count: &mut Count) -> Result<Way, Error> {
        let prep = steps::prep(count);
        let exec = steps::exec(&prep).await?;
        Ok(steps::choose(count, exec))
    }

    async fn visit(store: &mut Lender) -> Result<Turn, Error> {
        let prep = steps::borrow(store);
        let exec = steps::read(&prep).await?;
        Ok(steps::write(store, exec))
    }

    shapes!([async], [.await]);
}

/// With three functions for each node, and up to three attempts for the second.
mod retry {
    use super::*;

    type Error = BoxError;

    const ATTEMPTS: u32 = 3;
    const WAIT: Duration = Duration::from_secs(1);

    /// Retries an exec. The macro writes the loop at each place, as a user with many nodes would do
    /// it with a macro.
    macro_rules! try_to {
        ($exec:expr) => {{
            let mut attempt = 1;
            loop {
                match $exec.await {
                    Ok(exec) => break exec,
                    Err(error) if attempt == ATTEMPTS => return Err(error),
                    Err(_) => {
                        tokio::time::sleep(WAIT).await;
                        attempt += 1;
                    }
                }
            }
        }};
    }

    async fn tick(count: &mut Count) -> Result<Turn, Error> {
        let prep = steps::prep(count);
        let exec = try_to!(steps::exec(&prep));
        Ok(steps::tick(count, exec))
    }

    async fn pass(count: &mut Count) -> Result<(), Error> {
        let prep = steps::prep(count);
        let exec = try_to!(steps::exec(&prep));
        steps::pass(count, exec);
        Ok(())
    }

    async fn choose(count: &mut Count) -> Result<Way, Error> {
        let prep = steps::prep(count);
        let exec = try_to!(steps::exec(&prep));
        Ok(steps::choose(count, exec))
    }

    async fn visit(store: &mut Lender) -> Result<Turn, Error> {
        let prep = steps::borrow(store);
        let exec = try_to!(steps::read(&prep));
        Ok(steps::write(store, exec))
    }

    shapes!([async], [.await]);
}

// Batches.

async fn buffered(
    Batch {
        items,
        width,
        factor,
        pause,
    }: Batch,
) -> u64 {
    let inputs: Vec<u64> = (0..items).collect();
    let work = |index: usize| item(pause, inputs[index], factor);
    let outputs: Vec<u64> = stream::iter(0..inputs.len())
        .map(work)
        .buffered(width)
        .collect()
        .await;
    outputs.iter().sum()
}

async fn futures_buffered(
    Batch {
        items,
        width,
        factor,
        pause,
    }: Batch,
) -> u64 {
    let inputs: Vec<u64> = (0..items).collect();
    let work = |index: usize| {
        let item = item(pause, inputs[index], factor);
        async move { (index, item.await) }
    };
    let mut outputs = vec![0; inputs.len()];
    let mut done = pin!(
        stream::iter(0..inputs.len())
            .map(work)
            .buffered_unordered(width)
    );
    while let Some((index, output)) = done.next().await {
        outputs[index] = output;
    }
    outputs.iter().sum()
}

async fn join_set(
    Batch {
        items,
        width,
        factor,
        pause,
    }: Batch,
) -> u64 {
    let inputs: Vec<u64> = (0..items).collect();
    let permits = std::sync::Arc::new(Semaphore::new(width));
    let mut tasks = JoinSet::new();
    for (index, input) in inputs.into_iter().enumerate() {
        let permits = permits.clone();
        tasks.spawn(async move {
            let _permit = permits.acquire().await.expect("it is never closed");
            (index, item(pause, input, factor).await)
        });
    }
    let mut outputs = vec![0; items as usize];
    while let Some(done) = tasks.join_next().await {
        let (index, output) = done.expect("no item panics");
        outputs[index] = output;
    }
    outputs.iter().sum()
}

// A flow that waits.

struct Article {
    topic: String,
    text: Option<String>,
    length: Option<u64>,
}

/// What a late field holds after the node that fills it.
const FILLED: &str = "it is filled";

async fn draft(article: &mut Article) -> Result<(), BoxError> {
    async fn exec(topic: &str) -> Result<String, BoxError> {
        Ok(topic.to_uppercase())
    }
    let text = exec(&article.topic).await?;
    article.text = Some(text);
    Ok(())
}

async fn review(article: &mut Article) -> Result<(), BoxError> {
    async fn exec(text: &str) -> Result<(), BoxError> {
        gate().await;
        if text.is_empty() {
            Err("there is no text".into())
        } else {
            Ok(())
        }
    }
    exec(article.text.as_deref().expect(FILLED)).await
}

async fn publish(article: &mut Article) -> Result<(), BoxError> {
    async fn exec(text: &str) -> Result<u64, BoxError> {
        Ok(text.len() as u64)
    }
    let length = exec(article.text.as_deref().expect(FILLED)).await?;
    article.length = Some(length);
    Ok(())
}

async fn write(article: &mut Article) -> Result<(), BoxError> {
    enum State {
        Draft,
        Review,
        Publish,
    }
    let mut state = State::Draft;
    loop {
        state = match state {
            State::Draft => {
                draft(article).await?;
                State::Review
            }
            State::Review => {
                review(article).await?;
                State::Publish
            }
            State::Publish => return publish(article).await,
        };
    }
}

async fn wait() -> u64 {
    let mut article = Article {
        topic: topic(),
        text: None,
        length: None,
    };
    write(&mut article).await.expect("no node fails");
    article.length.expect(FILLED)
}
