//! Error edges: where a flow goes on when a node has failed.

// Each is a separate crate elsewhere, and a module here.
#![allow(unreachable_pub)]

/// Program 12 of the documentation.
mod sell {
    use pocketflow::{Failed, Shared, flow, node};

    #[derive(Shared, Default)]
    pub struct Order {
        total_cents: u64,
        receipt: Option<String>,
        problem: Option<Failed>,
        refund: Option<String>,
        log: Vec<String>,
        fails_at: &'static str,
    }

    #[node(Order, appends = log)]
    fn reserve() -> [String; 1] {
        ["reserved".into()]
    }

    #[node(Order, writes = receipt, attempts = 3)]
    async fn pay(total_cents: &u64, fails_at: &&'static str) -> anyhow::Result<String> {
        anyhow::ensure!(*fails_at != "pay", "the bank refused {total_cents} cents");
        Ok(format!("paid {total_cents}"))
    }

    #[node(Order, appends = log)]
    async fn ship(receipt: &str, fails_at: &&'static str) -> anyhow::Result<[String; 1]> {
        anyhow::ensure!(*fails_at != "ship", "the parcel is lost");
        Ok([format!("shipped: {receipt}")])
    }

    #[node(Order, appends = log)]
    fn release(problem: &Failed, receipt: Option<&str>) -> [String; 1] {
        assert_eq!(receipt, None);
        [format!("released: {problem:#}")]
    }

    #[node(Order, writes = refund)]
    fn refund(receipt: &str) -> String {
        format!("back: {receipt}")
    }

    flow! {
        pub Sell {
            reserve >> pay >> ship;
            pay - error(problem) >> release >> end "declined";     // `problem` is filled here, `receipt` is not
            ship - error >> refund >> end "refunded";              // `receipt` is
        }
    }

    async fn sell(fails_at: &'static str) -> (SellExit, Order) {
        let mut order = Order {
            total_cents: 4_200,
            fails_at,
            ..Default::default()
        };
        (Sell.run(&mut order).await.unwrap(), order)
    }

    #[tokio::test]
    async fn a_failure_leads_on_along_its_edge() {
        let (exit, order) = sell("").await;
        assert_eq!(exit, SellExit::Default);
        assert_eq!(order.log, ["reserved", "shipped: paid 4200"]);
        assert!(order.problem.is_none());

        let (exit, order) = sell("pay").await;
        assert_eq!(exit, SellExit::Declined);
        let released =
            "released: Sell > pay: exec failed at attempt 3 of 3: the bank refused 4200 cents";
        assert_eq!(order.log, ["reserved", released]);
        let problem = order.problem.unwrap();
        assert_eq!(problem.path, ["Sell", "pay"]);
        assert_eq!(
            (problem.node(), problem.attempts, problem.item),
            (Some("pay"), 3, None)
        );
        assert_eq!(problem.causes, ["the bank refused 4200 cents"]);

        let (exit, order) = sell("ship").await;
        assert_eq!(exit, SellExit::Refunded);
        assert_eq!(order.refund.as_deref(), Some("back: paid 4200"));
        assert!(order.problem.is_none());
    }

    #[test]
    fn the_longest_walk_takes_the_error_edges() {
        const { assert!(Sell::MAX_STEPS == 4) };
    }

    #[test]
    fn the_diagram_shows_them() {
        let drawn = Sell::GRAPH.to_string();
        assert!(
            drawn.contains("pay -.->|\"error#40;problem#41;\"| release"),
            "{drawn}"
        );
        assert!(drawn.contains("ship -.->|error| refund"), "{drawn}");
    }
}

/// How long the field of an error edge keeps the failure.
mod kept {
    use pocketflow::{Failed, Shared, flow, node};

    #[derive(Shared, Default)]
    struct Order {
        tries: u32,
        problem: Option<Failed>,
        seen: Option<String>,
    }

    #[node(Order, writes = tries)]
    fn count(tries: &u32) -> u32 {
        tries + 1
    }

    #[node(Order)]
    async fn pay(tries: &u32) -> Result<(), String> {
        match tries {
            0..=2 => Err(format!("refused {tries}")),
            _ => Ok(()),
        }
    }

    #[node(Order, writes = problem)]
    fn forget() -> Option<Failed> {
        None
    }

    #[node(Order, writes = seen)]
    fn look(problem: Option<&Failed>) -> String {
        problem.map_or("nothing".into(), |problem| problem.cause().into())
    }

