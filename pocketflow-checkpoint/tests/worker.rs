//! A worker in one process: how it makes the stores of its runs, how soon it takes up a run, and how
//! often it asks. What it does with runs is in the conformance tests, which every storage passes.

use std::sync::Arc;
use std::time::Duration;

use pocketflow::{Attempt, Shared, flow, node};
use pocketflow_checkpoint::{Checkpoints, Sqlite, Status, Storage};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tokio::time::sleep;

/// It has no default.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Price(u64);

struct Bank {
    name: String,
}

#[derive(Shared, Debug, PartialEq, Serialize, Deserialize)]
#[shared(context = Bank)]
struct Order {
    price: Price,
    approval: Option<String>,
    receipt: Option<String>,
}

#[node(Order, writes = receipt)]
async fn pay(price: &Price, #[context] name: &str, #[attempt] attempt: Attempt<'_>) -> String {
    let key = attempt.key().expect("a key").to_string();
    format!("{} by {name}, {key}", price.0)
}

flow! { Pay { pay; } }
flow! { Ask { await(approval) >> pay; } }

fn order(price: u64) -> Order {
    Order {
        price: Price(price),
        approval: None,
        receipt: None,
    }
}

fn bank() -> Arc<Bank> {
    Arc::new(Bank {
        name: "the bank".into(),
    })
}

async fn file() -> (TempDir, Checkpoints<Sqlite>) {
    let folder = tempfile::tempdir().unwrap();
    let runs = Checkpoints::open(folder.path().join("runs.db"))
        .await
        .unwrap();
    (folder, runs)
}

async fn status<E: Storage>(runs: &Checkpoints<E>, run: &str) -> Status {
    runs.storage().show(run).await.unwrap().unwrap().status
}

