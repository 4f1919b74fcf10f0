//! Bursts that another version of the program takes.

use std::sync::Arc;

use pocketflow::seam::{Execs, Items};
use pocketflow::{Attempt, Shared, flow, node};
use serde::{Deserialize, Serialize};

use super::server::{Server, work};
use crate::job::{FlowJob, Job};
use crate::wire::Status;

#[derive(Shared, Default, Serialize, Deserialize)]
struct Parcel {
    address: Option<String>,
    tries: u32,
    sent: Option<String>,
}

/// The first version.
mod before {
    use super::*;

    #[node(Parcel, writes = sent)]
    pub(super) async fn send(address: &str, #[attempt] attempt: Attempt<'_>) -> String {
        work(attempt).await;
        address.to_owned()
    }

    #[node(Parcel, writes = tries)]
    pub(super) async fn look(tries: &u32, #[attempt] attempt: Attempt<'_>) -> u32 {
        work(attempt).await;
        tries + 1
    }

    flow! { pub(super) Deliver(address): Parcel { look >> wrap >> send; wrap: look; } }
}

/// A later version, which has a step more.
mod after {
    use super::before::{look, send};
    use super::*;

    flow! { pub(super) Deliver(address): Parcel { look >> wrap >> label >> send; wrap: look; label: look; } }
}

/// Versions that wait, before and after a step has come in between.
mod waits {
    use super::before::{look, send};
    use super::*;

    flow! { pub(super) Deliver: Parcel { look >> await(address) >> send; } }

    pub(super) mod later {
        use super::*;

        flow! { pub(in super::super) Deliver: Parcel { look >> wrap >> await(address) >> send; wrap: look; } }
    }
}

/// A version whose addresses are numbers.
mod numbers {
    use super::*;

    #[derive(Shared, Default, Serialize, Deserialize)]
    pub(super) struct Parcel {
        address: Option<u64>,
        tries: u32,
        sent: Option<String>,
    }

    #[node(Parcel, writes = tries)]
    async fn look(tries: &u32, #[attempt] attempt: Attempt<'_>) -> u32 {
        work(attempt).await;
        tries + 1
    }

    #[node(Parcel, writes = sent)]
    async fn send(address: &u64, #[attempt] attempt: Attempt<'_>) -> String {
        work(attempt).await;
        address.to_string()
    }

    flow! { pub(super) Deliver: Parcel { look >> await(address) >> send; } }
}

/// A version that does not fit.
mod other {
    use super::before::{look, send};
    use super::*;

    flow! { pub(super) Deliver(address): Parcel { look >> pack >> send; pack: look; } }
}

fn parcels<F>(flow: F) -> Arc<dyn Job>
where
    F: pocketflow::Drive<Parcel, crate::RestateRun, (Execs, Items)> + 'static,
{
    Arc::new(FlowJob::new(flow, |_: &str| Ok(Parcel::default())))
}

#[test]
fn another_version_of_the_program_takes_over_in_the_middle_of_a_burst() {
    let finished = |run: &str, polls| {
        let mut server = Server::start(parcels(before::Deliver), run, r#"{"address":"A"}"#, 1);
        let ended = server.attempt(None, None, polls).is_some();
        server.change(parcels(after::Deliver));
        assert_eq!(server.go_on(10_000), Status::Finished);
        (ended, server.store()["tries"].clone(), server.status().step)
    };
    for polls in 0..60 {
        let (ended, tries, steps) = finished(&format!("changed-{polls}"), polls);
        match ended {
            // The old program had gone past the new step.
            true => assert_eq!((tries.as_u64(), steps), (Some(2), 3)),
            false => assert!([(Some(2), 3), (Some(3), 4)].contains(&(tries.as_u64(), steps))),
        }
    }
}

#[test]
fn a_program_that_does_not_fit_fails_the_run_and_the_right_one_goes_on() {
    let mut server = Server::start(parcels(before::Deliver), "misfit", r#"{"address":"A"}"#, 1);
    server.settings.burst = 2;
    server.attempt(None, None, 1000).unwrap();
    assert_eq!(server.status().step, 2);
    server.change(parcels(other::Deliver));
    assert_eq!(server.go_on(10_000), Status::Failed);
    let error = server.status().error.unwrap().message;
    assert!(
        error.contains("the node `wrap` of `Deliver` is gone"),
        "{error}"
    );
    server.change(parcels(before::Deliver));
    server.retry();
    assert_eq!(server.go_on(10_000), Status::Finished);
    assert_eq!(server.repeated(), 0);
}

#[test]
fn a_run_that_waits_goes_on_there_in_a_version_with_a_step_before() {
    let mut server = Server::start(parcels(waits::Deliver), "parked", "{}", 1);
    assert_eq!(server.go_on(10_000), Status::Waiting);
    server.change(parcels(waits::later::Deliver));
    server.fill("", "address#1", "\"A\"").unwrap();
    assert_eq!(server.go_on(10_000), Status::Finished);
    assert_eq!(
        (&server.store()["tries"], &server.store()["sent"]),
        (&1.into(), &"A".into())
    );
    assert_eq!((server.status().step, server.repeated()), (3, 0));
    // From then on it is a run of that version.
    assert!(server.run().meta.definition.text().contains("wrap"));
}

#[test]
fn an_answer_that_does_not_fit_any_more_is_removed_and_the_run_waits_again() {
    let mut server = Server::start(parcels(waits::Deliver), "typed", "{}", 1);
    assert_eq!(server.go_on(10_000), Status::Waiting);
    server.fill("", "address#1", "\"A\"").unwrap();
    let numbers = FlowJob::new(numbers::Deliver, |_: &str| Ok(numbers::Parcel::default()));
    server.change(Arc::new(numbers));
    assert_eq!(server.go_on(10_000), Status::Waiting);
    let wait = &server.status().waits[0];
    let refused = wait.refused.as_deref().unwrap();
    assert!(refused.contains("invalid type: string"), "{refused}");
    assert_eq!(wait.name, "address#1");
    server.fill("", "address#1", "12").unwrap();
    assert_eq!(server.go_on(10_000), Status::Finished);
    assert_eq!(server.store()["sent"], "12");
}
