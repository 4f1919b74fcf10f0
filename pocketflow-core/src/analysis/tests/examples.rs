//! Flows that are written by hand, most of them with one field.

use super::flows::On;
use super::*;

const A: Set = 0b10;
const B: Set = 0b100;

fn by_hand(places: Vec<(PlaceKind, [Option<Wire>; 3])>) -> Flow {
    let places = places.into_iter();
    Flow {
        inputs: 0,
        exits: 1,
        places: places.map(|(kind, wires)| (kind, wires, None)).collect(),
    }
}

/// Whether a node reads the field `a`, and what it writes for each action.
fn does(reads: Set, writes: &[Set]) -> PlaceKind {
    PlaceKind::Node(Node {
        reads,
        optional_reads: 0,
        writes: writes.to_vec(),
        maybe: vec![0; writes.len()],
        fails: false,
    })
}

/// The numbers of a flow with one exit: 1 is the exit, 2 is the first place.
fn to<const N: usize>(numbers: [u8; N]) -> [Option<Wire>; 3] {
    let mut wires = [None; 3];
    for (wire, to) in wires.iter_mut().zip(numbers) {
        *wire = Some(Wire {
            to,
            otherwise: None,
        });
    }
    wires
}

/// Checks every property of a flow, and returns whether it is accepted.
fn check(flow: &Flow) -> bool {
    for one in analyse(flow) {
        one.check_forwards();
        one.check_paths();
        one.check_backwards();
    }
    let accepted = check_verdict(flow);
    if accepted {
        analyse(flow).iter().for_each(Analysed::check_assigned);
    }
    accepted
}

#[test]
fn a_field_that_one_branch_of_two_fills_is_empty_where_they_meet() {
    let branches = |other| {
        by_hand(vec![
            (does(0, &[0, 0]), to([3, 4])),
            (does(0, &[A]), to([5])),
            (does(0, &[other]), to([5])),
            (does(A, &[0]), to([1])),
        ])
    };
    assert!(!check(&branches(0)));
    assert!(check(&branches(A)));
}

#[test]
fn a_bound_may_lead_past_the_node_that_fills_the_field() {
    let wire = [
        Some(Wire {
            to: 3,
            otherwise: Some(4),
        }),
        None,
        None,
    ];
    assert!(!check(&by_hand(vec![
        (does(0, &[0]), wire),
        (does(0, &[A]), to([4])),
        (does(A, &[0]), to([1])),
    ])));
}

#[test]
fn what_a_nested_flow_fills_depends_on_its_exit() {
    let inner = || {
        let wires = to([1, 2]);
        PlaceKind::Flow(Flow {
            inputs: 0,
            exits: 2,
            places: vec![(does(0, &[A, 0]), wires, None)],
        })
    };
    let reader = (does(A, &[0]), to([1]));
    assert!(check(&by_hand(vec![(inner(), to([3, 1])), reader.clone()])));
    assert!(!check(&by_hand(vec![(inner(), to([1, 3])), reader])));
}

#[test]
fn a_loop_that_only_overwrites_writes_in_vain() {
    let flow = by_hand(vec![(does(0, &[A]), to([2]))]);
    assert!(check(&flow));
    assert!(
        analyse(&flow)[0]
            .solution
            .has_dead_write(analyse(&flow)[0].graph, 0, 0)
    );
}

#[test]
fn a_path_on_which_the_field_was_read_before_is_not_shown() {
    let flow = by_hand(vec![
        (does(0, &[0, 0]), to([3, 4])),
        (does(A, &[0]), to([6])),
        (does(0, &[0]), to([5])),
        (does(0, &[0]), to([6])),
        (does(A, &[0]), to([1])),
    ]);
    assert!(!check(&flow));
}

/// A node that fills or empties the field `a`.
fn maybe(reads: Set) -> PlaceKind {
    PlaceKind::Node(Node {
        reads,
        optional_reads: 0,
        writes: vec![0],
        maybe: vec![A],
        fails: false,
    })
}

#[test]
fn a_field_that_a_node_may_leave_empty_is_empty_after_it() {
    let reader = || (does(A, &[0]), to([1]));
    assert!(!check(&by_hand(vec![(maybe(0), to([3])), reader()])));
    assert!(check(&by_hand(vec![
        (maybe(0), to([3])),
        (does(0, &[A]), to([4])),
        reader(),
    ])));
    // What was filled before is empty as well, and so is an input.
    assert!(!check(&by_hand(vec![
        (does(0, &[A]), to([3])),
        (maybe(A), to([4])),
        reader(),
    ])));
    assert!(!check(&Flow {
        inputs: A,
        ..by_hand(vec![(maybe(A), to([3])), reader()])
    }));
}

#[test]
fn a_nested_flow_that_empties_a_field_on_the_way_to_an_exit_does_not_ignore_it() {
    let inner = |maybe| {
        PlaceKind::Flow(Flow {
            inputs: 0,
            exits: 1,
            places: vec![(maybe, to([1]), None)],
        })
    };
    let around = |inner| {
        by_hand(vec![
            (does(0, &[A]), to([3])),
            (inner, to([4])),
            (does(A, &[0]), to([1])),
        ])
    };
    assert!(!check(&around(inner(maybe(0)))));
    assert!(check(&around(inner(does(0, &[0])))));
}

#[test]
fn a_loop_reads_the_field_that_its_last_lap_emptied() {
    // `first` fills it, `second` reads it and then may empty it.
    let flow = by_hand(vec![(does(0, &[A]), to([3])), (maybe(A), to([3]))]);
    assert!(!check(&flow));
}

