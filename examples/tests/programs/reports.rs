//! Opens reports of recorded runs in a real browser: `browser/report.mjs` is the person who reads them.

use std::fs;
use std::path::Path;

use pocketflow::{Action, Failed, Shared, flow, node};
use pocketflow_checkpoint::Checkpoints;
use pocketflow_record::{ModelCall, Record, Recording, Report};
use serde::{Deserialize, Serialize};
use tokio::process::Command;

use crate::support::{Llm, Reply, program};

/// A text that a browser would obey if it read it as HTML.
const HOSTILE: &str = "</script><img src=x onerror=\"globalThis.owned=true\"><script>globalThis.owned=true</script>\u{202e}\u{7}";

#[derive(Shared, Default, Serialize, Deserialize)]
struct Order {
    total_cents: u64,
    #[shared(redact)]
    card: Option<String>,
    approval: Option<String>,
    receipt: Option<String>,
    parcel: Option<String>,
    mail: Option<String>,
    problem: Option<Failed>,
    refunded: bool,
}

#[derive(Action, Serialize)]
#[action(Order)]
enum Verdict {
    Approved,
    Rejected,
}

#[derive(Action, Serialize)]
#[action(Order)]
enum Answer {
    Ok,
    Declined,
}

#[node(Order)]
fn review(total_cents: &u64) -> Verdict {
    if *total_cents <= 100_000 {
        Verdict::Approved
    } else {
        Verdict::Rejected
    }
}

#[node(Order)]
fn authorize(card: &str) -> Answer {
    if card.starts_with("4111") {
        Answer::Ok
    } else {
        Answer::Declined
    }
}

#[node(Order, writes = receipt)]
fn capture(total_cents: &u64, approval: &str) -> String {
    format!("{total_cents} cents, approved by {approval}")
}

#[node(Order, writes = parcel)]
fn pack(receipt: &str) -> String {
    format!("a parcel with: {receipt}")
}

#[node(Order, writes = mail)]
fn notify(receipt: &str) -> String {
    format!("mail: {receipt}")
}

#[node(Order)]
fn ship(parcel: &str) -> anyhow::Result<()> {
    anyhow::bail!("no carrier takes {parcel}")
}

#[node(Order, writes = refunded)]
fn refund(receipt: &str) -> bool {
    !receipt.is_empty()
}

#[node(Order)]
fn refuse() {}

flow! {
    Payment(card, approval): Order {
        authorize - "ok" >> capture;
        authorize - "declined" >> end "declined";
    }
}

flow! {
    Shop(card): Order {
        review - "approved" >> await(approval) >> Payment >> (pack, notify) >> ship;
        ship - error(problem) >> refund >> end "refunded";
        review - "rejected" >> refuse;
        Payment - "declined" >> refuse;
    }
}

#[derive(Shared, Default, Serialize, Deserialize)]
struct Folder {
    documents: Vec<Document>,
    published: usize,
}

#[derive(Shared, Default, Serialize, Deserialize)]
struct Document {
    text: String,
    approval: Option<String>,
    state: Option<String>,
}

#[node(Document, writes = text)]
fn draft() -> String {
    "All about rain.".into()
}

#[node(Document, writes = state)]
fn publish(approval: &str) -> String {
    format!("approved by {approval}")
}

#[node(Folder, writes = published)]
fn count(documents: &[Document]) -> usize {
    documents.iter().filter(|one| one.state.is_some()).count()
}

flow! { Approve: Document { draft >> await(approval) >> publish; } }
flow! { ApproveAll: Folder { Approve.each(documents, parallel = 2) >> count; } }

#[derive(Shared, Default, Serialize)]
struct Echo {
    text: String,
    long: String,
}

#[node(Echo, writes = long)]
async fn repeat(text: &str) -> String {
    ModelCall::new(text).content(text, text).note();
    pocketflow_record::note(text, &[text]);
    text.repeat(20_000)
}

#[node(Echo)]
async fn complain(text: &str) -> anyhow::Result<()> {
    Err(anyhow::anyhow!("{text}").context(HOSTILE))
}

flow! { Hostile: Echo { repeat >> complain; } }

#[derive(Shared, Default, Serialize)]
struct Count {
    of: u64,
    n: u64,
    log: String,
}

#[derive(Action, Serialize)]
#[action(Count)]
enum Next {
    Again,
    Done,
}

#[node(Count, writes(n, log))]
impl Add {
    fn exec(&self, n: &u64) -> u64 {
        n + 1
    }

