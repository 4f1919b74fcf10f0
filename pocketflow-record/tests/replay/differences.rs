//! What a replay says when the flow has changed by hand since the record.

use std::future::ready;

use pocketflow::{Action, Failed, Shared, flow, node};
use pocketflow_record::replay::Differs;
use serde::{Deserialize, Serialize};

use super::{exec_runs, lines, record, replayed};

#[derive(Shared, Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Research {
    question: String,
    notes: Vec<String>,
    draft: Option<String>,
    answer: Option<String>,
    problem: Option<Failed>,
}

#[derive(Action, Debug, PartialEq, Serialize, Deserialize)]
enum Next {
    Search,
    Answer,
}

#[node(Research)]
async fn decide(notes: &[String]) -> Next {
    exec_runs();
    match notes.len() {
        0 | 1 => Next::Search,
        _ => Next::Answer,
    }
}

#[node(Research, appends = notes)]
async fn search(question: &str, notes: &[String]) -> [String; 1] {
    exec_runs();
    [format!("{question} {}", notes.len())]
}

#[node(Research, writes = answer)]
async fn answer(notes: &[String]) -> String {
    exec_runs();
    notes.join(", ")
}

/// A node that was added.
#[node(Research, writes = draft)]
async fn critique(answer: &str) -> String {
    exec_runs();
    answer.to_uppercase()
}

/// The flow as it was.
mod then {
    use super::*;

    flow! {
        pub(super) Agent: Research {
            decide - "search" >> search max 5 else answer;
            decide - "answer" >> answer;
            search >> decide;
        }
    }
}

fn research() -> Research {
    Research {
        question: "why?".into(),
        ..Research::default()
    }
}

async fn recorded() -> String {
    record(&then::Agent, &mut research()).await.0
}

/// The first difference of the recorded run on a flow.
macro_rules! difference {
    ($flow:expr) => {{
        let error = replayed::<_, Research>(&$flow, &recorded().await).await;
        let error = error.expect_err("the flow has changed");
        let difference = error.difference().expect("it differs").clone();
        (lines(&error), difference)
    }};
}

#[tokio::test]
async fn an_edge_that_leads_elsewhere() {
    flow! {
        Agent: Research {
            decide - "search" >> search max 5 else answer;
            decide - "answer" >> answer;
            search >> answer;
        }
    }
    let (lines, difference) = difference!(Agent);
    assert_eq!(
        lines,
        [
            "the run of `Agent` differs from its record in step 2, `Agent > search`",
            "  edge",
            "    then    search >> decide",
            "    now     search >> answer",
            "  note: the graph of `Agent` has changed:",
            "    the edge `search >> answer` is new",
            "    the edge `search >> decide` is gone",
        ]
    );
    assert_eq!(difference.step, Some(2));
    assert_eq!(difference.differs[0].what, Differs::Edge);
}

#[tokio::test]
async fn a_bound_that_is_lower() {
    flow! {
        Agent: Research {
            decide - "search" >> search max 1 else answer;
            decide - "answer" >> answer;
            search >> decide;
        }
    }
    let (lines, _) = difference!(Agent);
    assert_eq!(
        lines,
        [
            "the run of `Agent` differs from its record in step 3, `Agent > decide`",
            "  edge",
            "    then    decide - \"search\" >> search",
            "    now     decide - \"search\" >> answer",
            "  note: the graph of `Agent` has changed:",
            "    the edge `decide - \"search\" >> search max 1 else answer` is new",
            "    the edge `decide - \"search\" >> search max 5 else answer` is gone",
        ]
    );
}

#[tokio::test]
async fn a_node_that_is_new() {
    flow! {
        Agent: Research {
            decide - "search" >> search max 5 else answer;
            decide - "answer" >> answer >> critique;
            search >> decide;
        }
    }
    let (lines, _) = difference!(Agent);
    assert_eq!(
        lines,
        [
            "the run of `Agent` differs from its record in step 6, `Agent > answer`",
            "  edge",
            "    then    answer >> end",
            "    now     answer >> critique",
            "  note: the graph of `Agent` has changed:",
            "    `critique` is new",
            "    the edge `answer >> critique` is new",
            "    the edge `critique >> end` is new",
            "    the edge `answer >> end` is gone",
        ]
    );
    // The record has all values for the old nodes, and the new one can run.
    let replay = pocketflow_record::Replay::of(recorded().await).unwrap();
    let replay = replay.without_comparison().real::<critique>();
    let now = replay.run_on(&Agent, Research::default()).await.unwrap();
    assert_eq!(now.store.draft.as_deref(), Some("WHY? 0, WHY? 1"));
}

/// A `post` that has changed: it also writes the draft, and it shortens the notes.
mod other_post {
    use super::*;

    #[node(Research, writes(notes))]
    impl Search {
        async fn exec(&self, question: &str, notes: &[String]) -> [String; 1] {
            exec_runs();
            ready(()).await;
            [format!("{question} {}", notes.len())]
        }

        fn post(&self, notes: &mut Vec<String>, exec: [String; 1]) {
            notes.extend(exec.map(|note| note.replace("why", "what")));
        }
    }

    pub(super) struct Search;
}
use other_post::Search;

#[tokio::test]
async fn a_post_that_writes_something_else() {
    flow! {
        Agent: Research {
            search: Search;
            decide - "search" >> search max 5 else answer;
            decide - "answer" >> answer;
            search >> decide;
        }
    }
    // The node is another one with the same name in the flow.
    let (lines, difference) = difference!(Agent { search: Search });
    assert_eq!(
        lines,
        [
            "the run of `Agent` differs from its record in step 2, `Agent > search`",
            "  node",
            "    then    search",
            "    now     Search",
        ]
    );
    assert_eq!(difference.differs[0].what, Differs::Node);
}

