const _: () = {
    pub struct Services;
    #[automatically_derived]
    impl ::pocketflow::__private::NameContext for Research {
        type Name = Services;
    }
};
const _: () = {
    use ::pocketflow::__private as __p;
    use ::pocketflow::__private::{
        NoStoreDefault as _, NotThreadSafe as _, PlainField as _,
    };
    type __Sound = (
        __p::Sound<
            {
                __p::check_context(
                    "Services",
                    __p::ThreadSafety::<Services>::__SEND,
                    __p::ThreadSafety::<Services>::__SYNC,
                )
            },
        >,
    );
    #[automatically_derived]
    impl __p::BetweenThreads for Research
    where
        __Sound: __p::Soundness,
    {}
    #[automatically_derived]
    impl ::pocketflow::Shared for Research
    where
        __Sound: __p::Soundness,
    {
        type Context<'c> = __Context<'c>;
        type Itself = dyn __p::Alone<Research, <Research as __p::NameContext>::Name>;
        type Absent = __p::Never<Research>;
        fn itself(__no_store: &mut Self::Itself) -> (&mut Self, &'static Self::Absent) {
            match __p::Alone::never(__no_store) {}
        }
        fn any_context<'c>(
            __context: <Self as ::pocketflow::Shared>::Context<'c>,
        ) -> __p::Option<&'c dyn __p::Any> {
            __p::Option::Some(__context.0)
        }
        const FIELDS: &'static [::pocketflow::Field] = &[
            ::pocketflow::Field::new("question", __p::FieldKind::<String>::__LATE),
            ::pocketflow::Field::new("answer", __p::FieldKind::<Option<String>>::__LATE),
        ];
        const STORE: &'static ::pocketflow::Store = {
            static __STORE: ::pocketflow::Store = ::pocketflow::Store::new(
                    "Research",
                    ::core::concat!(
                        ::core::module_path!(), "::", "Research", " at ",
                        ::core::file!(), ":", ::core::line!(), ":", ::core::column!()
                    ),
                    <Research as ::pocketflow::Shared>::FIELDS,
                )
                .with_context("Services");
            &__STORE
        };
        fn is_filled(&self, __field: __p::usize) -> __p::bool {
            match __field {
                0usize => __p::FieldKind::<String>::__filled(&self.question),
                1usize => __p::FieldKind::<Option<String>>::__filled(&self.answer),
                _ => false,
            }
        }
        fn clear_field(&mut self, __field: __p::usize) {
            match __field {
                1usize => __p::FieldKind::<Option<String>>::__clear(&mut self.answer),
                _ => {}
            }
        }
        fn blank() -> __p::Option<Self> {
            __p::StoreDefault::<Research>::__default()
        }
    }
    pub struct __Context<'c>(&'c Services);
    #[automatically_derived]
    impl __p::Copy for __Context<'_> {}
    #[automatically_derived]
    impl __p::Clone for __Context<'_> {
        fn clone(&self) -> Self {
            *self
        }
    }
    #[automatically_derived]
    impl __p::IsContext<Research, Services> for Services {
        fn get(&self) -> &Self {
            self
        }
    }
    #[automatically_derived]
    impl<__C> __p::InContext<__C> for Research
    where
        __C: __p::IsContext<Research, Services> + ?__p::Sized,
        __Sound: __p::Soundness,
    {
        fn lend(__context: &__C) -> <Self as ::pocketflow::Shared>::Context<'_> {
            __Context(__p::IsContext::get(__context))
        }
    }
    #[automatically_derived]
    impl<__S> __p::SharesContext<__S, Services> for Research {}
    #[automatically_derived]
    impl __p::ContextOf<Services> for Research
    where
        __Sound: __p::Soundness,
    {
        fn open<'c>(
            __context: <Self as ::pocketflow::Shared>::Context<'c>,
        ) -> &'c Services {
            __context.0
        }
    }
    #[automatically_derived]
    impl ::pocketflow::Reach for Research
    where
        __Sound: __p::Soundness,
    {
        type Store = Self;
        #[inline]
        fn reach(&mut self) -> __p::Option<&mut Self> {
            __p::Option::Some(self)
        }
    }
    #[automatically_derived]
    impl<__V> ::pocketflow::Fields<__V> for Research
    where
        __Sound: __p::Soundness,
        __p::FieldIndex<0usize>: __p::ShowField<__V, String>,
        __p::FieldIndex<1usize>: __p::ShowField<__V, Option<String>>,
    {
        fn visit_field(&mut self, __index: __p::usize, __visitor: &mut __V) {
            let __field = &<Self as ::pocketflow::Shared>::STORE.fields[__index];
            match __index {
                0usize => {
                    <__p::FieldIndex<
                        0usize,
                    > as __p::ShowField<
                        __V,
                        String,
                    >>::show(__visitor, __field, &mut self.question, __p::Option::None)
                }
                1usize => {
                    <__p::FieldIndex<
                        1usize,
                    > as __p::ShowField<
                        __V,
                        Option<String>,
                    >>::show(__visitor, __field, &mut self.answer, __p::Option::None)
                }
                _ => {}
            }
        }
    }
};
///The node of the function [`answer`](fn@answer): `async fn answer(question: &str, llm: &dyn Llm) -> Result<String, LlmError>`
struct answer {}
const _: () = {
    use ::pocketflow::__private as __p;
    use ::pocketflow::__private::methods::*;
    enum __Marker {}
    type __Sound = (
        __p::Sound<
            { __p::check_has_context(<Research as ::pocketflow::Shared>::STORE) },
        >,
    );
    const _: () = __p::check_policy(
        &<answer as ::pocketflow::Node<Research, __Marker>>::POLICY,
        "wait",
    );
    fn __policy(
        __context: <Research as ::pocketflow::Shared>::Context<'_>,
    ) -> ::pocketflow::Policy
    where
        __Sound: __p::Soundness,
    {
        let __context = <Research as __p::ContextOf<_>>::open(__context);
        ::pocketflow::Policy {
            attempts: __context.tries,
            ..<answer as ::pocketflow::Node<Research, __Marker>>::POLICY
        }
    }
    #[automatically_derived]
    impl __p::Describe for answer
    where
        __Sound: __p::Soundness,
    {
        const NODE: __p::Description = {
            let _: __Sound;
            __p::Description {
                name: "answer",
                store: <Research as ::pocketflow::Shared>::STORE,
                actions: &[::pocketflow::ActionInfo::DEFAULT],
                reads: &["question"],
                writes: &["answer"],
                check: __p::Option::Some(|__context| __p::check_in_context::<
                    Research,
                    _,
                >(__policy, __context)),
                fails: true,
                ..__p::Description::UNKNOWN
            }
        };
        type Reads<'a> = __Reads<'a>;
    }
    pub struct __Reads<'a> {
        ///The field `question`.
        question: &'a str,
        ///The field `llm` of the context.
        llm: &'a dyn Llm,
    }
    #[automatically_derived]
    impl ::pocketflow::Node<Research, __Marker> for answer
    where
        __Sound: __p::Soundness,
    {
        const POLICY: ::pocketflow::Policy = ::pocketflow::Policy {
            wait: WAIT,
            ..::pocketflow::Policy::ONCE
        };
        const CONFIGURED: __p::bool = true;
        fn policy(
            &self,
            __context: <Research as ::pocketflow::Shared>::Context<'_>,
        ) -> ::pocketflow::Policy {
            __policy(__context)
        }
        type Prep<'a> = ();
        type Item<'a> = ();
        type Exec = <Result<String, LlmError> as __p::Fallible>::Value;
        type Done = <Self as ::pocketflow::Node<Research, __Marker>>::Exec;
        type Kept = ();
        #[inline]
        fn reads<'a>(
            __shared: &'a Research,
            __context: <Research as ::pocketflow::Shared>::Context<'a>,
        ) -> __p::Result<<Self as __p::Describe>::Reads<'a>, ::pocketflow::Failure> {
            let __context = <Research as __p::ContextOf<_>>::open(__context);
            let __field_question = (&__shared.question).__read();
            let __field_question: &'a str = match __field_question {
                __p::Option::Some(__value) => __value,
                __p::Option::None => {
                    return __p::Result::Err(
                        ::pocketflow::Failure::empty(
                            <Research as ::pocketflow::Shared>::STORE,
                            "question",
                        ),
                    );
                }
            };
            let __field_llm = &__context.llm;
            let __field_llm: &'a dyn Llm = __field_llm.__borrow();
            __p::Result::Ok(__Reads {
                question: __field_question,
                llm: __field_llm,
            })
        }
        #[inline]
        fn exec(
            &self,
            __reads: <Self as __p::Describe>::Reads<'_>,
            __prep: &<Self as ::pocketflow::Node<Research, __Marker>>::Prep<'_>,
            __item: <Self as ::pocketflow::Node<Research, __Marker>>::Item<'_>,
            __attempt: ::pocketflow::Attempt<'_>,
        ) -> impl ::pocketflow::__private::Future<
            Output = ::pocketflow::__private::Result<
                <Self as ::pocketflow::Node<Research, __Marker>>::Exec,
                ::pocketflow::Failure,
            >,
        > + ::pocketflow::__private::Send {
            __p::outcome(
                answer(__reads.question, __reads.llm),
                |__output| match __output {
                    __p::Result::Ok(__value) => __p::Result::Ok(__value),
                    __p::Result::Err(__error) => {
                        __p::Result::Err({
                            let __retry = true;
                            let __raised = __error;
                            let __kind = __p::ReturnedError(&__raised).__kind();
                            __p::IntoFailure::into_failure(__raised, __kind, __retry)
                        })
                    }
                },
            )
        }
        #[inline]
        fn post(
            &self,
            __shared: &mut Research,
            __context: <Research as ::pocketflow::Shared>::Context<'_>,
            _: <Self as ::pocketflow::Node<Research, __Marker>>::Kept,
            __exec: <Self as ::pocketflow::Node<Research, __Marker>>::Done,
        ) -> __p::Result<__p::usize, ::pocketflow::EmptyField> {
            __p::FieldSlot(&mut __shared.answer).__write(|| __exec);
            __p::Result::Ok(0)
        }
    }
    #[automatically_derived]
    impl<__P> __p::NodeParameters for answer
    where
        (Research, __Marker): __p::Itself<Type = __P>,
    {
        type Pair = __P;
    }
    #[automatically_derived]
    impl<__K: __p::StepKind> __p::FlowStep<Research, __K> for answer
    where
        __Sound: __p::Soundness,
        __p::RecoveringRunner<__Marker>: __p::Runner<Research, __K, answer>,
    {
        fn runner() -> impl __p::Runner<Research, __K, Self> {
            __p::RecoveringRunner::<__Marker>::RUNNER
        }
    }
};
async fn answer(question: &str, llm: &dyn Llm) -> Result<String, LlmError> {
    llm.ask(question).await
}
