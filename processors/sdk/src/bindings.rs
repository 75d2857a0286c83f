//! What wit-bindgen makes of `wit/v0.1.0`.
//!
//! One world per exported interface, because each makes a macro whose name must be
//! there once in this crate. A component exports `lifecycle` and one of the others:
//! the worlds of both are united when it is made, which gives `parser-component`,
//! `enricher-component` or `describer-component` again.
#![allow(missing_docs, unsafe_code, unreachable_pub, clippy::all, reason = "generated")]

/// Exports `lifecycle`, imports `host` and the shared types.
pub mod lifecycle {
    wit_bindgen::generate!({
        path: "../../wit/v0.1.0",
        inline: "
            package skidway:sdk;
            world lifecycle-part {
                import skidway:processor/types@0.1.0;
                import skidway:processor/host@0.1.0;
                export skidway:processor/lifecycle@0.1.0;
            }",
        pub_export_macro: true,
        export_macro_name: "export_lifecycle_part",
        default_bindings_module: "skidway_sdk::bindings::lifecycle",
        generate_all,
        generate_unused_types: true,
    });
}

/// Exports `parser`.
pub mod parser {
    wit_bindgen::generate!({
        path: "../../wit/v0.1.0",
        inline: "
            package skidway:sdk;
            world parser-part { export skidway:processor/parser@0.1.0; }",
        pub_export_macro: true,
        export_macro_name: "export_parser_part",
        default_bindings_module: "skidway_sdk::bindings::parser",
        with: { "skidway:processor/types@0.1.0": crate::bindings::lifecycle::skidway::processor::types },
    });
}

/// Exports `enricher`.
pub mod enricher {
    wit_bindgen::generate!({
        path: "../../wit/v0.1.0",
        inline: "
            package skidway:sdk;
            world enricher-part { export skidway:processor/enricher@0.1.0; }",
        pub_export_macro: true,
        export_macro_name: "export_enricher_part",
        default_bindings_module: "skidway_sdk::bindings::enricher",
        with: { "skidway:processor/types@0.1.0": crate::bindings::lifecycle::skidway::processor::types },
    });
}

/// Exports `describer`.
pub mod describer {
    wit_bindgen::generate!({
        path: "../../wit/v0.1.0",
        inline: "
            package skidway:sdk;
            world describer-part { export skidway:processor/describer@0.1.0; }",
        pub_export_macro: true,
        export_macro_name: "export_describer_part",
        default_bindings_module: "skidway_sdk::bindings::describer",
        with: { "skidway:processor/types@0.1.0": crate::bindings::lifecycle::skidway::processor::types },
    });
}
