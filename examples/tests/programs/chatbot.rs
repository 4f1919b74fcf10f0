//! Tests the program `chatbot`.

use std::process::Stdio;
use std::time::Duration;

use pocketflow_examples::llm::Role::{Assistant, System, User};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::time::timeout;

use super::support::{Llm, Reply, Run, program};

async fn chat(llm: &Llm, input: &str) -> Run {
    llm.run(program!("chatbot"), &["--system", "Be brief."])
        .input(input)
        .end()
        .await
}

#[tokio::test]
async fn it_remembers_what_was_said() {
    let llm = Llm::new(|request, _| format!("You said {}", request.prompt())).await;
    let run = chat(&llm, "hello\n\n  \nand again\n").await;
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert_eq!(run.out, "You said hello\n\nYou said and again\n\n");
    let requests = llm.requests().await;
    assert!(
        requests
            .iter()
            .all(|request| request.stream && request.model == "test-model")
    );
    assert_eq!(
        requests[0].turns(),
        [(System, "Be brief."), (User, "hello")]
    );
    let said = [
        (System, "Be brief."),
        (User, "hello"),
        (Assistant, "You said hello"),
        (User, "and again"),
    ];
    assert_eq!(requests[1].turns(), said);
    assert_eq!(requests.len(), 2, "empty lines are not sent");
}

#[tokio::test]
async fn quit_ends_it() {
    let llm = Llm::new(|_, _| "Hello.").await;
    let run = chat(&llm, "hello\n/quit\nnobody reads this\n").await;
    assert_eq!((run.code, run.out.as_str()), (Some(0), "Hello.\n\n"));
    assert_eq!(llm.requests().await.len(), 1);
}

#[tokio::test]
async fn a_reply_that_breaks_off_is_tried_again_and_kept_once() {
    let answer = |_: &_, before| match before {
        0 => Reply::BrokenOff("It is a long ".into()),
        _ => "It is short.".into(),
    };
    let llm = Llm::new(answer).await;
    let run = chat(&llm, "tell me\nthanks\n").await;
    assert_eq!(run.out, "It is a long  …\nIt is short.\n\nIt is short.\n\n");
    let requests = llm.requests().await;
    assert_eq!(requests.len(), 3);
    assert_eq!(requests[2].turns()[2], (Assistant, "It is short."));
}

#[tokio::test]
async fn a_model_that_is_down_does_not_end_the_chat() {
    let llm = Llm::new(|_, before| {
        if before < 3 {
            Reply::overloaded()
        } else {
            "I am back.".into()
        }
    })
    .await;
    let run = chat(&llm, "hello\nare you there?\n").await;
    assert_eq!((run.code, run.out.as_str()), (Some(0), "I am back.\n\n"));
    assert!(
        run.err
            .contains("converse: exec failed at attempt 3 of 3: 503"),
        "{}",
        run.err
    );
    assert_eq!(
        llm.requests().await[3].turns()[2],
        (Assistant, "(no reply)")
    );
}

/// A slow server: it sends one piece, and then waits for the client to close the connection.
async fn speaks_and_waits(listener: &TcpListener) -> Value {
    // A client may open a connection and close it unused, so the server goes on to the next one.
    let (mut stream, length) = loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        if let Some(length) = content_length(&mut stream).await {
            break (stream, length);
        }
    };
    let (mut reader, mut writer) = stream.split();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).await.unwrap();
    let piece = json!({
        "id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m",
        "choices": [{ "index": 0, "delta": { "content": "Once upon" }, "finish_reason": null }],
    });
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    writer
        .write_all(format!("{head}data: {piece}\n\n").as_bytes())
        .await
        .unwrap();
    assert_eq!(
        reader.read(&mut [0]).await.unwrap_or(0),
        0,
        "the program hangs up"
    );
    serde_json::from_slice(&body).unwrap()
}

/// Reads the head of a request, byte by byte so that the body stays in the stream, and returns the
/// length of the body. Returns `None` if the connection ends before the head does.
async fn content_length(stream: &mut TcpStream) -> Option<usize> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let (_, rest) = head.split_once("content-length:").unwrap();
    Some(rest.lines().next()?.trim().parse().unwrap())
}

#[tokio::test]
async fn ctrl_c_stops_the_reply_and_not_the_program() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut command = Command::new(program!("chatbot"));
    command.env(
        "OPENAI_BASE_URL",
        format!("http://{}/v1", listener.local_addr().unwrap()),
    );
    command
        .env("OPENAI_MODEL", "m")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let mut program = command.spawn().unwrap();
    let (mut input, mut output) = (
        program.stdin.take().unwrap(),
        program.stdout.take().unwrap(),
    );
    for round in 1..=2 {
        input.write_all(b"tell me a story\n").await.unwrap();
        let interrupted = async {
            let mut said = [0; 9];
            output.read_exact(&mut said).await.unwrap();
            assert_eq!(&said, b"Once upon");
            let interrupt = Command::new("kill")
                .args(["-INT", &program.id().unwrap().to_string()])
                .status();
            assert!(interrupt.await.unwrap().success());
            let mut rest = [0; 12];
            output.read_exact(&mut rest).await.unwrap();
            assert_eq!(&rest, b" (stopped)\n\n");
        };
        let both = async { tokio::join!(speaks_and_waits(&listener), interrupted) };
        let (request, ()) = timeout(Duration::from_secs(60), both).await.unwrap();
        assert_eq!(
            request["messages"].as_array().unwrap().len(),
            2 * round,
            "what was said so far is kept"
        );
    }
    input.write_all(b"/quit\n").await.unwrap();
    assert!(program.wait().await.unwrap().success());
}
