//! `fill`: answers a wait.

use std::collections::BTreeSet;

use bytes::Bytes;
use pocketflow_durable::without_place;
use restate_sdk::errors::TerminalError;
use serde_json::Value;

use super::Object;
use super::context::{Context, report};
use crate::burst;
use crate::driver::{Probe, TooLarge};
use crate::job::Refused;
use crate::pump::{Json, Key, Outcome, Wait};
use crate::state::{Next, Run};
use crate::wire::{Fill, Status};

impl Object {
    pub(super) async fn fill(
        &self,
        context: &Context,
        body: Bytes,
    ) -> Result<Bytes, TerminalError> {
        let fill: Fill<Json> = serde_json::from_slice(&body).map_err(|error| {
            let help =
                "send {\"field\": …, \"value\": …}, and \"wait\" or \"inner\" if several are open";
            let why = without_place(&error);
            Refused::new(
                400,
                format!("the body is not an answer: {why}\nhelp: {help}"),
            )
        })?;
        let meta = context.known().await?;
        let mut run = context.load(meta, &mut false).await?;
        let is_field = |field: &str, name: &str| self.job.is_field(field, name);
        let key = match addressed(&run, &fill, is_field) {
            Ok(key) => key.clone(),
            // The answer to an earlier request was lost.
            Err(_) if is_answered(&run, &fill, is_field) => return Ok(report(&run.meta.status)),
            Err(refused) => return Err(refused.into()),
        };
        self.is_small(&run, &fill)?;
        self.check(context, &run, &key, &fill).await?;
        let now = context.now().await?;
        run.answer(&key, fill.value);
        run.meta.status.updated = now;
        let waits = matches!(run.meta.status.status, Status::Waiting | Status::Sleeping);
        if waits {
            run.meta.burst += 1;
            run.meta.status.status = Status::Running;
        }
        context.save(&mut run);
        if waits {
            context.go_on(Next::Burst(run.meta.burst), now);
        }
        Ok(report(&run.meta.status))
    }

    /// Refuses a value with which the store would be too large.
    fn is_small(&self, run: &Run, fill: &Fill<Json>) -> Result<(), Refused> {
        let (bytes, max) = (
            run.size() + fill.value.text().len(),
            self.settings.max_store,
        );
        if bytes <= max {
            return Ok(());
        }
        let what = format!("the store with this value of `{}`", fill.field);
        Err(Refused::new(413, TooLarge { what, bytes, max }.to_string()))
    }

    /// Checks the value where the run waits.
    async fn check(
        &self,
        context: &Context,
        run: &Run,
        key: &Key,
        fill: &Fill<Json>,
    ) -> Result<(), TerminalError> {
        let checked = context.decide_later("check", || {
            let probe = Probe::new(key.clone(), fill.value.text().to_owned());
            burst::probe(&self.job, &self.settings, run, probe)
        });
        let field = &fill.field;
        match checked.await? {
            Ok(Ok(())) => Ok(()),
            Ok(Err(why)) => {
                let why = format!("the value does not fit the field `{field}`: {why}");
                Err(Refused::new(400, why).into())
            }
            Err(why) => {
                let run = &context.run;
                let why = format!("run `{run}` cannot go on to its wait for `{field}`: {why}");
                Err(Refused::new(409, why).into())
            }
        }
    }
}

/// The wait that an answer is for.
fn addressed<'a>(
    run: &'a Run,
    fill: &Fill<Json>,
    is_field: impl Fn(&str, &str) -> bool,
) -> Result<&'a Key, Refused> {
    let status = &run.meta.status;
    let id = &status.run;
    if status.status.is_over() {
        let help = match status.status {
            Status::Finished => "it waits for nothing any more",
            _ => "let it go on with `retry` first",
        };
        return Err(Refused::new(
            409,
            format!("run `{id}` is {}\nhelp: {help}", status.status),
        ));
    }
    let is_name = |wait: &Wait, name: &str| {
        let parts = name.split_once('#');
        parts.is_some_and(|(field, visit)| {
            is_field(&wait.field, field) && visit == wait.visit.to_string()
        })
    };
    let is_meant = |(key, wait): &(&Key, &Wait)| {
        let name = fill.wait.as_ref();
        let inner = fill.inner.as_ref();
        is_field(&wait.field, &fill.field)
            && name.is_none_or(|name| is_name(wait, name))
            && inner.is_none_or(|inner| *inner == key.run)
    };
    let meant: Vec<_> = run.waits().filter(is_meant).collect();
    match &*meant {
        [(key, _)] => Ok(*key),
        [] => {
            let asked = fill.wait.as_deref().unwrap_or(&fill.field);
            let inner = fill.inner.as_ref().map(|inner| format!(" in `{inner}`"));
            let (inner, open) = (inner.unwrap_or_default(), open(run.waits()));
            let why = format!("run `{id}` does not wait for `{asked}`{inner}: it waits for {open}");
            Err(Refused::new(409, why))
        }
        [(key, wait), ..] => {
            let names: BTreeSet<_> = meant.iter().map(|(_, wait)| wait.name()).collect();
            let runs: BTreeSet<_> = meant.iter().map(|(key, _)| &*key.run).collect();
            let (name, inner) = (
                format!("\"wait\": \"{}\"", wait.name()),
                format!("\"inner\": \"{}\"", key.run),
            );
            let one = match (names.len() == meant.len(), runs.len() == meant.len()) {
                (_, true) => inner,
                (true, false) => name,
                (false, false) => format!("{inner}, {name}"),
            };
            let (field, open) = (&fill.field, open(meant.iter().copied()));
            let why = format!(
                "several waits for `{field}` are open: {open}\nhelp: name one of them in the answer, such as the first one with {one}"
            );
            Err(Refused::new(409, why))
        }
    }
}

