#[derive(
    ::pocketflow::__private::Clone,
    ::pocketflow::__private::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
struct Approval;
///Where [`Approval`] can end.
#[derive(
    ::pocketflow::__private::Clone,
    ::pocketflow::__private::Copy,
    ::core::fmt::Debug,
    ::core::cmp::PartialEq,
    ::core::cmp::Eq,
    ::core::hash::Hash
)]
enum ApprovalExit {
    ///At its end.
    Default,
}
const _: () = {
    use ::pocketflow::__private as __p;
    type __Node0_0 = draft;
    struct __Node1_0 {}
    const _: () = {
        #[automatically_derived]
        impl __p::Describe for __Node1_0 {
            const NODE: __p::Description = {
                const __ACTIONS: &[__p::ActionInfo; 2] = &__p::ActionInfo::of_await(
                    &["approval"],
                );
                __p::Description::expiring(
                    __p::Description::awaits(
                        "await(approval)",
                        <__Node0_0 as __p::NodeOrFlow>::INFO.store,
                        &["approval"],
                    ),
                    __ACTIONS,
                    __p::Duration::from_nanos(259200000000000u64),
                )
            };
            type Reads<'a> = ();
        }
        #[automatically_derived]
        impl<__S, __K: __p::StepKind> __p::FlowStep<__S, __K> for __Node1_0
        where
            __p::ExpiringRunner: __p::Runner<__S, __K, __Node1_0>,
        {
            fn runner() -> impl __p::Runner<__S, __K, Self> {
                __p::ExpiringRunner
            }
        }
    };
    type __Node2_0 = publish;
    struct __Node3_0 {}
    const _: () = {
        #[automatically_derived]
        impl __p::Describe for __Node3_0 {
            const NODE: __p::Description = __p::Description::sleeps(
                "pause",
                <__Node0_0 as __p::NodeOrFlow>::INFO.store,
                {
                    const __TIME: __p::Duration = PAUSE;
                    __TIME
                },
            );
            type Reads<'a> = ();
        }
        #[automatically_derived]
        impl<__S, __K: __p::StepKind> __p::FlowStep<__S, __K> for __Node3_0
        where
            __p::SleepRunner: __p::Runner<__S, __K, __Node3_0>,
        {
            fn runner() -> impl __p::Runner<__S, __K, Self> {
                __p::SleepRunner
            }
        }
    };
    type __Node4_0 = escalate;
    type __Mentions = ();
    fn __fields_of(__shared: &Article) {
        let _ = &__shared.approval;
    }
    const __ROWS: &[&__p::Description; 5usize] = &[
        <__Node0_0 as __p::NodeOrFlow>::INFO,
        <__Node1_0 as __p::NodeOrFlow>::INFO,
        <__Node2_0 as __p::NodeOrFlow>::INFO,
        <__Node3_0 as __p::NodeOrFlow>::INFO,
        <__Node4_0 as __p::NodeOrFlow>::INFO,
    ];
    const __WORDS: __p::usize = __p::Description::words(__ROWS);
    type __Sets = __p::FieldSets<
        5usize,
        { __p::Description::action_count(__ROWS) * __WORDS },
        __WORDS,
    >;
    static __SETS: __Sets = __Sets::of(__ROWS);
    static __NODES: [::pocketflow::NodeInfo; 5usize] = (&__SETS).nodes(__ROWS);
    static __GRAPH: ::pocketflow::Graph = ::pocketflow::Graph {
        name: "Approval",
        places: &[
            ::pocketflow::Place {
                name: "draft",
                node: &__NODES[0usize],
                fork: &[],
            },
            ::pocketflow::Place {
                name: "await(approval)",
                node: &__NODES[1usize],
                fork: &[],
            },
            ::pocketflow::Place {
                name: "publish",
                node: &__NODES[2usize],
                fork: &[],
            },
            ::pocketflow::Place {
                name: "pause",
                node: &__NODES[3usize],
                fork: &[],
            },
            ::pocketflow::Place {
                name: "escalate",
                node: &__NODES[4usize],
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
                from: 1usize,
                action: "default",
                to: ::pocketflow::Target::Place(2usize),
                bound: __p::Option::None,
                error: __p::Option::None,
                written: true,
            },
            ::pocketflow::Edge {
                from: 1usize,
                action: "expired",
                to: ::pocketflow::Target::Place(3usize),
                bound: __p::Option::None,
                error: __p::Option::None,
                written: true,
            },
            ::pocketflow::Edge {
                from: 3usize,
                action: "default",
                to: ::pocketflow::Target::Place(4usize),
                bound: __p::Option::None,
                error: __p::Option::None,
                written: true,
            },
            ::pocketflow::Edge {
                from: 2usize,
                action: "default",
                to: ::pocketflow::Target::Exit(0usize),
                bound: __p::Option::None,
                error: __p::Option::None,
                written: false,
            },
            ::pocketflow::Edge {
                from: 4usize,
                action: "default",
                to: ::pocketflow::Target::Exit(0usize),
                bound: __p::Option::None,
                error: __p::Option::None,
                written: false,
            },
        ],
        exits: &["default"],
        inputs: &[],
    };
    type __Solution = __p::Solution<
        5usize,
        { (&__GRAPH).action_count() },
        { 2usize * __WORDS },
        __WORDS,
    >;
    static __SOLUTION: __Solution = (&__GRAPH).solve();
    static __OF: &::pocketflow::Graph = &__GRAPH;
    const __CONFIGURED: __p::bool = (&__GRAPH).is_configured();
    const __SITES: &(__p::Site, __p::Site, __p::Site, __p::Site, __p::Site) = &(
        __p::Site::at(&__OF, &__SOLUTION, 0usize),
        __p::Site::at(&__OF, &__SOLUTION, 1usize),
        __p::Site::at(&__OF, &__SOLUTION, 2usize),
        __p::Site::at(&__OF, &__SOLUTION, 3usize),
        __p::Site::at(&__OF, &__SOLUTION, 4usize),
    );
    const _: () = {
        (&__SOLUTION).check_wiring(&__GRAPH, 0usize);
        (&__GRAPH).check_action(0usize);
        __p::PF011::<{ (&__SOLUTION).has_dead_write(&__GRAPH, 0usize, 0usize) }>::VALUE
    };
    const _: () = {
        (&__SOLUTION).check_start(&__GRAPH);
    };
    const _: () = (&__GRAPH).check_await(1usize, true);
    const _: () = {
        (&__SOLUTION).check_wiring(&__GRAPH, 1usize);
        (&__GRAPH).check_action(1usize);
        __p::PF011::<{ (&__SOLUTION).has_dead_write(&__GRAPH, 1usize, 0usize) }>::VALUE
    };
    const _: () = {
        (&__SOLUTION).check_arrival(&__GRAPH, 0usize, false);
    };
    const _: () = {
        (&__SOLUTION).check_wiring(&__GRAPH, 2usize);
        __p::PF011::<{ (&__SOLUTION).has_dead_write(&__GRAPH, 2usize, 0usize) }>::VALUE
    };
    const _: () = {
        (&__SOLUTION).check_arrival(&__GRAPH, 1usize, false);
    };
    const _: () = (&__GRAPH).check_time(3usize);
    const _: () = {
        (&__SOLUTION).check_wiring(&__GRAPH, 3usize);
        (&__GRAPH).check_action(3usize);
        __p::PF011::<{ (&__SOLUTION).has_dead_write(&__GRAPH, 3usize, 0usize) }>::VALUE
    };
    const _: () = {
        (&__SOLUTION).check_arrival(&__GRAPH, 2usize, false);
    };
    const _: () = {
        (&__SOLUTION).check_wiring(&__GRAPH, 4usize);
        __p::PF011::<{ (&__SOLUTION).has_dead_write(&__GRAPH, 4usize, 0usize) }>::VALUE
    };
    const _: () = {
        (&__SOLUTION).check_arrival(&__GRAPH, 3usize, false);
    };
    const _: () = (&__GRAPH).check_action(2usize);
    #[automatically_derived]
    impl __p::Describe for Approval {
        const NODE: __p::Description = __p::Description::of_flow(
            (&__SOLUTION).info("Approval", &__GRAPH),
        );
        type Reads<'a> = ();
    }
    #[automatically_derived]
    impl ::pocketflow::Flow for Approval {
        type Exit = ApprovalExit;
        const GRAPH: &'static ::pocketflow::Graph = &__GRAPH;
        type EdgeCounts = [__p::u32; 0usize];
        const NO_COUNTS: Self::EdgeCounts = [0; 0usize];
        #[inline]
        fn exit(__exit: __p::usize) -> Self::Exit {
            match __exit {
                0 => ApprovalExit::Default,
                _ => __p::unreachable!(),
            }
        }
    }
    const __STORE: &::pocketflow::Store = <Article as ::pocketflow::Shared>::STORE;
    type __Stores = __p::Sound<
        {
            (&__GRAPH).check_own_store(0usize, __STORE);
            (&__GRAPH).check_own_store(1usize, __STORE);
            (&__GRAPH).check_own_store(2usize, __STORE);
            (&__GRAPH).check_own_store(3usize, __STORE);
            (&__GRAPH).check_own_store(4usize, __STORE);
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
    #[inline]
    fn __source3_0() -> __p::NodeAt<__Node3_0> {
        __p::NodeAt(&__Node3_0 {}, &__SITES.3)
    }
    #[inline]
    fn __source4_0() -> __p::NodeAt<__Node4_0> {
        __p::NodeAt(&__Node4_0 {}, &__SITES.4)
    }
    #[automatically_derived]
    impl<__S, __M> __p::CheckedWalk<__S, __M, __p::Sound<0>> for Approval
    where
        __S: ::pocketflow::Shared,
        __M: __p::StepMode<__S>,
        __Node0_0: __p::FlowStep<__S, __M>,
        __Node1_0: __p::FlowStep<__S, __M>,
        __Node2_0: __p::FlowStep<__S, __M>,
        __Node3_0: __p::FlowStep<__S, __M>,
        __Node4_0: __p::FlowStep<__S, __M>,
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
                                return __p::Result::Err(__error);
                            }
                        }
                        if __place >= 5usize {
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
                        if __place >= 5usize {
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
                        if __place >= 5usize {
                            break;
                        }
                    }
                    if __place == 3 {
                        match __p::Runner::step(
                                <__Node3_0 as __p::FlowStep<__S, __M>>::runner(),
                                __p::Step(__source3_0, __p::PhantomData),
                                __p::Cursor::context(&mut __cursor),
                                __shared,
                            )
                            .await
                        {
                            __p::Result::Ok(__action) => {
                                __place = __p::Cursor::next(
                                    &mut __cursor,
                                    &__SITES.3,
                                    __action,
                                );
                            }
                            __p::Result::Err(__error) => {
                                return __p::Result::Err(__error);
                            }
                        }
                        if __place >= 5usize {
                            break;
                        }
                    }
                    if __place == 4 {
                        match __p::Runner::step(
                                <__Node4_0 as __p::FlowStep<__S, __M>>::runner(),
                                __p::Step(__source4_0, __p::PhantomData),
                                __p::Cursor::context(&mut __cursor),
                                __shared,
                            )
                            .await
                        {
                            __p::Result::Ok(__action) => {
                                __place = __p::Cursor::next(
                                    &mut __cursor,
                                    &__SITES.4,
                                    __action,
                                );
                            }
                            __p::Result::Err(__error) => {
                                return __p::Result::Err(__error);
                            }
                        }
                        if __place >= 5usize {
                            break;
                        }
                    }
                }
                __p::Result::Ok(__place - 5usize)
            }
        }
    }
    #[automatically_derived]
    impl<__S, __M: __p::Mode> __p::Walk<__S, __M> for Approval
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
    impl Approval {
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
        pub fn run(
            &self,
            __shared: &mut <Article as ::pocketflow::Shared>::Itself,
        ) -> impl __p::Future<
            Output = __p::Result<ApprovalExit, ::pocketflow::Error>,
        > + __p::Send
        where
            __Stores: __p::Soundness,
        {
            __p::run_direct::<Self, Article>(self, __shared)
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
    impl<__S, __K: __p::StepKind> __p::FlowStep<__S, __K> for Approval
    where
        __p::FlowRunner: __p::Runner<__S, __K, Approval>,
    {
        fn runner() -> impl __p::Runner<__S, __K, Self> {
            __p::FlowRunner
        }
    }
};