    fn post(&self, n: &mut u64, of: &u64, log: &mut String, exec: u64) -> Next {
        *n = exec;
        *log += &format!("step {exec}\n");
        if *n < *of { Next::Again } else { Next::Done }
    }
}
struct Add;

flow! {
    Counting: Count {
        add: Add;
        add - "again" >> add;
        add - "done" >> end;
    }
}

#[derive(Shared, Default, Serialize)]
struct Book {
    pages: Vec<Page>,
    titles: Vec<String>,
    lengths: Vec<usize>,
}

#[derive(Shared, Default, Serialize)]
struct Page {
    title: String,
    length: usize,
}

#[node(Book, writes = lengths, parallel = 8)]
async fn measure(#[each(titles)] title: &str) -> usize {
    title.len()
}

#[node(Page, writes = length)]
fn measure_page(title: &str) -> usize {
    title.len()
}

flow! { Measure: Book { measure; } }
flow! { MeasurePage: Page { measure_page; } }
flow! { MeasurePages: Book { MeasurePage.each(pages, parallel = 8); } }

#[derive(Shared, Default, Serialize)]
struct Shelf {
    red: Vec<String>,
    blue: Vec<String>,
    reds: Option<Vec<usize>>,
    blues: Vec<usize>,
}

#[node(Shelf, writes = reds, parallel = 2)]
async fn weigh(#[each(red)] title: &str) -> usize {
    title.len()
}

#[node(Shelf, writes = blues, parallel = 2)]
async fn gauge(#[each(blue)] title: &str) -> usize {
    title.len()
}

flow! { Sort: Shelf { (weigh, gauge); } }

#[derive(Shared, Default, Serialize)]
struct Library {
    facts: Desk,
    figures: Desk,
    desks: Vec<Desk>,
    problems: Vec<Failed>,
    words: usize,
}

#[derive(Shared, Default, Serialize)]
struct Desk {
    topic: String,
    found: Vec<String>,
    finding: Option<String>,
}

#[derive(Action, Serialize)]
#[action(Desk)]
enum Look {
    Again,
    Enough,
}

#[node(Desk, writes(found))]
impl Search {
    fn exec(&self, topic: &str) -> String {
        format!("a page about {topic}")
    }

    fn post(&self, topic: &str, found: &mut Vec<String>, exec: String) -> Look {
        found.push(exec);
        match found.len() < topic.len() {
            true => Look::Again,
            false => Look::Enough,
        }
    }
}
struct Search;

#[node(Desk, writes = finding)]
fn conclude(topic: &str, found: &[String]) -> anyhow::Result<String> {
    anyhow::ensure!(!topic.is_empty(), "there is no topic");
    Ok(found.join(", "))
}

#[node(Library, writes = words)]
fn combine(facts: &Desk, figures: &Desk) -> usize {
    facts.found.len() + figures.found.len()
}

flow! {
    Investigate: Desk {
        search: Search;
        search - "again" >> search max 2 else conclude;
        search - "enough" >> conclude;
    }
}
flow! {
    Digest: Library {
        one: Investigate.on(facts);
        two: Investigate.on(figures);
        three: Investigate.each(desks, failures = problems);
        (one, two) >> three >> combine;
    }
}

/// A folder of records and of the reports that are made of them.
struct Reports<'a>(&'a Path);

impl Reports<'_> {
    fn write(&self, name: &str, report: Report, record: &str) {
        let page = report.file(format!("{name}.jsonl")).page(record).unwrap();
        fs::write(self.0.join(format!("{name}.html")), page).unwrap();
    }

    /// The run of a program that takes `--record`.
    async fn program(&self, name: &str, llm: &Llm, program: &str, question: &str) -> String {
        let file = self.0.join(format!("{name}.jsonl"));
        let arguments = ["--record", file.to_str().unwrap(), question];
        llm.run(program, &arguments).end().await;
        fs::read_to_string(file).unwrap()
    }
}

/// Runs the agent with a model that searches twice, once after a reply that is not an action, and
/// may fail to answer.
async fn agent(reports: &Reports<'_>, name: &str, fails: bool) -> String {
    let llm = Llm::new(move |request, before| match before {
        _ if fails && request.wants().is_none() => Reply::overloaded(),
        0 => "action: search\nsearch_query: salt".into(),
        1 if !fails => "action: dance".into(),
        2 if !fails => "action: search\nsearch_query: tides".into(),
        _ if request.wants().is_some() => "action: answer".into(),
        _ => "Rivers carry salt into the sea.".into(),
    })
    .await;
    let question = "Why is the sea salty?";
    reports
        .program(name, &llm, program!("agent"), question)
        .await
}

