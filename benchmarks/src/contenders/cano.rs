//! `cano`, whose tasks choose the next state of an enum, and share data through the resources of
//! their workflow.
//!
//! The shared data here is a custom resource with typed fields, which is faster than the library's
//! `MemoryStore`, a map of `Any`s behind a lock. By default, tasks have up to three attempts.
//! `TaskConfig::minimal` turns that off.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};

use cano::prelude::*;

use crate::contender::*;

pub const CONTENDER: Contender = Contender {
    name: "cano",
    package: Some("cano"),
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
            "Its store is a resource with typed fields, which is faster than its `MemoryStore`. Its default retries are turned off.",
        ),
        (
            "chain",
            "A workflow owns its resources, so each run, with its own store, builds a new workflow.",
        ),
        (
            "waiting",
            "A workflow owns its resources, so each waiting flow is a separate workflow.",
        ),
    ],
    ..Contender::NONE
};

const ENDS: &str = "no task fails";

/// The states of all shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    Tick,
    First,
    Second,
    Third,
    Choose,
    A,
    B,
    C,
    D,
    E,
    F,
    Outer,
    Inner,
    Look,
    Done,
}

/// The only resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Key {
    Store,
}

type Stores = Resources<Key>;
type Flow = Workflow<State, Key>;
type Next = Result<TaskResult<State>, CanoError>;

fn go(state: State) -> Next {
    Ok(TaskResult::Single(state))
}

/// A handle to the shared data. A workflow owns its resources, so a caller that needs the result
/// keeps a handle as well.
#[derive(Resource)]
struct Count(Arc<Fields>);

struct Fields {
    left: AtomicU64,
    count: AtomicU64,
}

impl Count {
    fn new(left: u64, count: u64) -> Self {
        Self(Arc::new(Fields {
            left: left.into(),
            count: count.into(),
        }))
    }

    fn handle(&self) -> Self {
        Self(self.0.clone())
    }

    fn get(&self) -> u64 {
        self.0.count.load(Relaxed)
    }

    /// Tasks run one after the other, so two plain stores are enough.
    fn set(&self, count: u64) {
        self.0.count.store(count, Relaxed);
        self.0
            .left
            .store(self.0.left.load(Relaxed).wrapping_sub(1), Relaxed);
    }
}

fn workflow(count: &Count) -> Flow {
    Workflow::new(Resources::new().insert(Key::Store, count.handle()))
}

async fn run(flow: &Flow, start: State) -> State {
    flow.orchestrate(start, CancellationToken::disabled())
        .await
        .expect(ENDS)
}

/// A task that counts, and returns to a state until no step is left.
struct Tick(State);

#[task(state = State, key = Key)]
impl Tick {
    fn config(&self) -> TaskConfig {
        TaskConfig::minimal()
    }

    async fn run(&self, res: &Stores) -> Next {
        let count = res.get::<Count, _>(&Key::Store)?;
        count.set(work(count.get()));
        go(if count.0.left.load(Relaxed) == 0 {
            State::Done
        } else {
            self.0
        })
    }
}

/// A task that counts, and continues with a state.
struct Pass(State);

#[task(state = State, key = Key)]
impl Pass {
    fn config(&self) -> TaskConfig {
        TaskConfig::minimal()
    }

    async fn run(&self, res: &Stores) -> Next {
        let count = res.get::<Count, _>(&Key::Store)?;
        count.set(work(count.get()));
        go(self.0)
    }
}

struct Choose;

#[task(state = State, key = Key)]
impl Choose {
    fn config(&self) -> TaskConfig {
        TaskConfig::minimal()
    }

    async fn run(&self, res: &Stores) -> Next {
        let count = res.get::<Count, _>(&Key::Store)?;
        let read = count.get();
        count.set(work(read));
        go(match read % 12 / 2 {
            0 => State::A,
            1 => State::B,
            2 => State::C,
            3 => State::D,
            4 => State::E,
            _ => State::F,
        })
    }
}

/// A workflow in a task, which ends in a state of the outer workflow. A workflow is not a task, but
/// a task can run one.
struct Inner(Flow);

#[task(state = State, key = Key)]
impl Inner {
    fn config(&self) -> TaskConfig {
        TaskConfig::minimal()
    }

    async fn run(&self, _res: &Stores) -> Next {
        go(self
            .0
            .orchestrate(State::First, CancellationToken::disabled())
            .await?)
    }
}

async fn again(steps: u64) -> u64 {
    let count = Count::new(steps, 0);
    let flow = workflow(&count)
        .register(State::Tick, Tick(State::Tick))
        .add_exit_state(State::Done);
    run(&flow, State::Tick).await;
    count.get()
}

/// A workflow owns its resources and cannot change them, so a fresh store needs a fresh workflow.
/// The library's example of a workflow for each request does the same.
async fn chain(steps: u64) -> u64 {
    let mut done = 0;
    while done < steps {
        let count = Count::new(0, done);
        let flow = workflow(&count)
            .register(State::First, Pass(State::Second))
            .register(State::Second, Pass(State::Third))
            .register(State::Third, Pass(State::Done))
            .add_exit_state(State::Done);
        run(&flow, State::First).await;
        done = count.get();
    }
    done
}

async fn branch(steps: u64) -> u64 {
    let count = Count::new(steps, 0);
    let flow = workflow(&count)
        .register(State::Choose, Choose)
        .register(State::A, Tick(State::Choose))
        .register(State::B, Tick(State::Choose))
        .register(State::C, Tick(State::Choose))
        .register(State::D, Tick(State::Choose))
        .register(State::E, Tick(State::Choose))
        .register(State::F, Tick(State::Choose))
        .add_exit_state(State::Done);
    run(&flow, State::Choose).await;
    count.get()
}

