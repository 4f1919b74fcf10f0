//! What the record has for an exec.

use std::sync::atomic::Ordering::Relaxed;

use pocketflow::{Error, StepInfo};

use super::STOPS;
use crate::Ended;
use crate::event::Exec;
use crate::replay::difference::{Differing, Differs};
use crate::replay::error::ReplayErrorKind;
use crate::replay::one_run::{Replay, lock};
use crate::replay::recorded_error::exec_error;

/// For how many turns nothing happens before nothing will.
const QUIET: u32 = 16;

/// What the record says about an exec.
pub(super) enum Recorded {
    Value(String),
    Ends(Error),
    /// Another exec of the step has failed, and has ended the step before this exec was done.
    Dropped(Error),
}

impl Replay {
    /// Lets what runs at the same time go on, until nothing of it does.
    pub(super) async fn others_go_on(&self) {
        let (mut seen, mut quiet) = (self.events.load(Relaxed), 0);
        while quiet < QUIET {
            yield_now().await;
            let now = self.events.load(Relaxed);
            quiet = if now == seen { quiet + 1 } else { 0 };
            seen = now;
        }
    }

    /// What the record has for an exec.
    pub(super) fn recorded(
        &self,
        info: &StepInfo<'_>,
        item: Option<usize>,
        node: &str,
    ) -> Recorded {
        self.events.fetch_add(1, Relaxed);
        let ends = |kind: ReplayErrorKind| Recorded::Ends(info.error(kind));
        let at = {
            let mut guard = lock(&self.progress);
            guard.as_mut().and_then(|progress| {
                let run = progress.run_of(info, &self.plan)?;
                let step = progress.run(run)?.current?;
                Some((run, step))
            })
        };
        let not_recorded = || ReplayErrorKind::NotRecorded {
            node: node.to_owned(),
            exec: match item {
                Some(item) => format!("the item {item} of `{info}`"),
                None => format!("this visit of `{info}`"),
            },
        };
        let Some((run, step)) = at else {
            return ends(not_recorded());
        };
        let branch = info.branch_number();
        let Some(exec) = self.plan.exec(run, step, (branch, item)) else {
            let failed = self.plan.failed_execs(run, step).min_by_key(|exec| exec.at);
            return match (failed, self.plan.ended(run, step)) {
                (Some(failed), _) if failed.branch == branch => {
                    Recorded::Ends(exec_error(info, failed))
                }
                (Some(_), _) => Recorded::Dropped(info.error(not_recorded())),
                (None, None | Some(Ended::Suspended(_))) => Recorded::Ends(info.suspend(STOPS)),
                (None, Some(_)) => ends(not_recorded()),
            };
        };
        if exec.node != node {
            let differs = Differing::new(Differs::Node, &*exec.node, node);
            return Recorded::Ends(self.differs(info, vec![differs]));
        }
        match exec {
            exec if !exec.error.is_empty() => Recorded::Ends(exec_error(info, exec)),
            Exec { redacted: true, .. } => ends(ReplayErrorKind::Redacted { node: node.into() }),
            Exec {
                value: Some(value), ..
            } => match value.why_unwritable() {
                Some(why) => ends(ReplayErrorKind::Unwritable {
                    node: node.to_owned(),
                    why,
                }),
                None => Recorded::Value(value.text().to_owned()),
            },
            _ => ends(ReplayErrorKind::WithoutValues),
        }
    }
}

/// Lets the other branches run.
async fn yield_now() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
