//! A stub as a driver.

use std::any::TypeId;
use std::future::Future;

use super::{Fill, Known, NoStub, Stub, lock};
use crate::action::ActionInfo;
use crate::driver::exec::{AttemptCall, ExecCall, ExecDriver};
use crate::driver::seam::Execs;
use crate::driver::{Driver, Run, StepInfo, Taken};
use crate::graph::Describe;
use crate::node::{Attempt, Failure, Node, Replacement};
use crate::run_error::Error;
use crate::store::Shared;

impl<S: Shared> Driver<S, Execs> for Stub {
    fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> impl Future<Output = Result<Taken, Error>> + Send {
        async move {
            match info.waits_for() {
                Some(field) if self.fills(field, shared) => {
                    let is_filled = |field| shared.is_filled(field);
                    if S::STORE.field(field).is_some_and(is_filled) {
                        Ok(info.took(0))
                    } else if info.expires_after().is_some() {
                        Ok(info.took(ActionInfo::EXPIRED_INDEX))
                    } else {
                        Err(info.error(S::STORE.empty(field)))
                    }
                }
                _ => run.run(shared).await,
            }
        }
    }
}

impl<S: Shared, Marker: 'static, N: Node<S, Marker>> ExecDriver<S, Marker, N> for Stub {
    fn exec<C>(
        &self,
        info: &StepInfo<'_>,
        _item: Option<usize>,
        call: C,
    ) -> impl Future<Output = Result<N::Exec, Error>> + Send
    where
        C: ExecCall<S, Marker, N>,
    {
        async move {
            if self.strict && !self.nodes.contains_key(&TypeId::of::<N>()) {
                let node = <N as Describe>::NODE.name;
                return Err(info.error(NoStub { node }));
            }
            self.count::<N>(|counts| counts.calls += 1);
            call.call().await
        }
    }

    fn attempt<C>(
        &self,
        _info: &StepInfo<'_>,
        attempt: Attempt<'_>,
        call: C,
    ) -> impl Future<Output = Result<N::Exec, Failure>> + Send
    where
        C: AttemptCall<S, Marker, N>,
    {
        async move {
            self.count::<N>(|counts| counts.attempts += 1);
            match self.replaced(attempt, &call) {
                Some(result) => result.map_err(N::judge),
                None => call.call().await,
            }
        }
    }
}

impl Stub {
    /// Runs what replaces an attempt, if anything does.
    fn replaced<S, Marker, N, C>(
        &self,
        attempt: Attempt<'_>,
        call: &C,
    ) -> Option<Result<N::Exec, Failure>>
    where
        S: Shared,
        Marker: 'static,
        N: Node<S, Marker>,
        C: AttemptCall<S, Marker, N>,
    {
        let Known::Replaced(stub) = self.nodes.get(&TypeId::of::<N>())? else {
            return None;
        };
        let mut stub = lock(stub);
        let stub = stub
            .downcast_mut::<Replacement<S, Marker, N>>()
            .expect("`TypedNode::erase` makes it for the parameters of the node");
        Some(match stub {
            Replacement::Node(stub) => stub(call.reads(), attempt),
            Replacement::Each(stub) => call.with_item(|item| stub(call.reads(), item, attempt)),
        })
    }

    /// Fills the field of a wait, if the stub knows what arrives there.
    fn fills<S: Shared>(&self, field: &'static str, shared: &mut S) -> bool {
        let Some(fill) = self.waits.get(&(TypeId::of::<S>(), field)) else {
            return false;
        };
        // An earlier value of the field is not an answer.
        if let Some(index) = S::STORE.field(field) {
            shared.clear_field(index);
        }
        let mut fill = lock(fill);
        let fill = fill
            .downcast_mut::<Fill<S>>()
            .expect("`Stub::fill` keeps it by the type of the store");
        fill(shared);
        true
    }
}
