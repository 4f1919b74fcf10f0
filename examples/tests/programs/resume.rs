//! Tests the programs `resume` and `resumes`.

use std::fs;

use super::support::{Llm, Reply, program};

const ADA: &str = "ADA LOVELACE\nada@example.org\nanalyst at Babbage & Co.\n";
const YAML: &str = "name: Ada Lovelace\nemail: ada@example.org\nexperience:\n- title: Analyst\n  company: Babbage & Co.\n";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[tokio::test]
async fn a_wrong_reply_is_retried_with_the_reason() {
    let answer = |_: &_, before| match before {
        0 => "I would love to help! Here is what I found.".into(),
        1 => YAML.replace("Lovelace", "Byron"),
        _ => format!("Sure:\n```yaml\n{YAML}```"),
    };
    let (llm, folder) = (Llm::new(answer).await, folder(&[("ada.txt", ADA)]));
    let file = folder.path().join("ada.txt").display().to_string();
    let out = llm.run(program!("resume"), &[&file]).out().await;
    assert_eq!(out, YAML);

    let requests = llm.requests().await;
    assert_eq!(requests.len(), 3);
    assert!(
        requests
            .iter()
            .all(|request| request.asks(ADA) && request.wants() == Some("Resume"))
    );
    assert!(!requests[0].asks("rejected"));
    assert!(
        requests[1].asks("Your last reply was rejected: "),
        "{}",
        requests[1].prompt()
    );
    let why = "Your last reply was rejected: the name \"Ada Byron\" is not in the résumé";
    assert!(requests[2].asks(why), "{}", requests[2].prompt());
}

#[tokio::test]
async fn if_the_model_cannot_do_it_the_program_does_what_it_can() {
    let (llm, folder) = (
        Llm::new(|_, _| "no idea").await,
        folder(&[("ada.txt", ADA)]),
    );
    let file = folder.path().join("ada.txt").display().to_string();
    let run = llm.run(program!("resume"), &[&file]).end().await;
    assert_eq!(
        run.out,
        "name: ADA LOVELACE\nemail: ada@example.org\nexperience: []\n"
    );
    assert!(
        run.err
            .contains("ReadResume > extract: exec failed at attempt 3 of 3"),
        "{}",
        run.err
    );
    assert!(
        run.err
            .ends_with("note: this was read without the model and has not been checked\n"),
        "{}",
        run.err
    );
    assert_eq!(run.code, Some(1));
}

#[tokio::test]
async fn a_file_that_is_not_there_costs_no_call() {
    let llm = Llm::new(|_, _| "").await;
    let run = llm.run(program!("resume"), &["no-such.txt"]).end().await;
    assert!(
        run.err
            .starts_with("Error: ReadResume > open: exec failed: no-such.txt: "),
        "{}",
        run.err
    );
    assert_eq!(llm.requests().await.len(), 0);
}

#[tokio::test]
async fn a_batch_gives_every_file_its_own_attempts_and_the_results_in_order() {
    let texts = [
        ("a.txt", "Ada\na@x.org\nat A Inc"),
        ("b.txt", "Bob\nb@x.org\nat B Inc"),
        ("c.txt", "Cy\nc@x.org\nat C Inc"),
    ];
    let folder = folder(&[texts[2], texts[0], ("notes.md", "not a résumé"), texts[1]]);
    // The second résumé is never read correctly, and the third one at the second attempt.
    let answer = |request: &super::support::Request, _| {
        let [name, letter] = if request.asks("Ada") {
            ["Ada", "A"]
        } else if request.asks("Bob") {
            return Reply::from("?");
        } else {
            ["Cy", "C"]
        };
        if name == "Cy" && !request.asks("rejected") {
            return Reply::overloaded();
        }
        let email = letter.to_lowercase();
        format!(
            "name: {name}\nemail: {email}@x.org\nexperience:\n- title: X\n  company: {letter} Inc\n"
        )
        .into()
    };
    let llm = Llm::new(answer).await;
    let folder = folder.path().display().to_string();
    let run = llm
        .run(
            program!("resumes"),
            &[&folder, "--parallel", "2", "--compare"],
        )
        .end()
        .await;
    assert_eq!(run.code, Some(1), "{run:?}");
    let names: Vec<_> = run
        .out
        .lines()
        .filter(|line| line.starts_with("# ") || line.starts_with("name"))
        .collect();
    assert_eq!(names[..4], ["# a.txt", "name: Ada", "# c.txt", "name: Cy"]);
    assert!(
        names[4].starts_with("# read 2 of 3 in ") && names[4].ends_with(", 2 at a time"),
        "{}",
        names[4]
    );
    assert!(
        names[5].starts_with("# one after the other: "),
        "{}",
        names[5]
    );
    assert!(run.err.contains("b.txt: "), "{}", run.err);
    assert_eq!(llm.requests().await.len(), 2 * (1 + 3 + 2));
}

#[tokio::test]
async fn none_at_a_time_is_refused() {
    let llm = Llm::new(|_, _| "").await;
    let run = llm
        .run(program!("resumes"), &["--parallel", "0"])
        .end()
        .await;
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("number would be zero"), "{}", run.err);
}
