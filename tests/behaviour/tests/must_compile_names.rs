//! Names that clash with the library's, with the prelude's and with one another.
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
    use super::*;
    use anyhow::Result; // one-param Result
    #[derive(Shared, Default)]
    struct S {
        text: String,
        out: Option<String>,
    }
    #[node(S, writes = out)]
    async fn a(text: &str) -> Result<String> {
        Ok(text.into())
    }
    #[node(S)]
    fn b() -> Result<()> {
        Ok(())
    }
    struct T;
    #[node(S)]
    impl T {
        fn prep(&self, text: &str) -> Result<usize> {
            Ok(text.len())
        }
        fn exec(&self, prep: &usize) -> Result<usize> {
            Ok(*prep)
        }
        fn post(&self, exec: usize) {
            let _ = exec;
        }
    }
    flow! { F { a >> b >> T; } }
}
mod m02 {
    use super::*;
    type Result<T = (), E = String> = std::result::Result<T, E>;
    #[derive(Shared, Default)]
    struct S {
        text: String,
        out: Option<String>,
    }
    #[node(S, writes = out)]
    async fn a(text: &str) -> Result<String> {
        Ok(text.into())
    }
    #[node(S)]
    fn b() -> Result {
        Ok(())
    }
    #[derive(Action)]
    enum A {
        X,
        Y,
    }
    #[node(S)]
    fn c() -> Result<A> {
        Ok(A::X)
    }
    flow! { F { a >> b >> c; c - "x" >> end; c - "y" >> end; } }
}
mod m03 {
    use super::*;
    use std::fmt;
    use std::io;
    #[derive(Shared, Default)]
    struct S {
        text: String,
        out: Option<String>,
    }
    #[node(S, writes = out)]
    async fn a(text: &str) -> io::Result<String> {
        Ok(text.into())
    }
    #[node(S)]
    fn b() -> fmt::Result {
        Ok(())
    }
    #[node(S, writes = out)]
    fn c() -> ::std::result::Result<String, ::std::boxed::Box<dyn ::std::error::Error + Send + Sync>>
    {
        Ok(String::new())
    }
    #[node(S)]
    fn d(out: &str) -> core::result::Result<(), std::num::ParseIntError> {
        let _: u8 = out.parse()?;
        Ok(())
    }
    #[node(S, writes = out)]
    async fn e() -> std::io::Result<String> {
        Ok(String::new())
    }
    flow! { F { a >> d >> b >> c >> Z; } }
    struct Z;
    #[node(S)]
    impl Z {
        async fn exec(&self, out: &str) {
            let _ = out;
        }
    }
}
mod m04 {
    use super::*; // traits with clashing methods
    trait Ext {
        fn run(&self) {}
        fn read(&self) {}
        fn with(&self) {}
        fn fill(&self) {}
        fn append(&self) {}
        fn exec(&self) {}
        fn prep(&self) {}
        fn post(&self) {}
        fn unwrap(&self) {}
        fn into(&self) {}
        fn map(&self) {}
        fn next(&self) {}
        fn clone(&self) {}
        fn is_some(&self) {}
        fn as_ref(&self) {}
        fn take(&self) {}
        fn iter(&self) {}
        fn into_iter(&self) {}
        fn lend(&self) {}
        fn raise(&self) {}
        fn len(&self) {}
        fn await_(&self) {}
        fn poll(&self) {}
        fn default(&self) {}
        fn deref(&self) {}
        fn step(&self) {}
        fn path(&self) {}
        fn get(&self) {}
        fn push(&self) {}
        fn index(&self) {}
        fn eq(&self) {}
        fn graph(&self) {}
        fn drive(&self) {}
    }
    impl<T: ?Sized> Ext for T {}
    #[derive(Shared, Default)]
    struct S {
        text: Vec<String>,
        out: Option<Vec<String>>,
        n: Option<u8>,
    }
    #[node(S, writes = out, parallel = 2, attempts = 2, wait = "1s", timeout = "1s")]
    async fn a(#[each(text)] t: &str) -> Result<String, String> {
        Ok(String::from(t))
    }
    #[node(S, appends = out)]
    fn b() -> Vec<String> {
        vec![]
    }
    #[derive(Action)]
    #[action(S)]
    enum A {
        X { n: u8 },
        Y,
    }
    #[node(S)]
    fn c() -> A {
        A::X { n: 1 }
    }
    struct T {
        n: u8,
    }
    #[node(S)]
    impl T {
        fn prep(&self, text: &[String]) -> usize {
            Vec::len(&text.to_vec())
        }
        async fn exec(&self, prep: &usize) -> usize {
            *prep
        }
        fn post(&self, n: &mut Option<u8>, exec: usize) {
            let _ = exec;
            *n = None;
        }
    }
    flow! { F { a >> b >> c; c - "x" >> d max 2 else end "q"; c - "y" >> end; d >> c; } }
    #[node(S)]
    fn d(n: &u8) {
        let _ = n;
    }
}
#[allow(unused_macros)]
mod m05 {
    use super::*; // shadowed everything
    struct Option;
    struct Vec;
    struct String;
    struct Box;
    struct Send;
    struct Sync;
    struct Future;
    struct Default;
    struct Clone;
    struct Copy;
    struct Iterator;
    struct Into;
    struct From;
    struct Some;
    struct None;
    struct Ok;
    struct Err;
    struct Fn;
    struct Drop;
    struct ToString;
    struct Error;
    struct Run;
    struct Driver;
    struct Graph;
    struct Flow;
    struct Node;
    struct Exit;
    struct Step;
    struct Marker;
    struct D;
    struct T;
    struct N;
    struct V;
    struct E;
    struct R;
    struct Debug;
    struct PartialEq;
    struct Eq;
    struct Hash;
    mod core {}
    mod std {}
    mod alloc {}
    mod pocketflow {}
    mod tokio {}
    mod serde {}
    macro_rules! panic {
        () => {
            compile_error!("x")
        };
    }
    macro_rules! unreachable {
        () => {
            compile_error!("x")
        };
    }
    macro_rules! matches {
        () => {
            compile_error!("x")
        };
    }
    macro_rules! vec {
        () => {
            compile_error!("x")
        };
    }
    macro_rules! concat {
        () => {
            compile_error!("x")
        };
    }
    macro_rules! module_path {
        () => {
            compile_error!("x")
        };
    }
    #[allow(non_camel_case_types)]
    struct usize;
    #[allow(non_camel_case_types)]
    struct bool;
    #[allow(non_camel_case_types)]
    struct u32;
    #[derive(Shared)]
    struct S {
        text: u8,
        out: ::core::option::Option<u8>,
        v: ::std::vec::Vec<u8>,
    }
    #[node(S, writes = out)]
    async fn a(text: &u8) -> Result<u8, ::std::string::String> {
        ::core::result::Result::Ok(*text)
    }
    #[node(S, writes = v, attempts = 3, wait = "1s", timeout = "1s", parallel = unbounded)]
    async fn b(
        #[each(v)] x: &u8,
        #[attempt] at: ::pocketflow::Attempt<'_>,
    ) -> Result<u8, ::std::string::String> {
        let _ = at;
        ::core::result::Result::Ok(*x)
    }
    #[derive(Action)]
    #[action(S)]
    enum A {
        Some { out: u8 },
        None,
        Ok,
        Err,
        Default,
        Self_,
    }
    #[node(S)]
    fn c() -> A {
        A::Some { out: 1 }
    }
    struct X(u8);
    #[node(S)]
    impl X {
        fn exec(&self, text: &u8) -> u8 {
            self.0 + *text
        }
        fn post(&self, v: &mut ::std::vec::Vec<u8>, exec: u8) {
            v.push(exec);
        }
    }
    flow! { pub F { x: X; a >> b >> c; c - "some" >> x; c - "none" >> end; c - "ok" >> end "ok"; c - "err" >> end "err"; c - "default" >> end "selfish"; c - "self_" >> end "none"; } }
    #[node(S)]
    impl Send {
        fn exec() {}
    }
    #[node(S)]
    impl Option {
        fn exec() {}
    }
    #[node(S)]
    impl Future {
        fn exec() {}
    }
    #[node(S)]
    impl V {
        fn exec() {}
    }
    #[node(S)]
    impl D {
        fn exec() {}
    }
    #[node(S)]
    impl Marker {
        fn exec() {}
    }
    #[node(S)]
    impl N {
        fn exec() {}
    }
    flow! { pub G { Send >> (Option, Future) >> V >> D >> (Marker, N) >> ff; pub ff: F; ff - "ok" >> end; ff >> end; ff - "err" >> end; ff - "selfish" >> end; ff - "none" >> end; } }
}
mod m06 {
    use super::*; // node name = store name? field name, module name, fn in scope
    #[derive(Shared, Default)]
    struct S {
        text: String,
        out: Option<String>,
    }
    #[node(S, writes = out)]
    fn text(text: &str) -> String {
        text.into()
    }
    #[node(S, writes = text)]
    fn out(out: &str) -> String {
        out.into()
    }
    mod inner {
        pub(super) fn helper() {}
    }
    #[node(S)]
    fn helper() {
        inner::helper();
    }
    #[node(S)]
    fn __node() {}
    #[node(S)]
    fn run() {}
    #[node(S)]
    fn exec() {}
    #[node(S)]
    fn shared() {}
    #[node(S)]
    fn driver() {}
    #[node(S)]
    fn main_() {}
    #[node(S)]
    fn at() {}
    #[node(S)]
    fn step() {}
    #[node(S)]
    fn action() {}
    #[node(S)]
    fn max() {}
    #[node(S)]
    fn r#match() {}
    #[node(S)]
    fn r#else() {}
    #[node(S)]
    fn r#await() {}
    #[node(S)]
    fn error() {}
    #[node(S)]
    fn on() {}
    #[node(S)]
    fn each() {}
    flow! { F { text >> out >> helper >> __node >> run >> exec >> shared >> driver >> main_ >> at >> step >> action >> max >> r#match >> r#else >> r#await >> error >> on >> each; } }
    flow! { FF { text >> max max 3 else end; max >> text; } }
}
mod m07 {
    use super::*; // impl nodes on path, inside fn, in tests, in const blocks, in impl blocks' methods
    #[derive(Shared, Default)]
    struct S {
        n: u8,
    }
    fn f() -> impl Fn() -> &'static str {
        #[derive(Shared, Default)]
        struct L {
            n: u8,
        }
        #[node(L)]
        fn a(n: &u8) {
            let _ = n;
        }
        #[node(L, writes = n)]
        async fn b() -> u8 {
            1
        }
        flow! { In { a >> b; } }
        let _ = In::GRAPH;
        move || {
            let f = flow! { a >> b; };
            f.graph().name
        }
    }
    struct Host;
    impl Host {
        fn m(&self) {
            #[node(S)]
            fn a(n: &u8) {
                let _ = n;
            }
            let _ = flow! { a; };
        }
        async fn am(&self) {
            for _ in 0..2 {
                let fl = flow! { b; };
                let mut s = S::default();
                async {
                    drop(fl.run(&mut s).await);
                }
                .await;
            }
        }
    }
    #[node(S)]
    async fn b(n: &u8) {
        let _ = n;
    }
    const _: () = {
        #[node(S)]
        fn c(n: &u8) {
            let _ = n;
        }
        flow! { K { c; } }
    };
    const X: &str = {
        #[node(S)]
        fn c(n: &u8) {
            let _ = n;
        }
        flow! { K { c; } }
        K::GRAPH.name
    };
    async fn generic<T: Send + Sync + Default, const N: usize>(t: T) -> [T; N] {
        let f = flow! { b; };
        let mut s = S::default();
        if f.run(&mut s).await.is_err() {
            drop(t);
        }
        std::array::from_fn(|_| T::default())
    }
    trait Tr {
        fn go(&self) -> impl Future<Output = ()> + Send;
    }
    impl<T: Send + Sync> Tr for Vec<T> {
        async fn go(&self) {
            let f = flow! { b >> D; };
            let _ = f;
        }
    }
    struct D;
    #[node(S)]
    impl D {
        fn exec() {}
    }
}
mod m08 {
    use super::*; // late > 64
    macro_rules! many { ($($n:ident),*) => { #[derive(Shared, Default)] struct S { $($n: Option<u8>),* } $( #[node(S, writes = $n)] fn $n() -> u8 { 1 } )* #[node(S)] #[allow(clippy::too_many_arguments)] fn all($($n: &u8),*) { $(let _ = $n;)* }  } }
    many!(
        a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2,
        c3, c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, e0, e1, e2, e3, e4, e5,
        e6, e7, e8, e9, f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, g0, g1, g2, g3, g4, g5, g6, g7, g8,
        g9
    );
    flow! { F { a0>>a1>>a2>>a3>>a4>>a5>>a6>>a7>>a8>>a9>>b0>>b1>>b2>>b3>>b4>>b5>>b6>>b7>>b8>>b9>>c0>>c1>>c2>>c3>>c4>>c5>>c6>>c7>>c8>>c9>>d0>>d1>>d2>>d3>>d4>>d5>>d6>>d7>>d8>>d9>>e0>>e1>>e2>>e3>>e4>>e5>>e6>>e7>>e8>>e9>>(f0,f1,f2,f3,f4,f5,f6,f7,f8,f9)>>g0>>g1>>g2>>g3>>g4>>g5>>g6>>g7>>g8>>g9>>all; } }
}
mod m09 {
    use super::*;
    use serde::{Deserialize, Serialize}; // actions attr
    #[derive(Shared, Default, Serialize, Deserialize, Clone, PartialEq)]
    struct S {
        n: u8,
        q: Option<String>,
    }
    #[derive(Action, Deserialize, Serialize, Clone, Debug, PartialEq)]
    #[action(S)]
    #[serde(tag = "t", rename_all = "camelCase", deny_unknown_fields)]
    #[non_exhaustive]
    enum A {
        #[serde(rename = "q")]
        Ask {
            #[serde(default, rename = "Q")]
            q: String,
        },
        #[serde(alias = "z")]
        Done,
    }
    #[derive(Action, Clone, Copy)]
    #[repr(u8)]
    #[non_exhaustive]
    enum B {
        One = 3,
    }
    #[derive(Action, Default)]
    enum C {
        #[default]
        Default,
    }
    #[derive(Action)]
    enum E {
        X(),
        Y {},
        #[action("a \"q\" | b")]
        Z,
    }
    #[node(S)]
    fn a() -> A {
        A::Done
    }
    #[node(S)]
    fn a2() -> A {
        A::Done
    }
    #[node(S)]
    fn b() -> B {
        B::One
    }
    #[node(S)]
    fn c() -> C {
        C::Default
    }
    #[node(S)]
    fn e() -> Result<E, String> {
        Ok(E::X())
    }
    flow! { F { a - "ask" >> a2; a - "done" >> b; a2 - "ask" >> b; a2 - "done" >> b - "one" >> c >> e; e - "x" >> end "x"; e - "y" >> end; e - "a \"q\" | b" >> end "a|b"; } }
}
mod m10 {
    use super::*; // two stores, one name in modules; last-name store
    #[derive(Shared, Default)]
    pub(crate) struct Task {
        parent: Box<u8>,
        sub: Option<api::Task>,
        t: api::Task,
    }
    pub(crate) mod api {
        #[derive(Default, Clone)]
        pub(crate) struct Task;
    }
    #[node(Task)]
    fn a(t: &api::Task, parent: &u8) {
        let _ = (t, parent);
    }
    #[node(Task, writes = sub)]
    fn b() -> api::Task {
        api::Task
    }
    #[node(Task)]
    fn c(sub: &api::Task) {
        let _ = sub;
    }
    struct Z;
    #[node(Task)]
    impl Z {
        fn prep(&self, shared: &Task) -> u8 {
            let _ = shared;
            1
        }
        fn exec(&self, prep: &u8) {
            let _ = prep;
        }
        fn post(&self, shared: &mut self::Task) {
            shared.parent = Box::new(1);
        }
    }
    struct Y;
    #[node(Task)]
    impl Y {
        fn prep(&self, t: &api::Task) -> u8 {
            let _ = t;
            1
        }
        fn exec(&self, prep: &u8) {
            let _ = prep;
        }
        fn post(&self, t: &mut api::Task) {
            *t = api::Task;
        }
    }
    flow! { F { a >> b >> c >> Z >> Y; } }
}
mod m11 {
    use super::*; // dyn
    use std::fmt::Debug;
    use std::sync::Arc;
    trait Llm: Send + Sync {
        fn ask(&self, q: &str) -> String;
    }
    struct L;
    impl Llm for L {
        fn ask(&self, q: &str) -> String {
            q.into()
        }
    }
    type Cb = Box<dyn Fn(&str) -> String + Send + Sync>;
    #[derive(Shared)]
    struct S {
        a: Box<dyn Llm>,
        b: Arc<dyn Llm>,
        c: Option<Arc<dyn Llm>>,
        d: Cb,
        e: Box<dyn Fn(&str) -> String + Send + Sync>,
        f: Option<Cb>,
        g: Box<dyn for<'x> Fn(&'x str) -> String + Send + Sync>,
        h: Vec<Box<dyn Debug + Send + Sync>>,
        i: Arc<[u8]>,
        j: Option<Box<dyn std::error::Error + Send + Sync>>,
        k: Box<Box<dyn Llm>>,
        l: Arc<str>,
        m: Option<Arc<str>>,
    }
    #[node(S, writes = c)]
    fn w(
        a: &dyn Llm,
        b: &(dyn Llm + 'static),
        d: &Cb,
        e: &(dyn Fn(&str) -> String + Send + Sync),
    ) -> Arc<dyn Llm> {
        let _ = (a.ask("x"), d("x"), e("x"), b.ask("t"));
        Arc::new(L)
    }
    #[node(S, writes = f)]
    fn w2(
        c: &dyn Llm,
        g: &(dyn for<'x> Fn(&'x str) -> String + Send + Sync),
        h: &[Box<dyn Debug + Send + Sync>],
        i: &[u8],
        l: &str,
        m: Option<&str>,
    ) -> Cb {
        let _ = (c.ask("x"), g("y"), h, i, l, m);
        Box::new(str::to_owned)
    }
    #[node(S)]
    fn r(
        f: &(dyn Fn(&str) -> String + Send + Sync),
        k: &Box<dyn Llm>,
        j: Option<&(dyn std::error::Error + Send + Sync + 'static)>,
    ) {
        let _ = (f("x"), j);
        k.ask("x");
    }
    #[node(S)]
    fn r2(f: Option<&Cb>, c: Option<&dyn Llm>) {
        let _ = (f.map(|f| f("x")), c.map(|c| c.ask("x")));
    }
    #[node(S)]
    fn r3(f: Option<&(dyn Fn(&str) -> String + Send + Sync)>, c: Option<&Arc<dyn Llm>>) {
        let _ = (f.map(|f| f("x")), c.map(|c| c.ask("x")));
    }
    flow! { F { w >> w2 >> r >> r2 >> r3; } }
}
mod m12 {
    use super::*; // lower-case/caseless types w/ config
    #[allow(non_camel_case_types)]
    struct web_search {
        n: u8,
    }
    #[derive(Shared, Default)]
    struct S {
        n: u8,
    }
    #[node(S)]
    impl web_search {
        fn exec(&self, n: &u8) {
            let _ = self.n + n;
        }
    }
    flow! { pub F { pub s: web_search; s; } }
    async fn f() {
        let s = web_search { n: 1 };
        let mut st = S::default();
        let _ = F {
            s: web_search { n: 1 },
        }
        .run(&mut st)
        .await;
        let f = flow! { pub s: web_search; s; };
        let _ = f.run(&mut st).await;
    }
}
