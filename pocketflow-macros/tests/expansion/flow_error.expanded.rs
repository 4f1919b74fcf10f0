#[derive(
    ::pocketflow::__private::Clone,
    ::pocketflow::__private::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
struct Sell;
///Where [`Sell`] can end.
#[derive(
    ::pocketflow::__private::Clone,
    ::pocketflow::__private::Copy,
    ::core::fmt::Debug,
    ::core::cmp::PartialEq,
    ::core::cmp::Eq,
    ::core::hash::Hash
)]
enum SellExit {
    ///At `end "declined"`.
    Declined,
    ///At its end.
    Default,
}
const _: () = {
    use ::pocketflow::__private as __p;
    type __Node0_0 = pay;
    type __Node1_0 = ship;
    type __Node2_0 = release;
    type __Mentions = (*const pay,);
    const __ROWS: &[&__p::Description; 3usize] = &[
        <__Node0_0 as __p::NodeOrFlow>::INFO,
        <__Node1_0 as __p::NodeOrFlow>::INFO,
        <__Node2_0 as __p::NodeOrFlow>::INFO,
    ];
    const __WORDS: __p::usize = __p::Description::words(__ROWS);
    type __Sets = __p::FieldSets<
        3usize,
        { __p::Description::action_count(__ROWS) * __WORDS },
        __WORDS,
    >;
    static __SETS: __Sets = __Sets::of(__ROWS);
    static __NODES: [::pocketflow::NodeInfo; 3usize] = (&__SETS).nodes(__ROWS);
    static __GRAPH: ::pocketflow::Graph = ::pocketflow::Graph {
        name: "Sell",
        places: &[
            ::pocketflow::Place {
                name: "pay",
                node: &__NODES[0usize],
                fork: &[],
            },
            ::pocketflow::Place {
                name: "ship",
                node: &__NODES[1usize],
                fork: &[],
            },
            ::pocketflow::Place {
                name: "release",
                node: &__NODES[2usize],
                fork: &[],
            },
        ],
        edges: &[
            ::pocketflow::Edge {
                from: 0usize,
                action: "default",
                to: ::pocketflow::Target::Place(1usize),
                bound: __p::Option::None,
                error: __p::Option::None,
                written: true,
            },
            ::pocketflow::Edge {
                from: 0usize,
                action: "error",
                to: ::pocketflow::Target::Place(2usize),
                bound: __p::Option::None,
                error: __p::Option::Some(::pocketflow::ErrorEdge {
                    field: __p::Option::Some("problem"),
                }),
                written: true,
            },
            ::pocketflow::Edge {
                from: 2usize,
                action: "default",
                to: ::pocketflow::Target::Exit(0usize),
                bound: __p::Option::None,
                error: __p::Option::None,
                written: true,
            },
            ::pocketflow::Edge {
                from: 1usize,
                action: "default",
                to: ::pocketflow::Target::Exit(1usize),
                bound: __p::Option::None,
                error: __p::Option::None,
                written: false,
            },
        ],
        exits: &["declined", "default"],
        inputs: &[],
    };
    type __Solution = __p::Solution<
        3usize,
        { (&__GRAPH).action_count() },
        { 3usize * __WORDS },
        __WORDS,
    >;
    static __SOLUTION: __Solution = (&__GRAPH).solve();
    static __OF: &::pocketflow::Graph = &__GRAPH;
    const __CONFIGURED: __p::bool = (&__GRAPH).is_configured();
    const __SITES: &(__p::Site, __p::Site, __p::Site) = &(
        __p::Site::at(&__OF, &__SOLUTION, 0usize),
        __p::Site::at(&__OF, &__SOLUTION, 1usize),
        __p::Site::at(&__OF, &__SOLUTION, 2usize),
    );
    const _: () = {
        (&__SOLUTION).check_wiring(&__GRAPH, 0usize);
        (&__GRAPH).check_action(0usize);
        __p::PF011::<{ (&__SOLUTION).has_dead_write(&__GRAPH, 0usize, 0usize) }>::VALUE
    };
    const _: () = {
        (&__SOLUTION).check_start(&__GRAPH);
    };
    const _: () = {
        (&__SOLUTION).check_wiring(&__GRAPH, 1usize);
        __p::PF011::<{ (&__SOLUTION).has_dead_write(&__GRAPH, 1usize, 0usize) }>::VALUE
    };
    const _: () = {
        (&__SOLUTION).check_arrival(&__GRAPH, 0usize, false);
    };
    const _: () = {
        (&__SOLUTION).check_wiring(&__GRAPH, 2usize);
        (&__GRAPH).check_action(2usize);
        __p::PF011::<{ (&__SOLUTION).has_dead_write(&__GRAPH, 2usize, 0usize) }>::VALUE
    };
    const _: () = {
        (&__SOLUTION).check_arrival(&__GRAPH, 1usize, false);
    };
    const _: () = (&__GRAPH).check_action(1usize);
    const _: () = (&__GRAPH).check_error_field(1usize, false);
    #[automatically_derived]
    impl __p::Describe for Sell {
        const NODE: __p::Description = __p::Description::of_flow(
            (&__SOLUTION).info("Sell", &__GRAPH),
        );
        type Reads<'a> = ();
    }
    #[automatically_derived]
    impl ::pocketflow::Flow for Sell {
        type Exit = SellExit;
        const GRAPH: &'static ::pocketflow::Graph = &__GRAPH;
        type EdgeCounts = [__p::u32; 0usize];
        const NO_COUNTS: Self::EdgeCounts = [0; 0usize];
        #[inline]
        fn exit(__exit: __p::usize) -> Self::Exit {
            match __exit {
                0 => SellExit::Declined,
                1 => SellExit::Default,
                _ => __p::unreachable!(),
            }
        }
    }
    type __Stores = __p::Sound<
        {
            (&__GRAPH).check_store(0usize);
            (&__GRAPH).check_store(1usize);
            (&__GRAPH).check_store(2usize);
            0
        },
    >;
    #[inline]
    fn __source0_0() -> __p::NodeAt<__Node0_0> {
        __p::NodeAt(&__Node0_0 {}, &__SITES.0)
    }
    #[inline]
    fn __source1_0() -> __p::NodeAt<__Node1_0> {
        __p::NodeAt(&__Node1_0 {}, &__SITES.1)
    }
    #[inline]
    fn __source2_0() -> __p::NodeAt<__Node2_0> {
        __p::NodeAt(&__Node2_0 {}, &__SITES.2)
    }
    #[automatically_derived]
    impl<__S, __M> __p::CheckedWalk<__S, __M, __p::Sound<0>> for Sell
    where
        __S: ::pocketflow::Shared,
        __M: __p::StepMode<__S>,
        __Node0_0: __p::FlowStep<__S, __M>,
        __Node1_0: __p::FlowStep<__S, __M>,
        __Node2_0: __p::FlowStep<__S, __M>,
    {
        fn walk(
            &self,
            mut __cursor: __p::Cursor<'_, __M, <Self as ::pocketflow::Flow>::EdgeCounts>,
            __shared: &mut __S,
        ) -> impl __p::StepFuture {
            async move {
                let mut __place = __p::Cursor::start::<
                    __S,
                >(&mut __cursor, &__GRAPH, __CONFIGURED)?;
                loop {
                    if __place == 0 {
                        match __p::Runner::step(
                                <__Node0_0 as __p::FlowStep<__S, __M>>::runner(),
                                __p::Step(__source0_0, __p::PhantomData),
                                __p::Cursor::context(&mut __cursor),
                                __shared,
                            )
                            .await
                        {
                            __p::Result::Ok(__action) => {
                                __place = __p::Cursor::next(
                                    &mut __cursor,
                                    &__SITES.0,
                                    __action,
                                );
                            }
                            __p::Result::Err(__error) => {
                                match __p::Cursor::fail(
                                    &mut __cursor,
                                    &__SITES.0,
                                    __error,
                                    __shared,
                                ) {
                                    __p::Result::Ok(__next) => __place = __next,
                                    __p::Result::Err(__error) => {
                                        return __p::Result::Err(__error);
                                    }
                                }
                            }
                        }
                        if __place >= 3usize {
                            break;
                        }
                    }
                    if __place == 1 {
                        match __p::Runner::step(
                                <__Node1_0 as __p::FlowStep<__S, __M>>::runner(),
                                __p::Step(__source1_0, __p::PhantomData),
                                __p::Cursor::context(&mut __cursor),
                                __shared,
                            )
                            .await
                        {
                            __p::Result::Ok(__action) => {
                                __place = __p::Cursor::next(
                                    &mut __cursor,
                                    &__SITES.1,
                                    __action,
                                );
                            }
                            __p::Result::Err(__error) => {
                                return __p::Result::Err(__error);
                            }
                        }
                        if __place >= 3usize {
                            break;
                        }
                    }
                    if __place == 2 {
                        match __p::Runner::step(
                                <__Node2_0 as __p::FlowStep<__S, __M>>::runner(),
                                __p::Step(__source2_0, __p::PhantomData),
                                __p::Cursor::context(&mut __cursor),
                                __shared,
                            )
                            .await
                        {
                            __p::Result::Ok(__action) => {
                                __place = __p::Cursor::next(
                                    &mut __cursor,
                                    &__SITES.2,
                                    __action,
                                );
                            }
                            __p::Result::Err(__error) => {
                                return __p::Result::Err(__error);
                            }
                        }
                        if __place >= 3usize {
                            break;
                        }
                    }
                }
                __p::Result::Ok(__place - 3usize)
            }
        }
    }
    #[automatically_derived]
    impl<__S, __M: __p::Mode> __p::Walk<__S, __M> for Sell
    where
        Self: __p::CheckedWalk<__S, __M, __Stores>,
    {
        fn walk(
            &self,
            __cursor: __p::Cursor<'_, __M, <Self as ::pocketflow::Flow>::EdgeCounts>,
            __shared: &mut __S,
        ) -> impl __p::StepFuture {
            <Self as __p::CheckedWalk<
                __S,
                __M,
                __Stores,
            >>::walk(self, __cursor, __shared)
        }
    }
    impl Sell {
        /// The graph of this flow; it prints as Mermaid.
        pub const GRAPH: &'static ::pocketflow::Graph = &__GRAPH;
        /// The most steps that a run of this flow takes. If a loop has no bound, using this constant is an error.
        pub const MAX_STEPS: __p::u64 = (&__GRAPH).max_steps();
        /// The graph of this flow; it prints as Mermaid.
        pub fn graph(&self) -> &'static ::pocketflow::Graph {
            Self::GRAPH
        }
        /// Runs this flow on a store, from its first node to an exit.
        ///
        /// # Errors
        ///
        /// The final error of a node, with the place where it happened.
        pub fn run<__S: ::pocketflow::Shared>(
            &self,
            __shared: &mut __S::Itself,
        ) -> impl __p::Future<
            Output = __p::Result<SellExit, ::pocketflow::Error>,
        > + __p::Send
        where
            Self: __p::Walk<__S, __p::Undriven<__S::Absent>>,
        {
            __p::run_direct::<Self, __S>(self, __shared)
        }
        /// Runs this flow with a driver: `.with(driver).run(&mut shared)`.
        pub fn with<__D, __K>(
            &self,
            __driver: __D,
        ) -> ::pocketflow::With<'_, Self, __D, ::pocketflow::NoContext, __K> {
            ::pocketflow::With::new(self, __driver)
        }
        /// Gives a run of this flow its context: `.context(&services).run(&mut shared)`.
        pub fn context<__C: ::pocketflow::BorrowContext>(
            &self,
            __context: __C,
        ) -> ::pocketflow::WithContext<'_, Self, __C::Pointer> {
            ::pocketflow::WithContext::new(
                self,
                ::pocketflow::BorrowContext::pointer(__context),
            )
        }
    }
    #[automatically_derived]
    impl<__S, __K: __p::StepKind> __p::FlowStep<__S, __K> for Sell
    where
        __p::FlowRunner: __p::Runner<__S, __K, Sell>,
    {
        fn runner() -> impl __p::Runner<__S, __K, Self> {
            __p::FlowRunner
        }
    }
};
