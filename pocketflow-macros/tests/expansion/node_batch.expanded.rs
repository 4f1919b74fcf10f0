///The node of the function [`write_section`](fn@write_section): `async fn write_section(title: &str, style: &str) -> Result<Section>`
struct write_section {}
const _: () = {
    use ::pocketflow::__private as __p;
    use ::pocketflow::__private::methods::*;
    enum __Marker {}
    #[automatically_derived]
    impl __p::Describe for write_section {
        const NODE: __p::Description = {
            __p::Description {
                name: "write_section",
                store: <Article as ::pocketflow::Shared>::STORE,
                actions: &[::pocketflow::ActionInfo::DEFAULT],
                reads: &["style", "titles"],
                writes: &["sections"],
                fails: true,
                ..__p::Description::UNKNOWN
            }
        };
        type Reads<'a> = __Reads<'a>;
    }
    pub struct __Prep<'a> {
        __items: __p::Vec<&'a str>,
        __store: __p::PhantomData<&'a ()>,
    }
    #[automatically_derived]
    impl __p::OrNothing for __Prep<'_> {}
    pub struct __Reads<'a> {
        ///The field `style`.
        style: &'a str,
    }
    type __OnStore = __p::Sound<
        {
            let _ = <Article as ::pocketflow::Shared>::STORE;
            0
        },
    >;
    #[automatically_derived]
    impl __p::Batch<Article, __Marker> for write_section
    where
        __OnStore: __p::Soundness,
    {
        fn items<'p>(
            __prep: &'p <Self as ::pocketflow::Node<Article, __Marker>>::Prep<'_>,
        ) -> impl __p::Iterator<
            Item = <Self as ::pocketflow::Node<Article, __Marker>>::Item<'p>,
        > + __p::Send {
            __p::Iterator::copied(__p::IntoIterator::into_iter(&__prep.__items))
        }
        fn run<__M>(
            __execution: __p::Execution<'_, '_, Article, __Marker, Self, __M>,
        ) -> impl __p::StepFuture<<Self as ::pocketflow::Node<Article, __Marker>>::Done>
        where
            __M: __p::ItemMode<Article, __Marker, Self>,
        {
            __p::in_parallel(__execution, 4usize)
        }
    }
    #[automatically_derived]
    impl ::pocketflow::Node<Article, __Marker> for write_section {
        const POLICY: ::pocketflow::Policy = ::pocketflow::Policy {
            parallel: 4usize,
            ..::pocketflow::Policy::ONCE
        };
        type Prep<'a> = __Prep<'a>;
        type Item<'a> = &'a str;
        type Exec = <Result<Section> as __p::Fallible>::Value;
        type Done = __p::Vec<<Self as ::pocketflow::Node<Article, __Marker>>::Exec>;
        type Kept = ();
        #[inline]
        fn prep<'a>(
            &'a self,
            __shared: &'a Article,
            __context: <Article as ::pocketflow::Shared>::Context<'a>,
        ) -> __p::Result<
            <Self as ::pocketflow::Node<Article, __Marker>>::Prep<'a>,
            ::pocketflow::Failure,
        > {
            <Self as ::pocketflow::Node<Article, __Marker>>::reads(__shared, __context)?;
            let __items = {
                let __field_titles = (&__shared.titles).__read();
                let __from = match __field_titles {
                    __p::Option::Some(__from) => __from,
                    __p::Option::None => {
                        return __p::Result::Err(
                            ::pocketflow::Failure::empty(
                                <Article as ::pocketflow::Shared>::STORE,
                                "titles",
                            ),
                        );
                    }
                };
                let mut __items: __p::Vec<&'a str> = __p::Vec::new();
                for __item in __from {
                    let __item: &'a str = __item;
                    __p::Vec::push(&mut __items, __item);
                }
                __items
            };
            __p::Result::Ok(__Prep {
                __items,
                __store: __p::PhantomData,
            })
        }
        #[inline]
        fn reads<'a>(
            __shared: &'a Article,
            __context: <Article as ::pocketflow::Shared>::Context<'a>,
        ) -> __p::Result<<Self as __p::Describe>::Reads<'a>, ::pocketflow::Failure> {
            let __field_style = (&__shared.style).__read();
            let __field_style: &'a str = match __field_style {
                __p::Option::Some(__value) => __value,
                __p::Option::None => {
                    return __p::Result::Err(
                        ::pocketflow::Failure::empty(
                            <Article as ::pocketflow::Shared>::STORE,
                            "style",
                        ),
                    );
                }
            };
            __p::Result::Ok(__Reads { style: __field_style })
        }
        #[inline]
        fn exec(
            &self,
            __reads: <Self as __p::Describe>::Reads<'_>,
            __prep: &<Self as ::pocketflow::Node<Article, __Marker>>::Prep<'_>,
            __item: <Self as ::pocketflow::Node<Article, __Marker>>::Item<'_>,
            __attempt: ::pocketflow::Attempt<'_>,
        ) -> impl ::pocketflow::__private::Future<
            Output = ::pocketflow::__private::Result<
                <Self as ::pocketflow::Node<Article, __Marker>>::Exec,
                ::pocketflow::Failure,
            >,
        > + ::pocketflow::__private::Send {
            __p::outcome(
                write_section(__item, __reads.style),
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
            __shared: &mut Article,
            __context: <Article as ::pocketflow::Shared>::Context<'_>,
            _: <Self as ::pocketflow::Node<Article, __Marker>>::Kept,
            __exec: <Self as ::pocketflow::Node<Article, __Marker>>::Done,
        ) -> __p::Result<__p::usize, ::pocketflow::EmptyField> {
            __p::FieldSlot(&mut __shared.sections).__write(|| __exec);
            __p::Result::Ok(0)
        }
    }
    #[automatically_derived]
    impl<__P> __p::NodeParameters for write_section
    where
        (Article, __Marker): __p::Itself<Type = __P>,
    {
        type Pair = __P;
    }
    #[automatically_derived]
    impl<__K: __p::StepKind> __p::FlowStep<Article, __K> for write_section
    where
        __p::BatchRunner<__Marker>: __p::Runner<Article, __K, write_section>,
    {
        fn runner() -> impl __p::Runner<Article, __K, Self> {
            __p::BatchRunner::<__Marker>::RUNNER
        }
    }
};
async fn write_section(title: &str, style: &str) -> Result<Section> {
    ask(title, style).await
}
