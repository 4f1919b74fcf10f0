const _: () = {
    use ::pocketflow::__private as __p;
    use ::pocketflow::__private::{
        NoStoreDefault as _, NotThreadSafe as _, PlainField as _,
    };
    type __Sound = (
        __p::Sound<
            {
                __p::check_field(
                    "Cents",
                    __p::ThreadSafety::<Cents>::__SEND,
                    __p::ThreadSafety::<Cents>::__SYNC,
                    "keep it outside the store, or behind a `Mutex` or in a pool",
                )
            },
        >,
    );
    #[automatically_derived]
    impl __p::BetweenThreads for Order
    where
        __Sound: __p::Soundness,
    {}
    #[automatically_derived]
    impl ::pocketflow::Shared for Order
    where
        __Sound: __p::Soundness,
    {
        type Context<'c> = ();
        type Itself = Self;
        type Absent = ::pocketflow::NoContext;
        fn itself(__shared: &mut Self) -> (&mut Self, &'static ::pocketflow::NoContext) {
            (__shared, &::pocketflow::NoContext)
        }
        const FIELDS: &'static [::pocketflow::Field] = &[
            ::pocketflow::Field::new("total", __p::FieldKind::<u64>::__LATE),
            ::pocketflow::Field::new(
                "receipt",
                __p::FieldKind::<Option<String>>::__LATE,
            ),
            ::pocketflow::Field::new("paid", __p::FieldKind::<Cents>::__LATE),
        ];
        const STORE: &'static ::pocketflow::Store = {
            static __STORE: ::pocketflow::Store = ::pocketflow::Store::new(
                "Order",
                ::core::concat!(
                    ::core::module_path!(), "::", "Order", " at ", ::core::file!(), ":",
                    ::core::line!(), ":", ::core::column!()
                ),
                <Order as ::pocketflow::Shared>::FIELDS,
            );
            &__STORE
        };
        fn is_filled(&self, __field: __p::usize) -> __p::bool {
            match __field {
                0usize => __p::FieldKind::<u64>::__filled(&self.total),
                1usize => __p::FieldKind::<Option<String>>::__filled(&self.receipt),
                2usize => __p::FieldKind::<Cents>::__filled(&self.paid),
                _ => false,
            }
        }
        fn clear_field(&mut self, __field: __p::usize) {
            match __field {
                1usize => __p::FieldKind::<Option<String>>::__clear(&mut self.receipt),
                2usize => __p::FieldKind::<Cents>::__clear(&mut self.paid),
                _ => {}
            }
        }
        fn inner_store(__field: __p::usize) -> __p::Option<__p::InnerStore> {
            use __p::NoStoreIn as _;
            match __field {
                2usize => {
                    __p::Option::or(
                        __p::StoreIn::<Cents>::__ONE,
                        __p::StoreIn::<Cents>::__EACH,
                    )
                }
                _ => __p::Option::None,
            }
        }
        fn blank() -> __p::Option<Self> {
            __p::StoreDefault::<Order>::__default()
        }
    }
    #[automatically_derived]
    impl<__C: ?__p::Sized> __p::InContext<__C> for Order
    where
        __Sound: __p::Soundness,
    {
        fn lend(_: &__C) {}
    }
    #[automatically_derived]
    impl ::pocketflow::Reach for Order
    where
        __Sound: __p::Soundness,
    {
        type Store = Self;
        #[inline]
        fn reach(&mut self) -> __p::Option<&mut Self> {
            __p::Option::Some(self)
        }
    }
    pub struct __Parts<'p> {
        paid: __p::Option<&'p mut Cents>,
    }
    #[automatically_derived]
    impl __p::Split for Order
    where
        __Sound: __p::Soundness,
    {
        type Parts<'p> = __Parts<'p>;
        #[inline]
        fn parts(&mut self) -> Self::Parts<'_> {
            __Parts {
                paid: __p::Option::Some(&mut self.paid),
            }
        }
        #[inline]
        fn no_parts<'p>() -> Self::Parts<'p> {
            __Parts { paid: __p::Option::None }
        }
        #[inline]
        fn move_part<'p>(
            __from: &mut Self::Parts<'p>,
            __to: &mut Self::Parts<'p>,
            __field: __p::u64,
        ) {
            match __field {
                245788187594111175 => __to.paid = __p::Option::take(&mut __from.paid),
                _ => {}
            }
        }
    }
    #[automatically_derived]
    impl<__P, __M> __p::FieldOn<245788187594111175, __P, __M> for Order
    where
        __P: __p::InnerPlace,
        __M: __p::Mode,
        Cents: __p::RunOn<__P, __M>,
        __Sound: __p::Soundness,
    {
        #[inline]
        fn field<'p>(
            __parts: __p::Parts<'p, Self>,
        ) -> &'p mut (impl __p::RunOn<__P, __M> + 'p) {
            __p::part(__parts.0.paid)
        }
    }
    struct __Write2<'a>(&'a Cents);
    #[automatically_derived]
    impl<'a> ::serde::Serialize for __Write2<'a> {
        fn serialize<__S: ::serde::Serializer>(
            &self,
            __serializer: __S,
        ) -> __p::Result<__S::Ok, __S::Error> {
            cents::serialize(self.0, __serializer)
        }
    }
    struct __Read2(Cents);
    #[automatically_derived]
    impl ::serde::Serialize for __Read2 {
        fn serialize<__S: ::serde::Serializer>(
            &self,
            serializer: __S,
        ) -> __p::Result<__S::Ok, __S::Error> {
            ::serde::Serialize::serialize(&__Write2(&self.0), serializer)
        }
    }
    #[automatically_derived]
    impl<'de> ::serde::Deserialize<'de> for __Read2 {
        fn deserialize<__D: ::serde::Deserializer<'de>>(
            __deserializer: __D,
        ) -> __p::Result<Self, __D::Error> {
            __p::Result::map(cents::deserialize(__deserializer), __Read2)
        }
    }
    #[automatically_derived]
    impl<__V> ::pocketflow::Fields<__V> for Order
    where
        __Sound: __p::Soundness,
        __p::FieldIndex<0usize>: __p::ShowField<__V, u64>,
        __p::FieldIndex<1usize>: __p::ShowField<__V, Option<String>>,
        __V: for<'a> ::pocketflow::VisitWith<__Write2<'a>, __Read2>,
    {
        fn visit_field(&mut self, __index: __p::usize, __visitor: &mut __V) {
            let __field = &<Self as ::pocketflow::Shared>::STORE.fields[__index];
            match __index {
                0usize => {
                    <__p::FieldIndex<
                        0usize,
                    > as __p::ShowField<
                        __V,
                        u64,
                    >>::show(__visitor, __field, &mut self.total, __p::Option::None)
                }
                1usize => {
                    <__p::FieldIndex<
                        1usize,
                    > as __p::ShowField<
                        __V,
                        Option<String>,
                    >>::show(__visitor, __field, &mut self.receipt, __p::Option::None)
                }
                2usize => {
                    let __read = <__V as ::pocketflow::VisitWith<
                        __Write2<'_>,
                        __Read2,
                    >>::field_with(
                        __visitor,
                        __field,
                        __Write2(&self.paid),
                        __p::Option::Some(|| __Read2(
                            (<Cents as ::core::default::Default>::default)(),
                        )),
                    );
                    if let __p::Option::Some(__Read2(__value)) = __read {
                        self.paid = __value;
                    }
                }
                _ => {}
            }
        }
    }
};
