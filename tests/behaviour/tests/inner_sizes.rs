//! A fork of flows takes little more space than the same loops joined by hand, and an inner run of a
//! plain run allocates nothing, except a slot for each item in flight.

use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::mem;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use allocation_counter::measure;
use pocketflow::{Action, Shared, flow, node};

#[derive(Shared, Default, Clone)]
struct Desk {
    topic: u64,
    notes: u64,
    finding: Option<u64>,
}

#[derive(Shared, Default)]
struct Room {
    desks: Vec<Desk>,
    d0: Desk,
    d1: Desk,
    d2: Desk,
    d3: Desk,
    d4: Desk,
    d5: Desk,
    d6: Desk,
    d7: Desk,
    d8: Desk,
    d9: Desk,
    d10: Desk,
    d11: Desk,
    d12: Desk,
    d13: Desk,
    d14: Desk,
    d15: Desk,
    d16: Desk,
    d17: Desk,
    d18: Desk,
    d19: Desk,
}

/// Pending once. Tokio's `yield_now` would allocate its list of tasks.
async fn wait() {
    let mut waited = false;
    poll_fn(|context| {
        context.waker().wake_by_ref();
        if mem::replace(&mut waited, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

#[derive(Action)]
enum Decision {
    Search,
    Conclude,
}

#[node(Desk)]
async fn decide(topic: &u64, notes: &u64) -> Decision {
    wait().await;
    if notes < topic {
        Decision::Search
    } else {
        Decision::Conclude
    }
}

#[node(Desk, writes = notes)]
async fn search(notes: &u64) -> u64 {
    wait().await;
    notes + 1
}

#[node(Desk, writes = finding)]
async fn conclude(notes: &u64) -> u64 {
    wait().await;
    *notes
}

flow! {
    Investigate {
        decide - "search" >> search >> decide;
        decide - "conclude" >> conclude;
    }
}

/// The same by hand.
async fn investigate(desk: &mut Desk) -> Result<(), String> {
    while let Decision::Search = decide(&desk.topic, &desk.notes).await {
        desk.notes = search(&desk.notes).await;
    }
    desk.finding = Some(conclude(&desk.notes).await);
    Ok(())
}

flow! { One: Room { Investigate.on(d0); } }
flow! { InOrder: Room { Investigate.each(desks); } }
flow! { AtOnce: Room { Investigate.each(desks, parallel = 1000); } }
flow! { Fork2: Room { (Investigate.on(d0), Investigate.on(d1)); } }
flow! { Fork4: Room { (Investigate.on(d0), Investigate.on(d1), Investigate.on(d2), Investigate.on(d3)); } }
flow! { Fork8: Room { (Investigate.on(d0), Investigate.on(d1), Investigate.on(d2), Investigate.on(d3), Investigate.on(d4), Investigate.on(d5), Investigate.on(d6), Investigate.on(d7)); } }
flow! { Fork20: Room { (Investigate.on(d0), Investigate.on(d1), Investigate.on(d2), Investigate.on(d3), Investigate.on(d4), Investigate.on(d5), Investigate.on(d6), Investigate.on(d7), Investigate.on(d8), Investigate.on(d9), Investigate.on(d10), Investigate.on(d11), Investigate.on(d12), Investigate.on(d13), Investigate.on(d14), Investigate.on(d15), Investigate.on(d16), Investigate.on(d17), Investigate.on(d18), Investigate.on(d19)); } }

/// The sizes of a fork, and of the same loops joined.
macro_rules! sizes {
    ($flow:ident: $($desk:ident)*) => {{
        let mut room = Room::default();
        let fork = size_of_val(&$flow.run(&mut room));
        let Room { $($desk,)* .. } = &mut room;
        let joined = size_of_val(&async { tokio::try_join!($(investigate($desk)),*) });
        (fork, joined, [$(stringify!($desk)),*].len())
    }};
}

#[test]
fn a_fork_of_flows_is_as_large_as_its_flows_together() {
    let sizes = [
        sizes!(Fork2: d0 d1),
        sizes!(Fork4: d0 d1 d2 d3),
        sizes!(Fork8: d0 d1 d2 d3 d4 d5 d6 d7),
        sizes!(Fork20: d0 d1 d2 d3 d4 d5 d6 d7 d8 d9 d10 d11 d12 d13 d14 d15 d16 d17 d18 d19),
    ];
    for (fork, joined, branches) in sizes {
        println!("{branches} flows: {fork} bytes, and {joined} joined by hand");
        assert!(
            fork <= 64 + 200 * branches,
            "{fork} bytes for {branches} flows"
        );
    }
}

/// What a flow on a field adds to the future of the flow.
#[test]
fn a_flow_on_a_field_adds_little_to_the_flow() {
    let (mut room, mut desk) = (Room::default(), Desk::default());
    let (one, alone) = (
        size_of_val(&One.run(&mut room)),
        size_of_val(&Investigate.run(&mut desk)),
    );
    println!("{one} bytes, and {alone} alone");
    assert!(one <= alone + 160, "{one} bytes against {alone}");
}

fn finish(run: impl Future<Output = Result<(), pocketflow::Error>>) {
    let mut run = pin!(run);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = run.as_mut().poll(&mut context) {
            return done.unwrap();
        }
    }
}

fn room(desks: usize) -> Room {
    let desk = Desk {
        topic: 2,
        ..Desk::default()
    };
    Room {
        desks: vec![desk.clone(); desks],
        d0: desk.clone(),
        d19: desk,
        ..Room::default()
    }
}

#[test]
fn only_items_in_flight_at_the_same_time_allocate() {
    let counts = measure(|| drop(black_box(Box::new(1)))).count_total;
    assert!(counts > 0, "the counter counts");

    let mut room = room(100_000);
    let counted = measure(|| finish(async { InOrder.run(&mut room).await.map(drop) }));
    assert_eq!(counted.count_total, 0);
    let counted = measure(|| finish(async { Fork20.run(&mut room).await.map(drop) }));
    assert_eq!(counted.count_total, 0);
    assert_eq!(room.d19.finding, Some(2));

    for desk in &mut room.desks {
        desk.finding = None;
    }
    let counted = measure(|| finish(async { AtOnce.run(&mut room).await.map(drop) }));
    println!("{} allocations for 100,000 items", counted.count_total);
    // Two for each of the 1,000 slots, which is two for 100 items, and those of the queue.
    assert!(
        counted.count_total <= 2_020,
        "{} allocations",
        counted.count_total
    );
    assert!(room.desks.iter().all(|desk| desk.finding == Some(2)));
}