#[test]
fn a_value_that_is_emptied_before_it_is_read_is_written_in_vain() {
    let flow = by_hand(vec![(does(0, &[A]), to([3])), (maybe(0), to([1]))]);
    assert!(check(&flow));
    let analysed = &analyse(&flow)[0];
    assert!(analysed.solution.has_dead_write(analysed.graph, 0, 0));
    assert!(!analysed.solution.has_dead_write(analysed.graph, 1, 0));
}

/// An error edge to the place or exit with this number, which fills these fields.
fn on_error(flow: &mut Flow, place: usize, to: u8, field: Set) {
    let otherwise = None;
    flow.places[place].2 = Some(ErrorWire {
        wire: Wire { to, otherwise },
        field,
    });
}

fn fails(kind: PlaceKind) -> PlaceKind {
    match kind {
        PlaceKind::Node(node) => PlaceKind::Node(Node {
            fails: true,
            ..node
        }),
        kind => kind,
    }
}

#[test]
fn a_node_that_failed_has_written_nothing_and_its_edge_fills_its_field() {
    let flow = |field| {
        let mut flow = by_hand(vec![
            (fails(does(0, &[A])), to([1])),
            (does(A, &[0]), to([1])),
        ]);
        on_error(&mut flow, 0, 3, field);
        flow
    };
    assert!(!check(&flow(0)));
    assert!(check(&flow(A)));
}

#[test]
fn a_nested_flow_that_failed_has_filled_what_is_filled_wherever_it_may_fail() {
    let around = |first: PlaceKind, last: PlaceKind| {
        let inner = Flow {
            inputs: 0,
            exits: 1,
            places: vec![(first, to([3]), None), (last, to([1]), None)],
        };
        let mut flow = by_hand(vec![
            (PlaceKind::Flow(inner), to([1])),
            (does(A, &[0]), to([1])),
        ]);
        on_error(&mut flow, 0, 3, 0);
        flow
    };
    let (fill, nothing) = (|| does(0, &[A]), || does(0, &[0]));
    assert!(check(&around(fill(), fails(nothing()))));
    assert!(!check(&around(fails(fill()), fails(nothing()))));
    assert!(!check(&around(fails(fill()), nothing())));
    assert!(!check(&around(nothing(), fails(fill()))));
}

/// A nested flow that may leave the field `a` empty if it fails, and fills it otherwise.
fn fills_unless_it_fails() -> PlaceKind {
    PlaceKind::Flow(Flow {
        inputs: 0,
        exits: 1,
        places: vec![
            (maybe(0), to([3]), None),
            (fails(does(0, &[A])), to([1]), None),
        ],
    })
}

/// The place at which the path that is shown for an unproved read begins, if it does not begin at the
/// start.
fn emptied_by(flow: &Flow, reader: usize) -> Option<usize> {
    let all = analyse(flow);
    let Analysed {
        graph, solution, ..
    } = all.last().unwrap();
    let field = solution.unproved[reader].unwrap().field;
    solution
        .path(graph, reader, field)
        .emptied_by(graph, reader)
}

#[test]
fn a_nested_flow_that_failed_may_have_emptied_a_field() {
    let around = |field| {
        let mut flow = by_hand(vec![
            (does(0, &[A]), to([3])),
            (fills_unless_it_fails(), to([1])),
            (does(A, &[0]), to([1])),
        ]);
        on_error(&mut flow, 1, 4, field);
        flow
    };
    for field in [0, B] {
        assert!(!check(&around(field)));
        assert_eq!(emptied_by(&around(field), 2), Some(1));
    }
    assert!(check(&around(A)));
}

#[test]
fn an_error_edge_that_fills_the_field_is_not_shown() {
    let mut flow = by_hand(vec![
        (does(0, &[A]), to([3])),
        (fills_unless_it_fails(), to([4])),
        (maybe(0), to([5])),
        (does(A, &[0]), to([1])),
    ]);
    on_error(&mut flow, 1, 5, A);
    assert!(!check(&flow));
    assert_eq!(emptied_by(&flow, 3), Some(2));
}

#[test]
fn a_failure_without_an_error_edge_leads_nowhere() {
    // An edge leads to the reader from the place that comes right after the nested flow. That place
    // empties nothing.
    let flow = by_hand(vec![
        (does(0, &[A]), to([3])),
        (fills_unless_it_fails(), to([4])),
        (does(0, &[0, 0]), to([6, 5])),
        (maybe(0), to([6])),
        (does(A, &[0]), to([1])),
    ]);
    assert!(!check(&flow));
    assert_eq!(emptied_by(&flow, 4), Some(3));
}

#[test]
fn a_value_is_read_after_a_failure() {
    let mut flow = by_hand(vec![
        (does(0, &[A]), to([3])),
        (fails(does(0, &[A])), to([1])),
        (does(A, &[0]), to([1])),
    ]);
    on_error(&mut flow, 1, 4, 0);
    assert!(check(&flow));
    let analysed = &analyse(&flow)[0];
    assert!(!analysed.solution.has_dead_write(analysed.graph, 0, 0));
}

#[test]
fn a_field_that_two_flows_of_a_fork_collect_failures_in_is_reported_once() {
    let on = |field| On {
        flow: by_hand(vec![(does(0, &[0]), [None; 3])]),
        field,
        each: Some(A),
    };
    // One of them also runs on the field, which is empty. It is PF007, and not PF006 as well.
    for fields in [[0b1_0000, A], [A, 0b1_0000]] {
        let flow = Flow {
            inputs: 0b1_0000,
            ..by_hand(vec![(
                PlaceKind::OnFork(fields.map(on).to_vec()),
                [None; 3],
            )])
        };
        analyse(&flow).iter().for_each(Analysed::check_messages);
    }
}
