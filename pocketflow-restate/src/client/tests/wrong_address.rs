//! Answers of something else than the port of a Restate server that a client needs.

use super::*;

const NEEDS_INGRESS: &str = "\nhelp: is the address right? It must be that at which a Restate server takes requests (its ingress, port 8080 by default), and not that of its administration (9070)";
const NEEDS_ADMIN: &str = "\nhelp: is the address right? It must be that of the administration of a Restate server (port 9070 by default), and not that at which it takes requests (8080)";

async fn always(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

fn page(code: u16, text: &str) -> ResponseTemplate {
    ResponseTemplate::new(code).set_body_string(text)
}

/// Every call but `wait`, which asks again after some answers.
async fn errors(shop: &Client<Order>) -> [ClientError; 6] {
    let (run, order) = ("order-17", Order::default());
    [
        shop.start(run, &order).await.unwrap_err(),
        shop.status(run).await.unwrap_err(),
        shop.result(run).await.unwrap_err(),
        shop.fill(run, "approval", "Ada").await.unwrap_err(),
        shop.retry(run).await.unwrap_err(),
        shop.cancel(run).await.unwrap_err(),
    ]
}

#[tokio::test]
async fn a_client_says_that_it_needs_the_ingress() {
    let moved = ResponseTemplate::new(308).insert_header("location", "https://shop/");
    let lost = "Are you lost? Maybe visit https://restate.dev instead!";
    for (answer, expected) in [
        // The administration of a server.
        (ResponseTemplate::new(404), "HTTP status 404 without a text"),
        // The port between the nodes of a cluster.
        (page(404, lost), "HTTP status 404: Are you lost?"),
        // Proxies, and other programs.
        (
            answer(404, json!({"message": "no route"})),
            "HTTP status 404: no route",
        ),
        (page(400, "<p>Bad</p>"), "HTTP status 400: <p>Bad</p>"),
        (page(409, "other"), "HTTP status 409: other"),
        (page(413, "too large"), "HTTP status 413: too large"),
        (page(500, "oh"), "HTTP status 500: oh"),
        (moved, "HTTP status 308, which redirects to https://shop/"),
        (
            page(200, "<html>"),
            "HTTP status 200 with a text that is not",
        ),
        (
            answer(200, json!({"status": "UP"})),
            "HTTP status 200 with a text that is not",
        ),
    ] {
        let server = always(answer).await;
        let shop = shop(&server);
        let mut errors = Vec::from(errors(&shop).await);
        errors.push(shop.wait("order-17").await.unwrap_err());
        for error in errors {
            assert!(
                matches!(error, ClientError::WrongAddress { .. }),
                "{error:?}"
            );
            let text = error.to_string();
            assert!(
                text.contains("is not that of the ingress of a Restate server"),
                "{text}"
            );
            assert!(text.contains(expected), "{text}");
            assert!(text.ends_with(NEEDS_INGRESS), "{text}");
            assert!(!error.is_temporary(), "{text}");
        }
    }
}

#[tokio::test]
async fn a_proxy_that_cannot_reach_the_server_is_asked_again() {
    let server = always(page(502, "Bad Gateway")).await;
    for error in errors(&shop(&server)).await {
        assert!(error.to_string().ends_with(NEEDS_INGRESS), "{error}");
        assert!(error.is_temporary(), "{error}");
    }
}

#[tokio::test]
async fn a_refusal_without_the_headers_of_the_server_is_known_by_its_body() {
    let refusal = |source: &str| json!({"code": 404, "message": "none", "source": source});
    let server = always(answer(404, refusal("invocation"))).await;
    let error = shop(&server).status("order-17").await.unwrap_err();
    assert!(matches!(error, ClientError::UnknownRun { .. }), "{error}");
    let server = always(answer(404, refusal("ingress"))).await;
    let error = shop(&server).status("order-17").await.unwrap_err();
    assert!(matches!(error, ClientError::UnknownFlow { .. }), "{error}");
}

#[tokio::test]
async fn a_worker_which_speaks_http2_is_not_a_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let worker = tokio::spawn(async move {
        let mut bytes = [0; 1024];
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut bytes).await.unwrap() > 0);
        // The first frame of HTTP/2, with no settings.
        stream
            .write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0])
            .await
            .unwrap();
    });
    let shop = client::<Order>(&url, "Shop").unwrap();
    let error = shop.status("order-17").await.unwrap_err();
    assert!(error.to_string().contains("it is not HTTP/1"), "{error:?}");
    assert!(error.to_string().ends_with(NEEDS_INGRESS), "{error}");
    assert!(!error.is_temporary());
    worker.await.unwrap();
}

#[tokio::test]
async fn an_admin_says_that_it_needs_the_administration() {
    let ingress = json!({"code": 400, "message": "bad path: /query", "source": "ingress"});
    for (answer, expected) in [
        (
            answer(400, ingress.clone()).insert_header("x-restate-error-source", "ingress"),
            "HTTP status 400: bad path: /query",
        ),
        (answer(400, ingress), "HTTP status 400: bad path: /query"),
        (ResponseTemplate::new(404), "HTTP status 404 without a text"),
        (
            page(200, "<html>"),
            "HTTP status 200 with a text that is not",
        ),
    ] {
        let server = always(answer).await;
        let admin = Admin::new(&server.uri()).unwrap();
        for error in [
            admin.runs().await.unwrap_err(),
            admin.find("order-17").await.unwrap_err(),
            admin.store("Shop", "order-17").await.unwrap_err(),
            admin.remove("Shop", "order-17").await.unwrap_err(),
            admin.client::<Order>("Shop").await.unwrap_err(),
        ] {
            let text = error.to_string();
            assert!(
                text.contains("is not that of the administration of a Restate server"),
                "{text}"
            );
            assert!(text.contains(expected), "{text}");
            assert!(text.ends_with(NEEDS_ADMIN), "{text}");
        }
    }
}

#[tokio::test]
async fn what_the_administration_says_is_no_wrong_address() {
    let server = always(answer(500, json!({"message": "no field named meta"}))).await;
    let admin = Admin::new(&server.uri()).unwrap();
    let error = admin.runs().await.unwrap_err();
    assert!(matches!(error, ClientError::Answer { .. }), "{error}");
    let server = always(answer(200, json!({"columns": []}))).await;
    let admin = Admin::new(&server.uri()).unwrap();
    let error = admin.runs().await.unwrap_err();
    assert!(matches!(error, ClientError::Unreadable { .. }), "{error}");
}
