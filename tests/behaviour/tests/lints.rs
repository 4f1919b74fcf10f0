//! Every lint group of rustc and Clippy is forbidden here, because generated code must not need an
//! `#[allow]` that a `forbid` would reject. The test is that this file compiles.

#![forbid(
    warnings,
    unused,
    nonstandard_style,
    future_incompatible,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    let_underscore,
    keyword_idents,
    refining_impl_trait,
    missing_docs,
    missing_copy_implementations,
    missing_debug_implementations,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unsafe_code,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]
#![forbid(clippy::all, clippy::pedantic, clippy::nursery)]

use pocketflow::{Action, Failed, Shared, flow};
use pocketflow_behaviour::lint as nodes;
use pocketflow_behaviour::lint::Job;

/// A store.
#[derive(Debug, Shared, Default)]
pub struct Store {
    /// A field.
    pub count: u8,
    /// A late field.
    pub note: Option<String>,
}

/// The actions of a node.
#[derive(Debug, Action)]
#[action(Store)]
pub enum Choice {
    /// An action with fields.
    Note {
        /// A field.
        note: String,
        /// Another field.
        count: u8,
    },
    /// An action without fields.
    Nothing,
    /// An action with an empty list of fields.
    Never(),
}

flow! {
    /// A flow.
    pub Plain {
        nodes::choose - "go" >> nodes::step >> end;
        nodes::choose - "stop" >> end "stopped";
    }
}

flow! {
    /// A flow that waits.
    pub Waits(note) {
        nodes::step >> await(note) >> end "waited";
    }
}

flow! {
    /// A flow with a configured node, a loop, a fork and a nested flow.
    #[derive(Debug, Clone, Copy)]
    pub Large {
        /// Adds.
        add: nodes::Add;
        again: nodes::step;
        nodes::choose - "go" >> nodes::step >> (nodes::left, nodes::right) >> add >> again >> nodes::choose max 3 else end;
        nodes::choose - "stop" >> Plain;
        Plain - "stopped" >> end "stopped";
        Plain >> end;
    }
}

/// A store that holds stores.
#[derive(Debug, Shared, Default)]
pub struct Yard {
    /// A store.
    pub first: Job,
    /// A store that may be missing.
    pub second: Option<Job>,
    /// A collection of stores.
    pub rest: Vec<Job>,
    /// What has failed.
    pub problems: Vec<Failed>,
}

flow! {
    /// A flow whose nodes may fail.
    pub Fails {
        nodes::fail;
    }
}

/// How many jobs run at the same time.
pub const JOBS: usize = 2;

flow! {
    /// A flow of flows on fields.
    #[derive(Debug, Clone, Copy)]
    pub Work: Yard {
        /// Works again.
        again: Large.on(first);
        Waits.on(first) - "waited" >> (Hidden.on(first), Hidden.each(rest))
            >> Fails.each(rest, parallel = JOBS, failures = problems) >> again >> Fails.each(rest);
        again - "stopped" >> end;
    }
}

// Private, and used only by the test.
flow! { Hidden { nodes::step; } }

#[test]
fn the_flows_run() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut job = Job::default();
    let exit = runtime
        .block_on(
            Large {
                add: nodes::Add { by: 200 },
            }
            .run(&mut job),
        )
        .unwrap();
    assert_eq!(exit, LargeExit::Stopped);
    assert_eq!(
        runtime.block_on(Hidden.run(&mut job)).unwrap(),
        HiddenExit::Default
    );
    assert_eq!(Waits::GRAPH.exits, ["waited"]);
    assert!(flow! { nodes::step >> nodes::left; }.graph().places.len() == 2);
    drop(Choice::Nothing);
    assert_eq!(Store::STORE.fields.len() + Choice::ACTIONS.len(), 5);
}
