//! A database as a [`Storage`]: an engine runs operations in transactions, and this module makes a
//! storage of it.

use std::future::Future;
use std::time::{Duration, Instant, SystemTime};

use super::Storage;
use super::announcements::Announcements;
use super::claim::{Claim, Watched};
use super::data::{
    BeginOutcome, Checkpoint, CheckpointState, DueAttempt, InnerRecord, ItemKey, NewInnerRun,
    NewRun, OpenWait, Pause, PendingAttempt, Retention, RunRecord, RunSummary, StateChange, Status,
    Step,
};
use super::error::StorageResult;
use super::operation::{self, Operation, Release};
use super::rules::{Availability, LeaseObservation};

/// A database that runs [operations](Operation) in transactions. Every engine is a [`Storage`].
pub trait Engine: Send + Sync + 'static {
    /// Runs an operation in a transaction, and commits it if the operation succeeds. The result is
    /// durable when the future returns `Ok`.
    fn run<O: Operation>(
        &self,
        operation: O,
    ) -> impl Future<Output = StorageResult<O::Output>> + Send;

    /// Releases a lease from where nothing can be awaited, after a call of the same owner was
    /// dropped. That call may still take the lease, so the release comes after it.
    ///
    /// An engine that drops its last handle waits for this, for a few seconds at most.
    fn release_in_background(&self, release: Release);

    /// Tells the other processes that use this database to look at a run: see
    /// [`Storage::announce`].
    fn announce(&self, _run: &str) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// What other processes announce: see [`Storage::announcements`].
    fn announcements(&self) -> Option<Announcements> {
        None
    }

    /// Gives the room of removed runs back to the system. An engine whose database does that by
    /// itself does nothing.
    fn vacuum(&self) -> impl Future<Output = StorageResult<()>> + Send {
        std::future::ready(Ok(()))
    }
}

impl<E: Engine> Storage for E {
    async fn begin(
        &self,
        run: &str,
        owner: &str,
        lease: Duration,
        new: &NewRun,
    ) -> StorageResult<BeginOutcome> {
        watch(|observed| {
            self.run(operation::Begin {
                run: run.to_owned(),
                owner: owner.to_owned(),
                lease,
                new: new.clone(),
                observed,
            })
        })
        .await
    }

    async fn begin_inner(
        &self,
        run: &str,
        owner: &str,
        inner: &NewInnerRun<'_>,
    ) -> StorageResult<BeginOutcome> {
        self.run(operation::BeginInner::new(run, owner, inner))
            .await
    }

    async fn inner_runs(&self, run: &str) -> StorageResult<Vec<InnerRecord>> {
        let run = run.to_owned();
        self.run(operation::InnerRuns { run }).await
    }

    async fn wait_for_inner(&self, run: &str, owner: &str) -> StorageResult<()> {
        let [run, owner] = [run, owner].map(str::to_owned);
        self.run(operation::WaitForInner { run, owner }).await
    }

    async fn enqueue(&self, run: &str, new: &NewRun) -> StorageResult<BeginOutcome> {
        let (run, new) = (run.to_owned(), new.clone());
        self.run(operation::Enqueue { run, new }).await
    }

    async fn claim(&self, claim: &Claim<'_>) -> StorageResult<Vec<RunRecord>> {
        self.run(operation::TakeUp::new(claim)).await
    }

    async fn release_orphans(&self, flows: &[&str], watched: &mut Watched) -> StorageResult<u64> {
        let flows = flows.iter().copied().map(str::to_owned).collect();
        let seen = watched.observations();
        let (dead, suspects) = self.run(operation::Owned { flows, seen }).await?;
        watched.update(suspects);
        if dead.is_empty() {
            return Ok(0);
        }
        self.run(operation::ReleaseOrphans { dead }).await
    }

    async fn defer(&self, run: &str, owner: &str, message: &str) -> StorageResult<()> {
        let [run, owner, message] = [run, owner, message].map(str::to_owned);
        self.run(operation::Defer {
            run,
            owner,
            message,
        })
        .await
    }

