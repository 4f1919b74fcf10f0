//! `pocketflow-core` from the registry: a different project's crate, which has the same name as our
//! folder.
//!
//! Its nodes are plain closures over a `dyn Any`, and a node owns its successors, so its flows are
//! sync trees. A flow copies all its nodes for each run. (`Node::run_recursive` would not, but it
//! is not a flow and has no run parameters.)

use their_pocketflow_core::prelude::*;

use crate::contender::*;

pub const CONTENDER: Contender = Contender {
    name: "pocketflow-core (not ours)",
    package: Some("pocketflow-core"),
    steps: &[(Shape::Chain, Steps::Sync(chain))],
    missing: &[
        ("loop", CYCLES),
        ("branch", CYCLES),
        ("nested", CYCLES),
        ("store", CYCLES),
        (
            "batch",
            "its nodes are sync functions, so an item cannot wait",
        ),
        ("waiting", "its nodes are sync functions, which cannot wait"),
    ],
    notes: &[("chain", "It is sync. A run copies all nodes of the flow.")],
    ..Contender::NONE
};

const CYCLES: &str = "a node owns its successors, so no edge leads back";

struct Count {
    count: u64,
}

/// A node that counts. A node that returns no action continues with the node that was given to
/// `next`, if any.
fn pass(name: &str) -> Node {
    Node::new(name, |shared, _params| {
        let shared = shared
            .downcast_mut::<Count>()
            .ok_or_else(|| FlowError::Execution("the store is not a count".to_owned()))?;
        shared.count = work(shared.count);
        Ok(None)
    })
}

fn chain(steps: u64) -> u64 {
    let (mut first, mut second, third) = (pass("first"), pass("second"), pass("third"));
    second.next(third);
    first.next(second);
    let flow = Flow::new().start(first);
    let mut done = 0;
    while done < steps {
        let mut count = Count { count: done };
        flow.run(&mut count).expect("no node fails");
        done = count.count;
    }
    done
}
