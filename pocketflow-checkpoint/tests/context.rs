//! Durable runs with a context: nothing of it is stored, and a resumed run has the context that it
//! is given.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use anyhow::{Result, ensure};
use pocketflow::{Shared, flow, node};
use pocketflow_checkpoint::Checkpoints;
use serde::{Deserialize, Serialize};

/// A plain struct: neither `Serialize` nor `Default` nor `Clone`.
struct Services {
    name: &'static str,
    works: AtomicBool,
}

#[derive(Shared, Default, Serialize, Deserialize)]
#[shared(context = Services)]
struct Order {
    names: Vec<String>,
    found: Option<Vec<String>>,
    receipt: Option<String>,
}

#[node(Order, writes = found, parallel = 2)]
async fn find(#[each(names)] name: &str, #[context] context: &Services) -> Result<String> {
    Ok(format!("{name} from {}", context.name))
}

#[node(Order, writes = receipt)]
async fn pay(#[context] name: &str, #[context] works: &AtomicBool) -> Result<String> {
    ensure!(works.load(SeqCst), "the bank is closed");
    Ok(format!("paid at {name}"))
}

flow! { Checkout { find >> pay; } }

#[tokio::test]
async fn a_resumed_run_has_the_context_that_it_is_given() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let runs = Checkpoints::open(folder.path().join("runs.db")).await?;
    let first = Services {
        name: "the first",
        works: AtomicBool::new(false),
    };
    let mut order = Order {
        names: vec!["ada".into(), "boris".into()],
        ..Default::default()
    };
    let error = Checkout
        .context(&first)
        .with(runs.run("order-1"))
        .run(&mut order)
        .await
        .unwrap_err();
    assert!(
        format!("{error:#}").contains("the bank is closed"),
        "{error:#}"
    );

    // Another process, with other services.
    let second = Arc::new(Services {
        name: "the second",
        works: AtomicBool::new(true),
    });
    let mut resumed = Order::default();
    Checkout
        .with(runs.run("order-1"))
        .context(second)
        .run(&mut resumed)
        .await?;
    // The batch had finished before, and is not repeated.
    let found = ["ada from the first", "boris from the first"];
    assert_eq!(resumed.found.unwrap(), found);
    assert_eq!(resumed.receipt.unwrap(), "paid at the second");

    for file in std::fs::read_dir(folder.path())? {
        let stored = String::from_utf8_lossy(&std::fs::read(file?.path())?).into_owned();
        assert!(!stored.contains("Services") && !stored.contains("works"));
    }
    Ok(())
}
