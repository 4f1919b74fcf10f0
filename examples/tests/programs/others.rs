//! Tests the programs `agent`, `article`, `majority`, `report`, `shop` and `supervisor`.

use super::support::{Llm, Reply, Request, program};

mod agent {
    use super::*;

    #[tokio::test]
    async fn it_searches_until_it_can_answer() {
        let answer = |request: &Request, before| match before {
            0 => "```yaml\naction: search\nsearch_query: dance of bees\n```",
            1 if request.asks("Karl von Frisch decoded this dance") => "action: answer",
            2 if request.asks("Karl von Frisch") => "It was Karl von Frisch.",
            _ => panic!("{request:?}"),
        };
        let llm = Llm::new(answer).await;
        let run = llm
            .run(program!("agent"), &["Who decoded the bees' dance?"])
            .end()
            .await;
        assert_eq!(
            (run.code, run.out.as_str()),
            (Some(0), "It was Karl von Frisch.\n"),
            "{run:?}"
        );
        assert_eq!(run.err, "searched for \"dance of bees\": 2 found\n");
        let requests = llm.requests().await;
        let wants: Vec<_> = requests.iter().map(Request::wants).collect();
        assert_eq!(wants, [Some("Decision"), Some("Decision"), None]);
        assert!(
            requests
                .iter()
                .all(|request| request.asks("Who decoded the bees' dance?"))
        );
    }

    #[tokio::test]
    async fn a_folder_without_texts_is_an_error() {
        let (llm, folder) = (Llm::new(|_, _| "").await, tempfile::tempdir().unwrap());
        let texts = folder.path().display().to_string();
        let run = llm
            .run(program!("agent"), &["What is tea?", "--texts", &texts])
            .end()
            .await;
        assert_eq!(
            run.err,
            format!("Error: {texts}: there are no .md or .txt files here\n")
        );
    }
}

mod article {
    use super::*;

    #[tokio::test]
    async fn the_sections_are_drafted_at_the_same_time_and_stand_in_order() {
        let answer = |request: &Request, _| match request.wants() {
            Some("Outline") => "titles: [Clouds, Drops, Smell]".into(),
            _ => format!(
                "About {}.",
                ["Clouds", "Drops", "Smell"]
                    .iter()
                    .find(|title| request.asks(title))
                    .unwrap()
            ),
        };
        let (llm, folder) = (Llm::new(answer).await, tempfile::tempdir().unwrap());
        let file = folder.path().join("rain.md");
        let out = llm
            .run(
                program!("article"),
                &["Rain", "--out", file.to_str().unwrap()],
            )
            .out()
            .await;
        assert_eq!(out, "");
        let text = std::fs::read_to_string(file).unwrap();
        assert_eq!(
            text,
            "# Rain\n\n## Clouds\n\nAbout Clouds.\n\n## Drops\n\nAbout Drops.\n\n## Smell\n\nAbout Smell.\n"
        );
        assert_eq!(llm.requests().await.len(), 1 + 3);
    }
}

mod majority {
    use super::*;

    #[tokio::test]
    async fn the_most_frequent_answer_wins_and_a_lost_ballot_costs_nothing() {
        let answer = |_: &_, before| match before {
            0 | 2 => "answer: Eight.".into(),
            1 => "answer: six".into(),
            3 => "answer: ' eight '".into(),
            _ => Reply::overloaded(),
        };
        let llm = Llm::new(answer).await;
        let run = llm
            .run(program!("majority"), &["How many legs?", "--times", "5"])
            .end()
            .await;
        assert_eq!(
            (run.code, run.out.as_str()),
            (Some(0), "eight\n\n  3 × eight\n  1 × six\n"),
            "{run:?}"
        );
        assert!(run.err.contains("failed: Majority > vote["), "{}", run.err);
        assert_eq!(llm.requests().await.len(), 5 + 1);
    }
}

mod report {
    use std::sync::Arc;

    use axum::routing::post;
    use axum::{Json, Router};
    use serde_json::{Value, json};
    use tokio::net::TcpListener;
    use tokio::sync::Barrier;
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    /// Each of the three gets its reply only after all three have asked. If they asked one after
    /// the other, they would wait forever. The mock server handles one request at a time, so this
    /// test has a different server.
    #[tokio::test]
    async fn three_researchers_work_at_the_same_time() {
        let (all, (ask, mut asked)) = (Arc::new(Barrier::new(3)), unbounded_channel());
        let answer = async move |Json(request): Json<Request>| {
            let text = match &request {
                request if request.asks("Write a short report") => "The report.",
                request if request.asks("Sum up") => "The facts.",
                request if request.asks("practical use") => "The uses.",
                _ => "The doubts.",
            };
            let is_last = text == "The report.";
            ask.send(request).unwrap();
            if !is_last {
                all.wait().await;
            }
            Json::<Value>(json!({
                "id": "1", "object": "chat.completion", "created": 0, "model": "m",
                "choices": [{ "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": text } }],
            }))
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/v1", listener.local_addr().unwrap());
        let server = Router::new().route("/v1/chat/completions", post(answer));
        tokio::spawn(async { axum::serve(listener, server).await });

        let llm = Llm::new(|_, _| "").await;
        let program = llm
            .run(program!("report"), &["the tides"])
            .env("OPENAI_BASE_URL", &address);
        assert_eq!(program.out().await, "The report.\n");
        let mut requests = Vec::new();
        while let Ok(request) = asked.try_recv() {
            requests.push(request);
        }
        assert_eq!(requests.len(), 4);
        assert!(
            requests[..3]
                .iter()
                .any(|request| request.asks("Bay of Fundy")),
            "one of them looks it up"
        );
        let notes = "Facts: The facts.\n\nUses: The uses.\n\nDoubts: The doubts.";
        assert!(requests[3].asks(notes), "{}", requests[3].prompt());
    }
}

