//! `pocketflow serve`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use pocketflow_checkpoint::Checkpoints;

/// A server, which ends with the test.
struct Served {
    child: Child,
    address: SocketAddr,
    token: String,
}

impl Served {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pocketflow"))
            .arg("serve")
            .args(arguments)
            .args(["--port", "0"])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let rest = line.trim().strip_prefix("http://").unwrap();
        let (address, token) = rest.split_once("/?token=").unwrap();
        Self {
            address: address.parse().unwrap(),
            token: token.to_owned(),
            child,
        }
    }

    /// The answer to a request, whose last header says who asks.
    fn ask(&self, request: &str, body: &str, who: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let (host, length) = (self.address, body.len());
        let text = format!(
            "{request} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nAuthorization: {who}\r\n\r\n{body}"
        );
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn it_prints_an_address_that_only_opens_with_its_token() {
    let folder = tempfile::tempdir().unwrap();
    drop(
        Checkpoints::open(folder.path().join("runs.db"))
            .await
            .unwrap(),
    );
    let record = "{\"pocketflow_record\":1}\n{\"event\":\"graph\",\"at\":1,\"graph\":0,\"name\":\"Shop\"}\n\
         {\"event\":\"run\",\"at\":2,\"run\":0,\"id\":\"order-7\",\"graph\":0,\"shared\":{}}\n";
    std::fs::write(folder.path().join("a.jsonl"), record).unwrap();
    let served = Served::start(
        folder.path(),
        &["--records", ".", "--db", "runs.db", "--read-only"],
    );
    assert!(served.address.ip().is_loopback());
    let refused = served.ask("GET /api/runs", "", "Bearer no");
    assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");
    let own = format!("Bearer {}", served.token);
    let runs = served.ask("GET /api/runs", "", &own);
    assert!(
        runs.starts_with("HTTP/1.1 200 ") && runs.contains("\"order-7\""),
        "{runs}"
    );
    let action = r#"{"action":"cancel","run":"order-7"}"#;
    let changed = served.ask("POST /api/actions", action, &own);
    assert!(changed.starts_with("HTTP/1.1 403 "), "{changed}");
}

#[test]
fn a_port_in_use_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &["--records", "."]);
    let port = served.address.port().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_pocketflow"))
        .args(["serve", "--records", ".", "--port", &port])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        error,
        format!("error: port {port} is in use: choose another one with `--port`\n")
    );
}
