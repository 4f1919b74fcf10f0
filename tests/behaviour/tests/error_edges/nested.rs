//! A nested flow that fails, and one whose failure is caught inside.

use pocketflow::{Driver, Error, Failed, FlowPosition, Position, Run, Shared, StepInfo, StepLimit};
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
