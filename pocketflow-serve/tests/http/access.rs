//! Attempts to get in.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};

use reqwest::header::{ACCEPT, COOKIE, HOST, ORIGIN, SET_COOKIE};
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::net::TcpStream;

use crate::support::{Site, TOKEN};

const PATHS: [&str; 9] = [
    "/",
    "/run",
    "/style.css",
    "/list.js",
    "/run.js",
    "/api/runs",
    "/api/changes",
    "/api/run?id=a",
    "/api/state?run=a",
];

#[tokio::test]
async fn nothing_is_there_without_the_token() {
    let site = Site::new().await;
    site.order("a", 4_200).await;
    let wrong = TOKEN.replace('0', "1");
    let cookie = format!("pocketflow-{}={wrong}", site.port);
    let other_port = format!("pocketflow-1={TOKEN}");
    for path in PATHS {
        let url = format!("{}{path}", site.url);
        let get = || site.client.get(&url).header(ACCEPT, "text/html");
        for request in [
            get(),
            get().bearer_auth(&wrong),
            get().bearer_auth(&TOKEN[..TOKEN.len() - 1]),
            get().bearer_auth(""),
            get().header(COOKIE, &cookie),
            get().header(COOKIE, &other_port),
            get().header("X-Token", TOKEN),
        ] {
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
            assert!(response.headers().get(SET_COOKIE).is_none());
            let text = response.text().await.unwrap();
            assert!(text.contains("token") && !text.contains(TOKEN) && !text.contains("4200"));
        }
    }
    let post = site.client.post(format!("{}/api/actions", site.url));
    let post = post
        .header(ORIGIN, &site.url)
        .json(&json!({ "action": "cancel", "run": "a" }));
    assert_eq!(
        post.send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
    let path = format!("{}/?token={wrong}", site.url);
    let response = site.client.get(path).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(response.headers().get(SET_COOKIE).is_none());
}

#[tokio::test]
async fn the_address_gives_a_cookie_that_only_own_pages_send() {
    let site = Site::new().await;
    let response = site
        .client
        .get(format!("{}/?token={TOKEN}", site.url))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let cookie = response.headers()[SET_COOKIE].to_str().unwrap().to_owned();
    assert_eq!(
        cookie,
        format!(
            "pocketflow-{}={TOKEN}; Path=/; HttpOnly; SameSite=Strict",
            site.port
        )
    );
    // The page leads to the address without the token.
    let page = response.text().await.unwrap();
    assert!(page.contains("url=./") && !page.contains(TOKEN));
    let cookie = cookie.split(';').next().unwrap();
    for path in PATHS {
        let request = site.client.get(format!("{}{path}", site.url));
        let request = request.header(COOKIE, format!("theme=dark; {cookie}"));
        let status = request.send().await.unwrap().status();
        let expected = match path {
            "/api/state?run=a" => StatusCode::NOT_FOUND,
            _ => StatusCode::OK,
        };
        assert_eq!(status, expected, "{path}");
    }
}

#[tokio::test]
async fn another_name_that_leads_to_this_address_is_refused() {
    let site = Site::new().await;
    let port = site.port;
    for host in [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        format!("127.0.0.1.evil.example:{port}"),
        "127.0.0.1".to_owned(),
        format!("127.0.0.2:{port}"),
        format!("127.0.0.1:{}", port ^ 1),
        format!("evil@127.0.0.1:{port}"),
    ] {
        for path in PATHS {
            let response = site.get(path).header(HOST, &host).send().await.unwrap();
            assert_eq!(
                response.status(),
                StatusCode::MISDIRECTED_REQUEST,
                "{host} {path}"
            );
        }
        let path = format!("/?token={TOKEN}");
        let response = site.get(&path).header(HOST, &host).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::MISDIRECTED_REQUEST);
    }
    for host in [
        format!("localhost:{port}"),
        format!("LOCALHOST:{port}"),
        format!("[::1]:{port}"),
    ] {
        let response = site
            .get("/api/runs")
            .header(HOST, &host)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{host}");
    }
}

