//! Tests `tutorial`: what is read from the code must be right, whatever the model says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use support::{Llm, Reply, Request, Run, program};

// Items that only other programs need are unused here.
#[allow(dead_code)]
#[path = "../../tests/programs/support.rs"]
mod support;

const FILES: &[(&str, &str)] = &[
    (
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"engine\", \"drive\"]\n",
    ),
    (".gitignore", "ignored.rs\n"),
    (
        "engine/Cargo.toml",
        "[package]\nname = \"engine-core\"\nedition = \"2024\"\n[lib]\nname = \"engine\"\n",
    ),
    (
        "engine/src/lib.rs",
        "//! The engine.\n\nmod wear;\npub mod fuel;\npub mod spark;\n\npub use wear::Wear;\n",
    ),
    // A circle: fuel names spark twice, spark names fuel three times.
    (
        "engine/src/fuel.rs",
        "//! What [burns](crate::spark).\n\nuse crate::spark::Spark;\n\n/// A litre.\npub struct Fuel;\n\n\
         /// Burns it all.\npub fn burn(fuel: Fuel, spark: &Spark) -> u64 {\n    0\n}\n\nfn secret() {}\n",
    ),
    (
        "engine/src/spark/mod.rs",
        "//! What lights it.\n\nmod inner;\n\npub use inner::Spark;\n",
    ),
    (
        "engine/src/spark/inner.rs",
        "use super::super::fuel::{self, Fuel};\n\n/// A flash.\npub struct Spark;\n\nimpl Spark {\n    \
         pub fn light(&self) {\n        fuel::burn(todo!(), self);\n    }\n}\n\n\
         #[cfg(test)]\nmod tests {\n    use crate::Wear;\n}\n",
    ),
    (
        "engine/src/wear.rs",
        "//! How it ages.\n\n/// Years, \"more\" or less.\npub struct Wear(u64);\n",
    ),
    (
        "drive/Cargo.toml",
        "[package]\nname = \"drive\"\nedition = \"2024\"\ndescription = \"Drives it.\"\n\
         [dependencies]\nengine = { package = \"engine-core\", path = \"../engine\" }\n",
    ),
    (
        "drive/src/main.rs",
        "use engine::{Wear, fuel};\n\nfn main() {\n    println!(\"{}\", fuel::burn(fuel::Fuel, &engine::spark::Spark));\n}\n\n\
         fn age(wear: &Wear) {}\n",
    ),
];

/// How often each of these files names another.
const EDGES: [(&str, &str, usize); 6] = [
    ("bin::drive", "engine::fuel", 3),
    ("bin::drive", "engine::spark", 1),
    ("bin::drive", "engine::wear", 2),
    ("engine", "engine::wear", 1),
    ("engine::fuel", "engine::spark", 2),
    ("engine::spark", "engine::fuel", 3),
];

fn project() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in FILES {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// A model that answers each kind of prompt.
fn answer(request: &Request) -> Reply {
    let prompt = request.prompt();
    let after = |mark: &str| {
        let name = prompt
            .split(mark)
            .nth(1)
            .expect(mark)
            .split_whitespace()
            .next()
            .expect("a name");
        name.rsplit("::").next().unwrap().to_owned()
    };
    match request.wants() {
        Some("Choice") => r#"{"modules": ["engine::spark"]}"#.into(),
        Some("Naming") => {
            let name = after("Module: ");
            format!(
                r#"{{"title": "The {name} [part]", "description": "It \"is\" all about {name}."}}"#
            )
            .replace(" [part]", "")
            .into()
        }
        Some("Label") => r#"{"verb": "relies on"}"#.into(),
        _ => {
            let (_, items) = prompt
                .rsplit_once("what it is for, and what ")
                .expect("the items");
            let item = items.split([' ', ',']).next().unwrap();
            let words = (0..40)
                .map(|number| format!("word{number}"))
                .collect::<Vec<_>>()
                .join(" ");
            format!(
                "# Title\n\nHere `{item}` is [explained](nowhere.md). {words}. This breaks off wi"
            )
            .into()
        }
    }
}

async fn tutorial(llm: &Llm, source: &str, out: &Path, more: &[&str]) -> Run {
    let out = out.to_str().unwrap();
    llm.run(
        program!("tutorial"),
        &[&[source, "--out", out], more].concat(),
    )
    .end()
    .await
}

fn read(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).unwrap()
}

