//! `Runnable`: code that is generic over whatever can be run on a store, and `BoxedFlow`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use pocketflow::{
    Action, BoxedFlow, Driver, Error, Run, Runnable, Shared, Stage, StepInfo, StepLimit,
    StepsExceeded, Stub, Taken, Trace, flow, node,
};

#[derive(Shared, Default, Debug, PartialEq)]
struct Order {
    total_cents: u64,
    receipt: Option<String>,
}

#[derive(Action)]
enum Verdict {
    Approved,
    Rejected,
}

#[node(Order)]
async fn review(total_cents: &u64) -> Verdict {
    tokio::task::yield_now().await;
    if *total_cents < 100 {
        Verdict::Approved
    } else {
        Verdict::Rejected
    }
}

#[node(Order, writes = receipt)]
fn pay(total_cents: &u64) -> String {
    format!("{total_cents} cents")
}

flow! {
    Checkout {
        review - "approved" >> pay;
        review - "rejected" >> end "declined";
    }
}

flow! { Pay: Order { pay; } }

struct Services {
    currency: String,
}

#[derive(Shared, Default, Debug)]
#[shared(context = Services)]
struct Bill {
    cents: u64,
    text: Option<String>,
}

#[node(Bill, writes = text)]
async fn print(cents: &u64, #[context] currency: &str) -> String {
    tokio::task::yield_now().await;
    format!("{cents} {currency}")
}

flow! { Print { print; } }
flow! { PrintNamed: Bill { Print; } }

fn order(total_cents: u64) -> Order {
    Order {
        total_cents,
        receipt: None,
    }
}

fn services() -> Services {
    Services {
        currency: "cents".into(),
    }
}

/// The generic code of the documentation, word for word: only `Runnable` is a bound.
async fn timed<F: Runnable<S>, S>(flow: &F, shared: &mut S) -> Result<F::Exit, Error> {
    flow.run(shared).await
}

/// Records the places of a run. It is borrowed.
struct Places<'a>(&'a Mutex<Vec<&'static str>>);

impl<S: Shared> Driver<S> for Places<'_> {
    async fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        self.0.lock().unwrap().push(info.name());
        run.run(shared).await
    }
}

#[tokio::test]
async fn a_flow_is_runnable() -> Result<(), Error> {
    let mut small = order(50);
    assert_eq!(timed(&Checkout, &mut small).await?, CheckoutExit::Default);
    assert_eq!(small.receipt.as_deref(), Some("50 cents"));
    assert_eq!(
        timed(&Checkout, &mut order(500)).await?,
        CheckoutExit::Declined
    );
    assert_eq!(timed(&Pay, &mut order(500)).await?, PayExit::Default);
    timed(
        &flow! { review - "approved" >> pay; review - "rejected" >> end; },
        &mut small,
    )
    .await?;
    assert_eq!(Runnable::<Order>::graph(&Checkout).name, "Checkout");
    Ok(())
}

#[tokio::test]
async fn a_flow_with_drivers_is_runnable_again_and_again() -> Result<(), Error> {
    let (places, stub) = (Mutex::default(), Stub::new());
    let limited = Checkout
        .with(StepLimit::new(2))
        .with(Places(&places))
        .with(&stub)
        .with(Trace);
    for _ in 0..2 {
        assert_eq!(
            timed(&limited, &mut order(50)).await?,
            CheckoutExit::Default
        );
    }
    assert_eq!(*places.lock().unwrap(), ["review", "pay", "review", "pay"]);
    assert_eq!(stub.calls::<pay>(), 2);

    let error = timed(&Checkout.with(StepLimit::new(1)), &mut order(50))
        .await
        .unwrap_err();
    assert!(error.cause().is::<StepsExceeded>());
    Ok(())
}

#[tokio::test]
async fn a_flow_with_a_context_is_runnable() -> Result<(), Error> {
    let services = services();
    let stub = Stub::new();
    let mut bill = Bill {
        cents: 7,
        text: None,
    };
    timed(&Print.context(&services), &mut bill).await?;
    assert_eq!(bill.text.as_deref(), Some("7 cents"));
    timed(&Print.context(&services).with(&stub), &mut bill).await?;
    timed(&PrintNamed.with(&stub).context(&services), &mut bill).await?;
    assert_eq!(stub.calls::<print>(), 2);
    // A store without a context runs in any.
    timed(&Checkout.context(&services), &mut order(50)).await?;
    Ok(())
}