    async fn commit(
        &self,
        run: &str,
        owner: &str,
        lease: Duration,
        step: &Step,
        retention: Retention,
    ) -> StorageResult<()> {
        self.run(operation::Commit {
            run: run.to_owned(),
            owner: owner.to_owned(),
            lease,
            step: step.clone(),
            retention,
        })
        .await
    }

    async fn keep_item(
        &self,
        run: &str,
        owner: &str,
        step: u64,
        item: &ItemKey,
        json: &str,
    ) -> StorageResult<()> {
        self.run(operation::KeepItem {
            run: run.to_owned(),
            owner: owner.to_owned(),
            step,
            item: *item,
            json: json.to_owned(),
        })
        .await
    }

    async fn items(&self, run: &str, step: u64) -> StorageResult<Vec<(ItemKey, String)>> {
        let run = run.to_owned();
        self.run(operation::Items { run, step }).await
    }

    async fn keep_attempt(
        &self,
        run: &str,
        owner: &str,
        step: u64,
        attempt: &PendingAttempt,
        wait: Duration,
    ) -> StorageResult<DueAttempt> {
        let [run, owner] = [run, owner].map(str::to_owned);
        self.run(operation::KeepAttempt {
            run,
            owner,
            step,
            attempt: attempt.clone(),
            wait,
        })
        .await
    }

    async fn attempts(&self, run: &str, step: u64) -> StorageResult<Vec<PendingAttempt>> {
        let run = run.to_owned();
        self.run(operation::Attempts { run, step }).await
    }

    async fn wait_to_retry(&self, run: &str, owner: &str, due: SystemTime) -> StorageResult<()> {
        let [run, owner] = [run, owner].map(str::to_owned);
        self.run(operation::WaitToRetry { run, owner, due }).await
    }

    async fn wait(&self, run: &str, owner: &str, pause: &Pause<'_>) -> StorageResult<OpenWait> {
        self.run(operation::Wait::new(run, owner, pause)).await
    }

    async fn fill(&self, run: &str, wait: &str, value_json: &str) -> StorageResult<()> {
        let [run, wait, json] = [run, wait, value_json].map(str::to_owned);
        self.run(operation::Fill { run, wait, json }).await
    }

    async fn filled(&self, run: &str, wait: &str) -> StorageResult<Option<String>> {
        let [run, wait] = [run, wait].map(str::to_owned);
        self.run(operation::Filled { run, wait }).await
    }

    async fn moved(&self, waiting: &[(String, u64)]) -> StorageResult<Vec<String>> {
        self.run(operation::Moved::new(waiting)).await
    }

    async fn version(&self) -> StorageResult<Option<String>> {
        self.run(operation::ReadVersion).await
    }

    async fn finish(
        &self,
        run: &str,
        owner: &str,
        exit: &str,
        state: &StateChange,
    ) -> StorageResult<()> {
        let ([run, owner, exit], state) = ([run, owner, exit].map(str::to_owned), state.clone());
        self.run(operation::Finish {
            run,
            owner,
            exit,
            state,
        })
        .await
    }

    async fn fail(&self, run: &str, owner: &str, message: &str) -> StorageResult<()> {
        let [run, owner, message] = [run, owner, message].map(str::to_owned);
        self.run(operation::Fail {
            run,
            owner,
            message,
            status: Status::Failed,
        })
        .await
    }

    async fn give_up(&self, run: &str, owner: &str, why: &str) -> StorageResult<()> {
        let [run, owner, message] = [run, owner, why].map(str::to_owned);
        self.run(operation::Fail {
            run,
            owner,
            message,
            status: Status::Stuck,
        })
        .await
    }

    async fn retry(&self, run: &str) -> StorageResult<()> {
        let run = run.to_owned();
        self.run(operation::Retry { run }).await
    }

    async fn cancel(&self, run: &str) -> StorageResult<()> {
        let run = run.to_owned();
        self.run(operation::Cancel { run }).await
    }

