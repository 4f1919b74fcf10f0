//! Attributes on nodes and in them: conditions, deprecation, and `forbid` for every group of lints.

/// `#[forbid(…)]` rejects an `#[allow(…)]` in generated code.
mod forbidden {
    #![forbid(
        nonstandard_style,
        unused,
        rust_2018_idioms,
        let_underscore,
        keyword_idents,
        missing_docs,
        unreachable_pub
    )]
    #![forbid(
        clippy::all,
        clippy::cargo,
        missing_debug_implementations,
        missing_copy_implementations
    )]
    #![forbid(
        deprecated,
        private_interfaces,
        private_bounds,
        dead_code,
        unused_qualifications,
        single_use_lifetimes
    )]
    #![forbid(
        trivial_casts,
        trivial_numeric_casts,
        unused_results,
        unused_lifetimes,
        elided_lifetimes_in_paths
    )]

    use pocketflow::{Attempt, Reads, node};

    use super::Lines;

    /// A node.
    #[node(Lines, writes(late, total), attempts = 2, wait = "1us", timeout = "1s", fallback = none)]
    async fn split(
        text: &str,
        late: Option<&[String]>,
        #[attempt] attempt: Attempt<'_>,
    ) -> Result<(Vec<String>, u64), String> {
        let late = late.map_or(0, <[String]>::len);
        Err(format!("{text}{late}{}", attempt.number()))
    }

    fn none(
        reads: &Reads<'_, split>,
        error: pocketflow::Error,
    ) -> Result<(Vec<String>, u64), String> {
        Ok((vec![reads.text.to_owned(), error.cause().to_string()], 1))
    }

    #[node(Lines, appends = list, parallel = 2)]
    async fn each(#[each(late)] line: &str, total: &u64) -> String {
        std::future::ready(format!("{line}{total}")).await
    }

    struct Longest;

    #[node(Lines, writes(total))]
    impl Longest {
        fn prep(&self, list: &[String]) -> Result<Vec<usize>, String> {
            let _ = self;
            if list.is_empty() {
                Err(String::new())
            } else {
                Ok(list.iter().map(String::len).collect())
            }
        }
        fn exec(&self, #[each(prep)] length: &usize) -> u64 {
            let _ = self;
            u64::try_from(*length).unwrap_or_default()
        }
        fn post(&self, total: &mut Option<u64>, prep: Vec<usize>, exec: Vec<u64>) {
            let _ = self;
            assert_eq!(prep.len(), exec.len());
            *total = exec.into_iter().max();
        }
    }

    pocketflow::flow! {
        /// All of them in one flow.
        pub(super) All { split >> each >> Longest; }
    }
}

#[derive(pocketflow::Shared, Default)]
struct Lines {
    text: String,
    late: Option<Vec<String>>,
    total: Option<u64>,
    list: Vec<String>,
}

#[tokio::test]
async fn every_group_of_lints_may_be_forbidden() {
    let mut lines = Lines {
        text: "a".into(),
        ..Default::default()
    };
    forbidden::All.run(&mut lines).await.unwrap();
    assert_eq!(
        (lines.total, lines.list.as_slice()),
        (Some(4), &["a1".to_string(), "a021".into()][..])
    );
}

/// Attributes that mean something on functions and types.
mod marked {
    #![deny(warnings)]

    use pocketflow::node;

    use super::Lines;

    #[deprecated = "use `new`"]
    #[node(Lines, writes = text)]
    pub(super) async fn old(text: &str) -> String {
        format!("{text}o")
    }

    #[node(Lines, writes = text)]
    #[deprecated(since = "1.0.0", note = "use `new`")]
    #[doc(hidden)]
    #[inline]
    #[must_use]
    pub(super) fn older(text: &str) -> String {
        format!("{text}O")
    }

    #[must_use]
    #[expect(clippy::needless_return, unused_variables)]
    #[node(Lines, writes = text)]
    #[cold]
    #[track_caller]
    pub(super) fn lints(text: &str) -> String {
        let unused = 1;
        return format!("{text}l");
    }

    pub(super) struct Methods;

    #[node(Lines, writes = text)]
    #[allow(clippy::unused_self)]
    impl Methods {
        #[must_use]
        #[inline]
        fn exec(&self, #[allow(unused_variables)] total: Option<&u64>, text: &str) -> String {
            format!("{text}m")
        }
        #[allow(dead_code)]
        const UNUSED: u8 = 0;
        #[allow(dead_code)]
        fn helper(&self) {}
    }

