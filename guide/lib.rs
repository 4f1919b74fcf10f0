//! Compiles and runs the code of the guide, whose pages are in `src`.

#![cfg(doctest)]

macro_rules! pages {
    ($($name:ident: $file:literal,)*) => {$(
        #[doc = include_str!(concat!("src/", $file))]
        struct $name;
    )*};
}

pages! {
    Introduction: "introduction.md",
    FirstFlow: "first-flow.md",
    Branching: "branching.md",
    Retries: "retries.md",
    Batches: "batches.md",
    AgentLoop: "agent-loop.md",
    Forks: "forks.md",
    NestedFlows: "nested-flows.md",
    InnerStores: "inner-stores.md",
    DurableRuns: "durable-runs.md",
    WhereAFlowRuns: "where-a-flow-runs.md",
    Testing: "testing.md",
    ImplNodes: "impl-nodes.md",
    Drivers: "drivers.md",
    ShareAClient: "how-to/share-a-client.md",
    TestAFlow: "how-to/test-a-flow.md",
    KeepARunAsATest: "how-to/keep-a-run-as-a-test.md",
    CancelARun: "how-to/cancel-a-run.md",
    SetADeadline: "how-to/set-a-deadline.md",
    LimitTheRate: "how-to/limit-the-rate.md",
    RunBlockingWork: "how-to/run-blocking-work.md",
    LetTwoFlowsTalk: "how-to/let-two-flows-talk.md",
    KeepPartialResults: "how-to/keep-partial-results.md",
    UndoFailedSteps: "how-to/undo-failed-steps.md",
    KeepARegistry: "how-to/keep-a-registry.md",
    ShareANode: "how-to/share-a-node.md",
    ReportProgress: "how-to/report-progress.md",
    WatchARun: "how-to/watch-a-run.md",
    RecordARun: "how-to/record-a-run.md",
    ReadAReport: "how-to/read-a-report.md",
    WatchRunsLive: "how-to/watch-runs-live.md",
    TraceARun: "how-to/trace-a-run.md",
    StreamTokens: "how-to/stream-tokens.md",
    RunAWorker: "how-to/run-a-worker.md",
    OperateDurableRuns: "how-to/operate-durable-runs.md",
    ChangeAFlowWithRuns: "how-to/change-a-flow-with-runs.md",
    ShareAFallback: "how-to/share-a-fallback.md",
    KeepCompileTimesLow: "how-to/keep-compile-times-low.md",
}
