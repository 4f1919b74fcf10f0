//! A flow on one inner store.

use super::{At, OnFlow, Outer, RunOn, check_held};
use crate::driver::Site;
use crate::run::context::FlowContext;
use crate::run::contract::StepMode;
use crate::run::flow::{Flow, Walk};
use crate::run::step_future::StepFuture;
use crate::run_error::Error;
use crate::store::Reach;

impl<T, F, M> RunOn<OnFlow<F>, M> for T
where
    T: Reach,
    F: Flow + Walk<T::Store, M>,
    M: StepMode<T::Store>,
{
    fn run_on(&mut self, _: OnFlow<F>, flow: &F, at: At<'_, '_, M>) -> impl StepFuture {
        async move {
            outer!(M, at, outer, M::group_of_one(&at.above));
            match self.reach() {
                Some(store) => M::inner(outer, None, flow, store).await,
                None => Err(at.empty()),
            }
        }
    }

    fn check(flow: &F, site: &'static Site, context: &FlowContext<'_, M>) -> Result<(), Error> {
        check_held::<T::Store, F, M>(flow, site, context)
    }
}