mod shop {
    use super::*;

    const PENS: [&str; 5] = ["two pens", "--total", "24.50", "--card", "4242424242424242"];

    #[tokio::test]
    async fn what_is_approved_is_paid_and_shipped() {
        let llm = Llm::new(|_, _| "verdict: approved").await;
        let out = llm.run(program!("shop"), &PENS).out().await;
        assert_eq!(
            out,
            "24.50 charged\nTo be packed: two pens, from shelf 8. Paid, reference B-057090.\n"
        );
        assert_eq!(llm.requests().await.len(), 1);
    }

    #[tokio::test]
    async fn what_is_rejected_is_refused_with_the_models_reason() {
        let answer = |request: &Request, _| match request.wants() {
            Some("Verdict") => r#"{"verdict": "rejected", "reason": "we sell no elephants"}"#,
            _ => "Dear customer, alas.",
        };
        let llm = Llm::new(answer).await;
        let run = llm
            .run(
                program!("shop"),
                &["an elephant", "--total", "9", "--card", "4242424242424242"],
            )
            .end()
            .await;
        assert_eq!(
            (run.code, run.out.as_str()),
            (Some(1), "Dear customer, alas.\n"),
            "{run:?}"
        );
        assert!(llm.requests().await[1].asks("because we sell no elephants"));
    }

    #[tokio::test]
    async fn a_card_that_is_declined_leads_there_as_well() {
        let answer = |request: &Request, _| {
            if request.wants().is_some() {
                "verdict: approved"
            } else {
                "Alas."
            }
        };
        for card in ["4242424242424243", "4242 4242", "12", ""] {
            let llm = Llm::new(answer).await;
            let run = llm
                .run(
                    program!("shop"),
                    &["pens", "--total", "9.00", "--card", card],
                )
                .end()
                .await;
            assert_eq!(
                (run.code, run.out.as_str()),
                (Some(1), "Alas.\n"),
                "{card:?}: {run:?}"
            );
            assert!(llm.requests().await[1].asks("because the card is not valid"));
        }
    }

    #[tokio::test]
    async fn a_payment_that_fails_releases_what_was_reserved() {
        let answer = |request: &Request, _| match request.wants() {
            Some(_) => "verdict: approved",
            None => "Alas.",
        };
        let llm = Llm::new(answer).await;
        let free = ["pens", "--total", "0.00", "--card", "4242424242424242"];
        let run = llm.run(program!("shop"), &free).end().await;
        assert_eq!(
            (run.code, run.out.as_str()),
            (Some(1), "Alas.\n"),
            "{run:?}"
        );
        assert_eq!(run.err, "released: shelf 4\n");
        let requests = llm.requests().await;
        assert!(requests[1].asks("because the payment failed: there is nothing to charge"));
    }

    #[tokio::test]
    async fn a_verdict_that_does_not_exist_is_tried_again() {
        let llm = Llm::new(|_, before| ["verdict: maybe", "verdict: approved"][before]).await;
        llm.run(program!("shop"), &PENS).out().await;
        assert!(llm.requests().await[1].asks("unknown variant `maybe`"));
    }

    #[tokio::test]
    async fn an_amount_that_is_none_is_refused() {
        let llm = Llm::new(|_, _| "").await;
        let run = llm
            .run(program!("shop"), &["pens", "--total", "9.5", "--card", "1"])
            .end()
            .await;
        assert!(
            run.err.contains("write two digits after the decimal point"),
            "{}",
            run.err
        );
    }
}

mod supervisor {
    use super::*;

    #[tokio::test]
    async fn an_answer_that_is_sent_back_is_written_again_with_the_objection() {
        let answer = |_: &_, before| {
            [
                "The wind.",
                "verdict: send_back\nobjection: the source says the Moon",
                "The Moon.",
                "verdict: accept",
            ][before]
        };
        let llm = Llm::new(answer).await;
        assert_eq!(
            llm.run(program!("supervisor"), &["What pulls the tides?"])
                .out()
                .await,
            "The Moon.\n"
        );
        let requests = llm.requests().await;
        assert!(requests[1].asks("Answer: The wind."));
        assert!(requests[2].asks("Your last answer was sent back: the source says the Moon"));
        assert!(requests[3].asks("Answer: The Moon."));
    }

    #[tokio::test]
    async fn after_three_answers_the_judge_is_overruled() {
        let answer = |request: &Request, _| match request.wants() {
            Some(_) => "verdict: send_back\nobjection: too short",
            None => "The Moon.",
        };
        let llm = Llm::new(answer).await;
        let run = llm
            .run(program!("supervisor"), &["What pulls the tides?"])
            .end()
            .await;
        assert_eq!((run.code, run.out.as_str()), (Some(1), "The Moon.\n"));
        assert_eq!(run.err, "note: the judge did not accept this: too short\n");
        assert_eq!(llm.requests().await.len(), 3 * 2);
    }
}