    async fn release_lease(&self, run: &str) -> StorageResult<()> {
        let run = run.to_owned();
        self.run(operation::ReleaseLease { run }).await
    }

    async fn rewind(&self, run: &str, step: u64) -> StorageResult<()> {
        watch(|observed| {
            let run = run.to_owned();
            self.run(operation::Rewind {
                run,
                step,
                observed,
            })
        })
        .await
    }

    async fn edit(&self, run: &str, fields: &str) -> StorageResult<()> {
        watch(|observed| {
            let [run, fields] = [run, fields].map(str::to_owned);
            self.run(operation::Edit {
                run,
                fields,
                observed,
            })
        })
        .await
    }

    async fn renew(&self, run: &str, owner: &str, lease: Duration) -> StorageResult<()> {
        let [run, owner] = [run, owner].map(str::to_owned);
        self.run(operation::Renew { run, owner, lease }).await
    }

    async fn release(&self, run: &str, owner: &str) -> StorageResult<()> {
        let [run, owner] = [run, owner].map(str::to_owned);
        self.run(Release { run, owner }).await
    }

    fn release_later(&self, run: &str, owner: &str) {
        let [run, owner] = [run, owner].map(str::to_owned);
        self.release_in_background(Release { run, owner });
    }

    async fn list(&self, filter: Option<Status>) -> StorageResult<Vec<RunSummary>> {
        self.run(operation::List { filter }).await
    }

    async fn show(&self, run: &str) -> StorageResult<Option<RunRecord>> {
        let run = run.to_owned();
        self.run(operation::Show { run }).await
    }

    async fn history(&self, run: &str) -> StorageResult<Vec<Checkpoint>> {
        let run = run.to_owned();
        self.run(operation::History { run }).await
    }

    async fn checkpoint(&self, run: &str, step: u64) -> StorageResult<Option<CheckpointState>> {
        let run = run.to_owned();
        self.run(operation::ReadCheckpoint { run, step }).await
    }

    async fn fork(&self, run: &str, step: u64, new_run: &str) -> StorageResult<()> {
        let [run, new_run] = [run, new_run].map(str::to_owned);
        self.run(operation::Fork { run, step, new_run }).await
    }

    async fn remove(&self, run: &str) -> StorageResult<()> {
        watch(|observed| {
            let run = run.to_owned();
            self.run(operation::Remove { run, observed })
        })
        .await
    }

    async fn drop_items(&self, run: &str) -> StorageResult<u64> {
        watch(|observed| {
            let run = run.to_owned();
            self.run(operation::DropItems { run, observed })
        })
        .await
    }

    async fn prune(
        &self,
        status: Status,
        before: SystemTime,
        limit: Option<u32>,
    ) -> StorageResult<u64> {
        self.run(operation::Prune {
            status,
            before,
            limit,
        })
        .await
    }

    async fn vacuum(&self) -> StorageResult<()> {
        Engine::vacuum(self).await
    }

    async fn announce(&self, run: &str) {
        Engine::announce(self, run).await;
    }

    fn announcements(&self) -> Option<Announcements> {
        Engine::announcements(self)
    }
}

/// Runs an operation that needs a free lease. While it is unknown whether the owner of the lease is
/// alive, watches the lease and runs the operation again.
async fn watch<T, F>(
    attempt: impl Fn(Option<LeaseObservation>) -> F + Send + Sync,
) -> StorageResult<T>
where
    F: Future<Output = StorageResult<Availability<T>>> + Send,
    T: Send,
{
    let mut last: Option<(LeaseObservation, Instant)> = None;
    loop {
        let observed = last.as_ref().map(|(observation, _)| observation.clone());
        let mut observation = match attempt(observed).await? {
            Availability::Free(done) => return Ok(done),
            Availability::Watch(observation) => observation,
        };
        let pause = observation.pause();
        if let Some((_, at)) = last {
            observation.still_for(at.elapsed());
        }
        last = Some((observation, Instant::now()));
        tokio::time::sleep(pause).await;
    }
}
