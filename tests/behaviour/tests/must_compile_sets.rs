//! Stores, nodes, actions and flows that one `macro_rules!` generates together.
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
macro_rules! with_store { ($f:ident : $s:ty { $($t:tt)* }) => { flow! { $f: $s { $($t)* } } } }
mod m01 {
    use super::*; // whole-set loop with vis, attributes, nested repetitions, options in tt
    macro_rules! app { ( $( $(#[$sm:meta])* $sv:vis store $s:ident { $( $(#[$fm:meta])* $f:ident : $ft:ty ),* $(,)? }
         $( node $(#[$nm:meta])* ($($opt:tt)*) $nv:vis $n:ident ( $( $(#[$pm:meta])* $p:ident : $pt:ty ),* ) $(-> $r:ty)? $b:block )*
         flow $fl:ident { $($g:tt)* } )* ) => { $(
            #[derive(Shared, Default)] $(#[$sm])* $sv struct $s { $( $(#[$fm])* $f: $ft ),* }
            $( #[node($s, $($opt)*)] $(#[$nm])* $nv fn $n( $( $(#[$pm])* $p: $pt ),* ) $(-> $r)? $b )*
            flow! { $fl { $($g)* } } )* } }
    app! {
        /// A
        store A { /// x
          x: u8, y: Option<u8>, zs: Vec<u8> }
        node (writes = y, attempts = 3) one(x: &u8, #[attempt] at: Attempt<'_>) -> Result<u8, String> { Ok(*x + u8::try_from(at.number()).unwrap_or(0)) }
        node #[doc = "x"] (writes = zs) two(#[each(zs)] z: &u8, y: &u8) -> u8 { z + y }
        node () three(zs: &[u8]) { let _ = zs; }
        flow FA { one >> two >> three; three2 - "q" >> end; three >> three2; }
        pub(crate) store B { a: Option<String> }
        node (writes = a) b1() -> String { String::new() }
        node () b2(a: &str) { let _ = a; }
        flow FB { b1 >> b2 max 3 else end; b2 >> b1; }
    }
    #[derive(Action)]
    enum Q {
        Q,
    }
    #[node(A)]
    fn three2() -> Q {
        Q::Q
    }
}
mod m02 {
    use super::*; // field names through tt munching; $p:tt types
    macro_rules! store { ($n:ident @ [$($acc:tt)*]) => { #[derive(Shared, Default)] struct $n { $($acc)* } }; ($n:ident @ [$($acc:tt)*] late $f:ident $t:tt $($rest:tt)*) => { store!($n @ [$($acc)* $f: Option<$t>,] $($rest)*); }; ($n:ident @ [$($acc:tt)*] $f:ident $t:tt $($rest:tt)*) => { store!($n @ [$($acc)* $f: $t,] $($rest)*); } }
    store!(S @ [] a u8 late b String c (u8, u8) late d [u8; 2]);
    #[node(S, writes(b, d))]
    fn n(a: &u8, c: &(u8, u8)) -> (String, [u8; 2]) {
        let _ = (a, c);
        Default::default()
    }
    #[node(S)]
    fn m(b: &str, d: &[u8]) {
        let _ = (b, d);
    }
    flow! { F { n >> m; } }
}
mod m03 {
    use super::*; // impl block methods passed through a macro as $($m:item)*; $b:block bodies; $e:expr bodies; pattern
    macro_rules! imp { ($s:ident, $t:ident { $($m:tt)* }) => { #[node($s)] impl $t { $($m)* } } }
    macro_rules! imp2 { ($s:ident, $t:ident, $($m:tt)*) => { struct $t; #[node($s, attempts = 2)] impl $t { $($m)* } } }
    macro_rules! arg { ($s:ident, $n:ident, |$($p:ident),*| $e:expr) => { #[node($s)] fn $n($($p: &u8),*) { let _ = $e; } } }
    #[derive(Shared, Default)]
    struct S {
        n: u8,
        o: Option<u8>,
    }
    struct T(u8);
    imp2! { S, U,
        async fn exec(&self, n: &u8) -> Result<u8, String> { Ok(*n) }
        fn post(&self, o: &mut Option<u8>, exec: u8) { *o = Some(exec); }
    }
    arg!(S, z, |n| n + 1);
    flow! { F { t: T; t >> U >> z; } }
    imp!(S, T { const K: u8 = 1; fn exec(&self, n: &u8) -> u8 { self.0 + n + Self::K } fn post(&self, n: &mut u8, exec: u8) { *n = exec; } });
}
mod m04 {
    use super::*; // flow! naming its store
    #[derive(Shared, Default)]
    struct S {
        n: u8,
        o: Option<u8>,
    }
    #[node(S, writes = o)]
    fn a(n: &u8) -> u8 {
        *n
    }
    #[node(S)]
    fn b(o: &u8) {
        let _ = o;
    }
    with_store!(F: S { a >> b; });
    with_store!(F2: self::S { a >> b; });
    flow! { G(o): S { b >> F; } }
    type Al = S;
    flow! { pub(crate) H: Al { a; } }
    flow! { #[cfg(all())] I(#[cfg(any())] gone, o): crate::m04::S { b >> (c, #[cfg(any())] d); } }
    #[node(S)]
    fn c() {}
    macro_rules! st {
        ($f:ident, $s:path, $i:ident) => {
            flow! { $f($i): $s { b; } }
        };
    }
    st!(J, S, o);
    st!(K, self::S, o);
}
mod m05 {
    use super::*; // macro by example with path $p:path for nodes from other modules, ty for impl
    mod deep {
        pub(super) mod er {
            use pocketflow::*;
            #[derive(Shared, Default)]
            pub(in super::super) struct S {
                pub(in super::super) n: u8,
            }
            #[node(S)]
            pub(in super::super) fn a(n: &u8) {
                let _ = n;
            }
        }
    }
    macro_rules! im {
        ($t:ty, $s:path) => {
            #[node($s)]
            impl $t {
                fn exec(&self) -> u8 {
                    1
                }
                fn post(&self, n: &mut u8, exec: u8) {
                    *n = exec;
                }
            }
        };
    }
    struct X;
    struct Y {
        n: u8,
    }
    im!(X, deep::er::S);
    im!(Y, crate::m05::deep::er::S);
    macro_rules! fl { ($f:ident; [$($d:ident: $p:path;)*] $a:path => $($b:path),+) => { flow! { $f { $($d: $p;)* $a $(>> $b)+; } } } }
    fl!(F; [y: Y; z: deep::er::a;] deep::er::a => X, y, z);
    fn f() {
        let _ = F { y: Y { n: 1 } };
    }
}
mod m06 {
    // unused_must_use & co in user's own bodies are still reported only once; test no warnings for
    // unused param _x
    use super::*;
    #[derive(Shared, Default)]
    struct S {
        n: u8,
        _ghost: Option<u8>,
    }
    #[node(S)]
    fn a(#[allow(unused_variables)] n: &u8) {}
    #[allow(unused)]
    #[node(S)]
    fn b(n: &u8) {}
    #[node(S)]
    #[allow(unused_variables, clippy::ptr_arg)]
    fn c(n: &u8) {}
    #[expect(unused_variables)]
    #[node(S)]
    fn d(n: &u8) {}
    #[node(S)]
    #[expect(unused_variables, reason = "x")]
    fn e(n: &u8) {}
    struct T;
    #[node(S)]
    #[allow(unused_variables)]
    impl T {
        fn exec(&self, n: &u8) {}
    }
    struct U;
    #[node(S)]
    impl U {
        #[expect(unused_variables)]
        fn exec(&self, n: &u8) {}
        #[allow(clippy::unused_self)]
        fn post(&self, _ghost: &mut Option<u8>) {}
    }
    flow! { F { a >> b >> c >> d >> e >> T >> U; } }
    #[expect(dead_code)]
    fn g() {}
    #[allow(dead_code)]
    #[node(S)]
    fn never_used() {}
}
mod m07 {
    use super::*; // actions with odd variants
    #[derive(Shared, Default)]
    struct S {
        r#type: Option<u8>,
        r#in: Option<u8>,
        n: Option<String>,
    }
    #[derive(Action)]
    #[action(S)]
    #[allow(non_camel_case_types)]
    enum A {
        r#move { r#type: u8, r#in: u8 },
        lower,
        HTTP,
        A1B2,
        X_Y,
        Übung,
        北,
        Type { n: String },
    }
    #[node(S)]
    fn a() -> A {
        A::lower
    }
    #[node(S)]
    fn r#in(r#type: &u8, r#in: &u8) {
        let _ = (r#type, r#in);
    }
    #[node(S)]
    fn t(n: &str) {
        let _ = n;
    }
    flow! { F { a - "move" >> r#in; a - "lower" >> end; a - "http" >> end; a - "a1_b2" >> end; a - "x_y" >> end; a - "übung" >> end; a - "北" >> end; a - "type" >> t; } }
    flow! { G(r#type, r#in) { r#in; } }
    flow! { r#H(r#type, r#in) { G } }
}
mod m08 {
    use super::*; // same node fn name in two modules; flows same name; use super::*
    mod a {
        use super::*;
        #[derive(Shared, Default)]
        pub(super) struct S {
            n: u8,
        }
        #[node(S)]
        pub(super) fn go(n: &u8) {
            let _ = n;
        }
        flow! { pub(super) F { go; } }
    }
    mod b {
        use super::*;
        #[node(a::S)]
        pub(super) fn go() {}
        flow! { pub(super) F { go; } }
    }
    flow! { F { x: b::go; y: b::F; a::go >> x >> a::F >> y; } }
    flow! { G { x: a::go; y: b::go; x >> y >> a::go; } }
    mod pocketflow_ {
        pub(super) use ::pocketflow;
    }
    #[pocketflow_::pocketflow::node(a::S)]
    fn q() {}
    pocketflow_::pocketflow::flow! { H { q; } }
    #[::pocketflow::node(a::S)]
    fn p() {}
    ::pocketflow::flow! { I { p; } }
    #[derive(::pocketflow::Shared, Default)]
    struct Z {
        n: u8,
    }
    #[derive(::pocketflow::Action)]
    enum Y {
        A,
    }
}
#[allow(non_upper_case_globals)]
mod m09 {
    use super::*; // hygiene with locals named like ours at call place; statics/consts with names like field names / variable names!
    const value: u8 = 1;
    const reads: u8 = 1;
    static shared: u8 = 1;
    const output: u8 = 2;
    const error: u8 = 2;
    const item: u8 = 3;
    const attempt: u8 = 1;
    const field: u8 = 1;
    const place: u8 = 1;
    const index: u8 = 1;
    const visitor: u8 = 1;
    const flow: u8 = 1;
    const step: u8 = 1;
    const kept: u8 = 1;
    const items: u8 = 1;
    const from: u8 = 1;
    #[derive(Shared, Default)]
    struct S {
        m: u8,
        o: Option<u8>,
        v: Vec<u8>,
    }
    #[derive(Action)]
    #[action(S)]
    enum A {
        X { o: u8 },
        Y,
    }
    #[node(S, writes = v, attempts = 2)]
    async fn a(#[each(v)] x: &u8, m: &u8, #[attempt] at: Attempt<'_>) -> Result<u8, String> {
        let _ = at;
        Ok(x + m)
    }
    #[node(S)]
    fn b(m: &u8) -> A {
        let _ = m;
        A::X { o: 1 }
    }
    #[node(S, writes(m, o))]
    fn d() -> (u8, u8) {
        (1, 2)
    }
    #[node(S, appends = v)]
    fn e() -> [u8; 1] {
        [1]
    }
    struct T;
    #[node(S, attempts = 2)]
    impl T {
        fn prep(&self, m: &u8) -> Result<u8, String> {
            Ok(*m)
        }
        async fn exec(&self, prep: &u8) -> Result<u8, String> {
            Ok(*prep)
        }
        fn fallback(&self, prep: &u8) -> Result<u8, String> {
            Ok(*prep)
        }
        fn post(&self, o: &mut Option<u8>, exec: u8, prep: u8) {
            *o = Some(exec + prep);
        }
    }
    flow! { F { d >> (e, y) >> a >> b; b - "x" >> T max 2 else end; b - "y" >> end; } }
    #[node(S)]
    fn y() {}
}
