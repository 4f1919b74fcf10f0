//! Runs the program `checkout` like a user, and checks its output, files and exit status.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

const GOOD: &str =
    "customer: Ada\nitems:\n  - name: Pen\n    quantity: 3\n    unit_price_cents: 250\n";

/// The result of a finished run.
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Run {
    fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        let [out, err] =
            [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert!(
            !out.contains('\x1b') && !err.contains('\x1b'),
            "no colours: {out}{err}"
        );
        Self {
            code: output.status.code(),
            out,
            err,
        }
    }

    /// The lines about orders.
    fn lines(&self) -> Vec<&str> {
        self.out
            .lines()
            .take_while(|line| !line.is_empty())
            .collect()
    }

    fn summary(&self) -> &str {
        self.out.lines().last().unwrap()
    }
}

fn checkout() -> Command {
    Command::new(env!("CARGO_BIN_EXE_checkout"))
}

/// The root of the repository.
fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
}

/// A folder of orders, and next to it the path of a folder for receipts that does not exist yet.
struct Shop(TempDir);

impl Shop {
    fn new(files: &[(&str, &[u8])]) -> Self {
        let shop = Self(tempfile::tempdir().unwrap());
        fs::create_dir(shop.0.path().join("orders")).unwrap();
        for (name, text) in files {
            fs::write(shop.0.path().join("orders").join(name), text).unwrap();
        }
        shop
    }

    fn receipts(&self) -> PathBuf {
        self.0.path().join("receipts")
    }

