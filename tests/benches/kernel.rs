//! Compares the cost of a step with handwritten code: `cargo bench -p pocketflow-tests --bench
//! kernel`. It also compares with the previous run, and reports what became slower. The comparison
//! with other libraries is in `benchmarks`, which is a separate workspace.

use std::convert::Infallible;
use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pocketflow::{Action, Direct, Limit, Shared, StepLimit, flow, node};
use tokio::runtime::Builder;

const STEPS: u64 = 9_000;

#[derive(Shared)]
struct Count {
    left: u64,
    count: u64,
}

impl Count {
    fn to(left: u64) -> Self {
        Self { left, count: 0 }
    }

    fn step(&mut self, count: u64) -> Turn {
        self.count = count;
        self.left -= 1;
        if self.left == 0 {
            Turn::Done
        } else {
            Turn::Again
        }
    }
}

#[derive(Action)]
enum Turn {
    Again,
    Done,
}

fn read(count: &u64) -> u64 {
    *count
}

async fn work(prep: &u64) -> Result<u64, Infallible> {
    Ok(black_box(*prep) + 1)
}

// By hand.

async fn tick(count: &mut Count) -> Result<Turn, Infallible> {
    let prep = read(&count.count);
    let exec = work(&prep).await?;
    Ok(count.step(exec))
}

async fn by_hand(count: &mut Count) -> Result<(), Infallible> {
    loop {
        match tick(count).await? {
            Turn::Again => {}
            Turn::Done => return Ok(()),
        }
    }
}

// As flows.

/// Nodes that count.
macro_rules! nodes {
    ($($name:ident)*) => { $(
        struct $name;

        #[node(Count)]
        impl $name {
            fn prep(count: &u64) -> u64 {
                read(count)
            }

            async fn exec(prep: &u64) -> Result<u64, Infallible> {
                work(prep).await
            }

            fn post(shared: &mut Count, exec: u64) -> Turn {
                shared.step(exec)
            }
        }
    )* };
}

nodes! { Tick A B C First Second Outer }

flow! { Loop { Tick - "again" >> Tick; Tick - "done" >> end; } }

flow! {
    Chain {
        A - "again" >> B; A - "done" >> end;
        B - "again" >> C; B - "done" >> end;
        C - "again" >> A; C - "done" >> end;
    }
}

flow! {
    Inner {
        First - "again" >> Second; First - "done" >> end "done";
        Second - "again" >> end "again"; Second - "done" >> end "done";
    }
}

flow! {
    Nested {
        Outer - "again" >> Inner; Outer - "done" >> end;
        Inner - "again" >> Outer; Inner - "done" >> end;
    }
}

#[derive(Shared)]
struct Numbers {
    inputs: Vec<u64>,
    outputs: Option<Vec<u64>>,
}

#[node(Numbers, writes = outputs, parallel = 100)]
async fn double(#[each(inputs)] input: &u64) -> u64 {
    black_box(*input) * 2
}

flow! { Batch { double; } }

/// Polls a boxed future until it is ready, because the future of a task is on the heap and not in
/// registers.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future: Pin<Box<dyn Future<Output = T> + '_>> = black_box(Box::pin(future));
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

fn steps(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("step");
    group.throughput(Throughput::Elements(STEPS));
    group
        .measurement_time(Duration::from_secs(2))
        .warm_up_time(Duration::from_millis(500));
    group.bench_function("by hand", |bencher| {
        bencher.iter(|| block_on(by_hand(&mut Count::to(STEPS))).unwrap());
    });
    group.bench_function("loop", |bencher| {
        bencher.iter(|| block_on(Loop.run(&mut Count::to(STEPS))).unwrap());
    });
    group.bench_function("chain", |bencher| {
        bencher.iter(|| block_on(Chain.run(&mut Count::to(STEPS))).unwrap());
    });
    group.bench_function("nested", |bencher| {
        bencher.iter(|| block_on(Nested.run(&mut Count::to(STEPS))).unwrap());
    });
    group.bench_function("loop with a driver", |bencher| {
        bencher.iter(|| block_on(Loop.with(Direct).run(&mut Count::to(STEPS))).unwrap());
    });
    group.bench_function("loop with a step limit", |bencher| {
        let limit = StepLimit::new(u64::MAX);
        bencher.iter(|| block_on(Loop.with(limit).run(&mut Count::to(STEPS))).unwrap());
    });
    group.bench_function("loop with a limit at a time", |bencher| {
        let limit = Limit::new().at_a_time(4);
        bencher.iter(|| block_on(Loop.with(&limit).run(&mut Count::to(STEPS))).unwrap());
    });
    group.bench_function("loop with a limit and a rate", |bencher| {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        let _entered = runtime.enter();
        // A rate that no attempt has to wait for.
        let limit = Limit::new()
            .at_a_time(4)
            .rate(u32::MAX, Duration::from_micros(10));
        bencher.iter(|| block_on(Loop.with(&limit).run(&mut Count::to(STEPS))).unwrap());
    });
    group.bench_function("item of a batch", |bencher| {
        let mut numbers = Numbers {
            inputs: (0..STEPS).collect(),
            outputs: None,
        };
        bencher.iter(|| block_on(Batch.run(&mut numbers)).unwrap());
    });
    group.finish();
}

criterion_group!(benches, steps);
criterion_main!(benches);
