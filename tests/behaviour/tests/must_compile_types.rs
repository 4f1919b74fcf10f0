//! Field types that can be written in several ways.
#![deny(warnings)]
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    private_interfaces,
    unused_macros,
    clippy::all
)]
use pocketflow::{Action, Shared, flow, node};
mod m01 {
    use super::*; // two HR fields one type
    type H = Box<dyn Fn(&str) -> String + Send + Sync>;
    type G = Box<dyn Fn(&str) -> String + Send + Sync>;
    #[derive(Shared)]
    struct S {
        a: H,
        b: G,
        c: Box<dyn Fn(&str) -> String + Send + Sync>,
        d: Box<dyn for<'x> Fn(&'x str) -> String + Send + Sync>,
        e: Option<H>,
        f: Option<G>,
        g: fn(&u8) -> &u8,
        h: for<'y> fn(&'y u8) -> &'y u8,
        s: Box<dyn for<'q> Fn(&'q str) -> String + Send + Sync>,
    }
    #[node(S, writes = f)]
    fn a(e: &H, f: Option<&H>, g: &fn(&u8) -> &u8, h: &for<'z> fn(&'z u8) -> &'z u8) -> G {
        let _ = (e, f, g, h);
        Box::new(|s: &str| s.to_owned())
    }
    flow! { F(e) { a; } }
}
mod m02 {
    use super::*; // projections
    trait P {
        type X;
    }
    impl P for u8 {
        type X = String;
    }
    trait Q<'a> {
        type Y;
    }
    impl<'a> Q<'a> for u8 {
        type Y = &'a str;
    }
    #[derive(Shared)]
    struct S {
        a: <u8 as P>::X,
        b: String,
        c: <u16 as W>::X,
        d: Box<dyn for<'a> Fn(<u8 as Q<'a>>::Y) + Send + Sync>,
        e: Box<dyn Fn(&str) + Send + Sync>,
        f: std::option::Option<u8>,
        g: Option<u8>,
        h: core::option::Option<u8>,
    }
    trait W {
        type X;
    }
    impl W for u16 {
        type X = <u8 as P>::X;
    }
    #[node(S)]
    fn a(a: &str, b: &str, c: &str) {
        let _ = (a, b, c);
    }
    flow! { F { a; } }
    impl Default for S {
        fn default() -> Self {
            Self {
                a: String::new(),
                b: String::new(),
                c: String::new(),
                d: Box::new(|_| ()),
                e: Box::new(|_| ()),
                f: None,
                g: None,
                h: None,
            }
        }
    }
}
mod m03 {
    use super::*; // Self:: in store fields
    #[derive(Shared, Default)]
    struct S {
        a: [u8; Self::N],
        b: [u8; 4],
        next: Option<Box<Self>>,
        kids: Vec<Self>,
    }
    impl S {
        const N: usize = 4;
    }
    #[node(S)]
    fn a(a: &[u8; 4], b: &[u8], next: Option<&S>, kids: &[S]) {
        let _ = (a, b, next, kids);
    }
    #[node(S, writes = next)]
    fn b(kids: &Vec<S>) -> Box<S> {
        let _ = kids;
        Box::default()
    }
    flow! { F { a >> b; } }
}
mod m03b {
    use super::*;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    mod kids {
        use super::*;
        pub(super) fn serialize<S: Serializer>(kids: &[super::S], s: S) -> Result<S::Ok, S::Error> {
            kids.len().serialize(s)
        }
        pub(super) fn deserialize<'de, D: Deserializer<'de>>(
            d: D,
        ) -> Result<Vec<super::S>, D::Error> {
            let n = usize::deserialize(d)?;
            Ok((0..n).map(|_| super::S::default()).collect())
        }
    }
    #[derive(Shared, Default, Serialize, Deserialize)]
    struct S {
        #[serde(with = "kids")]
        kids: Vec<Self>,
        #[serde(skip)]
        all: Option<Box<Self>>,
        #[serde(default, serialize_with = "kids::serialize")]
        more: Vec<Self>,
    }
}
mod m04 {
    use super::*; // impl Trait / dyn Future values / generic fn in body
    #[derive(Shared, Default)]
    struct S {
        n: u8,
        v: Option<Vec<u8>>,
    }
    fn helper(x: impl Fn(u8) -> u8) -> impl Iterator<Item = u8> {
        std::iter::once(x(1))
    }
    #[node(S, writes = v)]
    async fn a(n: &u8) -> Vec<u8> {
        async fn inner<T: Copy>(t: T) -> T {
            t
        }
        let n = inner(*n).await;
        helper(move |x| x + n).collect()
    }
    #[node(S, appends = v)]
    fn b() -> Vec<u8> {
        helper(|x| x).collect()
    }
    #[node(S)]
    fn c(v: &[u8]) {
        struct Local;
        impl Local {
            const X: usize = 3;
        }
        let [..] = [0; Local::X];
        let _ = v;
    }
    flow! { F { a >> c; } }
}
mod m05 {
    use super::*; // boxes of futures in plain fn as the whole value, unit results etc
    use std::{future::Future, pin::Pin};
    type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
    fn call<'a>(s: &'a str) -> BoxFuture<'a, Result<String, String>> {
        Box::pin(async move { Ok(s.into()) })
    }
    #[derive(Shared, Default)]
    struct S {
        t: String,
        o: Option<String>,
    }
    #[node(S, writes = o, attempts = 2)]
    async fn a(t: &str) -> Result<String, String> {
        let x = call(t).await?;
        let v: Vec<BoxFuture<'_, _>> = vec![call(&x), call(t)];
        let mut out = String::new();
        for f in v {
            out += &f.await?;
        }
        Ok(out)
    }
    struct T {
        f: Box<dyn Fn(String) -> BoxFuture<'static, Result<String, String>> + Send + Sync>,
    }
    #[node(S, writes = o)]
    impl T {
        async fn exec(&self, t: &str) -> Result<String, String> {
            (self.f)(t.to_owned()).await
        }
    }
    flow! { F { t: T; a >> x >> t; } }
    #[node(S)]
    fn x(o: &str) {
        let _ = o;
    }
}
mod m06 {
    use super::*; // manual desugared futures as exec: fn -> impl Future
    #[derive(Shared, Default)]
    struct S {
        n: u8,
    }
    struct D;
    impl std::fmt::Debug for D {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("D")
        }
    }
    #[derive(Clone, Debug, PartialEq, Default, Copy, Hash, Eq)]
    struct Cfg {
        n: u8,
    }
    #[node(S)]
    impl Cfg {
        pub fn new(n: u8) -> Self {
            Self { n }
        }
        fn exec(&self) -> Self {
            *self
        }
        pub(crate) fn post(&self, n: &mut u8, exec: Self) {
            *n = exec.n;
        }
    }
    impl Cfg {
        fn other(&self) {}
    }
    flow! { #[derive(Clone, Debug, PartialEq, Default)] F { /// d
    a: Cfg; b: Cfg; a >> b; } }
    flow! { #[derive(Clone, Debug, PartialEq, Default)] pub(crate) G { f: F; /// x
    #[allow(dead_code)] #[doc(alias = "y")] c: Cfg; f >> c; } }
    fn f() {
        let g = G::default();
        assert_eq!(g, g.clone());
    }
}
mod m07 {
    use super::*; // enums with discriminant, doc quotes in actions
    #[derive(Action)]
    #[repr(i8)]
    enum A {
        /// "a" | b
        A = -1,
        B = 5,
    }
    #[derive(Action)]
    enum One {
        #[action("é ü")]
        É,
        #[action("x>y")]
        X,
        Z,
    }
    #[derive(Shared, Default)]
    struct S {
        n: u8,
    }
    #[node(S)]
    fn a() -> A {
        A::A
    }
    #[node(S)]
    fn o() -> One {
        One::É
    }
    flow! { F { a - "a" >> o; a - "b" >> end; o - "é ü" >> end "ok?"; o - "x>y" >> end; o - "z" >> end; } }
}
