//! A parser and enricher that does harm on request, to test that the sandbox holds.
//!
//! Its `config` is `{"do": MISDEED}`. Without one, and for every text in which the
//! word `poison` does not occur, it is a plain parser: one record a line, attribute
//! `message`. So the host can find the line that did it.

mod enriching;
mod misdeed;

pub use enriching::enrich;
pub use misdeed::{Hostile, Misdeed, parse};

#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "what wit-bindgen's export macros make")]
mod component {
    use crate::misdeed::{self, Hostile};
    use skidway_sdk::Records;
    use skidway_sdk::bindings::enricher::exports::skidway::processor::enricher;
    use skidway_sdk::bindings::lifecycle::exports::skidway::processor::lifecycle;
    use skidway_sdk::bindings::parser::exports::skidway::processor::parser;
    use skidway_sdk::bindings::{self};
    use std::cell::OnceCell;

    thread_local! {
        static HOSTILE: OnceCell<Hostile> = const { OnceCell::new() };
    }

    struct Component;

    impl lifecycle::Guest for Component {
        fn configure(json: String) -> Result<(), String> {
            let hostile = Hostile::configure(&json)?;
            HOSTILE.with(|slot| slot.set(hostile).map_err(|_| "it was configured already".to_owned()))
        }
    }

    impl parser::Guest for Component {
        fn owns_file_attributes() -> bool {
            false
        }

        fn parse(text: Vec<u8>, context: parser::Context) -> Result<parser::Parsed, String> {
            HOSTILE.with(|slot| {
                let hostile = slot.get().ok_or("it was called before it was configured")?;
                misdeed::parse(hostile, &text, context.into())
            })
        }
    }

    impl enricher::Guest for Component {
        fn enrich(text: Vec<u8>, records: Records) -> Result<enricher::Patch, String> {
            HOSTILE.with(|slot| {
                let hostile = slot.get().ok_or("it was called before it was configured")?;
                crate::enriching::enrich(hostile, &text, &records)
            })
        }
    }

    bindings::lifecycle::export_lifecycle_part!(Component with_types_in bindings::lifecycle);
    bindings::enricher::export_enricher_part!(Component with_types_in bindings::enricher);
    bindings::parser::export_parser_part!(Component with_types_in bindings::parser);
}