    /// Runs the program in the shop's folder, so that the paths are short.
    fn run(&self) -> Run {
        Run::of(
            checkout()
                .current_dir(&self.0)
                .args(["orders", "--receipts", "receipts"]),
        )
    }
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

/// An order of one item with this price.
fn order_of(cents: u64) -> Vec<u8> {
    GOOD.replace("quantity: 3", "quantity: 1")
        .replace("250", &cents.to_string())
        .into_bytes()
}

#[test]
fn the_samples_show_every_outcome() {
    let receipts = tempfile::tempdir().unwrap();
    let run = Run::of(
        checkout()
            .current_dir(repository())
            .arg("--receipts")
            .arg(receipts.path()),
    );
    assert_eq!(
        run.lines(),
        [
            "books.yaml           Ada Lovelace         27.50  paid at attempt 1, reference B-891273",
            "coffee.yaml          Alan Turing          42.00  paid at attempt 1, reference B-339665",
            "desk.yaml            Grace Hopper        728.90  paid at attempt 2, reference B-696534",
            "server.yaml          Edsger Dijkstra    5697.00  rejected, over the limit of 1000.00",
        ]
    );
    assert!(run.out.contains("\nflowchart TD\n"), "{}", run.out);
    assert!(
        run.out.contains("review -->|approved| pay\n"),
        "{}",
        run.out
    );
    assert!(
        run.out.contains("review -->|rejected| refuse\n"),
        "{}",
        run.out
    );
    let receipts_shown = receipts.path().display();
    assert_eq!(
        run.summary(),
        format!("7 orders: 3 paid, 1 rejected, 3 failed; receipts in {receipts_shown}")
    );

    let errors: Vec<_> = run.err.lines().collect();
    assert_eq!(errors.len(), 4, "{}", run.err);
    for (error, starts_with) in errors.iter().zip([
        "error: examples/orders/wrong-field.yaml:5:5: items[0]: unknown field `quantty`, expected one of ",
        "error: examples/orders/wrong-syntax.yaml:7:1: found unexpected end of stream, while scanning a quoted scalar at line 4 ",
        "error: examples/orders/wrong-type.yaml:5:15: items[0].quantity: invalid type: string \"a dozen\", expected a whole number",
        "note: the samples named wrong-*.yaml are wrong on purpose",
    ]) {
        assert!(error.starts_with(starts_with), "{error}");
    }
    assert_eq!(run.code, Some(1));

    assert_eq!(
        names(receipts.path()),
        ["books.txt", "coffee.txt", "desk.txt"]
    );
    assert_eq!(
        fs::read_to_string(receipts.path().join("books.txt")).unwrap(),
        "Receipt for Ada Lovelace

   1 x Notes on the Engine          at     24.50
   4 x Bookmark                     at      0.75

Total 27.50
paid at attempt 1, reference B-891273
"
    );
}

#[test]
fn nothing_needs_to_be_configured_and_nothing_is_left_lying_about() {
    let elsewhere = tempfile::tempdir().unwrap();
    let run = Run::of(checkout().current_dir(&elsewhere));
    let (_, receipts) = run.summary().split_once("receipts in ").unwrap();
    assert_eq!(Path::new(receipts), repository().join("target/receipts"));
    assert!(Path::new(receipts).join("books.txt").is_file());
    assert_eq!(names(elsewhere.path()), [""; 0]);
}

#[test]
fn good_orders_end_well() {
    let shop = Shop::new(&[
        ("b.yaml", GOOD.as_bytes()),
        ("a.yaml", &order_of(4_200)),
        ("notes.txt", b"?"),
    ]);
    let run = shop.run();
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert_eq!(run.lines().len(), 2);
    assert!(
        run.lines()[0].starts_with("a.yaml ") && run.lines()[1].starts_with("b.yaml "),
        "{}",
        run.out
    );
    assert_eq!(
        run.summary(),
        "2 orders: 2 paid, 0 rejected, 0 failed; receipts in receipts"
    );
    assert_eq!(names(&shop.receipts()), ["a.txt", "b.txt"]);
}

#[test]
fn a_wrong_order_among_good_ones_does_not_stop_them() {
    let wrong = GOOD.replace("unit_price_cents", "unit_price");
    let shop = Shop::new(&[
        ("1.yaml", GOOD.as_bytes()),
        ("2.yaml", wrong.as_bytes()),
        ("3.yaml", GOOD.as_bytes()),
    ]);
    let run = shop.run();
    assert_eq!(run.code, Some(1));
    assert_eq!(
        run.err,
        "error: orders/2.yaml:5:5: items[0]: unknown field `unit_price`, expected one of `name`, `quantity`, `unit_price_cents`\n"
    );
    assert_eq!(run.lines().len(), 2);
    assert_eq!(
        run.summary(),
        "3 orders: 2 paid, 0 rejected, 1 failed; receipts in receipts"
    );
    assert_eq!(names(&shop.receipts()), ["1.txt", "3.txt"]);
}

#[test]
fn a_rejected_order_gets_no_receipt_and_is_no_failure() {
    let shop = Shop::new(&[
        ("at.yaml", &order_of(100_000)),
        ("over.yaml", &order_of(100_001)),
    ]);
    let run = shop.run();
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert!(
        run.lines()[0].contains(" 1000.00  paid at attempt 2, "),
        "{}",
        run.out
    );
    assert!(
        run.lines()[1].ends_with(" 1000.01  rejected, over the limit of 1000.00"),
        "{}",
        run.out
    );
    assert_eq!(names(&shop.receipts()), ["at.txt"]);
}

#[test]
fn the_error_of_a_node_names_the_order_and_the_place_in_the_flow() {
    let shop = Shop::new(&[("free.yaml", &order_of(0)), ("pen.yaml", GOOD.as_bytes())]);
    let run = shop.run();
    assert_eq!(run.code, Some(1));
    assert_eq!(
        run.err,
        "error: orders/free.yaml: Checkout > pay: exec failed at attempt 1 of 3, not retried: there is nothing to charge\n"
    );
    assert_eq!(names(&shop.receipts()), ["pen.txt"]);
}

#[test]
fn files_that_are_not_text_or_cannot_be_read_are_named() {
    let shop = Shop::new(&[
        ("latin1.yaml", b"customer: Ren\xe9\nitems: []\n"),
        ("pen.yaml", GOOD.as_bytes()),
    ]);
    fs::create_dir(shop.0.path().join("orders/folder.yaml")).unwrap();
    let run = shop.run();
    assert_eq!(run.code, Some(1));
    let errors: Vec<_> = run.err.lines().collect();
    assert!(
        errors[0].starts_with("error: orders/folder.yaml: cannot read the file: "),
        "{}",
        run.err
    );
    assert_eq!(
        errors[1..],
        ["error: orders/latin1.yaml:1:14: the text is not UTF-8"]
    );
    assert_eq!(names(&shop.receipts()), ["pen.txt"]);
}

#[test]
fn a_folder_that_is_missing_or_has_no_orders_is_an_error() {
    let shop = Shop::new(&[("notes.txt", b"?")]);
    let run = shop.run();
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
    assert_eq!(run.err, "error: no orders (*.yaml) in the folder orders\n");

    fs::remove_dir_all(shop.0.path().join("orders")).unwrap();
    let run = shop.run();
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
    assert!(
        run.err
            .starts_with("error: cannot read the folder orders: "),
        "{}",
        run.err
    );
    assert!(!shop.receipts().exists(), "no folder for no receipts");
}

#[test]
fn nothing_is_paid_when_receipts_cannot_be_written() {
    let shop = Shop::new(&[("pen.yaml", GOOD.as_bytes())]);
    fs::write(shop.receipts(), "a file in the way").unwrap();
    let run = shop.run();
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
    assert!(
        run.err
            .starts_with("error: cannot make the folder for receipts receipts: "),
        "{}",
        run.err
    );
}

#[test]
fn an_order_that_is_paid_without_a_receipt_is_reported() {
    let shop = Shop::new(&[("ink.yaml", GOOD.as_bytes()), ("pen.yaml", GOOD.as_bytes())]);
    fs::create_dir_all(shop.receipts().join("ink.txt")).unwrap();
    let run = shop.run();
    assert_eq!(run.code, Some(1));
    assert!(
        run.err
            .starts_with("error: orders/ink.yaml: paid at attempt 1, reference B-"),
        "{}",
        run.err
    );
    assert!(
        run.err
            .contains(": cannot write the receipt receipts/ink.txt: "),
        "{}",
        run.err
    );
    assert_eq!(
        run.summary(),
        "2 orders: 1 paid, 0 rejected, 1 failed; receipts in receipts"
    );
    assert!(shop.receipts().join("pen.txt").is_file());
}

#[test]
fn a_reader_that_leaves_early_ends_the_program_quietly() {
    let receipts = tempfile::tempdir().unwrap();
    let mut child = checkout()
        .arg("--receipts")
        .arg(receipts.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn wrong_arguments_have_another_status_than_failed_orders() {
    let run = Run::of(checkout().arg("--recipes"));
    assert_eq!((run.code, run.out.as_str()), (Some(2), ""));
    assert!(run.err.contains("--recipes"), "{}", run.err);
    let run = Run::of(checkout().arg("--help"));
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""));
    assert!(run.out.contains("--receipts"), "{}", run.out);
}