/// Whether a wait, which the answer names, has been answered with the same value, as far as the state of the run shows it.
fn is_answered(run: &Run, fill: &Fill<Json>, is_field: impl Fn(&str, &str) -> bool) -> bool {
    let Some((field, visit)) = fill.wait.as_ref().and_then(|wait| wait.split_once('#')) else {
        return false;
    };
    let inner = fill.inner.as_deref().unwrap_or_default();
    let is_wait = |key: &Key, wait: &Wait| {
        key.run == inner && is_field(&wait.field, field) && wait.visit.to_string() == visit
    };
    // The run is about to go on with it.
    let recorded = run
        .log
        .parts
        .iter()
        .find_map(|(key, outcome)| match outcome {
            Outcome::Wait(wait) if is_wait(key, wait) => Some(wait),
            _ => None,
        });
    if let Some(wait) = recorded {
        return wait
            .value
            .as_ref()
            .is_some_and(|value| is_same(value, &fill.value));
    }
    // It has gone on, and not been there again.
    let (visits, store) = match inner {
        "" => (&run.meta.visits, &run.store),
        inner => match run.log.inner.get(inner) {
            Some(inner) => (&inner.visits, &inner.store),
            None => return false,
        },
    };
    let last = visits.iter().find(|(name, _)| is_field(name, field));
    let stored = last.filter(|(_, last)| last.to_string() == visit);
    let stored = stored.and_then(|(name, _)| {
        let mut fields = store.iter();
        fields.find(|(stored, _)| is_field(name, stored))
    });
    stored.is_some_and(|(_, value)| is_same(value, &fill.value))
}

/// Whether two texts are the same JSON.
fn is_same(one: &Json, other: &Json) -> bool {
    let value = |json: &Json| serde_json::from_str::<Value>(json.text()).ok();
    one == other || value(one).is_some_and(|one| value(other) == Some(one))
}

