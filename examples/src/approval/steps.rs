//! The driver that records the steps of a run, so that the flow does not depend on the page. It is
//! inside the durable run, so it only sees steps that really run, and neither the steps of an
//! earlier process nor the waits.

use pocketflow::seam::Execs;
use pocketflow::{
    Attempt, AttemptCall, Driver, Error, ExecDriver, Failure, Graph, Node, Run, Shared, Start,
    StepInfo, Taken,
};

use super::log::{Case, Event};

impl<S: Shared> Driver<S, Execs> for Case {
    async fn begin(
        &self,
        _flow: &'static Graph,
        _info: Option<&StepInfo<'_>>,
        _shared: &mut S,
    ) -> Result<Start, Error> {
        // The durable run around this driver has already started.
        self.stored();
        Ok(Start::Fresh)
    }

    async fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        self.step_started(info.name());
        let taken = run.run(shared).await?;
        self.step_ended(taken.action());
        Ok(taken)
    }
}

impl<S: Shared, Marker, N: Node<S, Marker>> ExecDriver<S, Marker, N> for Case {
    async fn attempt<C>(
        &self,
        _info: &StepInfo<'_>,
        attempt: Attempt<'_>,
        call: C,
    ) -> Result<N::Exec, Failure>
    where
        C: AttemptCall<S, Marker, N>,
    {
        let result = call.call().await;
        if let Err(failure) = &result {
            let error = failure.to_string();
            self.record(Event::AttemptFailed {
                attempt: attempt.number(),
                error,
            });
        }
        result
    }
}
