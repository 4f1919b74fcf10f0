//! An unoptimized build runs flows with large futures on the stack of a tokio worker.

use std::future::Future;
use std::hint::black_box;
use std::io;

use pocketflow::{Shared, StepLimit, flow, node};
use tokio::runtime::Builder;
use tokio::task::yield_now;

#[derive(Shared, Default)]
struct Numbers {
    a: u64,
    b: u64,
    c: u64,
}

/// Holds this many bytes across an await.
async fn hold<const KIB: usize>() -> u64 {
    let held = [[1_u8; 1024]; KIB];
    yield_now().await;
    black_box(&held).len() as u64
}

#[node(Numbers, writes = a)]
async fn plain() -> u64 {
    hold::<96>().await
}

#[node(Numbers, writes = b, timeout = "1s", attempts = 3, wait = "1s")]
async fn tried(a: &u64) -> io::Result<u64> {
    Ok(a + hold::<96>().await)
}

struct Impl;

#[node(Numbers)]
impl Impl {
    fn prep(&self, b: &u64) -> u64 {
        *b
    }

    async fn exec(&self, prep: &u64) -> anyhow::Result<u64> {
        Ok(prep + hold::<96>().await)
    }

    fn post(&self, c: &mut u64, exec: u64) {
        *c = exec;
    }
}

flow! { Three { plain >> tried >> Impl; } }

#[node(Numbers, writes = c)]
async fn other() -> u64 {
    hold::<96>().await
}

flow! { Forked { plain >> (tried, other); } }

/// Runs on a worker with tokio's default of 2 MiB. A stack overflow would end the process.
fn on_a_worker(run: impl Future<Output = u64> + Send + 'static) -> u64 {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(runtime.spawn(run)).unwrap()
}

macro_rules! runs {
    ($($name:ident: $flow:expr, $c:expr;)*) => { $(
        #[test]
        fn $name() {
            let c = on_a_worker(async {
                let mut numbers = Numbers::default();
                $flow.run(&mut numbers).await.unwrap();
                numbers.c
            });
            assert_eq!(c, $c);
        }
    )* };
}

runs! {
    three_nodes: Three, 3 * 96;
    a_fork: Forked, 96;
    with_drivers: Three.with(StepLimit::new(100)).with(StepLimit::new(99)), 3 * 96;
}
