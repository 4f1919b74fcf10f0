//! What a driver receives at each seam, and what it may return instead.

mod totals;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Mutex;

use pocketflow::seam::{Execs, Items};
use pocketflow::{
    Action, Attempt, AttemptCall, Drive, Driver, Error, ExecDriver, Failure, Graph, ItemCall,
    ItemId, KeepDriver, Node, Run, Shared, Skipped, Stage, StepInfo, StepLimit, Taken, Target,
    flow, node,
};

#[derive(Shared, Default, Debug, Clone, PartialEq)]
struct Desk {
    topic: String,
    titles: Vec<String>,
    rounds: u32,
    drafts: Option<Vec<String>>,
    facts: Option<String>,
    figures: Option<String>,
}

#[derive(Action)]
enum Verdict {
    Again,
    Good,
    Bad,
}

#[node(Desk, writes = drafts, parallel = 2)]
async fn draft(
    #[each(titles)] title: &str,
    topic: &str,
    #[attempt] attempt: Attempt<'_>,
) -> String {
    tokio::task::yield_now().await;
    let key = attempt.key().map(|key| format!(" ({key})"));
    format!("{title} of {topic}{}", key.unwrap_or_default())
}

#[node(Desk, writes = drafts)]
fn list(#[each(titles)] title: &str) -> String {
    title.to_uppercase()
}

#[node(Desk, writes = facts)]
async fn find(topic: &str) -> String {
    tokio::task::yield_now().await;
    format!("facts about {topic}")
}

#[node(Desk, writes = figures)]
async fn count(topic: &str) -> String {
    format!("figures about {topic}")
}

#[node(Desk, writes = rounds)]
fn go_round(rounds: &u32) -> u32 {
    rounds + 1
}

#[node(Desk)]
fn judge(rounds: &u32) -> Verdict {
    match rounds {
        0..4 => Verdict::Again,
        4 => Verdict::Good,
        _ => Verdict::Bad,
    }
}

flow! { Report { draft >> (find, count); } }

fn desk() -> Desk {
    let titles = ["causes", "effects", "causes"].map(String::from).to_vec();
    Desk {
        topic: "rain".into(),
        titles,
        ..Desk::default()
    }
}

mod taken {
    use super::*;

    flow! {
        Inner {
            go_round >> judge - "again" >> go_round max 2 else go_round2;
            go_round2: go_round;
            go_round2 >> end "tired";
            judge - "good" >> end;
            judge - "bad" >> end "bad";
        }
    }

    flow! {
        Outer {
            Inner >> end;
            Inner - "tired" >> find >> end "late";
            Inner - "bad" >> find;
        }
    }

    /// Records the content of a `Taken`.
    #[derive(Default)]
    struct Way(Mutex<Vec<String>>);

    impl Way {
        fn line(&self, at: impl ToString, taken: Taken) {
            let to = match taken.target() {
                Target::Place(_) => taken.next().unwrap().to_owned(),
                Target::Exit(_) => format!("end {:?}", taken.exit().unwrap()),
            };
            let edge = taken.edge().map(|edge| edge.action);
            let (at, action) = (at.to_string(), taken.action());
            assert!(edge.is_none_or(|edge| edge == action));
            self.0
                .lock()
                .unwrap()
                .push(format!("{at} - {action} >> {to}"));
        }
    }

    impl<S: Shared> Driver<S> for Way {
        async fn flow<R: Run<S>>(
            &self,
            flow: &'static Graph,
            info: Option<&StepInfo<'_>>,
            shared: &mut S,
            run: R,
        ) -> Result<Taken, Error> {
            let taken = run.run(shared).await?;
            assert_eq!(
                info.is_some(),
                taken.edge().is_some(),
                "the outermost flow has no edge around it"
            );
            self.line(
                info.map_or(flow.name.to_owned(), ToString::to_string),
                taken,
            );
            Ok(taken)
        }

        async fn step<R: Run<S>>(
            &self,
            info: &StepInfo<'_>,
            shared: &mut S,
            run: R,
        ) -> Result<Taken, Error> {
            let taken = run.run(shared).await?;
            self.line(info, taken);
            Ok(taken)
        }
    }

    #[tokio::test]
    async fn it_leads_where_the_run_goes_and_past_a_used_up_edge() {
        let way = Way::default();
        Outer.with(&way).run(&mut desk()).await.unwrap();
        assert_eq!(
            way.0.into_inner().unwrap(),
            [
                "Outer > Inner > go_round - default >> judge",
                "Outer > Inner > judge - again >> go_round",
                "Outer > Inner > go_round - default >> judge",
                "Outer > Inner > judge - again >> go_round",
                "Outer > Inner > go_round - default >> judge",
                "Outer > Inner > judge - again >> go_round2",
                "Outer > Inner > go_round2 - default >> end \"tired\"",
                "Outer > Inner - tired >> find",
                "Outer > find - default >> end \"late\"",
                "Outer - late >> end \"late\"",
            ]
        );
    }