#[tokio::test]
async fn an_input_that_is_empty_is_reported() {
    flow! { Ship(receipt) { ship; } }
    #[node(Order)]
    fn ship(receipt: &str) {
        println!("{receipt}");
    }
    for error in [
        timed(&Ship, &mut order(1)).await.unwrap_err(),
        timed(&Ship.with(StepLimit::new(9)), &mut order(1))
            .await
            .unwrap_err(),
        BoxedFlow::new(Ship).run(&mut order(1)).await.unwrap_err(),
    ] {
        assert_eq!((error.flow(), error.stage()), (Some("Ship"), Stage::Start));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_generic_run_can_be_spawned() -> Result<(), Error> {
    async fn in_a_task<F: Runnable<S> + 'static, S: Send + 'static>(
        flow: F,
        mut shared: S,
    ) -> Result<S, Error> {
        let task = tokio::spawn(async move {
            timed(&flow, &mut shared).await?;
            Ok(shared)
        });
        task.await.unwrap()
    }
    assert_eq!(
        in_a_task(Checkout, order(50)).await?.receipt.unwrap(),
        "50 cents"
    );
    let limited = Checkout.with(Arc::new(Stub::new())).with(StepLimit::new(9));
    assert_eq!(
        in_a_task(limited, order(50)).await?.receipt.unwrap(),
        "50 cents"
    );
    let bill = Bill {
        cents: 7,
        text: None,
    };
    let printed = in_a_task(Print.context(Arc::new(services())), bill).await?;
    assert_eq!(printed.text.unwrap(), "7 cents");
    let boxed = BoxedFlow::new(Checkout);
    assert_eq!(
        in_a_task(boxed, order(50)).await?.receipt.unwrap(),
        "50 cents"
    );

    // What borrows is spawned with what it borrows from.
    tokio::spawn(async {
        let places = Mutex::default();
        timed(&Checkout.with(Places(&places)), &mut order(50)).await?;
        assert_eq!(*places.lock().unwrap(), ["review", "pay"]);
        Ok(())
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn a_registry_runs_flows_by_name() -> Result<(), Error> {
    let (places, services) = (Mutex::default(), services());
    let flows: BTreeMap<_, BoxedFlow<'_, Order>> = [
        BoxedFlow::new(Pay),
        BoxedFlow::new(Checkout.with(Places(&places)).with(StepLimit::new(9))),
    ]
    .map(|flow| (flow.name(), flow))
    .into();
    assert_eq!(
        flows.keys().copied().collect::<Vec<_>>(),
        ["Checkout", "Pay"]
    );

    let mut big = order(500);
    assert_eq!(flows["Checkout"].run(&mut big).await?, "declined");
    assert_eq!(big.receipt, None);
    assert_eq!(flows["Pay"].run(&mut big).await?, "default");
    assert_eq!(big.receipt.as_deref(), Some("500 cents"));
    // A boxed flow is runnable as well.
    assert_eq!(
        timed(&flows["Checkout"].clone(), &mut order(5)).await?,
        "default"
    );
    assert_eq!(*places.lock().unwrap(), ["review", "review", "pay"]);
    assert_eq!(flows["Checkout"].graph().exits, ["declined", "default"]);
    assert_eq!(format!("{:?}", flows["Pay"]), "BoxedFlow(\"Pay\")");

    let bills = [
        BoxedFlow::new(Print.context(&services)),
        BoxedFlow::new(PrintNamed.context(&services)),
    ];
    for flow in bills {
        let mut bill = Bill::default();
        assert_eq!(flow.run(&mut bill).await?, "default");
        assert_eq!(bill.text.as_deref(), Some("0 cents"));
    }
    Ok(())
}

#[tokio::test]
async fn a_boxed_flow_fails_where_the_flow_does() {
    let boxed = BoxedFlow::new(Checkout.with(StepLimit::new(1)));
    let error = boxed.run(&mut order(50)).await.unwrap_err();
    assert_eq!(error.path(), ["Checkout", "pay"]);
    assert!(error.cause().is::<StepsExceeded>());
}

/// The trait in scope does not change what `run` of a flow means.
#[tokio::test]
async fn the_trait_does_not_clash_with_the_methods() -> Result<(), Error> {
    let mut order = order(50);
    let exit: CheckoutExit = Checkout.run(&mut order).await?;
    assert_eq!(exit, CheckoutExit::Default);
    let limited = Checkout.with(StepLimit::new(9));
    let copy = limited;
    let exit: CheckoutExit = copy.run(&mut order).await?;
    assert_eq!(exit, CheckoutExit::Default);
    assert!(format!("{limited:?}").starts_with("With { flow: Checkout, driver: StepLimit"));
    assert_eq!(Checkout.graph().name, "Checkout");
    Ok(())
}
