//! Deprecated items can be declared even where warnings are errors. Only a use that the user wrote
//! triggers the warning.

#![deny(warnings)]

use pocketflow::{Action, Shared, flow, node};

#[derive(Shared, Default)]
struct Job {
    count: u8,
    #[deprecated = "unused"]
    old: Option<u8>,
}

#[derive(Shared, Default)]
#[deprecated(since = "0.1.0", note = "use `Job`")]
struct OldJob {
    count: u8,
    note: Option<String>,
}

#[derive(Action)]
#[deprecated]
enum OldWay {
    Go,
    Stop,
}

#[derive(Action)]
#[action(Job)]
enum Way {
    #[deprecated]
    #[allow(dead_code)]
    Left { count: u8 },
    Right {
        #[deprecated]
        count: u8,
    },
    #[deprecated = "said twice"]
    #[allow(dead_code)]
    Nowhere(),
}

#[node(Job)]
fn way() -> Way {
    #[allow(deprecated)]
    Way::Right { count: 3 }
}

#[node(Job)]
fn step() {}

mod old {
    #![allow(deprecated)]

    use super::{Job, flow, node};

    #[deprecated = "use `step`"]
    pub(super) struct Old {
        pub(super) by: u8,
    }

    #[node(Job)]
    impl Old {
        fn exec(&self) -> u8 {
            self.by
        }
        fn post(&self, count: &mut u8, exec: u8) {
            *count += exec;
        }
    }

    // The flow itself may name it.
    flow! { pub(super) Uses { old: Old; super::step >> old; } }
}

flow! {
    #[deprecated(note = "use another")]
    pub(crate) Retired {
        way - "left" >> step;
        way - "right" >> step;
        way - "nowhere" >> end "nowhere";
    }
}

flow! {
    #[allow(deprecated)]
    pub(crate) Keeps {
        /// The old one.
        old: old::Old;
        step >> old >> Retired >> another;
        another: old::Old;
        Retired - "nowhere" >> end;
    }
}

flow! {
    #[expect(deprecated)]
    pub(crate) Expects {
        step >> Retired >> end;
        Retired - "nowhere" >> end "nowhere";
    }
}

#[tokio::test]
#[allow(deprecated)]
async fn what_is_deprecated_still_works() {
    let mut job = Job::default();
    let keeps = Keeps {
        old: old::Old { by: 1 },
        another: old::Old { by: 2 },
    };
    assert_eq!(keeps.run(&mut job).await.unwrap(), KeepsExit::Default);
    assert_eq!(job.count, 5);
    old::Uses {
        old: old::Old { by: 1 },
    }
    .run(&mut job)
    .await
    .unwrap();
    Expects.run(&mut job).await.unwrap();
    flow! { step >> Retired >> end; Retired - "nowhere" >> end; }
        .run(&mut job)
        .await
        .unwrap();
    assert_eq!(
        (OldJob::STORE.fields.len(), OldWay::ACTIONS.len(), job.old),
        (2, 2, None)
    );
    drop((
        OldWay::Go,
        OldWay::Stop,
        OldJob {
            count: 0,
            note: None,
        }
        .note,
    ));
    assert_eq!(OldJob::default().count, 0);
}
