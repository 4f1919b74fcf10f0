//! Attributes, conditions and lints on everything that the macros take.
#![allow(dead_code, deprecated, clippy::all)]
#![forbid(future_incompatible, rust_2018_idioms, let_underscore)]
#![deny(
    unused_qualifications,
    unreachable_pub,
    single_use_lifetimes,
    unused_results,
    unused_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    missing_docs,
    unit_bindings,
    keyword_idents,
    explicit_outlives_requirements
)]
use pocketflow::{Action, Attempt, Shared, flow, node};

/// a
pub mod m01 {
    // docs with quotes, missing_docs
    use super::*;
    /// A "store" with `ticks` and 'quotes' \ backslash {} { }.
    #[derive(Shared, Default, Debug)]
    pub struct S {
        /// a "b"
        pub text: String,
        #[doc = "x \" y"]
        pub out: Option<String>,
    }
    /// A "node".
    #[node(S, writes = out)]
    pub fn one(text: &str) -> String {
        text.into()
    }
    #[doc = r#"raw "str" "#]
    #[node(S, writes = out)]
    #[doc = concat!("a", "b")]
    pub fn two(text: &str) -> String {
        text.into()
    }
    /// action
    #[derive(Action, Debug)]
    pub enum A {
        /// x
        X,
        /// y
        #[doc(alias = "why")]
        Y,
    }
    /// pick
    #[doc(hidden)]
    #[node(S)]
    pub fn pick() -> A {
        A::X
    }
    flow! { /// A "flow" } {
    #[doc(alias = "x")]
    #[must_use]
    pub F { pick - "x" >> one; pick - "y" >> two; } }
}
/// m
pub mod m02 {
    // deprecated everywhere
    #![allow(deprecated)]
    use super::*;
    /// s
    #[deprecated(note = "x")]
    #[derive(Shared, Default, Debug)]
    pub struct S {
        /// t
        #[deprecated]
        pub text: String,
        /// o
        pub out: Option<String>,
    }
    /// n
    #[deprecated = "no"]
    #[node(S, writes = out)]
    pub fn one(text: &str) -> String {
        text.into()
    }
    /// n
    #[node(S, writes = out)]
    #[deprecated]
    pub fn two(text: &str) -> String {
        text.into()
    }
    /// n
    #[derive(Debug)]
    #[deprecated]
    pub struct Three;
    #[node(S, writes = out)]
    impl Three {
        fn exec(&self, text: &str) -> String {
            text.into()
        }
    }
    /// a
    #[deprecated]
    #[derive(Action, Debug)]
    #[action(S)]
    pub enum A {
        /// v
        #[deprecated]
        X {
            /// o
            out: String,
        },
        /// y
        Y,
    }
    /// p
    #[node(S)]
    pub fn pick() -> A {
        A::Y
    }
    flow! { /// f
    #[deprecated(since = "1", note = "n")] pub F { pick - "x" >> one; pick - "y" >> two; } }
    flow! { /// g
    pub G { F >> Three; } }
}
/// m
pub mod m03 {
    // cfg on everything
    use super::*;
    /// s
    #[derive(Debug)]
    #[cfg_attr(all(), derive(Shared, Default))]
    pub struct S {
        #[cfg(any())]
        gone: Gone,
        /// t
        #[cfg(all())]
        pub text: String,
        #[cfg_attr(all(), doc = "o")]
        pub out: Option<String>,
    }
    #[cfg_attr(all(), node(S, writes = out), doc = "x")]
    pub fn one(text: &str) -> String {
        text.into()
    }
    /// two
    #[cfg(all())]
    #[cfg_attr(any(), node(Nope))]
    #[cfg_attr(all(), node(S, writes = out))]
    pub fn two(#[cfg(any())] x: &u8, #[cfg(all())] text: &str) -> String {
        text.into()
    }
    /// a
    #[cfg_attr(all(), derive(Action))]
    #[cfg_attr(all(), action(S))]
    #[derive(Debug)]
    pub enum A {
        /// x
        #[cfg_attr(all(), action("ex"))]
        X {
            /// o
            #[cfg(all())]
            out: String,
            #[cfg(any())]
            nope: u8,
        },
        #[cfg(any())]
        Gone,
        /// y
        #[cfg(all())]
        Y,
    }
    /// p
    #[node(S)]
    #[cfg_attr(all(), must_use)]
    pub fn pick() -> A {
        A::Y
    }
    /// z
    #[derive(Debug)]
    pub struct Z;
    #[cfg_attr(all(), node(S, attempts = 2))]
    impl Z {
        #[cfg(any())]
        fn prep(&self) -> u8 {
            1
        }
        #[cfg(all())]
        fn prep(&self, text: &str) -> u8 {
            let _ = text;
            2
        }
        #[cfg_attr(all(), allow(clippy::all))]
        fn exec(&self, prep: &u8) -> Result<u8, String> {
            Ok(*prep)
        }
        #[cfg(any())]
        async fn fallback(&self) -> u8 {
            1
        }
        fn post(&self, out: &mut Option<String>, #[cfg(all())] exec: u8, #[cfg(any())] prep: u8) {
            *out = Some(exec.to_string());
        }
    }
    flow! { /// f
    #[cfg(all())] pub F { pick - "ex" >> y0; y0 >> one; #[cfg(any())] pick - "gone" >> gone; pick - "y" >> y1; y1 >> two; #[cfg(any())] z: Gone; #[cfg(all())] /// zz
    z: Z; #[cfg(all())] one >> z; } }
    #[cfg(any())]
    flow! { pub Nothing { nope; } }
    flow! { #[cfg_attr(any(), cfg(any()))] #[cfg_attr(all(), doc = "x")] pub H { one; } }
    flow! { #[cfg(any())] pub Nothing2 { nope; } }
    flow! { #[doc = "fork"] pub Fk { (one, #[cfg(all())] y, #[cfg(any())] gone) >> Z2; } }
    #[node(S)]
    fn y() {}
    #[node(S)]
    fn y0() {}
    #[node(S)]
    fn y1() {}
    struct Z2;
    #[node(S)]
    impl Z2 {
        fn exec(&self, text: &str) {
            let _ = text;
        }
    }
    /// f
    pub fn f() -> usize {
        let f = flow! { one; #[cfg(any())] one >> gone; #[cfg(all())] one >> y; };
        f.graph().exits.len()
    }
}
/// m
pub mod m04 {
    // single use lifetimes, explicit lifetimes in fns
    use super::*;
    use std::borrow::Cow;
    /// s
    #[derive(Shared, Default, Debug)]
    pub struct S {
        /// t
        pub text: String,
        /// c
        pub cow: Cow<'static, str>,
        /// o
        pub out: Option<Cow<'static, str>>,
        /// v
        pub v: Vec<&'static str>,
    }
    /// n
    #[node(S, writes = out)]
    pub fn one(text: &str, cow: &Cow<'_, str>, v: &[&str]) -> Cow<'static, str> {
        let _ = (cow, v);
        Cow::Owned(text.into())
    }
    /// n
    #[node(S, writes = out)]
    pub async fn two<'a>(text: &'a str, cow: &'a Cow<'a, str>) -> Cow<'static, str> {
        let _ = cow;
        Cow::Owned(text.into())
    }
    /// n
    #[node(S, writes = out, attempts = 2)]
    pub async fn three<'a>(
        text: &'a str,
        #[attempt] at: Attempt<'a>,
    ) -> Result<Cow<'static, str>, Box<dyn std::error::Error + Send + Sync + 'static>> {
        let _ = at;
        Ok(Cow::Owned(text.into()))
    }
    /// t
    #[derive(Debug)]
    pub struct T;
    #[node(S)]
    impl T {
        fn prep<'a, 'b: 'a>(&self, text: &'a str, cow: &'b str) -> (&'a str, Cow<'b, str>) {
            (text, Cow::Borrowed(cow))
        }
        fn exec(&self, prep: &(&str, Cow<'_, str>)) -> usize {
            prep.0.len()
        }
        fn post(&self, v: &mut Vec<&'static str>, exec: usize) {
            if exec > 3 {
                v.push("x");
            }
        }
    }
    flow! { /// f
    pub F { T; } }
}
/// m
pub mod m05 {
    // odd names
    use super::*;
    /// s
    #[derive(Shared, Default, Debug)]
    #[allow(non_snake_case)]
    pub struct S {
        /// t
        pub r#type: String,
        /// u
        pub _x: u8,
        /// v
        pub __y: u8,
        /// w
        pub self_: u8,
        /// D
        pub driver: u8,
        /// at
        pub at: u8,
        /// n
        pub node: u8,
        /// store
        pub store: u8,
        /// value
        pub value: Option<u8>,
        /// reads
        pub reads: u8,
        /// action
        pub action: u8,
        /// edge
        pub edge: u8,
        /// d
        pub end: Option<u8>,
        /// fut
        pub future: u8,
        /// e
        pub err: u8,
        /// f
        pub fallback: u8,
        /// post
        pub post: u8,
        /// field
        pub field: u8,
        /// shared
        pub shared: Option<u8>,
        /// here
        pub here: u8,
        /// call
        pub call: u8,
        /// run
        pub run: u8,
        /// max
        pub max: Option<u8>,
        /// raw
        pub r#match: Option<u8>,
        /// x
        pub r#await: Option<u8>,
        /// attempt
        pub attempt: u8,
        /// core
        pub core: u8,
        /// std
        pub std: u8,
        /// pocketflow
        pub pocketflow: u8,
        /// usize
        pub usize: u8,
        /// str
        pub str: u8,
        /// some
        pub r#fn: u8,
        /// default
        pub default: u8,
        /// kept
        pub kept: Option<Vec<u8>>,
        /// prep
        pub prep: u8,
        /// exec
        pub exec: Option<u8>,
        /// items
        pub item: Vec<u8>,
        /// error
        pub error: Option<u8>,
        /// index
        pub index: u8,
        /// this
        pub this: u8,
    }
    /// n
    #[expect(clippy::too_many_arguments)]
    #[node(S, writes = kept)]
    pub fn all(
        r#type: &str,
        _x: &u8,
        __y: &u8,
        self_: &u8,
        driver: &u8,
        at: &u8,
        node: &u8,
        store: &u8,
        reads: &u8,
        action: &u8,
        edge: &u8,
        future: &u8,
        err: &u8,
        fallback: &u8,
        post: &u8,
        field: &u8,
        here: &u8,
        call: &u8,
        run: &u8,
        attempt: &u8,
        core: &u8,
        std: &u8,
        pocketflow: &u8,
        usize: &u8,
        str: &u8,
        r#fn: &u8,
        default: &u8,
        prep: &u8,
        #[each(item)] item: &u8,
        index: &u8,
        this: &u8,
    ) -> u8 {
        let _ = (
            r#type, _x, __y, self_, driver, at, node, store, reads, action, edge, future,
        );
        let _ = (
            err, fallback, post, field, here, call, run, attempt, core, std, pocketflow, usize,
            str, r#fn, default, prep, item, index, this,
        );
        1
    }
}
/// m
pub mod m06 {
    // private types under pub flow
    use super::*;
    mod inner {
        #[derive(super::Shared, Default)]
        pub(in crate::m06) struct S {
            pub(in crate::m06) text: String,
            pub(super) out: Option<Hidden>,
        }
        #[derive(Clone)]
        pub(super) struct Hidden;
        #[super::node(S, writes = out)]
        pub(in super::super::m06) fn one(text: &str) -> Hidden {
            let _ = text;
            Hidden
        }
    }
    use inner::{Hidden, S, one};
    #[node(S)]
    fn two(out: &Hidden) -> A {
        let _ = out;
        A::X
    }
    #[derive(Action)]
    enum A {
        X,
        Y,
    }
    flow! { /// f
    pub F { one >> two; two - "x" >> end; two - "y" >> end "y"; } }
    flow! { pub(in crate::m06) G { F >> end; F - "y" >> Cfg; } }
    #[derive(Default, Clone)]
    struct Cfg2 {
        _n: u8,
    }
    struct Cfg;
    #[node(S)]
    impl Cfg {
        const X: u8 = 1;
        fn exec(&self) -> u8 {
            Self::X + Self::h()
        }
        fn h() -> u8 {
            1
        }
        fn post(&self, exec: u8) {
            let _ = (exec, Cfg2::default());
        }
    }
    /// x
    pub async fn go() {
        let mut s = S::default();
        if let Err(e) = F.run(&mut s).await {
            drop(e);
        }
        let _ = G.run(&mut s).await.is_ok();
    }
}
