//! Workers that die at random moments.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::flows::{School, Year, school};
use super::server::{Others, Server};
use crate::job::{FlowJob, Job};
use crate::wire::{RunStatus, Status};

fn year() -> Arc<dyn Job> {
    Arc::new(FlowJob::new(Year, |_: &str| Ok(School::default())))
}

/// Runs `Year` with answers in a random order. Returns its store.
fn run_year(id: &str, seed: u64, patience: usize, burst: usize) -> (serde_json::Value, Server) {
    run_with(id, seed, patience, burst, None)
}

/// [`run_year`], with other workers.
fn run_with(
    id: &str,
    seed: u64,
    patience: usize,
    burst: usize,
    others: Option<Arc<Others>>,
) -> (serde_json::Value, Server) {
    let mut store = serde_json::to_value(school()).unwrap();
    if seed.is_multiple_of(2) && others.is_some() {
        // The others read it where it is stored.
        store["archive"] = "x".repeat(70_000).into();
    }
    let mut server = Server::start(year(), id, &store.to_string(), seed);
    server.settings.burst = burst;
    if seed % 2 == 1 && patience < 1000 {
        // The burst often ends within a step, because its journal is full.
        server.settings.journal_bytes = 1000;
    }
    server.others = others;
    let mut fills = 0;
    loop {
        match server.go_on(patience) {
            Status::Finished => break,
            Status::Waiting => {}
            other => panic!("{other}: {:?}", server.status()),
        }
        let RunStatus { waits, .. } = server.status();
        let chosen = server.rng.usize(..waits.len());
        let inner = waits[chosen].inner.clone().unwrap();
        let wrong = server.fill(&inner, "approval#1", "7").unwrap_err();
        assert!(wrong.contains("invalid type: integer"), "{wrong}");
        server.fill(&inner, "approval#1", "\"Ada\"").unwrap();
        fills += 1;
        assert!(fills <= 4);
    }
    assert_eq!(server.status().exit.as_deref(), Some("default"));
    let mut store = server.store();
    store["archive"] = "".into();
    (store, server)
}

#[test]
fn a_run_whose_workers_die_at_random_moments_comes_to_the_same_store() {
    let (expected, calm) = run_year("calm", 1, 1_000_000, 50);
    assert_eq!((calm.crashes, calm.repeated()), (0, 0));
    let problems = expected["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 1);
    assert!(expected["report"].as_str().unwrap().contains("right of b"));
    let (mut crashes, mut repeated) = (0, 0);
    for seed in 0..60 {
        let burst = [1, 3, 50][seed as usize % 3];
        let (store, server) = run_year(&format!("crash-{seed}"), seed, 12, burst);
        assert_eq!(store, expected, "seed {seed}");
        assert_eq!(server.begun(), calm.begun(), "seed {seed}");
        crashes += server.crashes;
        repeated += server.repeated();
    }
    assert!(crashes > 400, "{crashes} crashes");
    assert!(
        repeated > 50,
        "{repeated} repetitions of what was in flight"
    );
}

#[test]
fn what_other_workers_compute_comes_to_the_same_store() {
    let (expected, calm) = run_year("near", 1, 1_000_000, 50);
    let (mut crashes, mut again, mut reads) = (0, 0, 0);
    for seed in 0..20 {
        let others = Arc::new(Others::new(year()));
        let id = format!("far-{seed}");
        let (store, server) = run_with(&id, seed, 30, 50, Some(others.clone()));
        assert_eq!(store, expected, "seed {seed}");
        assert_eq!(server.begun(), calm.begun(), "seed {seed}");
        // All but three steps of the outermost run.
        let computed = others.computed();
        assert!(computed >= calm.begun() - 3, "{computed}");
        crashes += server.crashes;
        again += others.again.load(Relaxed);
        reads += others.reads.load(Relaxed);
    }
    assert!(
        crashes > 50 && again > 5,
        "{crashes} crashes, {again} asked again"
    );
    assert!(reads > 200, "{reads} reads of a large store");
}
