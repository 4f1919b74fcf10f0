//! What the service tells Restate about itself.

use std::time::Duration;

use pocketflow::Graph;
use restate_sdk::discovery::{
    Handler, HandlerName, HandlerType, InputPayload, OutputPayload, Service, ServiceName,
    ServiceType,
};

use super::internal;
use crate::clock::millis;
use crate::flow::Settings;
use crate::wire::handler;

/// Whether a handler may change the state.
#[derive(Clone, Copy)]
enum Access {
    Exclusive,
    Shared,
}

pub(super) fn object(flow: &Graph, settings: &Settings) -> Service {
    use Access::{Exclusive, Shared};
    let private = |handler| Handler {
        ingress_private: Some(true),
        ..handler
    };
    let step = private(json(internal::STEP, Exclusive, "Takes a burst of steps."));
    let handlers = vec![
        json(
            handler::RUN,
            Exclusive,
            "Starts a run. The body is the store.",
        ),
        empty(handler::STATUS, Shared, "Reports how far the run is."),
        empty(
            handler::RESULT,
            Shared,
            "Returns the store of a finished run.",
        ),
        waiting(
            empty(
                handler::WAIT,
                Shared,
                "Waits until the run is over, and returns its store.",
            ),
            settings,
        ),
        json(handler::FILL, Exclusive, "Answers a wait of the run."),
        empty(
            handler::RETRY,
            Exclusive,
            "Lets a failed or cancelled run go on.",
        ),
        empty(handler::CANCEL, Shared, "Cancels the run."),
        waiting(step, settings),
        private(empty(
            internal::CANCELLED,
            Exclusive,
            "Sets the status of a cancelled run.",
        )),
        private(empty(
            internal::BURST,
            Shared,
            "Returns the invocation that takes a burst.",
        )),
        private(json(
            internal::SUBSCRIBE,
            Exclusive,
            "Registers someone who waits for the end.",
        )),
    ];
    Service {
        ty: ServiceType::VirtualObject,
        name: ServiceName::try_from(flow.name.to_owned())
            .expect("a flow that Restate runs has a name"),
        handlers,
        documentation: Some(format!("Runs of the flow {}.", flow.name)),
        abort_timeout: None,
        enable_lazy_state: Some(true),
        idempotency_retention: None,
        inactivity_timeout: None,
        ingress_private: None,
        journal_retention: None,
        metadata: Default::default(),
        retry_policy_exponentiation_factor: None,
        retry_policy_initial_interval: Some(50),
        retry_policy_max_attempts: None,
        retry_policy_max_interval: Some(millis(Duration::from_secs(10))),
        retry_policy_on_max_attempts: None,
    }
}

/// A handler that may take long.
fn waiting(handler: Handler, settings: &Settings) -> Handler {
    Handler {
        inactivity_timeout: Some(millis(settings.inactivity_timeout)),
        abort_timeout: Some(millis(settings.abort_timeout)),
        ..handler
    }
}

/// A handler with a body.
fn json(name: &str, access: Access, documentation: &str) -> Handler {
    let input = InputPayload {
        content_type: Some("*/*".into()),
        json_schema: None,
        required: Some(false),
    };
    handler_of(name, access, documentation, input)
}

/// A handler without a body. One that is there is ignored.
fn empty(name: &str, access: Access, documentation: &str) -> Handler {
    json(name, access, documentation)
}

fn handler_of(name: &str, access: Access, documentation: &str, input: InputPayload) -> Handler {
    Handler {
        name: HandlerName::try_from(name).expect("a valid name"),
        ty: Some(match access {
            Access::Exclusive => HandlerType::Exclusive,
            Access::Shared => HandlerType::Shared,
        }),
        documentation: Some(documentation.to_owned()),
        input: Some(input),
        output: Some(OutputPayload {
            content_type: Some("application/json".into()),
            json_schema: None,
            set_content_type_if_empty: Some(false),
        }),
        abort_timeout: None,
        enable_lazy_state: None,
        idempotency_retention: None,
        inactivity_timeout: None,
        ingress_private: None,
        journal_retention: None,
        metadata: Default::default(),
        retry_policy_exponentiation_factor: None,
        retry_policy_initial_interval: None,
        retry_policy_max_attempts: None,
        retry_policy_max_interval: None,
        retry_policy_on_max_attempts: None,
        workflow_completion_retention: None,
    }
}