    flow! { Keeps: Order { count >> pay >> look; pay - error(problem) >> count; } }

    flow! { Forgets: Order { count >> pay >> look; pay - error(problem) >> forget >> count; } }

    #[tokio::test]
    async fn the_last_failure_stays_until_a_node_empties_the_field() {
        let mut order = Order::default();
        Keeps.run(&mut order).await.unwrap();
        assert_eq!(order.seen.as_deref(), Some("refused 2"));
        let mut order = Order::default();
        Forgets.run(&mut order).await.unwrap();
        assert_eq!(order.seen.as_deref(), Some("nothing"));
    }
}

/// What an error edge follows, and what it does not.
mod kinds {
    use pocketflow::{
        Action, Driver, Error, Failed, Reads, Run, Shared, Stage, StepInfo, StepLimit,
    };
    use pocketflow::{StepsExceeded, Taken, TimedOut, flow, node};
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    #[derive(Shared, Default)]
    pub struct Store {
        problem: Option<Failed>,
        given: Option<u32>,
        value: Option<u32>,
        count: u32,
        log: Vec<&'static str>,
    }

    #[node(Store, appends = log)]
    fn after() -> [&'static str; 1] {
        ["after"]
    }

    struct Prep;

    #[node(Store)]
    impl Prep {
        fn prep(&self, count: &u32) -> Result<u32, &'static str> {
            if *count == 0 {
                Err("nothing to do")
            } else {
                Ok(*count)
            }
        }
        fn exec(&self, prep: &u32) -> u32 {
            *prep
        }
        fn post(&self, count: &mut u32, exec: u32) {
            *count = exec + 1;
        }
    }

    flow! { pub OfPrep { prep: Prep; prep - error(problem) >> after; } }

    #[tokio::test]
    async fn an_error_of_prep_is_a_failure() {
        let mut store = Store::default();
        OfPrep { prep: Prep }.run(&mut store).await.unwrap();
        let problem = store.problem.unwrap();
        assert_eq!(problem.to_string(), "OfPrep > prep: prep failed");
        assert_eq!((problem.attempts, problem.cause()), (0, "nothing to do"));
        let mut store = Store {
            count: 1,
            ..Default::default()
        };
        OfPrep { prep: Prep }.run(&mut store).await.unwrap();
        assert_eq!((store.count, store.log.len()), (2, 0));
    }

    #[node(Store, writes = value, attempts = 2, timeout = "1ms")]
    async fn slow() -> u32 {
        std::future::pending().await
    }

    flow! { pub OfTime { slow - error(problem) >> after; } }

    #[tokio::test(start_paused = true)]
    async fn so_is_a_timeout() {
        let mut store = Store::default();
        OfTime.run(&mut store).await.unwrap();
        let problem = store.problem.unwrap();
        assert_eq!(problem.attempts, 2);
        assert!(problem.cause().contains("1ms"), "{problem:#}");
        let error = flow! { slow; }
            .run(&mut Store::default())
            .await
            .unwrap_err();
        assert!(error.cause().is::<TimedOut>());
    }

    #[node(Store, writes = value, attempts = 2, fallback = fall_back)]
    async fn with_fallback(count: &u32) -> Result<u32, String> {
        Err(format!("no {count}"))
    }

    fn fall_back(reads: &Reads<'_, with_fallback>, error: Error) -> Result<u32, String> {
        match reads.count {
            0 => Ok(7),
            1 => Err("the fallback failed as well".into()),
            _ => Err(error.to_string()),
        }
    }

    flow! { pub OfFallback { with_fallback - error(problem) >> after; } }

    #[tokio::test]
    async fn a_fallback_that_helps_is_no_failure_and_one_that_fails_is() {
        let mut store = Store::default();
        OfFallback.run(&mut store).await.unwrap();
        assert_eq!(
            (store.value, store.problem, store.log.len()),
            (Some(7), None, 0)
        );
        let mut store = Store {
            count: 1,
            ..Default::default()
        };
        OfFallback.run(&mut store).await.unwrap();
        let problem = store.problem.unwrap();
        assert_eq!(problem.stage, "fallback failed");
        assert_eq!((store.value, &store.log[..]), (None, &["after"][..]));
    }

    struct Empties;

    /// It empties a field in `post`, so a later plain read finds nothing.
    #[node(Store)]
    impl Empties {
        fn exec(&self) {}
        fn post(&self, given: &mut Option<u32>) {
            *given = None;
        }
    }

    #[node(Store, writes = value)]
    fn needs(given: &u32) -> Result<u32, String> {
        Ok(*given)
    }

    flow! {
        pub OfEmpty(given) {
            empties: Empties;
            empties >> needs;
            needs - error >> after;
        }
    }

    #[tokio::test]
    async fn a_field_that_is_empty_by_mistake_is_none() {
        let mut store = Store {
            given: Some(1),
            ..Default::default()
        };
        let error = OfEmpty { empties: Empties }
            .run(&mut store)
            .await
            .unwrap_err();
        assert_eq!(error.stage(), Stage::Prep);
        assert!(store.log.is_empty());
    }

    struct Promises;

    #[node(Store, writes(value))]
    impl Promises {
        fn exec(&self) -> Result<u32, String> {
            Ok(1)
        }
        fn post(&self, value: &mut Option<u32>, exec: u32) {
            _ = (value, exec);
        }
    }

    flow! { pub OfPost { promises: Promises; promises - error >> after; } }

    #[tokio::test]
    async fn nor_is_a_promise_that_a_post_breaks() {
        let error = OfPost { promises: Promises }
            .run(&mut Store::default())
            .await
            .unwrap_err();
        assert_eq!(error.stage(), Stage::Post);
    }

    #[node(Store)]
    fn refuse(count: &u32) -> Result<(), String> {
        match count {
            0 => Err("refused".into()),
            _ => Ok(()),
        }
    }

    flow! { pub Refuse { refuse - error(problem) >> after >> refuse max 3 else end "gave_up"; } }

    /// A driver that fails at a step, before it or after it.
    struct Fails(&'static str, bool);

    impl<S: Shared> Driver<S> for Fails {
        async fn step<R: Run<S>>(
            &self,
            info: &StepInfo<'_>,
            shared: &mut S,
            run: R,
        ) -> Result<Taken, Error> {
            if self.1 && info.name() == self.0 {
                return Err(info.error("the driver failed"));
            }
            let taken = run.run(shared).await?;
            match info.name() == self.0 {
                true => Err(info.error("the driver failed")),
                false => Ok(taken),
            }
        }
    }

    #[tokio::test]
    async fn an_error_of_a_driver_ends_the_run() {
        for before in [true, false] {
            let error = Refuse
                .with(Fails("refuse", before))
                .run(&mut Store::default())
                .await
                .unwrap_err();
            assert_eq!(error.stage(), Stage::Driver);
        }
        let error = Refuse
            .with(StepLimit::new(3))
            .run(&mut Store::default())
            .await
            .unwrap_err();
        assert!(error.cause().is::<StepsExceeded>());
        assert_eq!(error.path(), ["Refuse", "after"]);
    }

    /// Records where each step leads.
    #[derive(Default)]
    struct Way(Mutex<Vec<String>>);

    impl<S: Shared> Driver<S> for Way {
        async fn step<R: Run<S>>(
            &self,
            info: &StepInfo<'_>,
            shared: &mut S,
            run: R,
        ) -> Result<Taken, Error> {
            let taken = run.run(shared).await?;
            let edge = taken.edge().unwrap();
            assert_eq!(taken.failed(), edge.error.is_some());
            assert_eq!(info.taken(taken.action()).unwrap().index(), taken.index());
            let next = taken.next().or(taken.exit()).unwrap();
            self.0
                .lock()
                .unwrap()
                .push(format!("{info} - {} >> {next}", taken.action()));
            Ok(taken)
        }
    }

    #[tokio::test]
    async fn a_driver_sees_which_edge_is_taken() {
        let way = Way::default();
        let mut store = Store::default();
        let exit = Refuse.with(&way).run(&mut store).await.unwrap();
        assert_eq!(exit, RefuseExit::GaveUp);
        let ways = way.0.into_inner().unwrap();
        assert_eq!(ways[0], "Refuse > refuse - error >> after");
        assert_eq!(ways[1], "Refuse > after - default >> refuse");
        assert_eq!(ways[7], "Refuse > after - default >> gave_up");
        assert_eq!(store.problem.unwrap().node(), Some("refuse"));
        // A plain run does the same.
        let mut plain = Store::default();
        assert_eq!(Refuse.run(&mut plain).await.unwrap(), RefuseExit::GaveUp);
        assert_eq!(plain.log, store.log);
    }

    #[derive(Action)]
    enum Choice {
        A,
        B,
        C,
    }

    /// Three actions, so the error edge is the fourth.
    #[node(Store)]
    fn choose(count: &u32) -> Result<Choice, &'static str> {
        match count {
            0 => Ok(Choice::A),
            1 => Ok(Choice::B),
            2 => Ok(Choice::C),
            _ => Err("too many"),
        }
    }

    flow! {
        pub Choose {
            choose - "a" >> end;
            choose - "b" >> end "b";
            choose - error >> after max 1 else end "failed";
            choose - "c" >> end "c";
            after >> choose;
        }
    }

    #[tokio::test]
    async fn an_error_edge_comes_after_all_actions_and_may_be_bounded() {
        use ChooseExit::{B, C, Default, Failed};
        const { assert!(Choose::MAX_STEPS == 3) };
        for (count, exit) in [(0, Default), (1, B), (2, C), (3, Failed)] {
            let mut store = Store {
                count,
                ..std::default::Default::default()
            };
            assert_eq!(Choose.run(&mut store).await.unwrap(), exit);
            assert_eq!(store.log.len(), usize::from(count == 3));
            let mut store = Store {
                count,
                ..std::default::Default::default()
            };
            assert_eq!(
                Choose
                    .with(StepLimit::new(9))
                    .run(&mut store)
                    .await
                    .unwrap(),
                exit
            );
        }
    }

    static BRANCH: AtomicU32 = AtomicU32::new(0);

    #[node(Store, writes = value)]
    async fn works() -> u32 {
        BRANCH.fetch_add(1, Relaxed);
        1
    }

    flow! { pub Fork { (works, refuse) >> end; (works, refuse) - error(problem) >> after; } }

    #[tokio::test]
    async fn a_fork_has_one_error_edge_for_all_its_nodes() {
        for driven in [false, true] {
            let mut store = Store::default();
            match driven {
                true => Fork.with(StepLimit::new(9)).run(&mut store).await.unwrap(),
                false => Fork.run(&mut store).await.unwrap(),
            };
            // No `post` of the fork has run.
            assert_eq!((store.value, &store.log[..]), (None, &["after"][..]));
            assert_eq!(store.problem.unwrap().path, ["Fork", "refuse"]);
        }
        assert_eq!(BRANCH.load(Relaxed), 2);
    }
}