/// The open waits, in words.
fn open<'a>(waits: impl Iterator<Item = (&'a Key, &'a Wait)>) -> String {
    let name = |(key, wait): (&Key, &Wait)| match &*key.run {
        "" => format!("`{}`", wait.name()),
        inner => format!("`{}` in `{inner}`", wait.name()),
    };
    let mut names: Vec<_> = waits.map(name).collect();
    let more = names.len().saturating_sub(20);
    names.truncate(20);
    match (names.is_empty(), more) {
        (true, _) => "no field".to_owned(),
        (false, 0) => names.join(", "),
        (false, more) => format!("{}, and {more} more", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::pump::Part;

    /// A run whose waits for a field `answer`, each given by its inner run and visit, are open.
    fn run(waits: &[(&str, u64)]) -> Run {
        let wait = |(inner, visit): &(&str, u64)| {
            let key = Key {
                run: (*inner).to_owned(),
                step: *visit,
                part: Part::Wait,
            };
            let wait = json!({"field": "answer", "visit": visit, "position": null});
            json!([key, {"Wait": wait}])
        };
        let parts: Vec<_> = waits.iter().map(wait).collect();
        let status = json!({"run": "q1", "flow": "Quiz", "status": "waiting", "step": 0, "created": 1, "updated": 1});
        let meta = json!({"status": status, "burst": 1, "definition": {}, "request": "", "position": null});
        let meta = serde_json::from_value(meta).unwrap();
        Run::read(meta, "{}", &json!({ "parts": parts }).to_string()).unwrap()
    }

    /// The inner run and the visit that an answer is for, or why it is refused.
    fn asked(run: &Run, fill: serde_json::Value) -> Result<(String, u64), String> {
        let fill: Fill<Json> = serde_json::from_str(&fill.to_string()).unwrap();
        let is_field = |field: &str, name: &str| field == name || name == "theAnswer";
        let key = addressed(run, &fill, is_field).map_err(|refused| refused.why)?;
        Ok((key.run.clone(), key.step))
    }

    #[test]
    fn an_answer_may_have_the_name_that_the_field_has_in_json() {
        let run = run(&[("", 1)]);
        for fill in [
            json!({"field": "answer", "value": 5}),
            json!({"field": "theAnswer", "value": 5}),
            json!({"field": "theAnswer", "wait": "theAnswer#1", "value": 5}),
            json!({"field": "answer", "wait": "answer#1", "inner": "", "value": 5}),
        ] {
            assert_eq!(asked(&run, fill).unwrap(), (String::new(), 1));
        }
        let other = json!({"field": "theAnswer", "wait": "theAnswer#2", "value": 5});
        assert_eq!(
            asked(&run, other).unwrap_err(),
            "run `q1` does not wait for `theAnswer#2`: it waits for `answer#1`"
        );
        let other = json!({"field": "question", "value": 5});
        assert_eq!(
            asked(&run, other).unwrap_err(),
            "run `q1` does not wait for `question`: it waits for `answer#1`"
        );
    }

    #[test]
    fn an_answer_that_several_waits_fit_is_refused_with_what_tells_them_apart() {
        let help = |waits: &[(&str, u64)]| {
            let why = asked(&run(waits), json!({"field": "answer", "value": 5})).unwrap_err();
            let (why, help) = why
                .split_once("\nhelp: name one of them in the answer, such as the first one with ")
                .unwrap();
            (why.to_owned(), help.to_owned())
        };
        let (why, inner) = help(&[("1/qs[0]", 1), ("1/qs[1]", 1)]);
        assert_eq!(
            (&*why, &*inner),
            (
                "several waits for `answer` are open: `answer#1` in `1/qs[0]`, `answer#1` in `1/qs[1]`",
                "\"inner\": \"1/qs[0]\""
            )
        );
        assert_eq!(help(&[("", 1), ("", 2)]).1, "\"wait\": \"answer#1\"");
        let both = [("1/qs[0]", 1), ("1/qs[0]", 2), ("1/qs[1]", 1)];
        assert_eq!(
            help(&both).1,
            "\"inner\": \"1/qs[0]\", \"wait\": \"answer#1\""
        );
        let one = json!({"field": "answer", "inner": "1/qs[0]", "wait": "answer#2", "value": 5});
        assert_eq!(asked(&run(&both), one).unwrap(), ("1/qs[0]".to_owned(), 2));
    }

    #[test]
    fn an_answer_that_is_sent_again_is_known_by_its_wait_and_its_value() {
        let answered = |run: &Run, fill: serde_json::Value| {
            let fill: Fill<Json> = serde_json::from_str(&fill.to_string()).unwrap();
            is_answered(run, &fill, |field, name| {
                field == name || name == "theAnswer"
            })
        };
        let named = |visit: u64, value: serde_json::Value| json!({"field": "answer", "wait": format!("answer#{visit}"), "value": value});
        let json = |text: &str| Json::new(text.to_owned()).unwrap();
        // The run has not gone on yet.
        let mut waiting = run(&[("", 1), ("1/qs[0]", 1)]);
        assert!(!answered(&waiting, named(1, json!(5))));
        let key = waiting.waits().next().unwrap().0.clone();
        waiting.answer(&key, json(" [5, 6] "));
        assert!(answered(&waiting, named(1, json!([5, 6]))));
        assert!(!answered(&waiting, named(1, json!([6, 5]))));
        assert!(!answered(&waiting, named(2, json!([5, 6]))));
        let inner =
            json!({"field": "answer", "wait": "answer#1", "inner": "1/qs[0]", "value": [5, 6]});
        assert!(!answered(&waiting, inner));
        let unnamed = json!({"field": "answer", "value": [5, 6]});
        assert!(!answered(&waiting, unnamed));

        // It has gone on, and its store has the value.
        let mut gone_on = run(&[]);
        gone_on.meta.visits.insert("answer".into(), 2);
        gone_on.store.insert("theAnswer".into(), json("\"Ada\""));
        let again = json!({"field": "theAnswer", "wait": "theAnswer#2", "value": "Ada"});
        assert!(answered(&gone_on, again.clone()) && answered(&gone_on, named(2, json!("Ada"))));
        assert!(!answered(&gone_on, named(2, json!("Eve"))));
        // The value is that of a later wait.
        assert!(!answered(&gone_on, named(1, json!("Ada"))));
        // The wait expired, or a node has emptied the field.
        gone_on.store.insert("theAnswer".into(), json("null"));
        assert!(!answered(&gone_on, again));
    }
}
