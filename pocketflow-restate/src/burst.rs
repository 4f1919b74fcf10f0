//! A burst of steps: what one invocation does.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex};

use crate::clock::Clock;
use crate::driver::{Burst, Portion, Probe};
use crate::flow::Settings;
use crate::items::{self, Answer};
use crate::job::Job;
use crate::pump::{self, Crashes, Desk, Journal, Why};
use crate::state::{Next, Run};

/// An entry of the journal takes about as many bytes at most.
const MAX_ENTRY: usize = 8 << 20;

/// How a burst is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Request {
    /// When it was due, if it was to begin later.
    pub(crate) due: Option<u64>,
    /// This process, if an earlier attempt has begun the burst.
    pub(crate) again: Option<String>,
    /// Whether it is cancelled before it begins.
    pub(crate) cancelled: bool,
}

/// Takes a burst of steps. Returns the run after it, what it does next, and the time of the last entry of the
/// journal.
pub(crate) async fn take<J: Journal>(
    job: &Arc<dyn Job>,
    settings: &Settings,
    journal: &J,
    request: Request,
    run: Run,
) -> (Run, Next, u64) {
    let elsewhere = settings.elsewhere.clone();
    let burst = Burst {
        elsewhere,
        ..burst(&**job, settings, run, request.due)
    };
    let burst = Arc::new(burst);
    if let (Some(process), Some(max)) = (request.again, settings.max_crashes) {
        burst.desk.count(Crashes::new(process, max));
    }
    if request.cancelled {
        burst.desk.cancelled();
    }
    let mut at = 0;
    let fold = |entry: &pump::Entry| {
        burst.now().fold(entry);
        at = entry.at;
    };
    let driving = job.clone().drive(burst.clone());
    let end = pump::burst(&burst.desk, journal, driving, fold).await;
    let mut run = burst.now().clone();
    let next = run.close(&end);
    (run, next, at)
}

/// Computes an item or a branch for another worker.
pub(crate) async fn compute(
    job: &Arc<dyn Job>,
    settings: &Settings,
    run: &Run,
    request: items::Request,
) -> Answer {
    let portion = Arc::new(Portion::new(request.key, request.index));
    loop {
        let burst = Burst {
            portion: Some(portion.clone()),
            ..burst(&**job, settings, run.clone(), Some(request.now))
        };
        // No journal records this, and the driver waits for none.
        burst.desk.go_live();
        let ended = job.clone().drive(Arc::new(burst)).await;
        if let Some(answer) = portion.answer() {
            return answer;
        }
        if portion.looks_further() {
            continue;
        }
        return Answer::Lost(match ended {
            Why::Failed(error) => error.message,
            _ => "the step has no such item".to_owned(),
        });
    }
}

/// Looks whether a value fits where a run waits. The error says why it does not.
///
/// # Errors
///
/// The run does not wait there with this program, for this reason.
pub(crate) async fn probe(
    job: &Arc<dyn Job>,
    settings: &Settings,
    run: &Run,
    probe: Probe,
) -> Result<Result<(), String>, String> {
    let probe = Arc::new(probe);
    let burst = Burst {
        probe: Some(probe.clone()),
        ..burst(&**job, settings, run.clone(), None)
    };
    let ended = job.clone().drive(Arc::new(burst)).await;
    probe.verdict().ok_or_else(|| match ended {
        Why::Failed(error) => error.message,
        _ => "the run is elsewhere".to_owned(),
    })
}

/// A burst that goes on from this state.
fn burst(job: &dyn Job, settings: &Settings, base: Run, due: Option<u64>) -> Burst {
    let clock = Clock::not_before(due);
    let (program, parts) = (job.program().to_owned(), base.log.parts.clone());
    Burst {
        run: base.meta.status.run.clone(),
        name: base.meta.name(),
        desk: Desk::new(program.clone(), clock, MAX_ENTRY, parts),
        clock,
        now: Mutex::new(base.clone()),
        base,
        steps: settings.burst,
        journal_bytes: settings.journal_bytes,
        max_store: settings.max_store,
        taken: AtomicUsize::new(0),
        runs: Mutex::new(HashMap::new()),
        goes_on: AtomicBool::new(false),
        program,
        elsewhere: None,
        migration: settings.migration.clone(),
        probe: None,
        portion: None,
        confidential: Mutex::default(),
    }
}
