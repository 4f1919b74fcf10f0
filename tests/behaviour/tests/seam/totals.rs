//! How many items a batch has, as each method of a driver sees it.

use std::collections::BTreeSet;

use super::*;

/// Records how many items each method knows of.
#[derive(Default)]
struct Totals(Mutex<BTreeSet<String>>);

impl Totals {
    fn line(&self, method: &str, info: &StepInfo<'_>) {
        let line = format!("{method} {info}: {:?}", info.items());
        self.0.lock().unwrap().insert(line);
    }
}

impl<S: Shared> Driver<S, (Execs, Items)> for Totals {
    async fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        self.line("step", info);
        run.run(shared).await
    }

    fn wants(&self, info: &StepInfo<'_>, item: Option<usize>) -> bool {
        assert_eq!(item.is_some(), info.items().is_some());
        true
    }
}

impl<S: Shared, Marker, N: Node<S, Marker>> ExecDriver<S, Marker, N, (Execs, Items)> for Totals {
    async fn exec<C>(
        &self,
        info: &StepInfo<'_>,
        _: Option<usize>,
        call: C,
    ) -> Result<N::Exec, Error>
    where
        C: pocketflow::ExecCall<S, Marker, N>,
    {
        self.line("exec", info);
        assert!(info.parent().is_none_or(|parent| parent.items().is_none()));
        call.call().await
    }

    async fn attempt<C>(
        &self,
        info: &StepInfo<'_>,
        attempt: Attempt<'_>,
        call: C,
    ) -> Result<N::Exec, Failure>
    where
        C: AttemptCall<S, Marker, N>,
    {
        self.line(&format!("attempt {}", attempt.number()), info);
        call.call().await
    }
}

impl<S: Shared, Marker, N: Node<S, Marker>> KeepDriver<S, Marker, N, (Execs, Items)> for Totals {
    async fn item<C>(&self, info: &StepInfo<'_>, _: ItemId<'_>, call: C) -> Result<N::Exec, Error>
    where
        C: ItemCall<S, Marker, N>,
    {
        self.line("item", info);
        call.call().await
    }
}

#[node(Desk, writes = drafts, attempts = 2)]
fn fails_once(
    #[each(titles)] title: &str,
    #[attempt] attempt: Attempt<'_>,
) -> Result<String, String> {
    if attempt.is_last() {
        Ok(title.into())
    } else {
        Err("once".into())
    }
}

flow! { Inside { fails_once; } }
flow! { Outside { Inside; } }
flow! { Both { (draft, find) >> go_round; } }

#[tokio::test]
async fn the_number_of_items_is_known_inside_a_batch() {
    let totals = Totals::default();
    let limit = StepLimit::new(9);
    let (outside, both) = (Outside.with(&totals).with(limit), Both.with(&totals));
    outside.run(&mut desk()).await.unwrap();
    both.run(&mut desk()).await.unwrap();
    let lines = totals.0.into_inner().unwrap();
    assert_eq!(
        lines.into_iter().collect::<Vec<_>>(),
        [
            "attempt 1 Both > draft: Some(3)",
            "attempt 1 Both > find: None",
            "attempt 1 Both > go_round: None",
            "attempt 1 Outside > Inside > fails_once: Some(3)",
            "attempt 2 Outside > Inside > fails_once: Some(3)",
            "exec Both > draft: Some(3)",
            "exec Both > find: None",
            "exec Both > go_round: None",
            "exec Outside > Inside > fails_once: Some(3)",
            "item Both > draft: Some(3)",
            "item Both > find: None",
            "item Outside > Inside > fails_once: Some(3)",
            "step Both > (draft, find): None",
            "step Both > go_round: None",
            "step Outside > Inside > fails_once: None",
        ]
    );
}