    pub(super) mod flow {
        #![allow(deprecated)]
        pocketflow::flow! { pub(in super::super) All { super::old >> super::older >> super::lints >> super::Methods; } }
    }
}

#[tokio::test]
async fn attributes_hold_for_what_they_are_on() {
    let mut lines = Lines::default();
    marked::flow::All.run(&mut lines).await.unwrap();
    assert_eq!(lines.text, "oOlm");
}

/// Conditions.
mod conditions {
    #![deny(warnings)]
    #![allow(unexpected_cfgs, clippy::non_minimal_cfg)]

    use pocketflow::{Attempt, node};

    use super::Lines;

    #[node(Lines, writes = text)]
    #[cfg(not(any()))]
    pub(super) fn once(
        text: &str,
        #[cfg(any())] no_such_field: &str,
        #[cfg(not(any()))] list: &[String],
    ) -> String {
        format!("{text}{}", list.len())
    }

    #[node(Lines, writes = text)]
    #[cfg(any())]
    pub(super) fn once(text: &str) -> String {
        compile_error!("this is not there")
    }

    #[cfg_attr(not(any()), node(Lines, appends = list))]
    #[cfg_attr(any(), node(NoSuchStore))]
    pub(super) async fn each(
        #[cfg_attr(not(any()), each(late))]
        #[cfg_attr(any(), attempt)]
        line: &str,
        #[cfg_attr(all(), attempt)] attempt: Attempt<'_>,
        #[cfg(all())] text: &str,
        #[cfg(all(any(), all()))] nothing: &str,
    ) -> String {
        format!("{line}{}{text}", attempt.number())
    }

    #[node(Lines, writes = late)]
    #[cfg_attr(not(any()), deprecated)]
    #[cfg_attr(any(), no_such_attribute)]
    pub(super) fn fill() -> Vec<String> {
        vec!["f".into()]
    }

    pub(super) struct Methods;

    #[node(Lines, writes = total, attempts = 2)]
    impl Methods {
        #[cfg(any())]
        fn prep(&self) -> NoSuchType {}
        #[cfg(not(any()))]
        fn prep(&self, #[cfg(any())] nothing: &str, list: &[String]) -> usize {
            list.len()
        }
        fn exec(&self, prep: &usize) -> Result<u64, String> {
            Err(format!("{prep}"))
        }
        #[cfg(any())]
        fn fallback(&self) -> NoSuchType {}
        #[cfg(all())]
        fn fallback(
            &self,
            #[cfg(any())] text: &str,
            error: pocketflow::Error,
        ) -> Result<u64, String> {
            error.cause().to_string().parse().map_err(|_| String::new())
        }
        #[cfg(any())]
        fn post(&self) {}
    }

    pub(super) mod flow {
        #![allow(deprecated)]
        pocketflow::flow! { pub(in super::super) All { super::once >> super::fill >> super::each >> super::Methods; } }
    }
}

#[tokio::test]
async fn conditions_are_honoured_everywhere() {
    let mut lines = Lines {
        list: vec!["x".into()],
        ..Default::default()
    };
    conditions::flow::All.run(&mut lines).await.unwrap();
    assert_eq!((lines.text.as_str(), lines.total), ("1", Some(2)));
    assert_eq!(lines.list, ["x", "f11"]);
}

/// The library under other names.
mod renamed {
    use pocketflow::Shared;

    mod facade {
        pub(super) use pocketflow as pf;
    }

    #[derive(Shared, Default)]
    struct Count {
        count: u64,
    }

    #[facade::pf::node(Count, crate = facade::pf, writes = count, attempts = 2)]
    async fn add(count: &u64) -> Result<u64, String> {
        Ok(count + 1)
    }

    macro_rules! doubling {
        ($name:ident) => {
            #[pocketflow::node(Count, writes = count, crate = $crate::renamed::facade::pf)]
            fn $name(count: &u64) -> u64 {
                count * 2
            }
        };
    }
    doubling!(double);

    #[tokio::test]
    async fn is_found_where_the_attribute_says() {
        let mut count = Count { count: 1 };
        pocketflow::flow! { add >> double; }
            .run(&mut count)
            .await
            .unwrap();
        assert_eq!(count.count, 4);
    }
}
