//! The check of the policies that a run is given, before its first node.

use std::any::Any;
use std::time::Duration;

use super::context::FlowContext;
use super::contract::StepMode;
use super::mode::Mode;
use crate::driver::Site;
use crate::graph::Graph;
use crate::node::{Node, Policy};
use crate::run_error::{Error, InvalidPolicy, Stage};
use crate::store::{ContextOf, InContext, Shared};

/// Checks the nodes that the context configures, also those of the flows in this one. A flow on an
/// inner store has the same context.
#[cold]
pub(super) fn check_in_flow<S, M>(
    graph: &'static Graph,
    context: &FlowContext<'_, M>,
) -> Result<(), Error>
where
    S: Shared,
    M: StepMode<S>,
{
    match S::any_context(context.lent::<S>()) {
        Some(context) => check_graph(graph, context, &mut vec![graph.label()]),
        None => Ok(()),
    }
}

fn check_graph(
    graph: &'static Graph,
    context: &dyn Any,
    path: &mut Vec<&'static str>,
) -> Result<(), Error> {
    for place in graph.places {
        for node in place.fork.iter().chain([place]) {
            path.push(node.node.on.map_or(node.name, |on| on.field));
            if let Some(check) = node.node.check {
                check(context).map_err(|fault| Error::new(path.clone(), Stage::Start, fault))?;
            }
            let on_field = node.node.on.map(|on| on.graph);
            if let Some(flow) = node.node.flow.or(on_field) {
                check_graph(flow, context, path)?;
            }
            path.pop();
        }
    }
    Ok(())
}

/// Checks the policy that a node of the store `S` has in a context.
#[doc(hidden)]
pub fn check_in_context<S, T>(
    policy: fn(S::Context<'_>) -> Policy,
    context: &dyn Any,
) -> Result<(), InvalidPolicy>
where
    S: InContext<T> + ContextOf<T>,
    T: 'static,
{
    match context.downcast_ref() {
        Some(context) => policy(S::lend(context)).check(),
        None => Ok(()),
    }
}

/// Checks the policy of a node that its own fields configure.
pub(super) fn check_node<S, H, N, M>(
    node: &N,
    site: &'static Site,
    context: &FlowContext<'_, M>,
) -> Result<(), Error>
where
    S: Shared,
    N: Node<S, H>,
    M: Mode + StepMode<S>,
{
    if const { !N::CONFIGURED } {
        return Ok(());
    }
    match node.policy(context.lent::<S>()).check() {
        Ok(()) => Ok(()),
        Err(fault) => Err(context.error(site, Stage::Start, fault)),
    }
}

/// The timeout of a node, whose macro knows that it has one.
#[doc(hidden)]
pub fn limit(policy: &Policy) -> Duration {
    policy.timeout.unwrap_or(Duration::MAX)
}