mod same_name {
    use super::*;

    #[node(Research, writes(notes))]
    impl search {
        async fn exec(&self, question: &str, notes: &[String]) -> [String; 1] {
            exec_runs();
            ready(()).await;
            [format!("{question} {}", notes.len())]
        }

        fn post(&self, notes: &mut Vec<String>, exec: [String; 1]) {
            notes.extend(exec.map(|note| note.replace('1', "2")));
        }
    }

    #[allow(non_camel_case_types, reason = "it has the name of a function")]
    #[derive(Default)]
    pub(super) struct search;
}

#[tokio::test]
async fn a_field_with_another_value() {
    flow! {
        Agent: Research {
            search: same_name::search;
            decide - "search" >> search max 5 else answer;
            decide - "answer" >> answer;
            search >> decide;
        }
    }
    let (lines, difference) = difference!(Agent);
    assert_eq!(
        lines,
        [
            "the run of `Agent` differs from its record in step 4, `Agent > search`",
            "  field `notes`, at `[1]`",
            "    before  nothing",
            "    then    \"why? 1\"",
            "    now     \"why? 2\"",
        ]
    );
    assert!(difference.notes.is_empty());
}

/// A `prep` that fails for a question that it accepted before.
mod strict_prep {
    use super::*;

    #[node(Research, writes = answer)]
    impl answer {
        fn prep(&self, question: &str) -> Result<usize, String> {
            match question.len() {
                0..4 => Ok(question.len()),
                long => Err(format!("a question of {long} letters is too long")),
            }
        }

        async fn exec(&self, prep: &usize, notes: &[String]) -> String {
            format!("{prep}{}", notes.join(", "))
        }
    }

    #[allow(non_camel_case_types, reason = "it has the name of a function")]
    pub(super) struct answer;
}

#[tokio::test]
async fn a_step_that_fails_now() {
    flow! {
        Agent: Research {
            answer: strict_prep::answer;
            decide - "search" >> search max 5 else answer;
            decide - "answer" >> answer;
            search >> decide;
        }
    }
    let (lines, _) = difference!(Agent);
    assert_eq!(
        lines,
        [
            "the run of `Agent` differs from its record in step 6, `Agent > answer`",
            "  result of the step",
            "    then    answer >> end",
            "    now     Agent > answer: prep failed: a question of 4 letters is too long",
            "  field `answer`",
            "    before  null",
            "    then    \"why? 0, why? 1\"",
            "    now     null",
        ]
    );
}

/// An action that has changed its members.
mod other_type {
    use super::*;

    #[derive(Action, Debug, Serialize, Deserialize)]
    pub(super) enum Next {
        Look,
        Answer,
    }

    #[node(Research)]
    pub(super) async fn decide(notes: &[String]) -> Next {
        exec_runs();
        if notes.is_empty() {
            Next::Look
        } else {
            Next::Answer
        }
    }
}

#[tokio::test]
async fn a_value_that_does_not_fit_the_type_any_more() {
    flow! {
        Agent: Research {
            decide: other_type::decide;
            decide - "look" >> search max 5 else answer;
            decide - "answer" >> answer;
            search >> decide;
        }
    }
    let error = replayed::<_, Research>(&Agent, &recorded().await).await;
    assert_eq!(
        error.unwrap_err().to_string(),
        "the value of the node `decide` in the record is not a `Next` of today: unknown variant `Search`, expected `Look` or `Answer` at line 1 column 8
  help: give the new members of the type a `#[serde(default)]`, or record the run again"
    );
}

#[derive(Shared, Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Library {
    topics: Vec<Research>,
}

#[tokio::test]
async fn a_difference_in_an_inner_run_names_the_item() {
    let library = || Library {
        topics: vec![research(); 3],
    };
    let text = {
        use then::Agent;
        flow! { Digest: Library { Agent.each(topics, parallel = 2); } }
        record(&Digest, &mut library()).await.0
    };
    flow! {
        Agent: Research {
            decide - "search" >> search max 5 else answer;
            decide - "answer" >> end;
            search >> decide;
            answer >> end;
        }
    }
    flow! { Digest: Library { Agent.each(topics, parallel = 2); } }
    let error = replayed::<_, Library>(&Digest, &text).await.unwrap_err();
    assert_eq!(
        lines(&error),
        [
            "the run of `Digest` differs from its record in step 5, `Digest > topics[0] > decide`",
            "  edge",
            "    then    decide - \"answer\" >> answer",
            "    now     decide - \"answer\" >> end",
            "  note: the graph of `Agent` has changed:",
            "    the edge `decide - \"answer\" >> end` is new",
            "    the edge `decide - \"answer\" >> answer` is gone",
        ]
    );
}

#[tokio::test]
async fn a_run_that_ends_where_it_went_on() {
    use then::Agent;
    let text = {
        flow! { Outer: Research { Agent >> critique; } }
        record(&Outer, &mut research()).await.0
    };
    flow! { Outer: Research { Agent >> end; } }
    let error = replayed::<_, Research>(&Outer, &text).await.unwrap_err();
    assert_eq!(
        lines(&error)[..4],
        [
            "the run of `Outer` differs from its record at its end, `Outer`",
            "  end of the run",
            "    then    went on to `critique`",
            "    now     end",
        ]
    );
}

#[tokio::test]
async fn a_changed_graph_alone_is_not_a_difference() {
    flow! {
        Agent: Research {
            decide - "search" >> search max 7 else answer;
            decide - "answer" >> answer;
            search >> decide;
        }
    }
    let now = replayed::<_, Research>(&Agent, &recorded().await).await;
    assert_eq!(now.unwrap().exit(), Some("default"));
}