async fn newsroom(reports: &Reports<'_>) -> String {
    let llm = Llm::new(|request, _| {
        if request.asks("You plan an article") {
            "questions:\n- Why is the sea salty?\n- How high are tides?\n- Who lives there?"
        } else if !request.asks("You are a reporter") {
            "The sea is deep and salty."
        } else if request.asks("Your last search") {
            "action: report"
        } else {
            "action: search\nsearch_query: sea"
        }
    })
    .await;
    reports
        .program("newsroom", &llm, program!("newsroom"), "the sea")
        .await
}

/// A durable run that waits, and the same record after it has been resumed.
async fn shop(folder: &Path) -> (String, String) {
    let runs = Checkpoints::open(folder.join("runs.db")).await.unwrap();
    let file = folder.join("shop.jsonl");
    let record = Record::create(&file).unwrap();
    let mut order = Order {
        total_cents: 4_200,
        card: Some("4111 1111 1111 1111".into()),
        ..Default::default()
    };
    let run = runs.run("order-17").park();
    let flow = Shop.with(&record).with(run);
    assert!(flow.run(&mut order).await.unwrap_err().suspends());
    record.finish().unwrap();
    let waits = fs::read_to_string(&file).unwrap();

    runs.fill_value("order-17", "approval", "Ada")
        .await
        .unwrap();
    let record = Record::append(&file).unwrap();
    let mut order = Order::default();
    let flow = Shop.with(&record).with(runs.run("order-17"));
    flow.run(&mut order).await.unwrap();
    record.finish().unwrap();
    // The steps have the same numbers as in the commands that the page shows.
    for step in 1..=7 {
        let new = format!("order-17-after-{step}");
        runs.fork("order-17", step, &new).await.unwrap();
    }
    (waits, fs::read_to_string(&file).unwrap())
}

/// A durable run whose items wait. They are answered one after the other, and the run is resumed after each answer.
async fn documents(folder: &Path) -> String {
    let runs = Checkpoints::open(folder.join("documents.db"))
        .await
        .unwrap();
    let file = folder.join("documents.jsonl");
    let mut all = Folder {
        documents: vec![Document::default(), Document::default()],
        published: 0,
    };
    for answered in 0..=2 {
        let record = Record::append(&file).unwrap();
        let run = runs.run("folder-1").park();
        let ended = ApproveAll.with(&record).with(run).run(&mut all).await;
        record.finish().unwrap();
        assert_eq!(ended.is_ok(), answered == 2);
        if answered < 2 {
            let id = format!("folder-1/1/documents[{answered}]");
            runs.fill_value(&id, "approval", "Ada").await.unwrap();
        }
    }
    fs::read_to_string(&file).unwrap()
}

/// Two flows at the same time on two fields, and then one on each item of a third, of which one fails.
async fn digest() -> String {
    let desk = |topic: &str| Desk {
        topic: topic.into(),
        ..Default::default()
    };
    let mut library = Library {
        facts: desk("x"),
        figures: desk("tides"),
        desks: ["ab", "", "c"].map(desk).into(),
        ..Default::default()
    };
    let record = Record::in_memory();
    let investigate = || Investigate { search: Search };
    let digest = Digest {
        one: investigate(),
        two: investigate(),
        three: investigate(),
    };
    digest.with(&record).run(&mut library).await.unwrap();
    record.text()
}

async fn hostile() -> String {
    let record = Record::in_memory().content(true);
    let mut echo = Echo {
        text: HOSTILE.into(),
        ..Default::default()
    };
    Hostile.with(&record).run(&mut echo).await.unwrap_err();
    record.text()
}

/// A fork of two batches, which is the first of three runs in one record.
async fn shelves() -> String {
    let record = Record::in_memory();
    let titles = |titles: &[&str]| titles.iter().map(ToString::to_string).collect();
    let mut shelf = Shelf {
        red: titles(&["rain", "sun"]),
        blue: titles(&["sea", "ice", "fog"]),
        ..Default::default()
    };
    Sort.with(&record).run(&mut shelf).await.unwrap();
    let counting = Counting { add: Add };
    let mut count = Count {
        of: 1,
        ..Default::default()
    };
    counting.with(&record).run(&mut count).await.unwrap();
    Sort.with(&record).run(&mut shelf).await.unwrap();
    record.text()
}