/// A nested flow that fails, and one whose failure is caught inside.
mod nested {
    use pocketflow::{
        Driver, Error, Failed, FlowPosition, Position, Run, Shared, StepInfo, StepLimit,
    };
    use pocketflow::{Taken, flow, node};
    use std::sync::Mutex;

    #[derive(Shared, Default)]
    pub struct Store {
        a: Option<u32>,
        b: Option<u32>,
        fails_at: &'static str,
        problem: Option<Failed>,
        seen: Vec<String>,
    }

    #[node(Store, writes = a)]
    fn first() -> u32 {
        1
    }

    #[node(Store, writes = b)]
    fn second(fails_at: &&'static str) -> Result<u32, &'static str> {
        if *fails_at == "second" {
            Err("second failed")
        } else {
            Ok(2)
        }
    }

    #[node(Store, writes = a)]
    fn third(fails_at: &&'static str) -> Result<Option<u32>, &'static str> {
        if *fails_at == "third" {
            Err("third failed")
        } else {
            Ok(None)
        }
    }

    #[node(Store, appends = seen)]
    fn look(a: &u32, b: Option<&u32>, problem: Option<&Failed>) -> [String; 1] {
        [format!("{a} {b:?} {}", problem.map_or("-", Failed::cause))]
    }

    // The flow around it reads `a` where `third` has failed.
    flow! { #[allow(deprecated)] pub Inner { first >> second >> third; } }

    flow! {
        pub Around {
            Inner >> end "done";
            Inner - error(problem) >> look;
        }
    }

    #[tokio::test]
    async fn what_the_nodes_before_the_failure_wrote_stays() {
        for (fails_at, seen) in [
            ("second", "1 None second failed"),
            ("third", "1 Some(2) third failed"),
        ] {
            for driven in [false, true] {
                let mut store = Store {
                    fails_at,
                    ..Default::default()
                };
                let exit = match driven {
                    true => Around.with(StepLimit::new(9)).run(&mut store).await,
                    false => Around.run(&mut store).await,
                };
                assert_eq!(exit.unwrap(), AroundExit::Default);
                assert_eq!(store.seen, [seen]);
                assert_eq!(store.problem.unwrap().path, ["Around", "Inner", fails_at]);
            }
        }
    }

    flow! { pub Caught { second - error >> first >> end "caught"; } }
    flow! { pub Outside { Caught >> end; Caught - "caught" >> end "inside"; } }

    #[tokio::test]
    async fn a_failure_that_an_inner_edge_follows_does_not_reach_the_outer_flow() {
        let mut store = Store {
            fails_at: "second",
            ..Default::default()
        };
        assert_eq!(Outside.run(&mut store).await.unwrap(), OutsideExit::Inside);
        assert_eq!(store.a, Some(1));
    }

    /// Stops at a step, and remembers where.
    #[derive(Default)]
    struct Stop(Mutex<Option<Position>>, &'static str);

    impl<S: Shared> Driver<S> for Stop {
        async fn step<R: Run<S>>(
            &self,
            info: &StepInfo<'_>,
            shared: &mut S,
            run: R,
        ) -> Result<Taken, Error> {
            if info.name() == self.1 {
                *self.0.lock().unwrap() = Some(info.position());
                return Err(info.error("stopped"));
            }
            run.run(shared).await
        }
    }

    #[tokio::test]
    async fn a_run_resumes_behind_an_error_edge() {
        let mut store = Store {
            fails_at: "third",
            ..Default::default()
        };
        let stop = Stop(Mutex::default(), "look");
        Around.with(&stop).run(&mut store).await.unwrap_err();
        let position = stop.0.into_inner().unwrap().unwrap();
        assert_eq!(position.flows.len(), 1);
        Around
            .with(StepLimit::new(9))
            .resume(position, &mut store)
            .await
            .unwrap();
        assert_eq!(store.seen, ["1 Some(2) third failed"]);
    }

    #[test]
    fn the_rest_of_a_run_counts_a_failure() {
        let at = |flow: &str, place: &str| FlowPosition {
            flow: flow.into(),
            fingerprint: 0,
            place: place.into(),
            taken: vec![],
        };
        // Without `first`, `a` is empty if `second` fails.
        let position = [at("Around", "Inner"), at("Inner", "second")];
        let unfilled = Around::GRAPH.unfilled_from(&position, None, |_| false);
        assert_eq!(unfilled.len(), 1);
        assert_eq!(
            (&unfilled[0].path[..], unfilled[0].field),
            (&["Around", "look"][..], "a")
        );
        let unfilled = Around::GRAPH.unfilled_from(&position[..1], Some("error"), |_| false);
        assert_eq!(unfilled.len(), 1);
        let taken_from_inside = Around::GRAPH.unfilled_from(&position, None, |_| true);
        assert!(taken_from_inside.is_empty());
    }
}

/// A flow of more than 32 places, which is walked in chunks.
mod large {
    use pocketflow::{Failed, Shared, flow, node};

    #[derive(Shared, Default)]
    pub struct Store {
        count: u32,
        problem: Option<Failed>,
    }

    #[node(Store, writes = count)]
    fn step(count: &u32) -> Result<u32, String> {
        if *count == 35 {
            Err("stop".into())
        } else {
            Ok(count + 1)
        }
    }

    macro_rules! chain {
        ($($name:ident)*) => {
            flow! {
                pub Large {
                    $($name: step;)*
                    step $(>> $name)*;
                    s34 - error(problem) >> step max 1 else end "twice";
                    s35 - error(problem) >> end "failed";
                }
            }
        };
    }

    chain!(s1 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 s12 s13 s14 s15 s16 s17 s18 s19 s20 s21 s22 s23 s24 s25 s26 s27
        s28 s29 s30 s31 s32 s33 s34 s35 s36);

    #[tokio::test]
    async fn a_large_flow_follows_its_error_edges() {
        let mut store = Store::default();
        assert_eq!(Large.run(&mut store).await.unwrap(), LargeExit::Failed);
        assert_eq!(store.problem.unwrap().path, ["Large", "s35"]);
        // One step further on, the failure leads back to the start, which fails as well.
        let mut store = Store {
            count: 1,
            ..Default::default()
        };
        let error = Large.run(&mut store).await.unwrap_err();
        assert_eq!(error.path(), ["Large", "step"]);
        assert_eq!(store.problem.unwrap().path, ["Large", "s34"]);
    }
}

/// A run that is dropped anywhere goes on from the last step, in memory.
mod killed {
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
}
