//! A burst of steps: what one invocation does.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};

use crate::clock::Clock;
use crate::driver::{Burst, Probe};
use crate::flow::Settings;
use crate::job::Job;
use crate::pump::{self, Desk, Journal, Why};
use crate::state::{Next, Run};

/// An entry of the journal takes about as many bytes at most.
const MAX_ENTRY: usize = 8 << 20;

/// How a burst is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Request {
    /// When it was due, if it was to begin later.
    pub(crate) due: Option<u64>,
    /// Whether it is cancelled before it begins.
    pub(crate) cancelled: bool,
}

/// Takes a burst of steps. Returns what the run does next, and the time of the last entry of the
/// journal. The run is as it is after the burst.
pub(crate) async fn take<J: Journal>(
    job: &Arc<dyn Job>,
    settings: &Settings,
    journal: &J,
    request: Request,
    run: &mut Run,
) -> (Next, u64) {
    let burst = Arc::new(burst(&**job, settings, run.clone(), request.due));
    let desk = burst.desk.clone();
    if request.cancelled {
        desk.cancelled();
    }
    let driving = job.clone().drive(burst);
    let mut at = 0;
    let fold = |entry: &pump::Entry| {
        run.fold(entry);
        at = entry.at;
    };
    let end = pump::burst(&desk, journal, driving, fold).await;
    (run.close(&end), at)
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
    let mut burst = burst(&**job, settings, run.clone(), None);
    burst.probe = Some(probe.clone());
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
        desk: Desk::new(program, clock, MAX_ENTRY, parts),
        clock,
        base,
        steps: settings.burst,
        journal_bytes: settings.journal_bytes,
        max_store: settings.max_store,
        taken: AtomicUsize::new(0),
        runs: Mutex::new(HashMap::new()),
        probe: None,
    }
}
