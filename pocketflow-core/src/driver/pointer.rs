//! Drivers behind pointers. The owner of a borrowed driver can read it after the run, and many runs
//! can share a driver.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::seam::Through;
use super::{Call, Driver, EarlierAttempts, Run, Start, StepInfo, Taken};
use crate::graph::Graph;
use crate::node::Attempt;
use crate::run_error::Error;
use crate::store::Shared;

macro_rules! through {
    ($($pointer:ty),*) => {$(
        impl<S: Shared, D: Driver<S, K>, K: 'static> Driver<S, Through<K>> for $pointer {
            fn begin(
                &self,
                flow: &'static Graph,
                info: Option<&StepInfo<'_>>,
                shared: &mut S,
            ) -> impl Future<Output = Result<Start, Error>> + Send {
                (**self).begin(flow, info, shared)
            }

            fn flow<R: Run<S>>(
                &self,
                flow: &'static Graph,
                info: Option<&StepInfo<'_>>,
                shared: &mut S,
                run: R,
            ) -> impl Future<Output = Result<Taken, Error>> + Send {
                (**self).flow(flow, info, shared, run)
            }

            fn step<R: Run<S>>(
                &self,
                info: &StepInfo<'_>,
                shared: &mut S,
                run: R,
            ) -> impl Future<Output = Result<Taken, Error>> + Send {
                (**self).step(info, shared, run)
            }

            fn wants(&self, info: &StepInfo<'_>, item: Option<usize>) -> bool {
                (**self).wants(info, item)
            }

            fn wait_to_retry<C>(
                &self,
                info: &StepInfo<'_>,
                next: Attempt<'_>,
                time: Duration,
                call: C,
            ) -> impl Future<Output = Result<(), Error>> + Send
            where
                C: Call<Output = Result<(), Error>>,
            {
                (**self).wait_to_retry(info, next, time, call)
            }

            fn earlier_attempts(
                &self,
                info: &StepInfo<'_>,
                first: Attempt<'_>,
            ) -> Option<EarlierAttempts> {
                (**self).earlier_attempts(info, first)
            }

            fn run_id(&self) -> Option<&str> {
                (**self).run_id()
            }
        }
    )*};
}

through!(&D, Arc<D>, Box<D>);
