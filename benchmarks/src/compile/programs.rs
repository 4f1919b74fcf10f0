//! The programs of a chain of nodes, one after the other, each with its own code. A node reads the
//! count and writes the count plus one, and the program prints the count at the end. They are
//! written like the programs in `hello`.

use std::fmt::Display;

/// One way to write it.
pub struct Program {
    /// The name in the table.
    pub name: &'static str,
    /// The folder in `hello`.
    pub folder: &'static str,
    /// The number of cold builds, of which the shortest counts.
    pub cold: usize,
    /// Writes the source of a chain of this many nodes.
    pub chain: fn(usize) -> String,
}

/// All programs, in the order of the table.
pub const ALL: &[Program] = &[
    Program {
        name: "pocketflow (this one)",
        folder: "ours",
        cold: 2,
        chain: ours,
    },
    Program {
        name: "by hand, prep/exec/post",
        folder: "hand",
        cold: 2,
        chain: hand,
    },
    Program {
        name: "smlang, async",
        folder: "smlang",
        cold: 2,
        chain: smlang,
    },
    Program {
        name: "rust-fsm",
        folder: "rust-fsm",
        cold: 1,
        chain: rust_fsm,
    },
    Program {
        name: "statig, async",
        folder: "statig",
        cold: 2,
        chain: statig,
    },
    Program {
        name: "pocketflow-core (not ours)",
        folder: "pocketflow-core",
        cold: 2,
        chain: their_pocketflow_core,
    },
    Program {
        name: "pocketflow_rs",
        folder: "pocketflow_rs",
        cold: 1,
        chain: pocketflow_rs,
    },
    Program {
        name: "graph-flow",
        folder: "graph-flow",
        cold: 1,
        chain: graph_flow,
    },
    Program {
        name: "cano",
        folder: "cano",
        cold: 1,
        chain: cano,
    },
    Program {
        name: "sayiir",
        folder: "sayiir",
        cold: 1,
        chain: sayiir,
    },
    Program {
        name: "floxide",
        folder: "floxide",
        cold: 1,
        chain: floxide,
    },
    Program {
        name: "cosmoflow",
        folder: "cosmoflow",
        cold: 2,
        chain: cosmoflow,
    },
];

/// The number of programs in a quick run, which takes the first ones.
pub const QUICK: usize = 2;

/// Concatenates a text for each node from number `first` to number `last`.
fn each<T: Display>(first: usize, last: usize, text: impl Fn(usize) -> T) -> String {
    (first..=last).map(|node| text(node).to_string()).collect()
}

fn ours(nodes: usize) -> String {
    let functions = each(1, nodes, |node| {
        format!(
            "
#[node(Count, writes = count)]
async fn n{node}(count: &u64) -> u64 {{
    count + 1
}}
"
        )
    });
    let rest = each(2, nodes, |node| format!(" >> n{node}"));
    format!(
        "use pocketflow::{{Shared, flow, node}};

#[derive(Shared)]
struct Count {{
    count: u64,
}}
{functions}
flow! {{ Chain {{ n1{rest}; }} }}

#[tokio::main(flavor = \"current_thread\")]
async fn main() -> Result<(), pocketflow::Error> {{
    let mut count = Count {{ count: 0 }};
    Chain.run(&mut count).await?;
    println!(\"{{}}\", count.count);
    Ok(())
}}
"
    )
}

fn hand(nodes: usize) -> String {
    let functions = each(1, nodes, |node| {
        format!(
            "
async fn n{node}(count: &mut Count) -> Result<(), Error> {{
    async fn exec(count: &u64) -> Result<u64, Error> {{
        Ok(count + 1)
    }}
    let exec = exec(&count.count).await?;
    count.count = exec;
    Ok(())
}}
"
        )
    });
    let states = each(1, nodes, |node| format!("        N{node},\n"));
    let arms = each(1, nodes - 1, |node| {
        let next = node + 1;
        format!(
            "            State::N{node} => {{
                n{node}(count).await?;
                State::N{next}
            }}
"
        )
    });
    format!(
        "type Error = Box<dyn std::error::Error + Send + Sync>;

struct Count {{
    count: u64,
}}
{functions}
async fn run(count: &mut Count) -> Result<(), Error> {{
    enum State {{
{states}    }}
    let mut state = State::N1;
    loop {{
        state = match state {{
{arms}            State::N{nodes} => return n{nodes}(count).await,
        }};
    }}
}}

#[tokio::main(flavor = \"current_thread\")]
async fn main() -> Result<(), Error> {{
    let mut count = Count {{ count: 0 }};
    run(&mut count).await?;
    println!(\"{{}}\", count.count);
    Ok(())
}}
"
    )
}

