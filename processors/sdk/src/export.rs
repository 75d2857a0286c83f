//! The macros that make a component of a type. They make nothing where the target
//! is not WebAssembly, so that a component's crate tests natively.

#[doc(hidden)]
pub mod __private {
    //! What the macros' expansions need.

    pub use crate::bindings;
    pub use crate::bindings::describer::exports::skidway::processor::describer::Fact as WitFact;
    pub use crate::bindings::describer::exports::skidway::processor::describer::Guest as DescriberGuest;
    pub use crate::bindings::enricher::exports::skidway::processor::enricher::Guest as EnricherGuest;
    pub use crate::bindings::enricher::exports::skidway::processor::enricher::Patch;
    pub use crate::bindings::lifecycle::exports::skidway::processor::lifecycle::Guest as LifecycleGuest;
    pub use crate::bindings::lifecycle::skidway::processor::types::{Attribute, Records};
    pub use crate::bindings::parser::exports::skidway::processor::parser::{Context, Guest as ParserGuest};

    use std::cell::OnceCell;
    use std::thread::LocalKey;

    /// The one configured value of an instance.
    pub type Slot<T> = OnceCell<T>;

    /// Fills the slot; it is filled once.
    pub fn configure<T>(
        slot: &'static LocalKey<Slot<T>>,
        make: impl FnOnce() -> Result<T, String>,
    ) -> Result<(), String> {
        let value = make()?;
        slot.with(|slot| slot.set(value).map_err(|_| "it was configured already".to_owned()))
    }

    /// Uses the configured value.
    pub fn with<T, R>(
        slot: &'static LocalKey<Slot<T>>,
        act: impl FnOnce(&T) -> Result<R, String>,
    ) -> Result<R, String> {
        slot.with(|slot| act(slot.get().ok_or("it was called before it was configured")?))
    }
}

/// Makes a parser component of a type that is a [`Parser`](crate::Parser).
#[macro_export]
macro_rules! export_parser {
    ($parser:ty) => {
        $crate::__export_parser!($parser, $crate::Parser, |_it| false, |it, text, context| Ok(
            $crate::parse(it, text, context)
        ));
    };
}

/// Makes a parser component of a type that is a [`ChunkParser`](crate::ChunkParser).
#[macro_export]
macro_rules! export_chunk_parser {
    ($parser:ty) => {
        $crate::__export_parser!(
            $parser,
            $crate::ChunkParser,
            |it| $crate::ChunkParser::owns_file_attributes(it),
            |it, text, context| $crate::ChunkParser::parse(it, text, context)
        );
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __export_parser {
    ($parser:ty, $kind:path, |$owner:ident| $owns:expr, |$it:ident, $text:ident, $context:ident| $parse:expr) => {
        $crate::__export_component!($parser, $kind);

        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, unreachable_pub, missing_docs)]
        const _: () = {
            use $crate::__private::{self as sdk, bindings};

            impl sdk::ParserGuest for __SkidwayComponent {
                fn owns_file_attributes() -> bool {
                    let owns = sdk::with(&__SKIDWAY_INSTANCE, |$owner: &$parser| Ok($owns));
                    owns.unwrap_or(false)
                }

                fn parse(text: Vec<u8>, context: sdk::Context) -> Result<$crate::Parsed, String> {
                    let context: $crate::Context = context.into();
                    let ($text, $context) = (text.as_slice(), &context);
                    sdk::with(&__SKIDWAY_INSTANCE, |$it: &$parser| $parse)
                }
            }
    bindings::parser::export_parser_part!(__SkidwayComponent with_types_in bindings::parser);
        };
    };
}

/// Makes an enricher component of a type that is an [`Enricher`](crate::Enricher).
#[macro_export]
macro_rules! export_enricher {
    ($enricher:ty) => {
        $crate::__export_component!($enricher, $crate::Enricher);

        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, unreachable_pub, missing_docs)]
        const _: () = {
            use $crate::__private::{self as sdk, bindings};

            impl sdk::EnricherGuest for __SkidwayComponent {
                fn enrich(text: Vec<u8>, records: sdk::Records) -> Result<sdk::Patch, String> {
                    sdk::with(&__SKIDWAY_INSTANCE, |it| $crate::enrich(it, &text, &records))
                }
            }
    bindings::enricher::export_enricher_part!(__SkidwayComponent with_types_in bindings::enricher);
        };
    };
}

/// Makes a describer component of a type that is a [`Describer`](crate::Describer).
#[macro_export]
macro_rules! export_describer {
    ($describer:ty) => {
        $crate::__export_component!($describer, $crate::Describer);

        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, unreachable_pub, missing_docs)]
        const _: () = {
            use $crate::__private::{self as sdk, bindings};

            impl sdk::DescriberGuest for __SkidwayComponent {
                fn describe(facts: Vec<sdk::WitFact>) -> Result<Vec<sdk::Attribute>, String> {
                    sdk::with(&__SKIDWAY_INSTANCE, |it| $crate::Describer::describe(it, &facts))
                }
            }
    bindings::describer::export_describer_part!(__SkidwayComponent with_types_in bindings::describer);
        };
    };
}

/// `lifecycle`, which all components export, and the place of the instance.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_component {
    ($component:ty, $kind:path) => {
        #[cfg(target_arch = "wasm32")]
        struct __SkidwayComponent;

        #[cfg(target_arch = "wasm32")]
        ::std::thread_local! {
            static __SKIDWAY_INSTANCE: $crate::__private::Slot<$component> =
                const { $crate::__private::Slot::new() };
        }

        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, unreachable_pub, missing_docs)]
        const _: () = {
            use $crate::__private::{self as sdk, bindings};

            impl sdk::LifecycleGuest for __SkidwayComponent {
                fn configure(json: String) -> Result<(), String> {
                    sdk::configure(&__SKIDWAY_INSTANCE, || <$component as $kind>::configure(&json))
                }
            }
    bindings::lifecycle::export_lifecycle_part!(__SkidwayComponent with_types_in bindings::lifecycle);
        };
    };
}
