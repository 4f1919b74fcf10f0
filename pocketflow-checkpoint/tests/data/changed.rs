//! A run of a program whose nodes or types have changed.

use super::*;

mod new_before {
    use super::*;

    static PAID: AtomicUsize = AtomicUsize::new(0);

    #[derive(Shared, Debug, Default, Serialize, Deserialize)]
    struct Order {
        made: Option<String>,
        go_on: Option<bool>,
        paid: Option<bool>,
        address: Option<String>,
        shipped: Option<String>,
    }

    #[node(Order, writes = made)]
    fn make() -> String {
        "made".into()
    }

    #[node(Order, writes = paid)]
    fn pay(go_on: &bool) -> bool {
        PAID.fetch_add(1, SeqCst);
        *go_on
    }

    #[node(Order, writes = address)]
    fn address() -> String {
        "1 High Street".into()
    }

    mod v1 {
        use super::*;
        #[node(Order, writes = shipped)]
        pub(super) fn ship(made: &str) -> String {
            made.into()
        }
        flow! { pub(crate) Inner { make >> await(go_on) >> pay; } }
        flow! { pub(crate) Shop { Inner >> ship; } }
    }

    mod v2 {
        use super::*;
        #[node(Order, writes = shipped)]
        pub(super) fn ship(address: &str) -> String {
            address.into()
        }
        flow! { pub(crate) Inner { address >> make >> await(go_on) >> pay; } }
        flow! { pub(crate) Shop { Inner >> ship; } }
    }

    #[tokio::test]
    async fn a_node_that_was_added_before_the_position_and_is_needed_after_it_is_refused() {
        let (_folder, runs) = runs().await;
        v1::Shop
            .with(runs.run("a").park())
            .run(&mut Order::default())
            .await
            .unwrap_err();
        runs.fill("a", "go_on", "true").await.unwrap();
        let error = v2::Shop
            .with(runs.run("a"))
            .run(&mut Order::default())
            .await
            .unwrap_err();
        let Changed { conflicts, .. } = cause(&error);
        assert_eq!(
            conflicts,
            &[
                "`Shop > ship` reads the field `address`, which is empty: the run is at `Inner > await(go_on)`, and nothing fills \
               the field after that"
            ]
        );
        assert_eq!(PAID.load(SeqCst), 0, "nothing has run");

        // A field that a migration leaves empty is rejected as well.
        let run = runs.run("a").migrate(Ok);
        assert!(
            v2::Shop
                .with(run)
                .run(&mut Order::default())
                .await
                .unwrap_err()
                .cause()
                .is::<Changed>()
        );
        let run = runs.run("a").migrate(|mut state| {
            state["address"] = "2 Low Street".into();
            Ok(state)
        });
        let mut order = Order::default();
        v2::Shop.with(run).run(&mut order).await.unwrap();
        assert_eq!(
            (order.shipped.as_deref(), PAID.load(SeqCst)),
            (Some("2 Low Street"), 1)
        );
    }
}

mod retyped {
    use super::*;

    #[derive(Shared, Debug, Default, Serialize, Deserialize)]
    struct V1 {
        price: u64,
        go_on: Option<bool>,
    }

    #[node(V1)]
    fn begin(price: &u64) {
        assert!(*price < 100);
    }

    mod v1 {
        use super::*;
        flow! { pub(crate) Shop { begin >> await(go_on); } }
    }

    #[derive(Shared, Debug, Default, Serialize, Deserialize)]
    struct V2 {
        price: String,
        go_on: Option<bool>,
    }

    mod v2 {
        use super::*;
        #[node(V2)]
        fn begin(price: &str) {
            assert!(price.len() < 100);
        }
        flow! { pub(crate) Shop { begin >> await(go_on); } }
    }

    #[tokio::test]
    async fn a_field_of_another_type_is_named_and_can_be_migrated() {
        let (_folder, runs) = runs().await;
        v1::Shop
            .with(runs.run("a").park())
            .run(&mut V1 {
                price: 7,
                go_on: None,
            })
            .await
            .unwrap_err();
        let error = v2::Shop
            .with(runs.run("a").park())
            .run(&mut V2::default())
            .await
            .unwrap_err();
        let text = format!("{error:#}");
        assert!(
            error.cause().is::<BadState>() && !text.contains("another version"),
            "{text}"
        );
        assert!(
            text.contains(
                "cannot read the field `price` of run `a`: invalid type: integer, expected a string"
            ),
            "{text}"
        );
        let migrated = || {
            runs.run("a").park().migrate(|mut state| {
                state["price"] = state["price"].to_string().into();
                Ok(state)
            })
        };
        v2::Shop
            .with(migrated())
            .run(&mut V2::default())
            .await
            .unwrap_err();
        runs.fill("a", "go_on", "true").await.unwrap();
        let mut shared = V2::default();
        v2::Shop.with(migrated()).run(&mut shared).await.unwrap();
        assert_eq!(shared.price, "7");
    }
}
