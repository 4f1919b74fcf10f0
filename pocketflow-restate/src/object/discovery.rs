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
use crate::wire::handler as names;

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
    let step = private(handler(
        internal::STEP,
        Exclusive,
        "Takes a burst of steps.",
    ));
    let handlers = vec![
        handler(names::RUN, Shared, "Starts a run. The body is the store."),
        handler(names::STATUS, Shared, "Reports how far the run is."),
        handler(
            names::RESULT,
            Shared,
            "Returns the store of a finished run.",
        ),
        waiting(
            handler(
                names::WAIT,
                Shared,
                "Waits until the run is over, and returns its store.",
            ),
            settings,
        ),
        handler(names::FILL, Exclusive, "Answers a wait of the run."),
        handler(
            names::RETRY,
            Exclusive,
            "Lets a failed or cancelled run go on.",
        ),
        handler(names::CANCEL, Shared, "Cancels the run."),
        private(handler(internal::START, Exclusive, "Starts a new run.")),
        waiting(step, settings),
        private(handler(
            internal::CANCELLED,
            Exclusive,
            "Sets the status of a cancelled run.",
        )),
        private(handler(
            internal::BURST,
            Shared,
            "Returns the invocation that takes a burst.",
        )),
        handler(
            internal::SNAPSHOT,
            Shared,
            "Returns the state of a run to workers that compute a part of it.",
        ),
        private(handler(
            internal::SUBSCRIBE,
            Exclusive,
            "Registers someone who waits for the end.",
        )),
    ];
    let about = format!("Runs of the flow {}.", flow.name);
    service(
        ServiceType::VirtualObject,
        flow.name.to_owned(),
        about,
        handlers,
    )
}

pub(crate) fn service(
    ty: ServiceType,
    name: String,
    about: String,
    handlers: Vec<Handler>,
) -> Service {
    Service {
        ty,
        name: ServiceName::try_from(name).expect("a flow that Restate runs has a name"),
        handlers,
        documentation: Some(about),
        abort_timeout: None,
        enable_lazy_state: Some(true),
        idempotency_retention: None,
        inactivity_timeout: None,
        ingress_private: None,
        // What a run has done is in its state, and a journal has a copy of it.
        journal_retention: Some(0),
        metadata: Default::default(),
        retry_policy_exponentiation_factor: None,
        retry_policy_initial_interval: Some(50),
        // By default, the server gives up after 70 attempts, and a run would not go on after workers were
        // away for some minutes.
        retry_policy_max_attempts: Some(u32::MAX.into()),
        retry_policy_max_interval: Some(millis(Duration::from_secs(10))),
        retry_policy_on_max_attempts: None,
    }
}

/// A handler that may take long.
pub(crate) fn waiting(handler: Handler, settings: &Settings) -> Handler {
    Handler {
        inactivity_timeout: Some(millis(settings.inactivity_timeout)),
        abort_timeout: Some(millis(settings.abort_timeout)),
        ..handler
    }
}

/// A handler of an object. A body that it does not need is ignored.
fn handler(name: &str, access: Access, about: &str) -> Handler {
    let ty = match access {
        Access::Exclusive => HandlerType::Exclusive,
        Access::Shared => HandlerType::Shared,
    };
    handler_of(name, Some(ty), about)
}

pub(crate) fn handler_of(name: &str, ty: Option<HandlerType>, about: &str) -> Handler {
    let input = InputPayload {
        content_type: Some("*/*".into()),
        json_schema: None,
        required: Some(false),
    };
    Handler {
        name: HandlerName::try_from(name).expect("a valid name"),
        ty,
        documentation: Some(about.to_owned()),
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
