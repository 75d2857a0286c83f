//! Values of types that a component has made up.

use wasmtime::component::Val;
use wasmtime::component::types::{ComponentFunc, Type};

/// Parts of one answer: those of WASI have less than ten. The types are the
/// component's, which may have made one of a million parts.
const MAX_PARTS: usize = 64;

/// The value of a type that says nothing: zero, empty, none, no error. None where a
/// type has no such value.
pub(super) fn empty(ty: &Type) -> Option<Val> {
    part(ty, &mut MAX_PARTS.clone())
}

fn part(ty: &Type, left: &mut usize) -> Option<Val> {
    *left = left.checked_sub(1)?;
    let optional = |ty: Option<Type>, left: &mut usize| match ty {
        Some(ty) => part(&ty, left).map(|value| Some(Box::new(value))),
        None => Some(None),
    };
    Some(match ty {
        Type::Bool => Val::Bool(false),
        Type::S8 => Val::S8(0),
        Type::U8 => Val::U8(0),
        Type::S16 => Val::S16(0),
        Type::U16 => Val::U16(0),
        Type::S32 => Val::S32(0),
        Type::U32 => Val::U32(0),
        Type::S64 => Val::S64(0),
        Type::U64 => Val::U64(0),
        Type::Float32 => Val::Float32(0.0),
        Type::Float64 => Val::Float64(0.0),
        Type::Char => Val::Char('\0'),
        Type::String => Val::String(String::new()),
        Type::List(_) => Val::List(Vec::new()),
        Type::Option(_) => Val::Option(None),
        Type::Flags(_) => Val::Flags(Vec::new()),
        Type::Record(record) => {
            let field = |field: wasmtime::component::types::Field<'_>| {
                Some((field.name.to_owned(), part(&field.ty, left)?))
            };
            Val::Record(record.fields().map(field).collect::<Option<_>>()?)
        }
        Type::Tuple(tuple) => Val::Tuple(tuple.types().map(|ty| part(&ty, left)).collect::<Option<_>>()?),
        Type::Enum(names) => Val::Enum(names.names().next()?.to_owned()),
        Type::Variant(variant) => {
            let case = variant.cases().next()?;
            Val::Variant(case.name.to_owned(), optional(case.ty, left)?)
        }
        Type::Result(result) => Val::Result(Ok(optional(result.ok(), left)?)),
        _ => return None,
    })
}

/// How the interfaces of WASI call an error that says no, best first.
pub(super) const DENIED: &[&str] = &["access-denied", "HTTP-request-denied", "access", "not-permitted"];
/// How a stream says that nothing comes any more.
pub(super) const CLOSED: &[&str] = &["closed"];

/// The error of one of these names, for a function that may fail so.
pub(super) fn error(function: &ComponentFunc, names: &[&str]) -> Option<Val> {
    let Some(Type::Result(result)) = function.results().next() else { return None };
    let value = match result.err()? {
        Type::Enum(known) => {
            let name = names.iter().find(|name| known.names().any(|known| known == **name))?;
            Val::Enum((*name).to_owned())
        }
        Type::Variant(variant) => {
            let of = |name: &&str| variant.cases().find(|case| case.name == *name);
            let case = names.iter().find_map(of).filter(|case| case.ty.is_none())?;
            Val::Variant(case.name.to_owned(), None)
        }
        _ => return None,
    };
    Some(Val::Result(Err(Some(Box::new(value)))))
}