fn files(folder: &Path) -> BTreeSet<String> {
    folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// Checks that every link on every page leads to a page, and that every chapter links to the next
/// and the previous one.
fn assert_links(folder: &Path) {
    let files = files(folder);
    for file in &files {
        let text = read(folder, file);
        let mut fenced = false;
        for line in text.lines() {
            fenced ^= line.trim_start().starts_with("```");
            for link in line.split("](").skip(1).filter(|_| !fenced) {
                let target = link.split(')').next().unwrap();
                assert!(
                    target.starts_with("http") || files.contains(target),
                    "{file}: {target}"
                );
            }
        }
        assert!(!fenced, "{file} has an open block");
        assert_eq!(text.contains("](index.md)"), file != "index.md", "{file}");
    }
    let chapters = files
        .iter()
        .filter(|file| *file != "index.md")
        .collect::<Vec<_>>();
    for pair in chapters.windows(2) {
        assert!(
            read(folder, pair[0]).contains(&format!("]({})\n", pair[1])),
            "{pair:?}"
        );
        let back = read(folder, pair[1]);
        let previous = back
            .lines()
            .find(|line| line.starts_with("Previous: "))
            .expect("a way back");
        assert!(previous.contains(pair[0].as_str()), "{pair:?}");
    }
}

/// The arrows of a map, with the last line of each label: `(user, used, label)`.
fn arrows(index: &str, heading: &str) -> BTreeSet<(String, String, String)> {
    let (_, rest) = index
        .split_once(&format!("## {heading}\n"))
        .expect("the heading");
    let (_, rest) = rest.split_once("```mermaid\ngraph TD\n").expect("the map");
    let (map, _) = rest.split_once("```").expect("its end");
    let (mut names, mut arrows) = (BTreeMap::new(), BTreeSet::new());
    for line in map.lines().map(str::trim) {
        assert_eq!(line.matches('"').count(), 2, "one quoted label: {line}");
        let [before, label, after] = line.split('"').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        if let Some(id) = before.strip_suffix('[') {
            assert_eq!(after, "]");
            names.insert(id, label.rsplit("<br/>").next().unwrap().to_owned());
        } else {
            let (user, used) = (
                before.strip_suffix(" -->|").expect(line),
                after.strip_prefix("| ").expect(line),
            );
            arrows.insert((names[user].clone(), names[used].clone(), label.to_owned()));
        }
    }
    arrows
}

#[tokio::test]
async fn a_workspace_becomes_linked_chapters_with_the_facts_of_its_code() {
    let (project, llm) = (project(), Llm::new(|request, _| answer(request)).await);
    let out = project.path().join("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("09_old.md"), "<!-- written by `tutorial` -->\n").unwrap();
    fs::write(out.join("notes.md"), "[All chapters](index.md)\n").unwrap();
    let run = tutorial(&llm, project.path().to_str().unwrap(), &out, &[]).await;
    assert_eq!((run.code, run.err.as_str()), (Some(0), ""), "{run:?}");
    assert!(run.out.starts_with("5 chapters, 5 with text: "), "{run:?}");

    // Topics that others use come first, and the cycle starts at fuel, which names spark less often
    // than spark names fuel.
    fs::remove_file(out.join("notes.md")).expect("it is not ours to remove");
    let chapters = [
        "01_engine_fuel.md",
        "02_engine_spark.md",
        "03_engine_wear.md",
        "04_bin_drive.md",
        "05_engine.md",
    ];
    assert_eq!(
        files(&out),
        chapters
            .into_iter()
            .chain(["index.md"])
            .map(str::to_owned)
            .collect()
    );
    assert_links(&out);

    let index = read(&out, "index.md");
    assert!(
        index.contains("Read from 6 files in 2 packages."),
        "{index}"
    );
    assert!(
        index.contains(
            "1. [The fuel](01_engine_fuel.md) (`engine::fuel`): It \"is\" all about fuel.\n"
        ),
        "{index}"
    );
    let edges =
        EDGES.map(|(user, used, count)| (user.into(), used.into(), format!("relies on ({count})")));
    assert_eq!(arrows(&index, "The map"), edges.into());
    assert_eq!(
        arrows(&index, "The packages"),
        [("drive".into(), "engine-core".into(), "6".into())].into()
    );

    let fuel = read(&out, "01_engine_fuel.md");
    for part in [
        "# Chapter 1: The fuel\n\nIt \"is\" all about fuel.\n\n`engine::fuel` in `engine/src/fuel.rs`, package `engine-core`\n",
        "### Title\n\nHere `Fuel` is explained. word0",
        "word39.\n\n*By the language model.*\n",
        "## What the code says about itself\n\nWhat burns.\n",
        "## Public items\n\n- **engine::fuel::Fuel**: `pub struct Fuel`  \n  A litre.\n\
         - **engine::fuel::burn**: `pub fn burn(fuel: Fuel, spark: &Spark) -> u64`  \n  Burns it all.\n\n",
        "## Uses\n\n- [The spark](02_engine_spark.md) `engine::spark` (2×): `Spark`\n",
        "## Used by\n\n",
        "- [The drive](04_bin_drive.md) `bin::drive` (3×): `Fuel`, `burn`\n",
        "---\n\n[All chapters](index.md) · Next: [The spark](02_engine_spark.md)\n",
    ] {
        assert!(fuel.contains(part), "{part}\n---\n{fuel}");
    }
    assert!(
        !fuel.contains("secret") && !fuel.contains("breaks off"),
        "{fuel}"
    );
    // The re-export gives it a public path.
    assert!(read(&out, "03_engine_wear.md").contains("- **engine::Wear**: `pub struct Wear`"));

    let requests = llm.requests().await;
    let count = |wanted| {
        requests
            .iter()
            .filter(|request| request.wants() == wanted)
            .count()
    };
    assert_eq!(
        [Some("Choice"), Some("Naming"), Some("Label"), None].map(count),
        [0, 5, 6, 5]
    );
    let about = |request: &&Request| {
        request.wants().is_none() && request.asks("The module engine::fuel of")
    };
    let prompt = requests
        .iter()
        .find(about)
        .expect("a chapter on fuel")
        .prompt();
    for part in [
        "pub fn burn(fuel: Fuel, spark: &Spark) -> u64  // Burns it all.\n",
        "pub struct Fuel  // A litre.\n",
        "engine::spark uses Fuel, burn of engine::fuel\n",
        "what Fuel, burn do.",
    ] {
        assert!(prompt.contains(part), "{part}\n---\n{prompt}");
    }
}

#[tokio::test]
async fn an_invented_module_is_rejected_and_the_retry_says_so() {
    let project = project();
    let llm = Llm::new(|request, before| match before {
        0 => r#"{"modules": ["engine::gearbox"]}"#.into(),
        _ => answer(request),
    });
    let (llm, out) = (llm.await, project.path().join("out"));
    let run = tutorial(
        &llm,
        project.path().to_str().unwrap(),
        &out,
        &["--chapters", "2"],
    )
    .await;
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(
        files(&out),
        ["01_engine_fuel.md", "02_engine_spark.md", "index.md"]
            .map(str::to_owned)
            .into()
    );

    let requests = llm.requests().await;
    assert_eq!(
        [requests[0].wants(), requests[1].wants()],
        [Some("Choice"); 2]
    );
    assert!(
        requests[0].asks("each of these modules:\n- engine::fuel: What burns.\n\nWhich 1 of"),
        "{:?}",
        requests[0]
    );
    assert!(!requests[0].asks("gearbox"));
    let rejected = "Your last answer was rejected: there is no module `engine::gearbox`; there are engine::spark, engine::wear, bin::drive";
    assert!(requests[1].asks(rejected), "{}", requests[1].prompt());
    // A topic without a chapter is named without a link.
    assert!(read(&out, "01_engine_fuel.md").contains("- `bin::drive` (3×)"));
    assert_links(&out);
}

#[tokio::test]
async fn a_title_or_a_text_about_something_else_is_rejected() {
    let project = project();
    let llm = Llm::new(|request, _| match request.wants() {
        Some("Naming") => {
            r#"{"title": "Cooking", "description": "How to cook a good soup."}"#.into()
        }
        Some("Label") => r#"{"verb": "Soup"}"#.into(),
        None if !request.asks("rejected") => {
            let words = (0..50)
                .map(|number| format!("word{number}"))
                .collect::<Vec<_>>()
                .join(" ");
            format!("The SoupKitchen is here. {words}.").into()
        }
        _ => answer(request),
    });
    let (llm, out) = (llm.await, project.path().join("out"));
    let run = tutorial(
        &llm,
        project.path().to_str().unwrap(),
        &out,
        &["--chapters", "2"],
    )
    .await;
    assert_eq!(run.code, Some(0), "{run:?}");
    let index = read(&out, "index.md");
    assert!(
        index.contains("1. [fuel](01_engine_fuel.md) (`engine::fuel`): What burns."),
        "{index}"
    );
    assert!(index.contains("|\"uses (2)\"|"), "{index}");
    let requests = llm.requests().await;
    let told = |words: &str| {
        requests
            .iter()
            .filter(|request| request.asks(words))
            .count()
    };
    assert_eq!(
        told("rejected: the title `Cooking` has nothing to do with engine::fuel"),
        2
    );
    assert_eq!(told("rejected: `Soup` does not begin with a verb"), 2);
    assert_eq!(
        told("rejected: it names what is not in the module: SoupKitchen"),
        2
    );
}

#[tokio::test]
async fn without_the_model_there_are_the_facts_which_say_so() {
    let (project, llm) = (project(), Llm::new(|_, _| Reply::overloaded()).await);
    let out = project.path().join("out");
    let run = tutorial(
        &llm,
        project.path().to_str().unwrap(),
        &out,
        &["--chapters", "2"],
    )
    .await;
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.out.starts_with("2 chapters, 0 with text: "), "{run:?}");
    assert_eq!(
        run.err
            .matches("warning: the model wrote no text for the chapter on engine::")
            .count(),
        2,
        "{run:?}"
    );

    // Without a choice by the model, the best topics are chosen.
    assert_eq!(
        files(&out),
        ["01_engine_fuel.md", "02_engine_spark.md", "index.md"]
            .map(str::to_owned)
            .into()
    );
    assert_links(&out);
    let fuel = read(&out, "01_engine_fuel.md");
    assert!(
        fuel.contains("# Chapter 1: fuel\n\nWhat burns.\n"),
        "{fuel}"
    );
    assert!(
        fuel.contains("> **The model wrote no text for this chapter** (")
            && fuel.contains("overloaded"),
        "{fuel}"
    );
    assert!(fuel.contains("`pub struct Fuel`  \n  A litre.\n"), "{fuel}");
    let edges = arrows(&read(&out, "index.md"), "The map");
    assert!(
        edges
            .iter()
            .any(|(user, _, label)| user == "engine::spark" && label == "uses (3)"),
        "{edges:?}"
    );
    // Three attempts to choose, three for each title and each text, two for each of the two labels.
    assert_eq!(llm.requests().await.len(), 3 + 2 * 3 + 2 * 3 + 2 * 2);
}

#[tokio::test]
async fn a_file_with_a_mistake_is_left_out_and_counted() {
    let (project, llm) = (project(), Llm::new(|request, _| answer(request)).await);
    fs::write(
        project.path().join("engine/src/wear.rs"),
        "pub struct Wear(\n",
    )
    .unwrap();
    fs::write(
        project.path().join("engine/src/spark/mod.rs"),
        "mod inner;\nmod ignored;\npub use inner::Spark;\n",
    )
    .unwrap();
    fs::write(project.path().join("engine/src/spark/ignored.rs"), "").unwrap();
    let out = project.path().join("out");
    let run = tutorial(&llm, project.path().to_str().unwrap(), &out, &[]).await;
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(
        run.err.contains("warning: skipped engine/src/wear.rs: "),
        "{run:?}"
    );
    assert!(
        run.err.contains(
            "warning: skipped engine/src/spark/mod.rs: there is no file for `mod spark::ignored`\n"
        ),
        "{run:?}"
    );
    let index = read(&out, "index.md");
    assert!(
        index.contains("\n2 parts of it could not be read:\n\n- `engine/src/"),
        "{index}"
    );
    let edges = arrows(&index, "The map");
    assert!(
        edges
            .iter()
            .all(|(user, used, _)| !user.contains("wear") && !used.contains("wear")),
        "{edges:?}"
    );
    assert_eq!(edges.len(), 4);
}

#[tokio::test]
async fn what_is_no_rust_code_is_refused_before_the_model_is_asked() {
    let (folder, llm) = (
        tempfile::tempdir().unwrap(),
        Llm::new(|_, _| Reply::overloaded()).await,
    );
    for file in ["main.py", "more.py", "index.js"] {
        fs::write(folder.path().join(file), "").unwrap();
    }
    let out = folder.path().join("out");
    for (source, message) in [
        (
            folder.path().to_str().unwrap(),
            "there is no Rust package here; tutorial only reads Rust code in folders with a Cargo.toml (found: 2 .py, 1 .js)",
        ),
        (
            "no/such/folder",
            "no/such/folder: No such file or directory",
        ),
        (
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
            "Cargo.toml is not a folder",
        ),
        (
            "file:///no/such/repository",
            "Tutorial > clone: exec failed: git cannot clone file:///no/such/repository:\nfatal: ",
        ),
    ] {
        let run = tutorial(&llm, source, &out, &[]).await;
        assert_eq!((run.code, run.out.as_str()), (Some(1), ""), "{run:?}");
        assert!(
            run.err.starts_with("error: Tutorial > ") && run.err.contains(message),
            "{run:?}"
        );
    }
    fs::write(folder.path().join("Cargo.toml"), "[package]\n").unwrap();
    let run = tutorial(&llm, folder.path().to_str().unwrap(), &out, &[]).await;
    assert!(
        run.err.contains("cargo cannot read any package: ")
            && run.err.contains("missing field `package.name`"),
        "{run:?}"
    );
    assert!(!out.exists() && llm.requests().await.is_empty());
}

#[tokio::test]
async fn a_repository_is_cloned_and_the_clone_removed() {
    let (project, llm) = (project(), Llm::new(|request, _| answer(request)).await);
    for arguments in [
        &["init", "--quiet"][..],
        &["add", "."],
        &["commit", "--quiet", "-m", "All of it"],
    ] {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com"])
            .args(arguments);
        assert!(git.current_dir(project.path()).status().unwrap().success());
    }
    let temporary = tempfile::tempdir().unwrap();
    let url = format!("file://{}", project.path().display());
    let out = project.path().join("out");
    let run = llm.run(
        program!("tutorial"),
        &[&url, "--chapters", "1", "--out", out.to_str().unwrap()],
    );
    let run = run
        .env("TMPDIR", temporary.path().to_str().unwrap())
        .end()
        .await;
    assert_eq!(run.code, Some(0), "{run:?}");
    let name = project.path().file_name().unwrap().to_str().unwrap();
    assert!(read(&out, "index.md").contains(&format!("\n# {name}\n")));
    assert_eq!(
        files(&out),
        ["01_engine_fuel.md", "index.md"].map(str::to_owned).into()
    );
    assert_eq!(files(temporary.path()), BTreeSet::new());
}

#[tokio::test]
async fn of_this_repository_the_packages_are_right() {
    let (folder, llm) = (
        tempfile::tempdir().unwrap(),
        Llm::new(|request, _| answer(request)).await,
    );
    let here = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap();
    let run = tutorial(
        &llm,
        here.to_str().unwrap(),
        folder.path(),
        &["--jobs", "2"],
    )
    .await;
    assert!(run.out.starts_with("8 chapters, "), "{run:?}");
    assert_links(folder.path());

    let index = read(folder.path(), "index.md");
    let packages = arrows(&index, "The packages")
        .into_iter()
        .map(|(user, used, _)| (user, used))
        .collect::<BTreeSet<_>>();
    // The other packages of this repository depend on these, and not the other way round.
    let needs = [
        ("pocketflow-dsl", "pocketflow-macros"),
        ("pocketflow-examples", "pocketflow-dsl"),
        ("pocketflow-tests", "pocketflow-dsl"),
    ];
    for (user, used) in needs {
        assert!(
            packages.contains(&(user.into(), used.into())),
            "{user} on {used}: {packages:?}"
        );
    }
    assert!(
        !packages.iter().any(|(user, _)| user == "pocketflow-macros"),
        "{packages:?}"
    );
    let map = arrows(&index, "The map");
    let has = |user: &str, used: &str| {
        map.iter()
            .any(|arrow| (arrow.0.as_str(), arrow.1.as_str()) == (user, used))
    };
    assert!(
        has("pocketflow-restate", "pocketflow-durable")
            && !has("pocketflow-durable", "pocketflow-restate"),
        "{map:?}"
    );
    // The model's choice, `engine::spark`, is not one of these. Each prompt is small enough for a
    // small model.
    let requests = llm.requests().await;
    assert!(
        requests
            .iter()
            .all(|request| request.prompt().chars().count() < 5_000)
    );
}
