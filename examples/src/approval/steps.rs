//! The driver that writes the steps of a run down, so that the flow knows nothing of the page.

use pocketflow::{At, Attempt, Call, Driver, Error, ExecDriver, Failure, Graph, Node, Run, Shared};

use super::desk::{Answer, Case, Event};

impl<S: Shared, A: Answer> Driver<S> for Case<A> {
    async fn flow<R: Run<S>>(
        &self,
        _flow: &'static Graph,
        at: Option<&At<'_>>,
        shared: &mut S,
        run: R,
    ) -> Result<usize, Error> {
        let result = run.run(shared).await;
        // The outermost flow stands nowhere, and its end is the end of the run.
        if at.is_none() {
            self.record(match &result {
                Ok(exit) => Event::Finished { exit: R::ACTIONS[*exit] },
                Err(error) => Event::Failed { error: format!("{error:#}") },
            });
        }
        result
    }

    async fn step<R: Run<S>>(&self, at: &At<'_>, shared: &mut S, run: R) -> Result<usize, Error> {
        self.record(Event::Started { step: at.name() });
        let action = run.run(shared).await?;
        self.record(Event::Ended { action: R::ACTIONS[action] });
        Ok(action)
    }
}

impl<S: Shared, Here, N: Node<S, Here>, A: Answer> ExecDriver<S, Here, N> for Case<A> {
    async fn attempt<C>(&self, _at: &At<'_>, attempt: Attempt<'_>, call: C) -> Result<N::Exec, Failure>
    where
        C: Call<Output = Result<N::Exec, Failure>>,
    {
        let result = call.call().await;
        if let Err(failure) = &result {
            let error = failure.to_string();
            self.record(Event::AttemptFailed { attempt: attempt.number(), error });
        }
        result
    }
}
