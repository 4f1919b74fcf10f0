#[derive(
    ::pocketflow::__private::Clone,
    ::pocketflow::__private::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct Payment;
///Where [`Payment`] can end.
#[derive(
    ::pocketflow::__private::Clone,
    ::pocketflow::__private::Copy,
    ::core::fmt::Debug,
    ::core::cmp::PartialEq,
    ::core::cmp::Eq,
    ::core::hash::Hash
)]
pub enum PaymentExit {
    ///At its end.
    Default,
}
const _: () = {
    use ::pocketflow::__private as __p;
    type __Node0_0 = pay;
    type __Node1_0 = ship;
    type __Mentions = ();
    fn __fields_of(__shared: &Order) {
        let _ = &__shared.card;
    }
    const __ROWS: &[&__p::Description; 2usize] = &[
        <__Node0_0 as __p::NodeOrFlow>::INFO,
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
        name: "Payment",
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
        inputs: &["card"],
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
    const _: () = (&__GRAPH).check_input(0usize, true);
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
    #[automatically_derived]
    impl __p::Describe for Payment {
        const NODE: __p::Description = __p::Description::of_flow(
            (&__SOLUTION).info("Payment", &__GRAPH),
        );
        type Reads<'a> = ();
    }
    #[automatically_derived]
    impl ::pocketflow::Flow for Payment {
        type Exit = PaymentExit;
        const GRAPH: &'static ::pocketflow::Graph = &__GRAPH;
        type EdgeCounts = [__p::u32; 0usize];
        const NO_COUNTS: Self::EdgeCounts = [0; 0usize];
        #[inline]
        fn exit(__exit: __p::usize) -> Self::Exit {
            match __exit {
                0 => PaymentExit::Default,
                _ => __p::unreachable!(),
            }
        }
    }
    const __STORE: &::pocketflow::Store = <Order as ::pocketflow::Shared>::STORE;
    type __Stores = __p::Sound<
        {
            (&__GRAPH).check_own_store(0usize, __STORE);
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
    impl<__S, __M> __p::CheckedWalk<__S, __M, __p::Sound<0>> for Payment
    where
        __S: ::pocketflow::Shared,
        __M: __p::StepMode<__S>,
        __Node0_0: __p::FlowStep<__S, __M>,
        __Node1_0: __p::FlowStep<__S, __M>,
    {
        fn walk(
            &self,
            mut __cursor: __p::Cursor<'_, __M, <Self as ::pocketflow::Flow>::EdgeCounts>,
            __shared: &mut __S,
        ) -> impl __p::StepFuture {
            async move {
                __p::Cursor::check_inputs(&__cursor, &__GRAPH, &*__shared)?;
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
    impl<__S, __M: __p::Mode> __p::Walk<__S, __M> for Payment
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
    impl Payment {
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
            __shared: &mut <Order as ::pocketflow::Shared>::Itself,
        ) -> impl __p::Future<
            Output = __p::Result<PaymentExit, ::pocketflow::Error>,
        > + __p::Send
        where
            __Stores: __p::Soundness,
        {
            __p::run_direct::<Self, Order>(self, __shared)
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
    impl<__S, __K: __p::StepKind> __p::FlowStep<__S, __K> for Payment
    where
        __p::FlowRunner: __p::Runner<__S, __K, Payment>,
    {
        fn runner() -> impl __p::Runner<__S, __K, Self> {
            __p::FlowRunner
        }
    }
};