    /// Decides instead of `judge`, by the name of an action, and ends `Inner` without a step.
    struct Decides(&'static str);

    impl Driver<Desk> for Decides {
        async fn step<R: Run<Desk>>(
            &self,
            info: &StepInfo<'_>,
            shared: &mut Desk,
            run: R,
        ) -> Result<Taken, Error> {
            if info.name() != "judge" {
                return run.run(shared).await;
            }
            assert_eq!(info.actions(), ["again", "good", "bad"]);
            info.taken(self.0)
                .ok_or_else(|| info.error("no such action"))
        }
    }

    #[tokio::test]
    async fn a_driver_takes_an_action_by_its_name() {
        for (action, exit) in [("good", "default"), ("bad", "bad")] {
            let taken = Inner.drive(Decides(action), &mut desk()).await.unwrap();
            assert_eq!(
                (taken.action(), taken.exit(), taken.next()),
                (exit, Some(exit), None)
            );
        }
        let error = Inner
            .drive(Decides("better"), &mut desk())
            .await
            .unwrap_err();
        assert_eq!(
            format!("{error:#}"),
            "Inner > judge: stopped: no such action"
        );
    }

    /// Returns the first action of each step, or the first exit of each flow.
    #[derive(Default)]
    struct Muddled(Mutex<Option<Taken>>, bool);

    impl Driver<Desk> for Muddled {
        async fn flow<R: Run<Desk>>(
            &self,
            _: &'static Graph,
            _: Option<&StepInfo<'_>>,
            shared: &mut Desk,
            run: R,
        ) -> Result<Taken, Error> {
            let taken = run.run(shared).await?;
            Ok(if self.1 {
                *self.0.lock().unwrap().get_or_insert(taken)
            } else {
                taken
            })
        }

        async fn step<R: Run<Desk>>(
            &self,
            _: &StepInfo<'_>,
            shared: &mut Desk,
            run: R,
        ) -> Result<Taken, Error> {
            let taken = run.run(shared).await?;
            Ok(if self.1 {
                taken
            } else {
                *self.0.lock().unwrap().get_or_insert(taken)
            })
        }
    }

    #[tokio::test]
    async fn an_action_of_another_step_is_refused() {
        let error = Outer
            .with(Muddled::default())
            .run(&mut desk())
            .await
            .unwrap_err();
        assert_eq!(
            format!("{error:#}"),
            "Outer > Inner > judge: stopped: a driver returned the action \"default\" of another step: return what `run` \
             returned, or `StepInfo::taken`"
        );
        let muddled = Muddled(Mutex::default(), true);
        let error = Outer.with(muddled).run(&mut desk()).await.unwrap_err();
        assert!(
            format!("{error:#}")
                .starts_with("Outer: stopped: a driver returned the action \"tired\"")
        );
    }
}

mod items {
    use super::*;

    /// Stores results by the place and the hash of the item, and identifies each item by that hash.
    #[derive(Default)]
    struct Keeps {
        named: bool,
        kept: Mutex<HashMap<String, String>>,
        seen: Mutex<Vec<String>>,
    }

    impl<S: Shared> Driver<S, Items> for Keeps {
        fn run_id(&self) -> Option<&str> {
            Some("run")
        }
    }

    impl<S: Shared, Marker, N: Node<S, Marker>> KeepDriver<S, Marker, N> for Keeps
    where
        for<'i> N::Item<'i>: Hash + std::fmt::Debug,
        N::Exec: Into<String> + From<String> + Clone,
    {
        async fn item<C>(
            &self,
            info: &StepInfo<'_>,
            item: ItemId<'_>,
            mut call: C,
        ) -> Result<N::Exec, Error>
        where
            C: ItemCall<S, Marker, N>,
        {
            let hash = call.with_item(|item| {
                let mut hasher = DefaultHasher::new();
                item.hash(&mut hasher);
                hasher.finish()
            });
            let lent = call.with_item(|item| format!("{item:?}"));
            self.seen.lock().unwrap().push(format!(
                "{} {item} {lent} {:?}",
                info.name(),
                item.index()
            ));
            if self.named {
                call.identify(hash);
            }
            let key = format!("{info} {hash}");
            if let Some(kept) = self.kept.lock().unwrap().get(&key) {
                return Ok(kept.clone().into());
            }
            let exec = call.call().await?;
            self.kept.lock().unwrap().insert(key, exec.clone().into());
            Ok(exec)
        }
    }

