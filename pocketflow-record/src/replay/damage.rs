//! Lines that are missing in a record.

use super::plan::Plan;
use crate::event::Parent;
use crate::{Ended, Outcome, Run, Step};

/// What is missing in the record of a run and of its inner runs, in words. A record that stops before the
/// end of the run is not damaged.
pub(super) fn damage(plan: &Plan, run: usize) -> Option<String> {
    let numbers = plan.with_inner_runs(run);
    let runs = plan.recording().runs().iter();
    runs.filter(|run| numbers.contains(&run.number()))
        .find_map(|run| of_run(plan, run))
}

fn of_run(plan: &Plan, run: &Run) -> Option<String> {
    let is_at_exit = matches!(run.outcome(), Outcome::Exit(_));
    let went_on = match run.steps.split_last() {
        Some((_, steps)) if !is_at_exit => steps,
        _ => &run.steps,
    };
    if let Some(step) = went_on.iter().find(|step| step.ended.is_none()) {
        let (number, path) = (step.step.step, step.step.path.join(" > "));
        return Some(format!(
            "step {number}, `{path}`, has no end, and the run went on"
        ));
    }
    let parent = run.run.parent.as_ref()?;
    let step = step_of(plan, parent)?;
    let is_done = matches!(&step.ended, Some(Ended::Taken(taken)) if !taken.failed);
    if is_done && run.end.is_none() && run.dropped.is_none() {
        let (number, field) = (step.step.step, &parent.field);
        return Some(format!(
            "an inner run on `{field}` in step {number} has no end, and the step has one"
        ));
    }
    None
}

fn step_of<'p>(plan: &'p Plan, parent: &Parent) -> Option<&'p Step> {
    let run = plan.recording().run(parent.run)?;
    let mut steps = run.steps.iter().rev();
    steps.find(|step| step.step.step == parent.step)
}
