#[derive(
    ::pocketflow::__private::Clone,
    ::pocketflow::__private::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
struct Digest;
///Where [`Digest`] can end.
#[derive(
    ::pocketflow::__private::Clone,
    ::pocketflow::__private::Copy,
    ::core::fmt::Debug,
    ::core::cmp::PartialEq,
    ::core::cmp::Eq,
    ::core::hash::Hash
)]
enum DigestExit {
    ///At its end.
    Default,
}
const _: () = {
    use ::pocketflow::__private as __p;
    type __Node0_0 = Summarize;
    type __Node1_0 = combine;
    type __Mentions = ();
    type __Shared = Library;
    const __ROW0_0: &__p::Description = &__p::Description::on(
        <__Node0_0 as __p::NodeOrFlow>::INFO,
        __STORE,
        "documents",
        __p::Option::Some(
            __p::Each::failing_into(__p::Each::at_a_time(8usize), "problems", __keep0_0),
        ),
    );
    const __FIELD0_0: &::pocketflow::Store = __p::items_store(|__shared: &mut __Shared| {
        &mut __shared.documents
    });
    fn __keep0_0(__shared: &mut dyn __p::Any, __failures: __p::Vec<__p::Failed>) {
        __p::keep_failures(
            __shared,
            __failures,
            |__shared: &mut __Shared| &mut __shared.problems,
        )
    }
    const __ROWS: &[&__p::Description; 2usize] = &[
        __ROW0_0,
        <__Node1_0 as __p::NodeOrFlow>::INFO,
    ];
    const __WORDS: __p::usize = __p::Description::words(__ROWS);
    type __Sets = __p::FieldSets<
        2usize,
        { __p::Description::action_count(__ROWS) * __WORDS },
        __WORDS,
    >;
    static __SETS: __Sets = __Sets::of(__ROWS);
    static __NODES: [::pocketflow::NodeInfo; 2usize] = (&__SETS).nodes(__ROWS);
    static __GRAPH: ::pocketflow::Graph = ::pocketflow::Graph {
        name: "Digest",
        places: &[
            ::pocketflow::Place {
                name: "Summarize.each(documents)",
                node: &__NODES[0usize],
                fork: &[],
            },
            ::pocketflow::Place {
                name: "combine",
                node: &__NODES[1usize],
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
        2usize,
        { (&__GRAPH).action_count() },
        { 2usize * __WORDS },
        __WORDS,
    >;
    static __SOLUTION: __Solution = (&__GRAPH).solve();
    static __OF: &::pocketflow::Graph = &__GRAPH;
    const __CONFIGURED: __p::bool = (&__GRAPH).is_configured();
    const __SITES: &(__p::Site, __p::Site) = &(
        __p::Site::at(&__OF, &__SOLUTION, 0usize),
        __p::Site::at(&__OF, &__SOLUTION, 1usize),
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
    const _: () = __p::check_failures(<__Node0_0 as __p::NodeOrFlow>::INFO);
    const _: () = (&__GRAPH).check_failures_field(0usize, 0usize);
    #[automatically_derived]
    impl __p::Describe for Digest {
        const NODE: __p::Description = __p::Description::of_flow(
            (&__SOLUTION).info("Digest", &__GRAPH),
        );
        type Reads<'a> = ();
    }
    #[automatically_derived]
    impl ::pocketflow::Flow for Digest {
        type Exit = DigestExit;
        const GRAPH: &'static ::pocketflow::Graph = &__GRAPH;
        type EdgeCounts = [__p::u32; 0usize];
        const NO_COUNTS: Self::EdgeCounts = [0; 0usize];
        #[inline]
        fn exit(__exit: __p::usize) -> Self::Exit {
            match __exit {
                0 => DigestExit::Default,
                _ => __p::unreachable!(),
            }
        }
    }
    const __STORE: &::pocketflow::Store = <Library as ::pocketflow::Shared>::STORE;
    type __Stores = __p::Sound<
        {
            (&__GRAPH).check_own_store(0usize, __STORE);
            __p::check_is_flow(
                <__Node0_0 as __p::NodeOrFlow>::INFO,
                "Summarize.each(documents)",
                "flow! { SummarizeFlow { Summarize; } }",
                "SummarizeFlow.each(documents)",
            );
            __p::check_field_store(
                <__Node0_0 as __p::NodeOrFlow>::INFO,
                "documents",
                true,
                __FIELD0_0,
            );
            (&__GRAPH).check_own_store(1usize, __STORE);
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
    #[automatically_derived]
    impl<__S, __M> __p::CheckedWalk<__S, __M, __p::Sound<0>> for Digest
    where
        __S: ::pocketflow::Shared,
        __M: __p::StepMode<__S>,
        __S: __p::FieldOn<9855756845830586757, __p::EachFlow<__Node0_0>, __M>,
        __Node1_0: __p::FlowStep<__S, __M>,
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
                        match __p::Runner::<
                            __S,
                            __M,
                            __Node0_0,
                        >::step(
                                __p::EachRunner::<9855756845830586757>(8usize),
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
                        if __place >= 2usize {
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
                        if __place >= 2usize {
                            break;
                        }
                    }
                }
                __p::Result::Ok(__place - 2usize)
            }
        }
    }
    #[automatically_derived]
    impl<__S, __M: __p::Mode> __p::Walk<__S, __M> for Digest
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
    impl Digest {
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
            __shared: &mut <Library as ::pocketflow::Shared>::Itself,
        ) -> impl __p::Future<
            Output = __p::Result<DigestExit, ::pocketflow::Error>,
        > + __p::Send
        where
            __Stores: __p::Soundness,
        {
            __p::run_direct::<Self, Library>(self, __shared)
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
    impl<__S, __K: __p::StepKind> __p::FlowStep<__S, __K> for Digest
    where
        __p::FlowRunner: __p::Runner<__S, __K, Digest>,
    {
        fn runner() -> impl __p::Runner<__S, __K, Self> {
            __p::FlowRunner
        }
    }
};