    #[tokio::test]
    async fn each_item_and_each_branch_is_lent_with_its_id() {
        let keeps = Keeps::default();
        let mut desk = desk();
        Report.with(&keeps).run(&mut desk).await.unwrap();
        assert_eq!(
            *keeps.seen.lock().unwrap(),
            [
                "draft [0] \"causes\" Some(0)",
                "draft [1] \"effects\" Some(1)",
                "draft [2] \"causes\" Some(2)",
                "find branch () None",
                "count branch () None",
            ]
        );
        assert_eq!(
            desk.drafts.as_ref().unwrap()[1],
            "effects of rain (run/1/item-1)"
        );

        let mut again = Desk {
            titles: vec!["effects".into()],
            ..super::desk()
        };
        Report.with(&keeps).run(&mut again).await.unwrap();
        assert_eq!(
            again.drafts.unwrap()[..],
            desk.drafts.unwrap()[1..2],
            "what is kept is not done again"
        );
    }

    #[tokio::test]
    async fn the_key_of_an_attempt_goes_with_the_item_that_a_driver_has_identified() {
        let mut drafts = Vec::new();
        for titles in [["causes", "effects"], ["effects", "causes"]] {
            let mut desk = Desk {
                titles: titles.map(String::from).to_vec(),
                ..desk()
            };
            Report
                .with(StepLimit::new(9))
                .with(Keeps {
                    named: true,
                    ..Keeps::default()
                })
                .run(&mut desk)
                .await
                .unwrap();
            drafts.push(desk.drafts.unwrap());
        }
        drafts[1].reverse();
        assert_eq!(
            drafts[0], drafts[1],
            "in another order, the keys are the same"
        );
        assert_ne!(drafts[0][0].replace("causes", "effects"), drafts[0][1]);
        let key = drafts[0][0].split_once(" (run/1/item-").unwrap().1;
        assert_eq!(key.trim_end_matches(')').len(), 16, "{key}");
    }
}

mod parts {
    use super::*;

    /// Runs only some items or branches, and takes their results.
    struct Part {
        of: &'static str,
        wanted: Vec<usize>,
        results: Mutex<Vec<String>>,
    }

    impl<S: Shared> Driver<S, Items> for Part {
        fn wants(&self, info: &StepInfo<'_>, item: Option<usize>) -> bool {
            let number = item.or(info.branch_number()).expect("an item or a branch");
            info.parent().is_some() || info.graph().name != self.of || self.wanted.contains(&number)
        }
    }

    impl<S: Shared, Marker, N: Node<S, Marker, Exec = String>> KeepDriver<S, Marker, N> for Part {
        async fn item<C>(
            &self,
            _info: &StepInfo<'_>,
            _item: ItemId<'_>,
            call: C,
        ) -> Result<String, Error>
        where
            C: ItemCall<S, Marker, N>,
        {
            let exec = call.call().await?;
            self.results.lock().unwrap().push(exec.clone());
            Ok(exec)
        }
    }

    flow! { Parallel { draft; } }
    flow! { Sequence { list; } }
    flow! { Fork { (find, count); } }

    fn part(of: &'static str, wanted: &[usize]) -> Part {
        Part {
            of,
            wanted: wanted.to_vec(),
            results: Mutex::default(),
        }
    }

    #[tokio::test]
    async fn a_part_of_a_step_is_done_and_the_store_left_as_it_was() {
        let parallel = part("Parallel", &[0, 2]);
        let mut shared = desk();
        let error = Parallel.with(&parallel).run(&mut shared).await.unwrap_err();
        assert_eq!(
            (error.cause().is::<Skipped>(), error.stage()),
            (true, Stage::Driver)
        );
        assert_eq!(
            error.cause().to_string(),
            "the driver wants a part of this step, which is done"
        );
        assert_eq!(error.path(), ["Parallel", "draft"]);
        assert_eq!(
            *parallel.results.lock().unwrap(),
            ["causes of rain", "causes of rain"]
        );
        assert_eq!(shared, desk());

        let sequence = part("Sequence", &[1]);
        let error = Sequence.with(&sequence).run(&mut shared).await.unwrap_err();
        assert!(error.cause().is::<Skipped>());
        assert_eq!(*sequence.results.lock().unwrap(), ["EFFECTS"]);

        // A branch that is not wanted is skipped at once. The other one waits, and finishes all the
        // same.
        for (wanted, result) in [(0, "facts about rain"), (1, "figures about rain")] {
            let fork = part("Fork", &[wanted]);
            let error = Fork.with(&fork).run(&mut shared).await.unwrap_err();
            assert!(error.cause().is::<Skipped>(), "{error:#}");
            assert_eq!(*fork.results.lock().unwrap(), [result]);
        }
        assert_eq!(shared, desk());
    }