/// The record of a process that was killed in the last step before another process went on, which was
/// an hour later.
fn killed(resumed: &str) -> String {
    let mut text = String::new();
    let mut processes = 0;
    for line in resumed.lines() {
        if line.starts_with("{\"pocketflow_record\"") {
            processes += 1;
            text += &format!("{line}\n");
            continue;
        }
        let mut event: serde_json::Value = serde_json::from_str(line).unwrap();
        if processes == 1 && matches!(event["event"].as_str(), Some("suspended" | "end")) {
            continue;
        }
        for time in ["at", "began"] {
            if let Some(before) = event[time].as_u64().filter(|_| processes > 1) {
                event[time] = (before + 3_600_000_000).into();
            }
        }
        text += &format!("{event}\n");
    }
    text
}

/// The record of a run that hangs in its last step.
fn hangs(whole: &str) -> &str {
    let begins = whole.rfind("{\"event\":\"step\"").unwrap();
    let end = whole[begins..].find('\n').unwrap();
    &whole[..=begins + end]
}

async fn steps(of: u64) -> String {
    let record = Record::in_memory();
    let mut count = Count {
        of,
        ..Default::default()
    };
    let counting = Counting { add: Add };
    counting.with(&record).run(&mut count).await.unwrap();
    record.text()
}

/// A batch of many items, and as many inner runs.
async fn many(of: usize) -> [String; 2] {
    let title = |number| format!("Page {number}");
    let mut book = Book {
        titles: (0..of).map(title).collect(),
        ..Default::default()
    };
    let record = Record::in_memory();
    Measure.with(&record).run(&mut book).await.unwrap();
    let items = record.text();
    let page = |number| Page {
        title: title(number),
        length: 0,
    };
    book.pages = (0..of).map(page).collect();
    let record = Record::in_memory();
    MeasurePages.with(&record).run(&mut book).await.unwrap();
    [items, record.text()]
}

/// The screenshots go to `SCREENSHOTS`, or to `target/screenshots`, and the reports next to them.
#[tokio::test]
#[ignore = "needs Chromium and Node: .ci/run runs it"]
async fn reports_in_a_browser() {
    let screenshots = std::env::var("SCREENSHOTS");
    let screenshots = screenshots
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../target/screenshots").into());
    let folder = tempfile::tempdir().unwrap();
    let reports = Reports(folder.path());

    let good = agent(&reports, "agent", false).await;
    reports.write("agent", Report::new(), &good);
    let bad = agent(&reports, "failed", true).await;
    reports.write("failed", Report::new(), &bad);
    reports.write("newsroom", Report::new(), &newsroom(&reports).await);
    let (waits, resumed) = shop(folder.path()).await;
    reports.write("waits", Report::new().graph(Shop::GRAPH), &waits);
    reports.write("shop", Report::new().graph(Payment::GRAPH), &resumed);
    reports.write("killed", Report::new(), &killed(&resumed));
    reports.write("hangs", Report::new(), hangs(&good));
    for (name, panicked) in [("dropped", ""), ("panicked", r#","panicked":true"#)] {
        let at = Recording::read(&good).unwrap().runs()[0].last_at;
        let dropped = format!(r#"{{"event":"dropped","at":{at},"run":0{panicked}}}"#);
        let record = format!("{}{dropped}\n", hangs(&good));
        reports.write(name, Report::new(), &record);
    }
    // The page of a record from the standard input does not know the name of a file.
    let page = Report::new().page(shelves().await).unwrap();
    fs::write(folder.path().join("shelves.html"), page).unwrap();
    let documents = documents(folder.path()).await;
    reports.write("documents", Report::new(), &documents);
    reports.write("digest", Report::new(), &digest().await);
    reports.write("hostile", Report::new(), &hostile().await);
    reports.write("cut-off", Report::new(), &good[..good.len() - 10]);
    let (header, _) = good.split_once('\n').unwrap();
    reports.write("empty", Report::new(), &format!("{header}\n"));
    for of in [10, 1_000, 10_000] {
        reports.write(&format!("steps-{of}"), Report::new(), &steps(of).await);
    }
    let [items, runs] = many(10_000).await;
    reports.write("items-10000", Report::new(), &items);
    reports.write("runs-10000", Report::new(), &runs);

    let status = Command::new("node")
        .args(["report.mjs", folder.path().to_str().unwrap(), &screenshots])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser"))
        .kill_on_drop(true)
        .status()
        .await
        .expect("Node");
    if let Ok(keep) = std::env::var("REPORTS") {
        for file in fs::read_dir(folder.path()).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), Path::new(&keep).join(file.file_name())).unwrap();
        }
    }
    assert!(
        status.success(),
        "the browser saw something else: look above"
    );
}
