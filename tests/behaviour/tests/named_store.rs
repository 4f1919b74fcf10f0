//! Flows that name their store.

use pocketflow::{StepLimit, flow, node};

mod private {
    use pocketflow::{Shared, node};

    #[derive(Shared, Default)]
    pub(super) struct Order {
        pub(super) total_cents: u64,
        pub(super) card: Option<String>,
        pub(super) receipt: Option<String>,
        pub(super) approval: Option<bool>,
    }

    #[node(Order, writes = receipt)]
    pub(super) fn charge(card: &str, total_cents: &u64) -> String {
        format!("{total_cents} on {card}")
    }
}

use private::Order;

#[node(Order)]
fn ship(receipt: &str, total_cents: &u64) {
    assert!(receipt.starts_with(&total_cents.to_string()));
}

#[node(Order, writes = card)]
fn ask() -> String {
    "4242".into()
}

flow! {
    /// The store is private, and the flow is not.
    pub Payment(card): Order { private::charge >> ship; }
}

flow! {
    /// A flow by a path, and a nested flow.
    pub Checkout: self::private::Order {
        first: ask;
        first >> Payment >> ship;
    }
}

flow! {
    Quiet: Order { ask; }
}

flow! {
    Approved(card): Order { private::charge >> await(approval) >> ship; }
}

#[tokio::test]
async fn run_takes_the_store_that_the_flow_names() {
    let mut order = Order {
        total_cents: 42,
        ..Order::default()
    };
    Checkout.run(&mut order).await.unwrap();
    assert_eq!(order.receipt.as_deref(), Some("42 on 4242"));
    assert_eq!(
        Checkout
            .with(StepLimit::new(9))
            .run(&mut order)
            .await
            .unwrap(),
        CheckoutExit::Default
    );
    Quiet.run(&mut order).await.unwrap();
    assert_eq!(Payment::GRAPH.inputs, ["card"]);
}

#[tokio::test]
async fn run_is_not_generic() {
    // The flow determines the type of the argument, so it need not be written.
    let mut order = Default::default();
    let error = Payment.run(&mut order).await.unwrap_err();
    assert!(
        error.cause().to_string().contains("card"),
        "{}",
        error.cause()
    );
    order.card = Some("1".into());
    let error = Approved.run(&mut order).await.unwrap_err();
    assert!(error.cause().is::<pocketflow::Waits>(), "{}", error.cause());
    let run: fn(&'static Payment, &'static mut Order) -> _ = Payment::run;
    let _ = run;
}

#[tokio::test]
async fn the_run_of_a_named_store_is_send_and_no_bigger() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    flow! { Short(card) { private::charge >> ship; } }
    let (mut order, mut other) = (Order::default(), Order::default());
    let (named, short) = (
        is_send(Payment.run(&mut order)),
        is_send(Short.run(&mut other)),
    );
    assert_eq!(std::mem::size_of_val(&named), std::mem::size_of_val(&short));
}
