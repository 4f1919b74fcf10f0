//! Lifetimes, odd names and places.
#![deny(warnings)]
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    private_interfaces,
    unused_macros,
    clippy::all
)]
use pocketflow::{Action, Attempt, Shared, flow, node};

#[allow(non_snake_case)]
mod m01 {
    use super::*; // odd field names
    #[derive(Shared, Default)]
    struct S {
        URL: String,
        _x: u8,
        __y: u8,
        a__b: Option<u8>,
        camelCase: Option<String>,
        ÜBER: u8,
        名: u8,
    }
    #[node(S, writes(a__b, camelCase))]
    fn a(URL: &str, _x: &u8, __y: &u8, ÜBER: &u8, 名: &u8) -> (u8, String) {
        (*_x + *__y + *ÜBER + *名, URL.into())
    }
    #[derive(Action)]
    #[action(S)]
    enum A {
        Go { camelCase: String, a__b: u8 },
        Stop,
    }
    struct T;
    #[node(S)]
    impl T {
        fn prep(&self, a__b: &u8, camelCase: Option<&str>) -> u8 {
            let _ = camelCase;
            *a__b
        }
        fn exec(&self, prep: &u8) -> u8 {
            *prep
        }
        fn post(&self, URL: &mut String, exec: u8) -> A {
            URL.clear();
            if exec > 1 {
                A::Stop
            } else {
                A::Go {
                    camelCase: String::new(),
                    a__b: 2,
                }
            }
        }
    }
    flow! { F { a >> T; T - "go" >> T max 2 else end; T - "stop" >> end; } }
}
mod m03 {
    use super::*; // lifetimes in functions
    use std::borrow::Cow;
    #[derive(Shared, Default)]
    struct S {
        text: String,
        other: Option<String>,
        v: Vec<String>,
        out: Option<String>,
    }
    #[node(S, writes = out)]
    fn a<'a>(text: &'a str, other: Option<&'a str>) -> String {
        let x: &'a str = other.unwrap_or(text);
        x.into()
    }
    #[node(S, writes = out, attempts = 2)]
    async fn b<'a, 'b: 'a>(
        text: &'a str,
        v: &'b [String],
        #[attempt] at: Attempt<'a>,
    ) -> Result<String, String> {
        let _ = at;
        let mut x: &'a str = text;
        if let Some(s) = v.first() {
            x = s;
        }
        Ok(x.into())
    }
    struct T;
    #[node(S)]
    impl T {
        async fn exec<'a>(&'a self, text: &'a str, v: &'a [String]) -> Cow<'static, str> {
            let _ = v;
            Cow::Owned(text.to_owned())
        }
        fn post<'a>(
            &self,
            other: &'a mut Option<String>,
            out: &'a mut Option<String>,
            exec: Cow<'static, str>,
        ) {
            let _: (&'a mut _, &'a mut _) = (other, out);
            drop(exec);
        }
    }
    struct U;
    #[node(S)]
    impl U {
        fn prep<'a>(&'a self, text: &'a str, v: &'a [String]) -> Vec<&'a str> {
            let mut o = vec![text];
            o.extend(v.iter().map(|s| &**s));
            o
        }
        async fn exec<'a, 'b>(&'a self, prep: &'a Vec<&'b str>) -> usize
        where
            'b: 'a,
        {
            prep.len()
        }
        fn post(&self, exec: usize) {
            let _ = exec;
        }
    }
    #[node(S, writes = v, parallel = 2)]
    async fn each<'a>(#[each(v)] item: &'a str, text: &'a str) -> String {
        format!("{item}{text}")
    }
    flow! { F { T >> U >> each >> a; } }
    flow! { G { b; } }
}
mod m04 {
    use super::*; // where clauses, unused generics none, const fn? extern? 
    #[derive(Shared, Default)]
    struct S {
        n: u8,
    }
    #[node(S)]
    fn a(n: &u8)
    where
        String: Clone,
    {
        let _ = n;
    }
    #[node(S)]
    const fn b(n: &u8) {
        let _ = n;
    }
    struct T;
    #[node(S)]
    impl T
    where
        Self: Sized,
    {
        const fn exec(&self) -> u8
        where
            Self: Sized,
        {
            1
        }
        fn post(&self, exec: u8) {
            let _ = exec;
        }
    }
    #[node(S)]
    pub extern "C" fn c(n: &u8) {
        let _ = n;
    }
    #[inline(always)]
    #[node(S)]
    fn d(n: &u8) {
        let _ = n;
    }
    #[node(S)]
    #[inline]
    #[cold]
    #[track_caller]
    #[must_use]
    fn e(n: &u8) -> Result<(), String> {
        let _ = n;
        Ok(())
    }
    #[must_use = "x"]
    #[node(S)]
    async fn f(n: &u8) {
        let _ = n;
    }
    flow! { F { a >> b >> T >> c >> d >> e >> f; } }
}
mod m05 {
    use super::*; // Self types, assoc types
    trait Has {
        type Out;
        const N: usize;
    }
    struct T {
        xs: [u8; 2],
    }
    impl Has for T {
        type Out = String;
        const N: usize = 2;
    }
    #[derive(Shared, Default)]
    struct S {
        n: <T as Has>::Out,
        m: Option<<T as Has>::Out>,
        k: [u8; <T as Has>::N],
        o: String,
        p: Option<String>,
    }
    #[node(S, writes = m)]
    impl T {
        const K: usize = 2;
        fn prep(&self, n: &<Self as Has>::Out, k: &[u8; Self::K]) -> [u8; Self::K] {
            let _ = n;
            *k
        }
        async fn exec(&self, prep: &[u8; Self::K], o: &str) -> <Self as Has>::Out {
            let _ = (prep, self.xs, o);
            Self::make()
        }
        fn make() -> String {
            String::new()
        }
    }
    #[node(S)]
    fn x(m: &<T as Has>::Out, p: Option<&<T as Has>::Out>) {
        let _ = (m, p);
    }
    flow! { F { t: T; t >> x; } }
}
mod m06 {
    use super::*; // glob ambiguity
    mod prelude {
        pub(crate) use pocketflow::*;
        pub(crate) use std::fmt::*;
        pub(crate) use std::io::*;
    }
    mod inner {
        use super::prelude::*;
        #[derive(Shared, Default)]
        pub(crate) struct S {
            n: u8,
        }
        #[node(S)]
        pub(crate) fn a(n: &u8) -> std::io::Result<()> {
            let _ = n;
            Ok(())
        }
        flow! { pub(crate) F { a; } }
        fn _f(_: &dyn Debug, _: &dyn Read) {}
    }
    use inner::*;
    flow! { G { a >> F; } }
}
mod m07 {
    use super::*; // variants in scope through glob
    #[derive(Action, Clone, Copy)]
    enum A {
        Ok,
        Err,
        Some,
        None,
        Send,
        Sync,
        Box,
        Vec,
        Option,
        Result,
        String,
        Future,
        Default,
        Iterator,
        Clone,
    }
    mod x {
        #![allow(unused_imports)]
        use super::A::*;
        use pocketflow::*;
        #[derive(Shared)]
        struct S {
            n: u8,
            o: ::std::option::Option<u8>,
            v: ::std::vec::Vec<u8>,
        }
        #[node(S)]
        fn a() -> super::A {
            super::A::Ok
        }
        #[node(S, writes = o, attempts = 2, wait = "1s")]
        async fn b(n: &u8) -> ::std::result::Result<u8, ::std::string::String> {
            ::std::result::Result::Ok(*n)
        }
        #[node(S, writes = v, parallel = 2)]
        async fn c(#[each(v)] n: &u8) -> u8 {
            *n
        }
        flow! { F { b >> c >> a; a - "ok" >> end; a - "err" >> end; a - "some" >> end; a - "none" >> end; a - "send" >> end; a - "sync" >> end; a - "box" >> end; a - "vec" >> end; a - "option" >> end; a - "result" >> end; a - "string" >> end; a - "future" >> end; a - "default" >> end; a - "iterator" >> end; a - "clone" >> end; } }
    }
}
mod m08 {
    // node attr stacking with tracing/tokio::test etc; async closures as values
    use super::*;
    #[derive(Shared, Default)]
    struct S {
        n: u8,
    }
    #[cfg(test)]
    mod tests {
        use super::*;
        #[node(S)]
        fn local(n: &u8) {
            let _ = n;
        }
        #[tokio::test]
        async fn works() {
            #[node(S, writes = n)]
            fn inner() -> u8 {
                2
            }
            let mut s = S::default();
            let f = flow! { inner >> local; };
            f.run(&mut s).await.unwrap();
            assert_eq!(s.n, 2);
        }
        #[tokio::test]
        async fn spawned() {
            flow! { Sp { local; } }
            tokio::spawn(async {
                let mut s = S::default();
                Sp.run(&mut s).await.map(drop)
            })
            .await
            .unwrap()
            .unwrap();
        }
        #[tokio::test]
        async fn joined() {
            let h: Vec<_> = (0..3)
                .map(|n| {
                    tokio::spawn(async move {
                        let mut s = S { n };
                        flow! { local; }.run(&mut s).await.is_ok()
                    })
                })
                .collect();
            for x in h {
                assert!(x.await.unwrap());
            }
        }
    }
}
mod m09 {
    use super::*; // actions shared by two nodes, one-variant, no store, with generics none; actions w/ attrs
    /// d
    #[derive(Action, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    #[must_use]
    enum Go {
        #[allow(dead_code)]
        #[doc = "x"]
        Next,
    }
    #[derive(Action, Debug)]
    #[allow(clippy::enum_variant_names)]
    enum AB {
        GoA,
        GoB,
    }
    #[derive(Shared, Default)]
    struct S {
        n: u8,
    }
    #[derive(Shared, Default)]
    struct S2 {
        n: u8,
    }
    #[node(S)]
    fn a() -> Go {
        Go::Next
    }
    #[node(S)]
    fn b() -> AB {
        AB::GoA
    }
    #[node(S)]
    fn c() -> AB {
        AB::GoB
    }
    #[node(S2)]
    fn d() -> AB {
        AB::GoB
    }
    flow! { F { a - "next" >> b; b - "go_a" >> c; b - "go_b" >> end; c - "go_a" >> end; c - "go_b" >> b; } }
    flow! { F2 { d - "go_a" >> end; d - "go_b" >> end "x"; } }
}
mod m10 {
    use super::*; // type alias as store, node alias with use as, re-exported nodes, flows in flows across modules, alias for node type
    pub(crate) mod stores {
        #[derive(pocketflow::Shared, Default)]
        pub(crate) struct Long {
            pub(crate) n: u8,
            pub(crate) o: Option<u8>,
        }
    }
    type S = stores::Long;
    use stores::Long as Short;
    mod steps {
        use super::*;
        #[node(S, writes = o)]
        pub(super) fn a(n: &u8) -> u8 {
            *n
        }
        #[node(super::stores::Long)]
        pub(super) fn b(o: &u8) {
            let _ = o;
        }
        #[node(Short)]
        pub(super) fn c(n: &u8) {
            let _ = n;
        }
        pub(super) mod deep {
            use super::*;
            flow! { pub(in super::super) Inner { a >> b; } }
            flow! { pub(crate) In2(o) { b; } }
        }
    }
    use steps::{
        a as first,
        deep::{In2, Inner as Renamed},
    };
    struct W;
    type Alias = W;
    #[node(crate::m10::S)]
    impl W {
        fn exec(&self, o: &u8) {
            let _ = o;
        }
    }
    flow! { F { first >> self::steps::b >> Renamed >> In2 >> steps::deep::Inner >> steps::c >> Alias; } }
    struct P;
    #[node(S)]
    impl self::P {
        fn exec() {}
    }
    mod sealed {
        pub(super) struct Q;
    }
    #[node(S)]
    impl sealed::Q {
        fn exec(&self) {}
    }
    flow! { G { P >> sealed::Q; } }
}
mod m11 {
    use super::*; // unusual option syntax: trailing commas, empty, raw strs
    #[derive(Shared, Default)]
    struct S {
        n: u8,
        o: Option<u8>,
        v: Vec<u8>,
    }
    #[node(S)]
    fn a(n: &u8) {
        let _ = n;
    }
    #[node(S, writes(o,))]
    fn b() -> u8 {
        1
    }
    #[node { S, writes = o }]
    fn c() -> u8 {
        1
    }
    #[node[S, attempts = 0x3, wait = r"1s", backoff = 1.5f64]]
    fn d() -> Result<(), String> {
        Ok(())
    }
    #[node(S, attempts = 3_u32, wait = "1.5s", backoff = 2, jitter = 1)]
    fn e() -> Result<(), String> {
        Ok(())
    }
    flow! { F { a >> b >> x >> d >> e max 0x2 else end r"q"; e >> a; ; ; } }
    #[node(S)]
    fn x(o: &u8) {
        let _ = o;
    }
    flow! { G(o,) { (a, x,) >> c } }
    flow! { pub(self) H { a } }
    flow! { K { a >> end } }
}
mod m12 {
    use super::*; // references: &String, &Vec, &&, &Box, nested options, tuples of refs
    #[derive(Shared, Default)]
    struct S {
        s: String,
        v: Vec<String>,
        b: Box<String>,
        bo: Option<Box<String>>,
        oo: Option<Option<String>>,
        vs: Vec<&'static str>,
        os: Option<&'static str>,
        rc: std::sync::Arc<String>,
        hm: std::collections::HashMap<String, Vec<u8>>,
        pb: std::path::PathBuf,
        opb: Option<std::path::PathBuf>,
        oso: Option<std::ffi::OsString>,
        by: Option<Vec<u8>>,
        bx: Option<Box<[u8]>>,
        r: std::ops::Range<u8>,
        arr: [[u8; 2]; 2],
    }
    #[node(S, writes(oo, bo, os, opb, oso, by, bx))]
    #[allow(clippy::too_many_arguments, clippy::ptr_arg)]
    fn a(
        s: &String,
        v: &Vec<String>,
        b: &Box<String>,
        vs: &[&str],
        rc: &String,
        hm: &std::collections::HashMap<String, Vec<u8>>,
        pb: &std::path::Path,
        r: &std::ops::Range<u8>,
        arr: &[[u8; 2]],
    ) -> (
        Option<String>,
        Box<String>,
        &'static str,
        std::path::PathBuf,
        std::ffi::OsString,
        Vec<u8>,
        Box<[u8]>,
    ) {
        let _ = (s, v, b, vs, rc, hm, pb, r, arr);
        (
            None,
            Box::default(),
            "x",
            "x".into(),
            "y".into(),
            vec![],
            Box::new([]),
        )
    }
    #[node(S)]
    #[allow(clippy::too_many_arguments)]
    fn b(
        oo: &Option<String>,
        bo: &str,
        os: &str,
        opb: &std::path::Path,
        oso: &std::ffi::OsStr,
        by: &[u8],
        bx: &[u8],
        b: &str,
        rc: &std::sync::Arc<String>,
        vs: &Vec<&'static str>,
    ) {
        let _ = (oo, bo, os, opb, oso, by, bx, b, rc, vs);
    }
    #[node(S)]
    #[allow(clippy::too_many_arguments)]
    fn c(
        oo: Option<&Option<String>>,
        bo: Option<&str>,
        os: Option<&&str>,
        opb: Option<&std::path::Path>,
        oso: Option<&std::ffi::OsStr>,
        by: Option<&[u8]>,
        bx: Option<&[u8]>,
        s: &str,
    ) {
        let _ = (oo, bo, os, opb, oso, by, bx, s);
    }
    #[node(S)]
    fn d(os: &&str, bo: &Box<String>, by: &Vec<u8>, bx: &Box<[u8]>) {
        let _ = (os, bo, by, bx);
    }
    #[node(S)]
    fn e(
        os: &&'static str,
        bo: Option<&Box<String>>,
        by: Option<&Vec<u8>>,
        oo: std::option::Option<&Option<String>>,
    ) {
        let _ = (os, bo, by, oo);
    }
    flow! { F { a >> b >> c >> d >> e; } }
}
