//! Programs of users: visibilities, conditions, aliases, bodies.
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
    use super::*; // pub flows w/ private everything across module + generic fn over Flow
    mod inner {
        use super::*;
        #[derive(Shared, Default)]
        pub struct Pub {
            priv_: Secret,
            pub o: Option<u8>,
        }
        #[derive(Default)]
        struct Secret;
        #[node(Pub)]
        pub fn a(priv_: &Secret) {
            let _ = priv_;
        }
        #[derive(Action)]
        #[action(Pub)]
        enum H2 {
            A { o: u8 },
            B,
        }
        #[node(Pub)]
        fn h() -> H2 {
            if true { H2::A { o: 1 } } else { H2::B }
        }
        flow! { pub F { a >> h; h - "a" >> end; h - "b" >> end "b"; } }
    }
    use inner::{F, FExit, Pub};
    async fn go() -> Result<(), pocketflow::Error> {
        match F.run(&mut Pub::default()).await? {
            FExit::Default => Ok(()),
            FExit::B => Ok(()),
        }
    }
    async fn generic<S: Shared, Fl>(f: &Fl) -> &'static pocketflow::Graph
    where
        Fl: pocketflow::Flow,
    {
        let _ = f;
        Fl::GRAPH
    }
}
mod m02 {
    use super::*; // conditionally empty enums and cfg_attr(node) on impl with cfg'd methods in macros
    macro_rules! c { ($($(#[$m:meta])* fn $n:ident;)*) => { $( $(#[$m])* #[node(S)] fn $n() {} )* } }
    #[derive(Shared, Default)]
    struct S {
        #[cfg_attr(all(), allow(dead_code))]
        n: u8,
        #[cfg(any())]
        x: Missing,
    }
    c! { #[cfg(all())] fn a; #[cfg(any())] fn b; #[cfg(not(any()))] /** block "doc" */ fn c; #[cfg_attr(all(), cfg(any()))] fn d; }
    #[derive(Action)]
    enum A {
        #[cfg(any())]
        X { gone: Missing },
        #[cfg_attr(all(), action("why"))]
        Y,
        #[cfg_attr(any(), action("nope"))]
        Z {},
    }
    #[node(S)]
    fn e() -> A {
        match true {
            true => A::Y,
            false => A::Z {},
        }
    }
    flow! { F { a >> c >> e; #[cfg(any())] e - "x" >> gone; e - "why" >> end; e - "z" >> end; } }
    struct T;
    #[node(S)]
    #[cfg_attr(all(), allow(clippy::unused_self))]
    impl T {
        #[cfg(any())]
        const K: u8 = 2;
        #[cfg(all())]
        const K: u8 = 1;
        fn exec(&self, #[cfg(any())] gone: &Missing, n: &u8) -> u8 {
            Self::K + n
        }
        #[cfg(any())]
        fn post(&self, gone: &mut u8) {}
        #[cfg(all())]
        fn post(&self, n: &mut u8, exec: u8) {
            *n = exec;
        }
    }
    flow! { #[cfg(not(any()))] G { (T, #[cfg(any())] a) >> c; #[cfg_attr(all(), doc = "x")] t: T; c >> t; } }
    flow! { #[cfg(any())] H { (T, #[cfg(any())] a) >> c } }
    fn ex() {
        let _f = flow! { #[cfg(any())] t: Gone; (a, #[cfg(any())] x, #[cfg(all())] T) >> c; #[cfg(not(all()))] c >> nope; };
    }
    #[cfg(any())]
    #[node(S)]
    fn gone() -> A {
        A::Y
    }
    #[cfg(any())]
    #[derive(Shared)]
    struct S9<T>(T);
    #[cfg(any())]
    #[derive(Action)]
    struct A9;
}
mod m03 {
    use super::*; // attribute macros stacking; tokio::test above; derive order
    #[derive(Default, Shared, Clone)]
    struct S {
        n: u8,
        o: Option<String>,
    }
    #[node(S, writes = o)] #[doc(hidden)] #[allow(clippy::unused_async)] #[rustfmt::skip] async fn a( n : &u8 ) -> String { n.to_string() }
    #[rustfmt::skip] #[node(S)] #[cfg_attr(test, allow(dead_code))] fn b(o: &str) { let _ = o; }
    #[derive(Debug, Action, Clone)]
    #[cfg_attr(all(), derive(PartialEq), derive(Eq))]
    enum X {
        A,
    }
    #[node(S)]
    fn x() -> X {
        X::A
    }
    flow! { #[rustfmt::skip] #[derive(Debug)] F { pub b: Cc; a >> b >> x - "a" >> end; } }
    #[derive(Debug)]
    struct Cc;
    #[node(S)]
    impl Cc {
        fn exec() {}
    }
}
mod m04 {
    use super::*; // trait objects of nodes functions, fn item as value
    #[derive(Shared, Default)]
    struct S {
        n: u8,
        o: Option<String>,
    }
    #[node(S, writes = o)]
    fn a(n: &u8) -> String {
        n.to_string()
    }
    #[node(S)]
    async fn b(o: &str) -> Result<(), String> {
        let _ = o;
        Ok(())
    }
    const P: fn(&u8) -> String = a;
    fn f() {
        let v: Vec<String> = [1, 2].iter().map(a).collect();
        let _ = v;
        let g: &dyn Fn(&u8) -> String = &a;
        let _ = g(&1);
        let _ = P;
        let _unit = a {};
        let _t: a;
    }
    async fn g() {
        assert!(b("x").await.is_ok());
    }
    flow! { F { a >> b; } }
}
mod m05 {
    use super::*; // long chains in one statement with everything; comments inside
    #[derive(Shared, Default)]
    struct S {
        n: u8,
        o: Option<String>,
    }
    #[derive(Action)]
    enum V {
        A,
        B,
        C,
    }
    #[node(S)]
    fn v() -> V {
        match 1 {
            1 => V::A,
            2 => V::B,
            _ => V::C,
        }
    }
    #[node(S)]
    fn x() {}
    #[node(S)]
    fn y() {}
    #[node(S, writes = n)]
    fn z() -> u8 {
        1
    }
    flow! { /* c */ F { // c
    v - "a" >> x >> (y, z) max 3 else x2; /* d */ x2: x;
    v - "b" >> end "b"; v - "c" >> v max 2 else end "c"; x2 >> end "x"; } }
    flow! { #[endless] E { v - "a" >> v; v - "b" >> v; v - "c" >> v; } }
    flow! { pub(super) G { x >> y >> x max 1_0 else z; } }
}
mod m06 {
    use super::*;
    use std::option::Option as Maybe;
    use std::result;
    use std::string::String as Str; // aliases of std types
    #[derive(Shared, Default)]
    struct S {
        n: u8,
        o: Maybe<Str>,
        p: std::option::Option<Vec<Str>>,
    }
    #[node(S, writes = o)]
    fn a(n: &u8) -> result::Result<Str, Str> {
        Ok(n.to_string())
    }
    #[node(S, appends = p)]
    fn b(o: &str) -> Vec<Str> {
        vec![o.into()]
    }
    #[node(S)]
    fn c(p: &[Str], o: std::option::Option<&str>) {
        let _ = (p, o);
    }
    flow! { F { a >> b >> c; } }
    type MyOpt<T> = Option<T>;
    #[derive(Shared, Default)]
    struct S2 {
        o: MyOpt<u8>,
    }
    #[node(S2, writes = o)]
    fn w() -> u8 {
        1
    }
    #[node(S2)]
    fn r(o: &u8) {
        let _ = o;
    }
    flow! { G { w >> r; } }
}
mod m07 {
    use super::*; // nodes with big async bodies: select-like, ?-conversions, loops, labelled breaks, unsafe? no
    #[derive(Shared, Default)]
    struct S {
        url: String,
        o: Option<Vec<String>>,
    }
    #[derive(Debug)]
    enum E {
        A(std::num::ParseIntError),
        B,
    }
    impl std::fmt::Display for E {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "{self:?}")
        }
    }
    impl std::error::Error for E {}
    impl From<std::num::ParseIntError> for E {
        fn from(e: std::num::ParseIntError) -> Self {
            Self::A(e)
        }
    }
    #[node(S, writes = o, attempts = 4, wait = "1ms", max_wait = "1s", backoff = 1.5, jitter = 0.1, timeout = "1s")]
    async fn a(url: &str) -> Result<Vec<String>, E> {
        let mut out = vec![];
        'x: loop {
            for c in url.split(',') {
                let n: u8 = c.parse()?;
                if n == 0 {
                    break 'x;
                }
                if n > 9 {
                    return Err(E::B);
                }
                out.push(n.to_string());
                tokio::task::yield_now().await;
            }
            break;
        }
        let f = async { Ok::<_, E>(out.clone()) };
        let g = async move |s: &str| s.len();
        let _ = g(url).await;
        f.await
    }
    #[node(S)]
    async fn b(o: &[String]) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        for s in o {
            let _: u8 = s.parse()?;
        }
        Ok(())
    }
    flow! { F { a >> b; } }
    fn send<T: Send>(t: T) -> T {
        t
    }
    async fn go(s: &mut S) {
        let _ = send(F.run(s)).await.is_ok();
    }
}
mod m08 {
    use super::*; // store shapes: unit, empty, nested stores, visibility
    #[derive(Shared, Default)]
    struct Unit;
    #[derive(Shared, Default)]
    pub(crate) struct Empty {}
    #[node(Unit)]
    fn a() {}
    #[node(Empty)]
    fn b() {}
    flow! { A { a; } }
    flow! { B { b; } }
    #[derive(Shared, Default)]
    pub(crate) struct Outer {
        pub(crate) inner: Empty,
        pub(self) u: Unit,
        e: Option<Empty>,
    }
    #[node(Outer, writes = e)]
    async fn c(inner: &Empty, u: &Unit) -> Empty {
        let _ = (inner, u);
        let mut e = Empty {};
        let _ = B.run(&mut e).await.is_ok();
        e
    }
    flow! { C { c; } }
}
mod m09 {
    // macros 1.0: macro defined in other module used by path w/ crate paths, and #[macro_use]-like
    // ordering
    macro_rules! all {
        ($m:ident, $pf:path) => {
            mod $m {
                use $pf as pf;
                #[derive(pf::Shared, Default)]
                struct S {
                    n: u8,
                }
                #[pf::node(S)]
                fn a(n: &u8) {
                    let _ = n;
                }
                pf::flow! { F { a; } }
            }
        };
    }
    all!(q, pocketflow);
    all!(r, ::pocketflow);
}
mod m10 {
    use super::*; // whole fn via $f:item with attribute macro supplied by outer macro args, vis fragment empty, doc via expr
    macro_rules! n { ($vis:vis $name:ident, $doc:expr, $s:ident, { $($opts:tt)* }, $body:block) => { #[doc = $doc] #[node($s, $($opts)*)] $vis async fn $name(n: &u8) -> Result<u8, String> { let _ = n; let body = || $body; body() } } }
    #[derive(Shared, Default)]
    struct S {
        n: u8,
        o: Option<u8>,
    }
    n!(a, "d", S, { writes = o, attempts = 2 }, { Ok(1) });
    n!(pub(crate) b, concat!("x", "y"), S, { writes = o, }, { Err("x".into()) });
    flow! { F { a >> d >> b; } }
    #[node(S)]
    fn d(o: &u8) {
        let _ = o;
    }
    macro_rules! opts {
        ($f:item) => {
            $f
        };
    }
    opts!(
        #[node(S, writes = o, attempts = 3)]
        async fn q(n: &u8) -> Result<u8, String> {
            Ok(*n)
        }
    );
    opts!(
        #[derive(Shared, Default)]
        struct Q {
            n: u8,
        }
    );
    opts!(
        #[derive(Action)]
        #[action(S)]
        enum QA {
            A { o: u8 },
        }
    );
    macro_rules! lit {
        ($a:literal, $b:literal, $max:literal) => {
            flow! { L { p - $a >> d max $max else end $b; p - $b >> end $a; d >> q >> p; } }
        };
    }
    lit!("a", "b", 3);
    #[derive(Action)]
    #[action(S)]
    enum P {
        A { o: u8 },
        B,
    }
    #[node(S)]
    fn p() -> P {
        if true { P::B } else { P::A { o: 1 } }
    }
}
