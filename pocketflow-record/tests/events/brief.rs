//! A record in a form that a test can compare: without times and numbers that do not matter.

use pocketflow_record::event::{Event, Item, Target, Values};
use pocketflow_record::{Line, Recording, lines};

/// Each event as a short line. The graphs are left out.
pub(crate) fn brief(record: &str) -> Vec<String> {
    let recording = Recording::read(record).unwrap_or_else(|error| panic!("{error}\n{record}"));
    assert!(!recording.is_cut_off());
    let events = lines(record.as_bytes()).map(|line| line.unwrap().1);
    let events = events.filter_map(|line| match line {
        Line::Event(event) => Some(event),
        _ => None,
    });
    events.filter_map(|event| of(&recording, event)).collect()
}

fn of(recording: &Recording, event: Event) -> Option<String> {
    let graph_name = |graph: u64| recording.graph(graph).unwrap().name.clone();
    let part = |branch: Option<usize>, item: Option<usize>| {
        let branch = branch.map_or_else(String::new, |branch| format!(" branch {branch}"));
        let item = item.map_or_else(String::new, |item| format!(" item {item}"));
        branch + &item
    };
    let changes = |changed: &Values, appended: &Values| {
        let changed = changed
            .iter()
            .map(|(name, value)| format!(" {name}={value}"));
        let appended = appended
            .iter()
            .map(|(name, value)| format!(" {name}+={value}"));
        changed.chain(appended).collect::<String>()
    };
    let to = |to: Option<Target>| match to {
        Some(Target::Place(place)) => format!(" >> {place}"),
        Some(Target::Exit(exit)) => format!(" >> end {exit}"),
        None => String::new(),
    };
    let count = |count: Option<u32>, max: Option<u32>| match (count, max) {
        (Some(count), Some(max)) => format!(" {count}/{max}"),
        (None, None) => String::new(),
        other => panic!("{other:?}"),
    };
    let errors = |errors: &[String]| match errors {
        [] => String::new(),
        errors => format!(" failed: {}", errors.join(" | ")),
    };
    Some(match event {
        Event::Graph(_) => return None,
        Event::Run(run) => {
            let mut text = format!("{}: run {}", run.run, graph_name(run.graph));
            if let Some(id) = &run.id {
                text += &format!(" id {id}");
            }
            if let Some(parent) = &run.parent {
                text += &format!(" in {}.{} {}", parent.run, parent.step, parent.field);
                text += &part(parent.branch, None);
                text += &match &parent.item {
                    Some(Item::Index(index)) => format!("[{index}]"),
                    Some(Item::Key(key)) => format!("[{key:?}]"),
                    None => String::new(),
                    other => panic!("{other:?}"),
                };
            }
            if let Some(resumed) = &run.resumed {
                let places = resumed.flows.iter().map(|flow| &*flow.place);
                let places = places.collect::<Vec<_>>().join(" > ");
                text += &format!(" resumed after {} at {places}", resumed.steps);
            }
            text + &changes(&run.shared, &Values::default())
        }
        Event::Enter(enter) => format!("{}: enter {}", enter.run, enter.path.join(" > ")),
        Event::Step(step) => {
            let graph = recording.graph(step.graph).unwrap();
            assert_eq!(graph.places[step.place].name, *step.path.last().unwrap());
            let waits = step.waits.map(|field| format!(" waits for {field}"));
            let sleeps = step.sleeps_ms.map(|millis| format!(" sleeps {millis}"));
            format!("{}.{}: step {}", step.run, step.step, step.path.join(" > "))
                + &waits.or(sleeps).unwrap_or_default()
        }
        Event::Attempt(attempt) => {
            assert!(attempt.began <= attempt.at);
            let part = part(attempt.branch, attempt.item);
            let mut text = format!("{}.{}{part}:", attempt.run, attempt.step);
            text += &format!(
                " attempt {}/{} of {}",
                attempt.number, attempt.of, attempt.node
            );
            text += &errors(&attempt.error);
            text += if attempt.timed_out {
                " (timed out)"
            } else {
                ""
            };
            text + if attempt.gives_up { " (gives up)" } else { "" }
        }
        Event::Exec(exec) => {
            assert!(exec.began <= exec.at);
            let part = part(exec.branch, exec.item);
            let mut text = format!("{}.{}{part}: exec {}", exec.run, exec.step, exec.node);
            if let Some(items) = exec.items {
                text += &format!(" of {items}");
            }
            if let Some(value) = &exec.value {
                text += &format!(" = {value}");
            }
            text += if exec.redacted { " (redacted)" } else { "" };
            text += if exec.kept { " (kept)" } else { "" };
            text += &errors(&exec.error);
            text + if exec.failure { " (failure)" } else { "" }
        }
        Event::Note(note) => {
            let part = part(note.branch, note.item);
            let (run, step, attempt) = (note.run, note.step, note.attempt);
            format!(
                "{run}.{step}{part}: note of {} at {attempt}: {} = {}",
                note.node, note.name, note.value
            )
        }
        Event::Taken(taken) => {
            format!("{}.{}: taken {:?}", taken.run, taken.step, taken.action)
                + &to(taken.to)
                + &count(taken.count, taken.max)
                + if taken.failed { " (failed)" } else { "" }
                + &changes(&taken.changed, &taken.appended)
        }
        Event::Leave(leave) => {
            format!(
                "{}: leave {} {:?}",
                leave.run,
                leave.path.join(" > "),
                leave.action
            ) + &to(leave.to)
                + &count(leave.count, leave.max)
                + if leave.failed { " (failed)" } else { "" }
                + &changes(&leave.changed, &leave.appended)
        }
        Event::Failed(failed) => {
            format!("{}.{}: failed at {}", failed.run, failed.step, failed.place)
                + &errors(&failed.error)
                + &changes(&failed.changed, &failed.appended)
        }
        Event::Suspended(suspended) => {
            format!(
                "{}.{}: suspended at {}",
                suspended.run, suspended.step, suspended.place
            ) + &errors(&suspended.error)
                + &changes(&suspended.changed, &suspended.appended)
        }
        Event::End(end) => {
            let mut text = format!("{}: end", end.run);
            if let Some(exit) = &end.exit {
                text += &format!(" {exit:?}");
            }
            text += &errors(&end.error);
            text += if end.suspended { " (suspended)" } else { "" };
            if let Some(place) = &end.place {
                text += &format!(" at {place}");
            }
            text + &changes(&end.changed, &end.appended)
        }
        Event::Dropped(dropped) => {
            let why = if dropped.panicked { " by a panic" } else { "" };
            format!("{}: dropped{why}", dropped.run)
        }
        other => panic!("{other:?}"),
    })
}