#[tokio::test]
async fn another_origin_is_refused() {
    let site = Site::new().await;
    site.order("a", 4_200).await;
    let cookie = format!("pocketflow-{}={TOKEN}", site.port);
    let request = |method: Method, path: &str| {
        let url = format!("{}{path}", site.url);
        site.client.request(method, url).header(COOKIE, &cookie)
    };
    let cancel =
        || request(Method::POST, "/api/actions").json(&json!({ "action": "cancel", "run": "a" }));
    for origin in [
        "http://evil.example".to_owned(),
        "null".to_owned(),
        format!("https://127.0.0.1:{}", site.port),
        format!("http://127.0.0.1:{}", site.port ^ 1),
        format!("{}.evil.example", site.url),
        "http://localhost".to_owned(),
    ] {
        for request in [
            cancel(),
            request(Method::GET, "/api/runs"),
            request(Method::OPTIONS, "/api/actions"),
        ] {
            let response = request.header(ORIGIN, &origin).send().await.unwrap();
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{origin}");
            let headers = response.headers();
            assert!(
                headers
                    .keys()
                    .all(|name| !name.as_str().starts_with("access-control"))
            );
        }
    }
    // A form of another page on this machine, whose browser does not send an origin.
    assert_eq!(
        cancel().send().await.unwrap().status(),
        StatusCode::FORBIDDEN
    );
    for (site_of, mode, dest, expected) in [
        ("cross-site", "no-cors", "script", StatusCode::FORBIDDEN),
        ("same-site", "cors", "empty", StatusCode::FORBIDDEN),
        ("cross-site", "navigate", "iframe", StatusCode::FORBIDDEN),
        ("same-origin", "cors", "empty", StatusCode::OK),
        ("none", "navigate", "document", StatusCode::OK),
        // A link: the strict cookie would not come with it.
        ("cross-site", "navigate", "document", StatusCode::OK),
    ] {
        let request = request(Method::GET, "/").header("Sec-Fetch-Site", site_of);
        let request = request
            .header("Sec-Fetch-Mode", mode)
            .header("Sec-Fetch-Dest", dest);
        assert_eq!(
            request.send().await.unwrap().status(),
            expected,
            "{site_of} {mode} {dest}"
        );
    }
    // A form cannot send JSON.
    let form = request(Method::POST, "/api/actions").header(ORIGIN, &site.url);
    let form = form
        .header("Content-Type", "text/plain")
        .body(r#"{"action":"cancel","run":"a"}"#);
    assert_eq!(
        form.send().await.unwrap().status(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    let list = site.json("/api/runs").await;
    assert_eq!(
        list["rows"][0]["status"], "waiting",
        "nothing was cancelled"
    );
    let own = cancel().header(ORIGIN, &site.url).send().await.unwrap();
    assert_eq!(own.status(), StatusCode::OK);
}

#[tokio::test]
async fn only_the_loopback_address_listens() {
    let site = Site::new().await;
    let own = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).and_then(|socket| {
        // Nothing is sent. The system chooses the address of this machine.
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        Ok(socket.local_addr()?.ip())
    });
    let outside = own.ok().filter(|address| !address.is_loopback());
    let second: IpAddr = Ipv4Addr::new(127, 0, 0, 2).into();
    for address in [second].into_iter().chain(outside) {
        let refused = TcpStream::connect((address, site.port)).await;
        assert!(refused.is_err(), "{address} answers");
    }
    assert!(
        TcpStream::connect((Ipv4Addr::LOCALHOST, site.port))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn every_answer_has_the_headers_that_protect_it() {
    let site = Site::new().await;
    let refused = site.client.get(&site.url).send().await.unwrap();
    let mut responses = vec![refused];
    for path in PATHS.iter().chain(&["/nothing"]) {
        responses.push(site.get(path).send().await.unwrap());
    }
    for response in responses {
        let text = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let policy = text("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"));
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"));
        assert_eq!(text("x-content-type-options"), "nosniff");
        assert_eq!(text("cache-control"), "no-store");
        assert_eq!(text("x-frame-options"), "DENY");
        assert_eq!(text("referrer-policy"), "no-referrer");
        assert_eq!(text("cross-origin-resource-policy"), "same-origin");
    }
}

#[tokio::test]
async fn a_read_only_page_changes_nothing() {
    let site = Site::with(|server| server.read_only(true)).await;
    site.order("a", 4_200).await;
    for action in [
        json!({ "action": "fill", "run": "a", "wait": "approval#1", "value": "\"Ada\"" }),
        json!({ "action": "retry", "run": "a" }),
        json!({ "action": "cancel", "run": "a" }),
        json!({ "action": "release", "run": "a" }),
        json!({ "action": "rewind", "run": "a", "step": 1 }),
        json!({ "action": "fork", "run": "a", "step": 1, "new": "b" }),
        json!({ "action": "edit", "run": "a", "field": "total_cents", "value": "1" }),
    ] {
        let (status, why) = site.act(action).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(why.contains("--read-only"), "{why}");
    }
    let list = site.json("/api/runs").await;
    assert_eq!(
        (&list["total"], &list["read_only"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(list["rows"][0]["status"], "waiting");
}

#[tokio::test]
async fn two_servers_have_two_tokens() {
    let address = || async {
        pocketflow_serve::Server::new()
            .bind(0)
            .await
            .unwrap()
            .address()
    };
    let (one, other) = (address().await, address().await);
    let token = |address: &str| address.split_once("token=").unwrap().1.to_owned();
    assert_ne!(token(&one), token(&other));
    assert_eq!(token(&one).len(), 64);
}

#[tokio::test]
async fn an_application_serves_the_page_under_a_path_of_its_own() {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let server = pocketflow_serve::Server::new().token(TOKEN).origin(&origin);
    let (live, token) = server.router().unwrap();
    let app = axum::Router::new().nest_service("/runs/", live);
    tokio::spawn(async { axum::serve(listener, app).await });
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let welcome = client
        .get(format!("{origin}/runs/?token={token}"))
        .send()
        .await
        .unwrap();
    assert_eq!(welcome.status(), StatusCode::OK);
    let cookie = welcome.headers()[SET_COOKIE].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    for path in ["", "run", "run.js", "api/runs"] {
        let request = client.get(format!("{origin}/runs/{path}"));
        let response = request.header(COOKIE, &cookie).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
    }
    let other = client
        .get(format!("{origin}/runs/api/runs"))
        .header(COOKIE, &cookie);
    let other = other.header(HOST, "evil.example").send().await.unwrap();
    assert_eq!(other.status(), StatusCode::MISDIRECTED_REQUEST);
}
