//! Bounded edges: where both of their ways lead, for every exit and every place.

use pocketflow::{Action, Direct, Shared, flow, node};
use pocketflow_behaviour::Steps;

#[derive(Shared, Default)]
struct Log {
    /// The actions to come, in reverse order.
    plan: Vec<&'static str>,
    lines: Vec<&'static str>,
}

impl Log {
    fn of(plan: &[&'static str]) -> Self {
        Self {
            plan: plan.iter().rev().copied().collect(),
            lines: Vec::new(),
        }
    }
}

#[derive(Action)]
enum Way {
    Again,
    First,
    Second,
    Third,
    Done,
}

struct Judge;

#[node(Log)]
impl Judge {
    fn exec(&self) {}

    fn post(&self, plan: &mut Vec<&'static str>) -> Way {
        match plan.pop() {
            Some("again") => Way::Again,
            Some("first") => Way::First,
            Some("second") => Way::Second,
            Some("third") => Way::Third,
            _ => Way::Done,
        }
    }
}

macro_rules! logs {
    ($($name:ident)*) => { $(
        #[node(Log, appends = lines)]
        fn $name() -> [&'static str; 1] {
            [stringify!($name)]
        }
    )* };
}

logs! { one two three }

// Four exits, each at the end of a bounded edge: in the first place as the edge's target, and in
// the others as the target after the bound.
flow! {
    Ends {
        Judge - "again" >> Judge max 2 else end "worn out";
        Judge - "first" >> Judge max 1 else end "first";
        Judge - "second" >> Judge max 1 else end "second";
        Judge - "third" >> Judge max 1 else end "third";
        Judge - "done" >> end;
    }
}

#[tokio::test]
async fn what_comes_instead_of_a_bounded_edge_may_be_any_exit() {
    let cases = [
        (&["again", "again", "again"][..], EndsExit::WornOut),
        (&["first", "first"], EndsExit::First),
        (
            &["first", "again", "second", "third", "second"],
            EndsExit::Second,
        ),
        (&["third", "third"], EndsExit::Third),
        (&["again", "again", "third", "done"], EndsExit::Default),
    ];
    for (plan, exit) in cases {
        let steps = Steps::default();
        assert_eq!(
            Ends.run(&mut Log::of(plan)).await.unwrap(),
            exit,
            "{plan:?}"
        );
        assert_eq!(
            Ends.with(&steps).run(&mut Log::of(plan)).await.unwrap(),
            exit,
            "driven: {plan:?}"
        );
        assert_eq!(steps.count(), plan.len() as u64, "{plan:?}");
    }
}

// The same with several places, so that the index of an exit follows several places. One edge leads
// directly to an exit.
flow! {
    Inner {
        one >> Judge - "again" >> two max 1 else end "again";
        two >> Judge;
        Judge - "first" >> one max 1 else three;
        three >> end "first";
        Judge - "second" >> end "second" max 1 else end "again";
        Judge - "third" >> Judge max 2 else end "third";
        Judge - "done" >> end;
    }
}

// A flow inside another flow, with bounded edges whose exits and places have other numbers.
flow! {
    Outer {
        Inner - "again" >> end "a";
        Inner - "first" >> Inner max 1 else end "b";
        Inner - "second" >> Inner max 1 else last;
        Inner - "third" >> Inner max 1 else end "c";
        Inner >> end;
        last: three;
        last >> end "d";
    }
}

#[tokio::test]
async fn exits_are_counted_on_from_any_number_of_places() {
    use InnerExit::*;
    let cases = [
        (&["again", "again"][..], Again, &["one", "two"][..]),
        (&["first", "first"], First, &["one", "one", "three"]),
        (&["second"], Second, &["one"]),
        (&["third", "third", "third"], Third, &["one"]),
        (
            &["again", "first", "third", "done"],
            Default,
            &["one", "two", "one"],
        ),
    ];
    for (plan, exit, lines) in cases {
        let mut log = Log::of(plan);
        assert_eq!(
            (Inner.run(&mut log).await.unwrap(), &log.lines[..]),
            (exit, lines),
            "{plan:?}"
        );
    }
}

#[tokio::test]
async fn each_flow_counts_on_from_its_own_places() {
    use OuterExit::*;
    let thrice = ["third"; 6];
    let cases = [
        (&["again", "again"][..], A),
        (&["first", "first", "first", "first"], B),
        (&thrice, C),
        (&["second", "second"], D),
        (&["first", "first", "second", "third", "done"], Default),
    ];
    for (plan, exit) in cases {
        assert_eq!(
            Outer.run(&mut Log::of(plan)).await.unwrap(),
            exit,
            "{plan:?}"
        );
        assert_eq!(
            Outer.with(Direct).run(&mut Log::of(plan)).await.unwrap(),
            exit,
            "driven: {plan:?}"
        );
    }
}
