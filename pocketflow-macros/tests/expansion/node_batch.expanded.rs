///The node of the function [`write_section`](fn@write_section): `async fn write_section(title: &str, style: &str) -> Result<Section>`
struct write_section {}
const _: () = {
    use ::pocketflow::__private::methods::*;
    enum __Marker {}
    impl ::pocketflow::__private::Describe for write_section {
        const NODE: ::pocketflow::__private::Description = {
            ::pocketflow::__private::Description {
                name: "write_section",
                store: <Article as ::pocketflow::Shared>::STORE,
                actions: &[::pocketflow::ActionInfo::DEFAULT],
                reads: &["style", "titles"],
                writes: &["sections"],
                ..::pocketflow::__private::Description::UNKNOWN
            }
        };
        type Reads<'a> = __Reads<'a>;
    }
    pub struct __Prep<'a> {
        __items: ::pocketflow::__private::Vec<&'a str>,
        __store: ::pocketflow::__private::PhantomData<&'a ()>,
    }
    impl ::pocketflow::__private::OrNothing for __Prep<'_> {}
    pub struct __Reads<'a> {
        ///The field `style`.
        style: &'a str,
    }
    type __OnStore = ::pocketflow::__private::Sound<
        {
            let _ = <Article as ::pocketflow::Shared>::STORE;
            0
        },
    >;
    impl ::pocketflow::__private::Batch<Article, __Marker> for write_section
    where
        __OnStore: ::pocketflow::__private::Soundness,
    {
        fn items<'p>(
            __prep: &'p <Self as ::pocketflow::Node<Article, __Marker>>::Prep<'_>,
        ) -> impl ::pocketflow::__private::Iterator<
            Item = <Self as ::pocketflow::Node<Article, __Marker>>::Item<'p>,
        > + ::pocketflow::__private::Send {
            ::pocketflow::__private::Iterator::copied(
                ::pocketflow::__private::IntoIterator::into_iter(&__prep.__items),
            )
        }
        fn run<__M>(
            __execution: ::pocketflow::__private::Execution<
                '_,
                '_,
                Article,
                __Marker,
                Self,
                __M,
            >,
        ) -> impl ::pocketflow::__private::Future<
            Output = ::pocketflow::__private::Result<
                <Self as ::pocketflow::Node<Article, __Marker>>::Done,
                ::pocketflow::Error,
            >,
        > + ::pocketflow::__private::Send
        where
            __M: ::pocketflow::__private::ItemMode<Article, __Marker, Self>,
        {
            ::pocketflow::__private::in_parallel(__execution, 4usize)
        }
    }
    impl ::pocketflow::Node<Article, __Marker> for write_section {
        type Prep<'a> = __Prep<'a>;
        type Item<'a> = &'a str;
        type Exec = <Result<Section> as ::pocketflow::__private::Fallible>::Value;
        type Done = ::pocketflow::__private::Vec<
            <Self as ::pocketflow::Node<Article, __Marker>>::Exec,
        >;
        type Kept = ();
        #[inline]
        fn prep<'a>(
            &'a self,
            __shared: &'a Article,
        ) -> ::pocketflow::__private::Result<
            <Self as ::pocketflow::Node<Article, __Marker>>::Prep<'a>,
            ::pocketflow::Failure,
        > {
            <Self as ::pocketflow::Node<Article, __Marker>>::reads(__shared)?;
            let __items = {
                let __field_titles = (&__shared.titles).__read();
                let __from = match __field_titles {
                    ::pocketflow::__private::Option::Some(__from) => __from,
                    ::pocketflow::__private::Option::None => {
                        return ::pocketflow::__private::Result::Err(
                            ::pocketflow::Failure::empty(
                                <Article as ::pocketflow::Shared>::STORE,
                                "titles",
                            ),
                        );
                    }
                };
                let mut __items: ::pocketflow::__private::Vec<&'a str> = ::pocketflow::__private::Vec::new();
                for __item in __from {
                    let __item: &'a str = __item;
                    ::pocketflow::__private::Vec::push(&mut __items, __item);
                }
                __items
            };
            ::pocketflow::__private::Result::Ok(__Prep {
                __items,
                __store: ::pocketflow::__private::PhantomData,
            })
        }
        #[inline]
        fn reads<'a>(
            __shared: &'a Article,
        ) -> ::pocketflow::__private::Result<
            <Self as ::pocketflow::__private::Describe>::Reads<'a>,
            ::pocketflow::Failure,
        > {
            let __field_style = (&__shared.style).__read();
            let __field_style: &'a str = match __field_style {
                ::pocketflow::__private::Option::Some(__value) => __value,
                ::pocketflow::__private::Option::None => {
                    return ::pocketflow::__private::Result::Err(
                        ::pocketflow::Failure::empty(
                            <Article as ::pocketflow::Shared>::STORE,
                            "style",
                        ),
                    );
                }
            };
            ::pocketflow::__private::Result::Ok(__Reads { style: __field_style })
        }
        #[inline]
        fn exec(
            &self,
            __reads: <Self as ::pocketflow::__private::Describe>::Reads<'_>,
            __prep: &<Self as ::pocketflow::Node<Article, __Marker>>::Prep<'_>,
            __item: <Self as ::pocketflow::Node<Article, __Marker>>::Item<'_>,
            __attempt: ::pocketflow::Attempt<'_>,
        ) -> impl ::pocketflow::__private::Future<
            Output = ::pocketflow::__private::Result<
                <Self as ::pocketflow::Node<Article, __Marker>>::Exec,
                ::pocketflow::Failure,
            >,
        > + ::pocketflow::__private::Send {
            ::pocketflow::__private::outcome(
                write_section(__item, __reads.style),
                |__output| match __output {
                    ::pocketflow::__private::Result::Ok(__value) => {
                        ::pocketflow::__private::Result::Ok(__value)
                    }
                    ::pocketflow::__private::Result::Err(__error) => {
                        ::pocketflow::__private::Result::Err({
                            let __retry = true;
                            let (__raised, __kind) = ::pocketflow::__private::Raised(
                                    __error,
                                )
                                .__kind();
                            ::pocketflow::__private::IntoFailure::into_failure(
                                __raised,
                                __kind,
                                __retry,
                            )
                        })
                    }
                },
            )
        }
        #[inline]
        fn post(
            &self,
            __shared: &mut Article,
            _: <Self as ::pocketflow::Node<Article, __Marker>>::Kept,
            __exec: <Self as ::pocketflow::Node<Article, __Marker>>::Done,
        ) -> ::pocketflow::__private::Result<
            ::pocketflow::__private::usize,
            ::pocketflow::EmptyField,
        > {
            ::pocketflow::__private::FieldSlot(&mut __shared.sections)
                .__write(|| __exec);
            ::pocketflow::__private::Result::Ok(0)
        }
    }
    impl<
        __K: ::pocketflow::__private::StepKind,
    > ::pocketflow::__private::FlowStep<Article, __K> for write_section
    where
        ::pocketflow::__private::BatchRunner<
            __Marker,
        >: ::pocketflow::__private::Runner<Article, __K, write_section>,
    {
        fn runner() -> impl ::pocketflow::__private::Runner<Article, __K, Self> {
            ::pocketflow::__private::BatchRunner::<__Marker>::RUNNER
        }
    }
};
async fn write_section(title: &str, style: &str) -> Result<Section> {
    ask(title, style).await
}