    #[tokio::test]
    async fn a_driver_that_wants_all_of_it_changes_nothing() {
        let part = part("Report", &[0, 1, 2]);
        let mut shared = desk();
        Report.with(&part).run(&mut shared).await.unwrap();
        let mut plain = desk();
        Report.run(&mut plain).await.unwrap();
        assert_eq!(shared, plain);
        assert_eq!(part.results.into_inner().unwrap().len(), 5);
    }

    #[tokio::test]
    async fn nothing_wanted_is_nothing_done() {
        for (flow, wanted) in [("Fork", vec![]), ("Parallel", vec![9])] {
            let part = part(flow, &wanted);
            let mut shared = desk();
            let error = match flow {
                "Fork" => Fork.drive(&part, &mut shared).await.unwrap_err(),
                _ => Parallel.drive(&part, &mut shared).await.unwrap_err(),
            };
            assert!(error.cause().is::<Skipped>());
            assert!(part.results.into_inner().unwrap().is_empty());
        }
    }
}

mod attempts {
    use super::*;

    /// Answers instead of a node, like a fake: with what the node reads, and the item.
    struct Fakes(Mutex<Vec<String>>);

    impl<S: Shared> Driver<S, Execs> for Fakes {}

    impl<S: Shared, Marker, N: Node<S, Marker, Exec = String>> ExecDriver<S, Marker, N> for Fakes
    where
        for<'i> N::Item<'i>: std::fmt::Debug,
    {
        async fn attempt<C>(
            &self,
            info: &StepInfo<'_>,
            attempt: Attempt<'_>,
            call: C,
        ) -> Result<String, Failure>
        where
            C: AttemptCall<S, Marker, N>,
        {
            let line = call.with_item(|item| format!("{}: {attempt:?} of {item:?}", info.name()));
            self.0.lock().unwrap().push(line.clone());
            if attempt.number() == 1 && info.name() == "find" {
                call.call().await
            } else {
                Ok(line)
            }
        }
    }

    #[tokio::test]
    async fn an_attempt_is_lent_its_item_and_may_be_answered_by_a_driver() {
        let fakes = Fakes(Mutex::default());
        let mut shared = desk();
        Report
            .with(StepLimit::new(3))
            .with(&fakes)
            .with(StepLimit::new(3))
            .run(&mut shared)
            .await
            .unwrap();
        assert_eq!(
            shared.drafts.unwrap()[1],
            "draft: attempt 1 of 1 of \"effects\""
        );
        assert_eq!(shared.facts.as_deref(), Some("facts about rain"));
        assert_eq!(
            shared.figures.as_deref(),
            Some("count: attempt 1 of 1 of ()")
        );
        assert_eq!(fakes.0.into_inner().unwrap().len(), 5);
    }

    /// A driver for one node, whose reads it knows.
    struct Topics(Mutex<Vec<String>>);

    impl Driver<Desk, Execs> for Topics {}

    impl<Marker> ExecDriver<Desk, Marker, find> for Topics
    where
        find: Node<Desk, Marker>,
    {
        async fn attempt<C>(
            &self,
            _info: &StepInfo<'_>,
            _attempt: Attempt<'_>,
            call: C,
        ) -> Result<<find as Node<Desk, Marker>>::Exec, Failure>
        where
            C: AttemptCall<Desk, Marker, find>,
        {
            self.0.lock().unwrap().push(call.reads().topic.to_owned());
            call.call().await
        }
    }

    flow! { Find { find; } }

    #[tokio::test]
    async fn an_attempt_lends_what_the_node_reads() {
        let topics = Topics(Mutex::default());
        Find.with(&topics).run(&mut desk()).await.unwrap();
        assert_eq!(topics.0.into_inner().unwrap(), ["rain"]);
    }
}

mod generic {
    use super::*;

    async fn twice<F, S, D, Seam>(
        flow: &F,
        driver: D,
        shared: &mut S,
    ) -> Result<[&'static str; 2], Error>
    where
        F: Drive<S, D, Seam>,
        D: Clone,
    {
        let first = flow.drive(driver.clone(), shared).await?.action();
        Ok([first, flow.drive(driver, shared).await?.action()])
    }

    #[tokio::test]
    async fn generic_code_drives_a_flow_on_a_task_of_its_own() {
        let run = tokio::spawn(async {
            let (mut shared, limit) = (desk(), StepLimit::new(2));
            let exits = twice(&Report, &limit, &mut shared).await?;
            let traced = pocketflow::Stack(std::sync::Arc::new(pocketflow::Trace), limit);
            Ok::<_, Error>((exits, twice(&Report, traced, &mut shared).await?))
        });
        assert_eq!(
            run.await.unwrap().unwrap(),
            (["default"; 2], ["default"; 2])
        );
    }
}
