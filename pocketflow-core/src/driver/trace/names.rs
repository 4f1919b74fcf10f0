//! The names of what [`Trace`](super::Trace) emits. The documentation of `Trace` lists them.

/// The target of all spans and events.
pub(super) const TARGET: &str = "pocketflow";

// The spans.
pub(super) const RUN: &str = "run";
pub(super) const FLOW: &str = "flow";
pub(super) const STEP: &str = "step";
pub(super) const BRANCH: &str = "branch";
pub(super) const ITEM: &str = "item";
pub(super) const ATTEMPT: &str = "attempt";

// OpenTelemetry's semantic conventions for generative AI, version 0.1.0.
pub(super) const OPERATION: &str = "gen_ai.operation.name";
pub(super) const INVOKE_WORKFLOW: &str = "invoke_workflow";
pub(super) const AGENT: &str = "gen_ai.agent.name";
pub(super) const CONVERSATION: &str = "gen_ai.conversation.id";

// OpenTelemetry's semantic conventions for errors.
pub(super) const ERROR_TYPE: &str = "error.type";
/// The value of [`ERROR_TYPE`] where the kind of error is not known.
pub(super) const OTHER_ERROR: &str = "_OTHER";

// The fields that `tracing-opentelemetry` turns into the name and the status of a span.
pub(super) const OTEL_NAME: &str = "otel.name";
pub(super) const OTEL_STATUS: &str = "otel.status_code";
pub(super) const OTEL_DESCRIPTION: &str = "otel.status_description";

// Where a span is, and how it ended.
pub(super) const RUN_ID: &str = "pocketflow.run.id";
pub(super) const FIELD: &str = "pocketflow.field";
pub(super) const ITEM_INDEX: &str = "pocketflow.item.index";
pub(super) const ITEM_KEY: &str = "pocketflow.item.key";
pub(super) const ITEMS: &str = "pocketflow.items";
pub(super) const PATH: &str = "pocketflow.path";
pub(super) const STEP_NUMBER: &str = "pocketflow.step";
pub(super) const WAITS_FOR: &str = "pocketflow.waits_for";
pub(super) const BRANCH_NUMBER: &str = "pocketflow.branch";
pub(super) const ATTEMPT_NUMBER: &str = "pocketflow.attempt";
pub(super) const ATTEMPTS: &str = "pocketflow.attempts";
pub(super) const ACTION: &str = "pocketflow.action";
pub(super) const EXIT: &str = "pocketflow.exit";
pub(super) const SUSPENDED: &str = "pocketflow.suspended";