async fn receipt<E: Storage>(runs: &Checkpoints<E>, run: &str) -> String {
    let record = runs.storage().show(run).await.unwrap().unwrap();
    assert_eq!(record.status, Status::Finished, "{:?}", record.message);
    let state: serde_json::Value = serde_json::from_str(&record.state).unwrap();
    state["receipt"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_store_without_a_default_is_read() {
    let (_folder, runs) = file().await;
    runs.enqueue("one", &Pay, order(7)).await.unwrap();
    let worker = runs.worker().flow(Pay.context(bank()));
    worker.run_until_idle().await.unwrap();
    assert_eq!(receipt(&runs, "one").await, "7 by the bank, one/1");
}

mod unreadable {
    use super::*;

    /// Serde cannot read it as a whole, and it has no default.
    #[derive(Shared, Serialize)]
    pub(crate) struct Call {
        pub(crate) number: u64,
        #[serde(skip)]
        pub(crate) client: Client,
        pub(crate) receipt: Option<String>,
    }

    pub(crate) struct Client(pub(crate) &'static str);

    #[node(Call, writes = receipt)]
    fn call(number: &u64, client: &Client) -> String {
        format!("{number} with {}", client.0)
    }

    flow! { pub(crate) Phone { call; } }
}

#[tokio::test]
async fn a_worker_is_told_how_to_make_a_store() {
    use unreadable::{Call, Client, Phone};
    let (_folder, runs) = file().await;
    let call = |number, client| Call {
        number,
        client: Client(client),
        receipt: None,
    };
    let stored = call(7, "the client of the server");
    runs.enqueue("one", &Phone, stored).await.unwrap();
    let worker = runs.worker();
    let worker = worker.flow_with_store(Phone, move || call(0, "the client of the worker"));
    worker.run_until_idle().await.unwrap();
    assert_eq!(
        receipt(&runs, "one").await,
        "7 with the client of the worker"
    );
}

#[tokio::test]
async fn a_store_that_cannot_be_made_does_not_end_the_worker() {
    let (_folder, runs) = file().await;
    runs.enqueue(
        "odd",
        &unreadable::Phone,
        unreadable::Call {
            number: 7,
            client: unreadable::Client("the client"),
            receipt: None,
        },
    )
    .await
    .unwrap();
    runs.enqueue("well", &Pay, order(7)).await.unwrap();
    let odd = || -> unreadable::Call { panic!("there is no client") };
    let worker = runs.worker().flow(Pay.context(bank()));
    let worker = worker.flow_with_store(unreadable::Phone, odd);
    worker.run_until_idle().await.unwrap();
    assert_eq!(status(&runs, "well").await, Status::Finished);
    let odd = runs.storage().show("odd").await.unwrap().unwrap();
    let message = odd.message.unwrap();
    assert_eq!((odd.status, odd.owner), (Status::Running, None));
    assert!(
        message.ends_with("it panicked: there is no client"),
        "{message}"
    );
}

#[tokio::test]
#[should_panic(expected = "a worker has one flow called `Pay`")]
async fn two_flows_of_one_name() {
    let (_folder, runs) = file().await;
    let _ = runs
        .worker()
        .flow(Pay.context(bank()))
        .flow(Pay.context(bank()));
}

#[tokio::test]
async fn an_empty_input_is_refused_when_the_run_is_enqueued() {
    flow! { Deliver(approval): Order { pay; } }
    let (_folder, runs) = file().await;
    let error = runs.enqueue("one", &Deliver, order(7)).await.unwrap_err();
    let text = format!("{error:#}");
    assert!(text.contains("`approval`"), "{text}");
    assert!(runs.list(None).await.unwrap().is_empty());
}

/// What happens in the process of the worker does not wait for the next look at the storage.
#[tokio::test]
async fn a_run_is_taken_up_at_once() {
    let (_folder, runs) = file().await;
    let long = Duration::from_secs(3_600);
    let runs = runs.poll(long);
    let worker = runs.worker().flow(Ask.context(bank()));
    let work = async {
        runs.enqueue("one", &Ask, order(7)).await.unwrap();
        while status(&runs, "one").await != Status::Waiting {
            sleep(Duration::from_millis(1)).await;
        }
        runs.fill_value("one", "approval#1", "Ada").await.unwrap();
        while status(&runs, "one").await != Status::Finished {
            sleep(Duration::from_millis(1)).await;
        }
    };
    let start = std::time::Instant::now();
    tokio::select! {
        ended = worker.run() => panic!("{ended:?}"),
        () = work => {}
    }
    assert!(start.elapsed() < Duration::from_secs(60));
}

mod drivers {
    //! Drivers around the durable runs of a worker.

    use std::sync::Mutex;

    use pocketflow::seam::Execs;
    use pocketflow::{
        AttemptCall, Driver, Error, ExecDriver, Failure, Node, Run, StepInfo, StepLimit,
        StepsExceeded, Taken,
    };

    use super::*;

    /// Records the steps and the attempts.
    #[derive(Default)]
    struct Log(Mutex<Vec<String>>);

    impl Log {
        fn line(&self, what: &str, info: &StepInfo<'_>) {
            let run = info.run_id().unwrap_or_default();
            self.0.lock().unwrap().push(format!("{what} {run} {info}"));
        }
    }

    impl<S: Shared> Driver<S, Execs> for Log {
        async fn step<R: Run<S>>(
            &self,
            info: &StepInfo<'_>,
            shared: &mut S,
            run: R,
        ) -> Result<Taken, Error> {
            self.line("step", info);
            run.run(shared).await
        }
    }

    impl<S: Shared, Marker, N: Node<S, Marker>> ExecDriver<S, Marker, N> for Log {
        async fn attempt<C>(
            &self,
            info: &StepInfo<'_>,
            _: Attempt<'_>,
            call: C,
        ) -> Result<N::Exec, Failure>
        where
            C: AttemptCall<S, Marker, N>,
        {
            self.line("attempt", info);
            call.call().await
        }
    }

    #[tokio::test]
    async fn they_wrap_all_runs_of_a_flow() {
        let (_folder, runs) = file().await;
        let log = Arc::new(Log::default());
        for run in ["one", "two"] {
            runs.enqueue(run, &Ask, order(7)).await.unwrap();
        }
        let work = async || {
            let flow = Ask
                .context(bank())
                .with(log.clone())
                .with(StepLimit::new(9));
            let worker = runs.worker().flow(flow).concurrency(1);
            worker.run_until_idle().await.unwrap();
        };
        work().await;
        for run in ["one", "two"] {
            runs.fill_value(run, "approval#1", "Ada").await.unwrap();
        }
        work().await;
        for run in ["one", "two"] {
            let expected = format!("7 by the bank, {run}/2");
            assert_eq!(receipt(&runs, run).await, expected, "they are durable");
            let mut lines = log.0.lock().unwrap().clone();
            lines.retain(|line| line.contains(run));
            // The run that was parked reaches its `await` again.
            let awaits = format!("step {run} Ask > await(approval)");
            let pays = ["step", "attempt"].map(|what| format!("{what} {run} Ask > pay"));
            assert_eq!(lines, [&[awaits.clone(), awaits], &pays[..]].concat());
        }
    }

    #[tokio::test]
    async fn a_driver_can_end_a_run() {
        let (_folder, runs) = file().await;
        runs.enqueue("one", &Ask, order(7)).await.unwrap();
        runs.fill_value("one", "approval#1", "Ada").await.unwrap();
        let flow = Ask.with(StepLimit::new(1)).context(bank());
        let worker = runs.worker().flow(flow);
        worker.run_until_idle().await.unwrap();
        let record = runs.storage().show("one").await.unwrap().unwrap();
        assert_eq!((record.status, record.step), (Status::Failed, 1));
        let message = record.message.unwrap();
        let exceeded = StepsExceeded { max: 1 }.to_string();
        assert!(message.ends_with(&exceeded), "{message}");
    }

    #[tokio::test]
    async fn a_flow_with_drivers_makes_its_store_as_it_is_told() {
        use unreadable::{Call, Client, Phone};
        let (_folder, runs) = file().await;
        let call = |number, client| Call {
            number,
            client: Client(client),
            receipt: None,
        };
        runs.enqueue("one", &Phone, call(7, "the first client"))
            .await
            .unwrap();
        let flow = Phone.with(StepLimit::new(9));
        let worker = runs.worker();
        let worker = worker.flow_with_store(flow, move || call(0, "the client"));
        worker.run_until_idle().await.unwrap();
        assert_eq!(receipt(&runs, "one").await, "7 with the client");
    }
}

mod migrations {
    //! Runs that an older program stored.

    use super::*;

    mod old {
        use super::*;

        /// It has no default, as the new one.
        #[derive(Shared, Serialize, Deserialize)]
        pub(super) struct Bill {
            pub(super) euros: u64,
            pub(super) approval: Option<String>,
            pub(super) receipt: Option<String>,
        }

        #[node(Bill, writes = receipt)]
        async fn pay(euros: &u64) -> String {
            format!("{euros} euros")
        }

        flow! { pub(super) Settle { await(approval) >> pay; } }
    }

    #[derive(Shared, Serialize, Deserialize)]
    struct Bill {
        cents: u64,
        approval: Option<String>,
        receipt: Option<String>,
    }

    #[node(Bill, writes = receipt)]
    async fn pay(cents: &u64) -> String {
        format!("{cents} cents")
    }

    flow! { Settle { await(approval) >> pay; } }

    type Migrated = Result<serde_json::Value, Box<dyn std::error::Error + Send + Sync>>;

    fn migrate(state: serde_json::Value) -> Migrated {
        let euros = state["euros"].as_u64().ok_or("`euros` is not a number")?;
        Ok(
            serde_json::json!({ "cents": euros * 100, "approval": state["approval"], "receipt": state["receipt"] }),
        )
    }

    async fn old_run(runs: &Checkpoints<Sqlite>, run: &str) {
        let bill = old::Bill {
            euros: 7,
            approval: None,
            receipt: None,
        };
        runs.enqueue(run, &old::Settle, bill).await.unwrap();
    }

    #[tokio::test]
    async fn a_worker_converts_what_an_older_program_stored() {
        let (_folder, runs) = file().await;
        for run in ["new to it", "waits"] {
            old_run(&runs, run).await;
        }
        let worker = runs.worker().flow(old::Settle);
        // One of them has begun with the old program.
        runs.cancel("new to it").await.unwrap();
        worker.run_until_idle().await.unwrap();
        runs.retry("new to it").await.unwrap();
        for run in ["new to it", "waits"] {
            runs.fill_value(run, "approval#1", "Ada").await.unwrap();
        }
        let worker = runs.worker().flow(Settle);
        worker.run_until_idle().await.unwrap();
        for run in ["new to it", "waits"] {
            let record = runs.storage().show(run).await.unwrap().unwrap();
            assert_ne!(record.status, Status::Finished);
            assert!(record.message.is_some(), "it is left with a message");
            // It is deferred for a minute, and a person does not wait for that.
            runs.cancel(run).await.unwrap();
            runs.retry(run).await.unwrap();
        }

        let worker = runs.worker().flow(Settle).migrate(&Settle, migrate);
        worker.run_until_idle().await.unwrap();
        for run in ["new to it", "waits"] {
            assert_eq!(receipt(&runs, run).await, "700 cents");
        }
    }

    #[tokio::test]
    async fn a_migration_that_fails_leaves_the_run_with_its_message() {
        let (_folder, runs) = file().await;
        old_run(&runs, "odd").await;
        let worker = runs.worker().flow(Settle);
        let worker = worker.migrate(&Settle, |_| Err("nobody knows the rate".into()));
        worker.run_until_idle().await.unwrap();
        let record = runs.storage().show("odd").await.unwrap().unwrap();
        let message = record.message.unwrap();
        assert!(message.contains("nobody knows the rate"), "{message}");
        assert_eq!((record.status, record.owner), (Status::Running, None));
    }

    #[tokio::test]
    #[should_panic(expected = "the worker has no flow called `Settle`: add it first")]
    async fn a_migration_of_a_flow_that_is_not_there() {
        let (_folder, runs) = file().await;
        let _ = runs.worker().migrate(&Settle, Ok);
    }
}