fn statig(nodes: usize) -> String {
    let states = each(1, nodes, |node| {
        let next = if node == nodes {
            "end".to_owned()
        } else {
            format!("n{}", node + 1)
        };
        format!(
            "    #[state]
    async fn n{node}(&mut self, event: &Event) -> Outcome<State> {{
        match event {{
            Event::Step => {{
                self.count += 1;
                Transition(State::{next}())
            }}
        }}
    }}

"
        )
    });
    format!(
        "use statig::prelude::*;

struct Count {{
    count: u64,
}}

enum Event {{
    Step,
}}

#[state_machine(initial = \"State::n1()\")]
impl Count {{
{states}    #[state]
    async fn end(event: &Event) -> Outcome<State> {{
        match event {{
            Event::Step => Handled,
        }}
    }}
}}

#[tokio::main(flavor = \"current_thread\")]
async fn main() {{
    let mut machine = Count {{ count: 0 }}.state_machine();
    while !matches!(machine.state(), State::End {{}}) {{
        machine.handle(&Event::Step).await;
    }}
    println!(\"{{}}\", machine.inner().count);
}}
"
    )
}

fn smlang(nodes: usize) -> String {
    let transitions = each(1, nodes, |node| {
        let start = if node == 1 { "*" } else { "" };
        let next = if node == nodes {
            "End".to_owned()
        } else {
            format!("N{}", node + 1)
        };
        format!("        {start}N{node} + Step / async n{node} = {next},\n")
    });
    let actions = each(1, nodes, |node| {
        format!(
            "    async fn n{node}(&mut self) -> Result<(), ()> {{
        self.count += 1;
        Ok(())
    }}

"
        )
    });
    format!(
        "use smlang::statemachine;

statemachine! {{
    transitions: {{
{transitions}    }}
}}

struct Count {{
    count: u64,
}}

impl StateMachineContext for Count {{
{actions}}}

#[tokio::main(flavor = \"current_thread\")]
async fn main() -> Result<(), Error> {{
    let mut machine = StateMachine::new(Count {{ count: 0 }});
    while !matches!(machine.state(), States::End) {{
        machine.process_event(Events::Step).await?;
    }}
    println!(\"{{}}\", machine.context().count);
    Ok(())
}}
"
    )
}

