//! A run that is dropped anywhere goes on from the last step, in memory.

use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::task::Poll;

use pocketflow::{
    Driver, Error, Failed, Position, Run, Shared, Start, StepInfo, Taken, flow, node,
};

#[derive(Shared, Default, Clone, Debug, PartialEq)]
pub struct Order {
    fails_at: &'static str,
    receipt: Option<String>,
    problem: Option<Failed>,
    log: Vec<&'static str>,
}

async fn work(fails_at: &str, node: &'static str) -> Result<[&'static str; 1], String> {
    tokio::task::yield_now().await;
    if fails_at == node {
        Err(format!("`{node}` failed"))
    } else {
        Ok([node])
    }
}

#[node(Order, appends = log)]
async fn reserve(fails_at: &&'static str) -> Result<[&'static str; 1], String> {
    work(fails_at, "reserve").await
}

#[node(Order, appends = log)]
async fn authorize(fails_at: &&'static str) -> Result<[&'static str; 1], String> {
    work(fails_at, "authorize").await
}

#[node(Order, writes = receipt, attempts = 2)]
async fn capture(fails_at: &&'static str) -> Result<String, String> {
    Ok(work(fails_at, "capture").await?.concat())
}

#[node(Order, appends = log)]
async fn ship(fails_at: &&'static str, receipt: &str) -> Result<[&'static str; 1], String> {
    _ = receipt;
    work(fails_at, "ship").await
}

#[node(Order, appends = log)]
async fn release(problem: &Failed) -> [&'static str; 1] {
    tokio::task::yield_now().await;
    assert!(problem.node().is_some());
    ["released"]
}

flow! { pub Payment { authorize >> capture; } }

flow! {
    pub Sell {
        reserve >> Payment >> ship;
        Payment - error(problem) >> release >> end "declined";
        ship - error(problem) >> release;
    }
}

/// Keeps the store and the position on arrival at each step.
#[derive(Default)]
struct Memory(Mutex<Option<(Position, Order)>>);

impl Driver<Order> for Memory {
    async fn begin(
        &self,
        _: &'static pocketflow::Graph,
        _: Option<&StepInfo<'_>>,
        shared: &mut Order,
    ) -> Result<Start, Error> {
        Ok(match self.0.lock().unwrap().clone() {
            Some((position, kept)) => {
                *shared = kept;
                Start::At(position)
            }
            None => Start::Fresh,
        })
    }

    async fn step<R: Run<Order>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut Order,
        run: R,
    ) -> Result<Taken, Error> {
        *self.0.lock().unwrap() = Some((info.position(), shared.clone()));
        run.run(shared).await
    }
}

#[tokio::test]
async fn an_order_ends_the_same_wherever_it_dies() {
    for fails_at in ["", "authorize", "capture", "ship"] {
        let order = || Order {
            fails_at,
            ..Default::default()
        };
        let mut undisturbed = order();
        let exit = Sell.run(&mut undisturbed).await.unwrap();
        assert_eq!(
            undisturbed.log.last() == Some(&"released"),
            !fails_at.is_empty()
        );
        for death in 1..20 {
            let memory = Memory::default();
            let mut died = order();
            let ended = {
                let mut run = pin!(Sell.with(&memory).run(&mut died));
                let mut left = death;
                std::future::poll_fn(|context| {
                    if left == 0 {
                        return Poll::Ready(None);
                    }
                    left -= 1;
                    run.as_mut().poll(context).map(Some)
                })
                .await
            };
            let (exit_again, store) = match ended {
                Some(ended) => (ended.unwrap(), died),
                None => {
                    let mut store = order();
                    let exit = Sell.with(&memory).run(&mut store).await.unwrap();
                    (exit, store)
                }
            };
            assert_eq!(
                (exit_again, store),
                (exit, undisturbed.clone()),
                "{fails_at} at {death}"
            );
        }
    }
}
