pub struct Digest {
    ///The node `again`.
    pub again: Investigate,
}
///Where [`Digest`] can end.
#[derive(
    ::pocketflow::__private::Clone,
    ::pocketflow::__private::Copy,
    ::core::fmt::Debug,
    ::core::cmp::PartialEq,
    ::core::cmp::Eq,
    ::core::hash::Hash
)]
pub enum DigestExit {
    ///At its end.
    Default,
}
const _: () = {
    use ::pocketflow::__private as __p;
    type __Node0_0 = find;
    type __Node1_0 = Investigate;
    type __Node1_1 = Summarize;
    type __Node2_0 = Investigate;
    type __Mentions = ();
    type __Shared = Library;
    const __ROW1_0: &__p::Description = &__p::Description::on(
        <__Node1_0 as __p::NodeOrFlow>::INFO,
        __STORE,
        "facts",
        __p::Option::None,
    );
    const __FIELD1_0: &::pocketflow::Store = __p::field_store(|__shared: &mut __Shared| {
        &mut __shared.facts
    });
    const __ROW1_1: &__p::Description = &__p::Description::on(
        <__Node1_1 as __p::NodeOrFlow>::INFO,
        __STORE,
        "documents",
        __p::Option::Some(__p::Each::at_a_time(1)),
    );
    const __FIELD1_1: &::pocketflow::Store = __p::items_store(|__shared: &mut __Shared| {
        &mut __shared.documents
    });
    const __ROW2_0: &__p::Description = &__p::Description::on(
        <__Node2_0 as __p::NodeOrFlow>::INFO,
        __STORE,
        "facts",
        __p::Option::None,
    );
    const __FIELD2_0: &::pocketflow::Store = __p::field_store(|__shared: &mut __Shared| {
        &mut __shared.facts
    });
    const __ROWS: &[&__p::Description; 4usize] = &[
        <__Node0_0 as __p::NodeOrFlow>::INFO,
        __ROW1_0,
        __ROW1_1,
        __ROW2_0,
    ];
    const __WORDS: __p::usize = __p::Description::words(__ROWS);
    type __Sets = __p::FieldSets<
        4usize,
        { __p::Description::action_count(__ROWS) * __WORDS },
        __WORDS,
    >;
    static __SETS: __Sets = __Sets::of(__ROWS);
    static __NODES: [::pocketflow::NodeInfo; 4usize] = (&__SETS).nodes(__ROWS);
    static __GRAPH: ::pocketflow::Graph = ::pocketflow::Graph {
        name: "Digest",
        places: &[
            ::pocketflow::Place {
                name: "find",
                node: &__NODES[0usize],
                fork: &[],
            },
            {
                const __FORK: &[::pocketflow::Place] = &[
                    ::pocketflow::Place {
                        name: "Investigate.on(facts)",
                        node: &__NODES[1usize],
                        fork: &[],
                    },
                    ::pocketflow::Place {
                        name: "Summarize.each(documents)",
                        node: &__NODES[2usize],
                        fork: &[],
                    },
                ];
                ::pocketflow::Place {
                    name: "(Investigate.on(facts), Summarize.each(documents))",
                    node: &::pocketflow::NodeInfo::of_fork(
                        "(Investigate.on(facts), Summarize.each(documents))",
                        __FORK,
                        &__p::ForkSets::<__WORDS>::of(__FORK),
                    ),
                    fork: __FORK,
                }
            },
            ::pocketflow::Place {
                name: "again",
                node: &__NODES[3usize],
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
                from: 2usize,
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
        3usize,
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
        __p::Site::branch(&__OF, 1usize, 0usize),
        __p::Site::branch(&__OF, 1usize, 1usize),
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
        (&__GRAPH).check_action(1usize);
    };
    const _: () = {
        (&__SOLUTION).check_arrival(&__GRAPH, 0usize, false);
    };
    const _: () = {
        (&__GRAPH).check_fields(1usize, 0usize);
        __p::PF011::<{ (&__SOLUTION).has_dead_write(&__GRAPH, 1usize, 0usize) }>::VALUE
    };
    const _: () = (&__SOLUTION).check_reads(&__GRAPH, 1usize, 0usize);
    const _: () = {
        (&__GRAPH).check_fields(1usize, 1usize);
        __p::PF011::<{ (&__SOLUTION).has_dead_write(&__GRAPH, 1usize, 1usize) }>::VALUE
    };
    const _: () = (&__SOLUTION).check_reads(&__GRAPH, 1usize, 1usize);
    const _: () = {
        (&__SOLUTION).check_wiring(&__GRAPH, 2usize);
        __p::PF011::<{ (&__SOLUTION).has_dead_write(&__GRAPH, 2usize, 0usize) }>::VALUE
    };
    const _: () = {
        (&__SOLUTION).check_arrival(&__GRAPH, 1usize, false);
    };
    #[automatically_derived]
    impl __p::Describe for Digest {
        const NODE: __p::Description = __p::Description::of_flow(
            (&__SOLUTION).info("Digest", &__GRAPH),
        );
        type Reads<'a> = ();
    }
    #[automatically_derived]
    impl ::pocketflow::Flow for Digest
    where
        __Stores: __p::Soundness,
    {
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
            (&__GRAPH).check_own_store(1usize, __STORE);
            (&__GRAPH).check_branch(1usize, 0usize);
            (&__GRAPH).check_branch(1usize, 1usize);
            __p::check_is_flow(
                <__Node1_0 as __p::NodeOrFlow>::INFO,
                "Investigate.on(facts)",
                "flow! { InvestigateFlow { Investigate; } }",
                "InvestigateFlow.on(facts)",
            );
            __p::check_field_store(
                <__Node1_0 as __p::NodeOrFlow>::INFO,
                "facts",
                false,
                __FIELD1_0,
            );
            __p::check_is_flow(
                <__Node1_1 as __p::NodeOrFlow>::INFO,
                "Summarize.each(documents)",
                "flow! { SummarizeFlow { Summarize; } }",
                "SummarizeFlow.each(documents)",
            );
            __p::check_field_store(
                <__Node1_1 as __p::NodeOrFlow>::INFO,
                "documents",
                true,
                __FIELD1_1,
            );
            (&__GRAPH).check_own_store(2usize, __STORE);
            __p::check_is_flow(
                <__Node2_0 as __p::NodeOrFlow>::INFO,
                "again",
                "flow! { InvestigateFlow { Investigate; } }",
                "InvestigateFlow.on(facts)",
            );
            __p::check_field_store(
                <__Node2_0 as __p::NodeOrFlow>::INFO,
                "facts",
                false,
                __FIELD2_0,
            );
            0
        },
    >;
    #[inline]
    fn __source0_0() -> __p::NodeAt<__Node0_0> {
        __p::NodeAt(&__Node0_0 {}, &__SITES.0)
    }
    #[inline]
    fn __source1_0() -> __p::NodeAt<__Node1_0> {
        __p::NodeAt(&__Node1_0 {}, &__SITES.3)
    }
    #[inline]
    fn __source1_1() -> __p::NodeAt<__Node1_1> {
        __p::NodeAt(&__Node1_1 {}, &__SITES.4)
    }
    #[inline]
    fn __source2_0() -> __p::SiteRef {
        __p::SiteRef(&__SITES.2)
    }
    #[automatically_derived]
    impl<__S, __M> __p::CheckedWalk<__S, __M, __p::Sound<0>> for Digest
    where
        __S: ::pocketflow::Shared,
        __M: __p::StepMode<__S>,
        __Node0_0: __p::FlowStep<__S, __M>,
        __S: __p::FieldOn<17268797415516556004, __p::OnFlow<__Node1_0>, __M>,
        __S: __p::FieldOn<9855756845830586757, __p::EachFlow<__Node1_1>, __M>,
        __S: __p::FieldOn<17268797415516556004, __p::OnFlow<__Node2_0>, __M>,
        __Stores: __p::Soundness,
    {
        fn check(
            &self,
            __context: &__p::FlowContext<'_, __M>,
        ) -> __p::Result<(), ::pocketflow::Error> {
            __p::Runner::<
                __S,
                __M,
                __Node2_0,
            >::check(
                __p::OnRunner::<17268797415516556004>::RUNNER,
                &self.again,
                &__SITES.2,
                __context,
            )?;
            __p::Result::Ok(())
        }
        fn walk(
            &self,
            mut __cursor: __p::Cursor<'_, __M, <Self as ::pocketflow::Flow>::EdgeCounts>,
            __shared: &mut __S,
        ) -> impl __p::StepFuture {
            async move {
                if __p::Cursor::is_outermost(&__cursor) {
                    <Self as __p::CheckedWalk<
                        __S,
                        __M,
                        __p::Sound<0>,
                    >>::check(self, __p::Cursor::context(&mut __cursor))?;
                }
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
                        if __place >= 3usize {
                            break;
                        }
                    }
                    if __place == 1 {
                        match __p::fork_of_flows(
                                __p::ForkPair(
                                    __p::OnBranch::<
                                        17268797415516556004,
                                        __Node1_0,
                                        _,
                                    >::new(__source1_0),
                                    __p::EachBranch::<
                                        9855756845830586757,
                                        __Node1_1,
                                        _,
                                    >::new(__source1_1, 1),
                                ),
                                &__SITES.1,
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
                        match __p::Runner::<
                            __S,
                            __M,
                            __Node2_0,
                        >::step(
                                __p::OnRunner::<17268797415516556004>::RUNNER,
                                __p::Step(
                                    __p::NodeWithFields(&self.again, __source2_0),
                                    __p::PhantomData,
                                ),
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
    impl<__S, __M: __p::Mode> __p::Walk<__S, __M> for Digest
    where
        Self: __p::CheckedWalk<__S, __M, __Stores>,
    {
        fn check(
            &self,
            __context: &__p::FlowContext<'_, __M>,
        ) -> __p::Result<(), ::pocketflow::Error> {
            <Self as __p::CheckedWalk<__S, __M, __Stores>>::check(self, __context)
        }
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
