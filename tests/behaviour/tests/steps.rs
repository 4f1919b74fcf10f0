//! `MAX_STEPS`: the largest number of steps that a run takes, as a constant.

use pocketflow::{Action, Shared, flow, node};
use pocketflow_behaviour::Steps;

#[derive(Shared, Default)]
struct Count {
    number: u64,
}

#[derive(Action)]
enum Way {
    Left,
    Right,
}

#[node(Count)]
fn choose(number: &u64) -> Way {
    if *number > 1_000_000 {
        Way::Right
    } else {
        Way::Left
    }
}

#[node(Count)]
fn again(number: &u64) -> Way {
    if *number > 1_000_000 {
        Way::Right
    } else {
        Way::Left
    }
}

#[node(Count, writes = number)]
fn add(number: &u64) -> u64 {
    number + 1
}

#[node(Count)]
fn done() {}

#[node(Count)]
fn other() {}

flow! { Chain { add >> done; } }

flow! {
    Branch {
        choose - "left" >> add >> done >> other;
        choose - "right" >> other;
    }
}

// At most five searches, as in program 2.
flow! {
    Agent {
        choose - "left" >> add max 5 else done;
        add >> choose;
        choose - "right" >> done;
    }
}

flow! {
    Nested {
        choose - "left" >> Agent max 2 else Chain;
        choose - "right" >> end;
        Agent >> choose;
    }
}

// Two bounds that share a place.
flow! {
    Two {
        choose - "left" >> add max 3 else end;
        choose - "right" >> again;
        again - "left" >> choose max 2 else end;
        again - "right" >> end;
        add >> choose;
    }
}

flow! {
    Forked {
        add >> (done, other) >> choose - "left" >> Chain;
        choose - "right" >> end;
    }
}

#[test]
fn steps_are_counted_to_the_longest_walk() {
    const { assert!(Chain::MAX_STEPS == 2) };
    assert_eq!(Branch::MAX_STEPS, 4);
    assert_eq!(Agent::MAX_STEPS, 12, "six choices, five searches, and done");
    assert_eq!(Nested::MAX_STEPS, 3 + 2 * 12 + 2);
    assert_eq!(Forked::MAX_STEPS, 5, "a fork is one step");
    // The walk: choose, then add three times with a choose after each, then again and choose twice,
    // and all of that once more.
    assert_eq!(Two::MAX_STEPS, 1 + 3 * 2 + 2 * 2 + 1);
}

#[tokio::test]
async fn a_run_that_always_goes_round_takes_them_all() {
    let (agent, nested) = (Steps::default(), Steps::default());
    Agent.with(&agent).run(&mut Count::default()).await.unwrap();
    assert_eq!(agent.count(), Agent::MAX_STEPS);
    Nested
        .with(&nested)
        .run(&mut Count::default())
        .await
        .unwrap();
    assert_eq!(nested.count(), Nested::MAX_STEPS);
}