fn rust_fsm(nodes: usize) -> String {
    let transitions = each(1, nodes, |node| {
        let next = if node == nodes {
            "End".to_owned()
        } else {
            format!("N{}", node + 1)
        };
        format!("    N{node}(Done) => {next},\n")
    });
    let functions = each(1, nodes, |node| {
        format!(
            "
fn n{node}(count: &mut Count) {{
    count.count += 1;
}}
"
        )
    });
    let arms = each(1, nodes, |node| {
        format!("            chain::State::N{node} => n{node}(&mut count),\n")
    });
    format!(
        "use rust_fsm::*;

state_machine! {{
    chain(N1)

{transitions}}}

struct Count {{
    count: u64,
}}
{functions}
fn main() -> Result<(), TransitionImpossibleError> {{
    let mut count = Count {{ count: 0 }};
    let mut machine = chain::StateMachine::new();
    loop {{
        match machine.state() {{
{arms}            chain::State::End => break,
        }}
        machine.consume(&chain::Input::Done)?;
    }}
    println!(\"{{}}\", count.count);
    Ok(())
}}
"
    )
}

fn cosmoflow(nodes: usize) -> String {
    let types = each(1, nodes, |node| {
        format!(
            "
struct N{node};

#[async_trait]
impl Node<MemoryStorage> for N{node} {{
    type PrepResult = u64;
    type ExecResult = u64;
    type Error = NodeError;

    async fn prep(&mut self, store: &MemoryStorage, _: &ExecutionContext) -> Result<u64, NodeError> {{
        let count = store.get(\"count\").map_err(|error| NodeError::StorageError(error.to_string()))?;
        count.ok_or_else(|| NodeError::ValidationError(\"there is no count\".to_owned()))
    }}

    async fn exec(&mut self, count: u64, _: &ExecutionContext) -> Result<u64, NodeError> {{
        Ok(count + 1)
    }}

    async fn post(
        &mut self,
        store: &mut MemoryStorage,
        _: u64,
        count: u64,
        _: &ExecutionContext,
    ) -> Result<Action, NodeError> {{
        store.set(\"count\".to_owned(), count).map_err(|error| NodeError::StorageError(error.to_string()))?;
        Ok(Action::simple(\"next\"))
    }}
}}
"
        )
    });
    let instances = each(1, nodes, |node| {
        format!("        .node(\"n{node}\", N{node})\n")
    });
    let routes = each(2, nodes, |node| {
        format!("        .route(\"n{}\", \"next\", \"n{node}\")\n", node - 1)
    });
    format!(
        "use cosmoflow::prelude::*;
{types}
#[tokio::main(flavor = \"current_thread\")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {{
    let mut store = MemoryStorage::new();
    store.set(\"count\".to_owned(), 0)?;
    let mut flow = FlowBuilder::new()
        .start_node(\"n1\")
        .max_steps({nodes})
{instances}{routes}        .terminal_route(\"n{nodes}\", \"next\")
        .build();
    flow.execute(&mut store).await?;
    println!(\"{{}}\", store.get::<u64>(\"count\")?.unwrap_or_default());
    Ok(())
}}
"
    )
}

fn cano(nodes: usize) -> String {
    let states = each(1, nodes, |node| format!("    N{node},\n"));
    let tasks = each(1, nodes, |node| {
        let next = if node == nodes {
            "End".to_owned()
        } else {
            format!("N{}", node + 1)
        };
        format!(
            "
struct N{node};

#[task(state = Step)]
impl N{node} {{
    async fn run(&self, resources: &Resources) -> Result<TaskResult<Step>, CanoError> {{
        let store = resources.get::<MemoryStore, _>(\"store\")?;
        let count: u64 = store.get(\"count\")?;
        store.put(\"count\", count + 1)?;
        Ok(TaskResult::Single(Step::{next}))
    }}
}}
"
        )
    });
    let registered = each(1, nodes, |node| {
        format!("        .register(Step::N{node}, N{node})\n")
    });
    format!(
        "use cano::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Step {{
{states}    End,
}}
{tasks}
#[tokio::main(flavor = \"current_thread\")]
async fn main() -> Result<(), CanoError> {{
    let store = MemoryStore::new();
    store.put(\"count\", 0_u64)?;
    let workflow = Workflow::new(Resources::new().insert(\"store\", store.clone()))
{registered}        .add_exit_state(Step::End);
    workflow.orchestrate(Step::N1, CancellationToken::disabled()).await?;
    println!(\"{{}}\", store.get::<u64>(\"count\")?);
    Ok(())
}}
"
    )
}

fn graph_flow(nodes: usize) -> String {
    let tasks = each(1, nodes, |node| {
        let next = if node == nodes {
            "End"
        } else {
            "ContinueAndExecute"
        };
        format!(
            "
struct N{node};

#[async_trait]
impl Task for N{node} {{
    fn id(&self) -> &str {{
        \"n{node}\"
    }}

    async fn run(&self, context: Context) -> graph_flow::Result<TaskResult> {{
        let count: u64 = context.get(\"count\").unwrap_or_default();
        context.set(\"count\", count + 1)?;
        Ok(TaskResult::new(None, NextAction::{next}))
    }}
}}
"
        )
    });
    let instances = each(1, nodes, |node| {
        format!("        .add_task(Arc::new(N{node}))\n")
    });
    let edges = each(2, nodes, |node| {
        format!("        .add_edge(\"n{}\", \"n{node}\")\n", node - 1)
    });
    format!(
        "use std::sync::Arc;

use async_trait::async_trait;
use graph_flow::{{
    Context, FlowRunner, GraphBuilder, InMemorySessionStorage, NextAction, Session, SessionStorage, Task,
    TaskResult,
}};
{tasks}
#[tokio::main(flavor = \"current_thread\")]
async fn main() -> graph_flow::Result<()> {{
    let graph = GraphBuilder::new(\"chain\")
{instances}{edges}        .build()?;
    let storage = Arc::new(InMemorySessionStorage::new());
    let session = Session::new_from_task(\"count\".to_owned(), \"n1\");
    let context = session.context.clone();
    context.set(\"count\", 0)?;
    storage.save(session).await?;
    FlowRunner::new(Arc::new(graph), storage).run(\"count\").await?;
    println!(\"{{}}\", context.get::<u64>(\"count\").unwrap_or_default());
    Ok(())
}}
"
    )
}

fn floxide(nodes: usize) -> String {
    let types = each(1, nodes, |node| {
        format!(
            "
node! {{
    pub struct N{node} {{}};
    context = Count;
    input = ();
    output = ();
    |ctx, _input| {{
        let count = *ctx.count.get().await;
        ctx.count.set(count + 1).await;
        Ok(Transition::Next(()))
    }}
}}
"
        )
    });
    let fields = each(1, nodes, |node| format!("        n{node}: N{node},\n"));
    let edges = each(2, nodes, |node| {
        format!("        n{} => {{ [n{node}] }};\n", node - 1)
    });
    let instances = each(1, nodes, |node| format!("        n{node}: N{node} {{}},\n"));
    format!(
        "use floxide::context::SharedState;
use floxide::{{FloxideError, Node, Transition, Workflow, WorkflowCtx, node, workflow}};
use serde::{{Deserialize, Serialize}};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Count {{
    count: SharedState<u64>,
}}
{types}
workflow! {{
    pub struct Chain {{
{fields}    }}
    start = n1;
    context = Count;
    edges {{
{edges}        n{nodes} => {{}};
    }}
}}

#[tokio::main(flavor = \"current_thread\")]
async fn main() -> Result<(), FloxideError> {{
    let context = WorkflowCtx::new(Count::default());
    let chain = Chain {{
{instances}    }};
    chain.run(&context, ()).await?;
    println!(\"{{}}\", context.store.count.get().await);
    Ok(())
}}
"
    )
}

/// Its runner returns no output, so the last node prints the count.
fn sayiir(nodes: usize) -> String {
    let tasks = each(1, nodes, |node| {
        let print = if node == nodes {
            "    println!(\"{}\", count.count);\n"
        } else {
            ""
        };
        format!(
            "
#[task]
async fn n{node}(mut count: Count) -> Result<Count, BoxError> {{
    count.count += 1;
{print}    Ok(count)
}}
"
        )
    });
    let steps = each(2, nodes, |node| format!(", n{node}"));
    format!(
        "use sayiir_runtime::prelude::*;
use serde::{{Deserialize, Serialize}};

#[derive(Serialize, Deserialize)]
struct Count {{
    count: u64,
}}
{tasks}
#[tokio::main(flavor = \"current_thread\")]
async fn main() -> Result<(), BoxError> {{
    let workflow = workflow! {{ name: \"chain\", steps: [n1{steps}] }}?;
    InProcessRunner.run(&workflow, Count {{ count: 0 }}).await?;
    Ok(())
}}
"
    )
}

fn their_pocketflow_core(nodes: usize) -> String {
    let instances = each(1, nodes, |node| {
        let mutable = if node == nodes { "" } else { "mut " };
        format!(
            "    let {mutable}n{node} = Node::new(\"n{node}\", |shared, _| {{
        if let Some(count) = shared.downcast_mut::<Count>() {{
            count.count += 1;
        }}
        Ok(None)
    }});
"
        )
    });
    let edges = each(1, nodes - 1, |edge| {
        format!("    n{}.next(n{});\n", nodes - edge, nodes - edge + 1)
    });
    format!(
        "use pocketflow_core::prelude::*;

struct Count {{
    count: u64,
}}

fn main() -> Result<()> {{
{instances}{edges}    let mut count = Count {{ count: 0 }};
    Flow::new().start(n1).run(&mut count)?;
    println!(\"{{}}\", count.count);
    Ok(())
}}
"
    )
}

/// A flow consumes its context and returns the field `result`, which is printed.
fn pocketflow_rs(nodes: usize) -> String {
    let types = each(1, nodes, |node| {
        format!(
            "
struct N{node};

#[async_trait::async_trait]
impl Node for N{node} {{
    type State = BaseState;

    async fn execute(&self, context: &Context) -> Result<Value> {{
        let count = context.get(\"result\").and_then(Value::as_u64).unwrap_or_default();
        Ok((count + 1).into())
    }}
}}
"
        )
    });
    let instances = each(2, nodes, |node| {
        format!("            (\"n{node}\", N{node}),\n")
    });
    let edges = each(2, nodes, |node| {
        format!(
            "            (\"n{}\", \"n{node}\", BaseState::Default),\n",
            node - 1
        )
    });
    let rest = if nodes == 1 {
        String::new()
    } else {
        format!(",\n        nodes: [\n{instances}        ],\n        edges: [\n{edges}        ]")
    };
    format!(
        "use anyhow::Result;
use pocketflow_rs::{{BaseState, Context, Node, build_flow}};
use serde_json::Value;
{types}
#[tokio::main(flavor = \"current_thread\")]
async fn main() -> Result<()> {{
    let flow = build_flow!(
        start: (\"n1\", N1){rest}
    );
    let count = flow.run(Context::new()).await?;
    println!(\"{{count}}\");
    Ok(())
}}
"
    )
}