async fn nested(steps: u64) -> u64 {
    let count = Count::new(steps, 0);
    let inner = workflow(&count)
        .register(State::First, Pass(State::Second))
        .register(State::Second, Tick(State::Outer))
        .add_exit_states([State::Outer, State::Done]);
    let flow = workflow(&count)
        .register(State::Outer, Pass(State::Inner))
        .register(State::Inner, Inner(inner))
        .add_exit_state(State::Done);
    run(&flow, State::Outer).await;
    count.get()
}

// A task that reads constant data and fills a field.

#[derive(Resource)]
struct Lender {
    text: String,
    numbers: Vec<u64>,
    visits: Count,
}

struct Look;

#[task(state = State, key = Key)]
impl Look {
    fn config(&self) -> TaskConfig {
        TaskConfig::minimal()
    }

    async fn run(&self, res: &Stores) -> Next {
        let store = res.get::<Lender, _>(&Key::Store)?;
        store
            .visits
            .set(look(store.visits.get(), &store.text, &store.numbers));
        go(if store.visits.0.left.load(Relaxed) == 0 {
            State::Done
        } else {
            State::Look
        })
    }
}

async fn lend(steps: u64) -> u64 {
    let visits = Count::new(steps, 0);
    let store = Lender {
        text: text(),
        numbers: numbers(),
        visits: visits.handle(),
    };
    let flow = Workflow::new(Resources::new().insert(Key::Store, store))
        .register(State::Look, Look)
        .add_exit_state(State::Done);
    run(&flow, State::Look).await;
    visits.get()
}

// A batch.

#[derive(Resource)]
struct Numbers(Arc<Lists>);

struct Lists {
    inputs: Vec<u64>,
    outputs: OnceLock<Vec<u64>>,
}

/// The data of an item is here, because the work of an item cannot access the resources.
struct Times {
    width: usize,
    factor: u64,
    pause: Pause,
}

#[task::batch(state = State, key = Key)]
impl Times {
    fn config(&self) -> TaskConfig {
        TaskConfig::minimal()
    }

    fn concurrency(&self) -> usize {
        self.width
    }

    async fn load(&self, res: &Stores) -> Result<Vec<u64>, CanoError> {
        Ok(res.get::<Numbers, _>(&Key::Store)?.0.inputs.clone())
    }

    async fn process_item(&self, input: &u64) -> Result<u64, CanoError> {
        Ok(item(self.pause, *input, self.factor).await)
    }

    async fn finish(&self, res: &Stores, outputs: Vec<Result<u64, CanoError>>) -> Next {
        let outputs = outputs.into_iter().collect::<Result<_, _>>()?;
        let numbers = res.get::<Numbers, _>(&Key::Store)?;
        numbers
            .0
            .outputs
            .set(outputs)
            .map_err(|_| CanoError::task_execution("it ran twice"))?;
        go(State::Done)
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
    let lists = Arc::new(Lists {
        inputs: (0..items).collect(),
        outputs: OnceLock::new(),
    });
    let flow = Workflow::new(Resources::new().insert(Key::Store, Numbers(lists.clone())))
        .register(
            State::First,
            Times {
                width,
                factor,
                pause,
            },
        )
        .add_exit_state(State::Done);
    run(&flow, State::First).await;
    lists.outputs.get().expect("it is filled").iter().sum()
}

// A flow that waits.

#[derive(Resource)]
struct Article(Arc<Draft>);

struct Draft {
    topic: String,
    text: OnceLock<String>,
    length: OnceLock<u64>,
}

impl Article {
    fn text(&self) -> Result<&str, CanoError> {
        self.0
            .text
            .get()
            .map(String::as_str)
            .ok_or_else(|| CanoError::task_execution("there is no text"))
    }
}

struct Write;

#[task(state = State, key = Key)]
impl Write {
    fn config(&self) -> TaskConfig {
        TaskConfig::minimal()
    }

    async fn run(&self, res: &Stores) -> Next {
        let article = res.get::<Article, _>(&Key::Store)?;
        let text = article.0.topic.to_uppercase();
        article
            .0
            .text
            .set(text)
            .map_err(|_| CanoError::task_execution("it ran twice"))?;
        go(State::Second)
    }
}

struct Review;

#[task(state = State, key = Key)]
impl Review {
    fn config(&self) -> TaskConfig {
        TaskConfig::minimal()
    }

    async fn run(&self, res: &Stores) -> Next {
        let article = res.get::<Article, _>(&Key::Store)?;
        let text = article.text()?;
        gate().await;
        if text.is_empty() {
            Err(CanoError::task_execution("the text is empty"))
        } else {
            go(State::Third)
        }
    }
}

struct Publish;

#[task(state = State, key = Key)]
impl Publish {
    fn config(&self) -> TaskConfig {
        TaskConfig::minimal()
    }

    async fn run(&self, res: &Stores) -> Next {
        let article = res.get::<Article, _>(&Key::Store)?;
        let length = article.text()?.len() as u64;
        article
            .0
            .length
            .set(length)
            .map_err(|_| CanoError::task_execution("it ran twice"))?;
        go(State::Done)
    }
}

/// As in `chain`, each run has a separate workflow, because the workflow owns the store.
async fn wait() -> u64 {
    let draft = Arc::new(Draft {
        topic: topic(),
        text: OnceLock::new(),
        length: OnceLock::new(),
    });
    let flow = Workflow::new(Resources::new().insert(Key::Store, Article(draft.clone())))
        .register(State::First, Write)
        .register(State::Second, Review)
        .register(State::Third, Publish)
        .add_exit_state(State::Done);
    run(&flow, State::First).await;
    draft.length.get().copied().expect("it is filled")
}
