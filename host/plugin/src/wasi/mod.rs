//! An empty world for components that import WASI.
//!
//! Tool chains for JavaScript, Python or C++ make components that import WASI
//! whether their author wants anything of it or not. Here they find a world in which
//! there is nothing: no file, no network, no environment, no arguments; standard input
//! has ended; what is written to standard output and error goes line by line to the
//! component's log; clocks and random numbers depend on nothing but how often they
//! were asked, so that a component stays a function; waiting is over at once; to exit
//! is to trap.
//!
//! The functions are defined by their names, for whatever release of WASI 0.2 a
//! component imports, and only those that it imports. Their types are the component's
//! own claim: an answer that does not fit is a trap, and so is a call of a function
//! that is not known here. What a call can make the host allocate is bounded in
//! [`state`] and by the fuel of the store, which bounds what is read of a guest.

mod answer;
mod state;
mod values;

use wasmtime::component::types::{ComponentFunc, ComponentItem, Type};
use wasmtime::component::{Component, Linker, ResourceType};
use wasmtime::error::bail;

use crate::inspect::WASI;
use crate::store::Guest;

use answer::Answer;
pub(crate) use state::State;

/// A function that a component may not call, or not like that: the trap's reason.
#[derive(Debug, thiserror::Error)]
#[error("it called {function}{why}")]
pub(crate) struct Refused {
    function: String,
    why: String,
}

/// All of WASI has some hundreds.
const MAX_FUNCTIONS: usize = 5000;

/// Defines in `linker` what `component` imports of WASI. What is no function or
/// resource of an interface is left out, so that it does not link.
pub(crate) fn link(linker: &mut Linker<Guest>, component: &Component) -> wasmtime::Result<()> {
    let engine = linker.engine().clone();
    let types = component.component_type();
    let (mut kinds, mut functions) = (Kinds::default(), 0);
    for (interface, item) in types.imports(&engine).filter(|(name, _)| name.starts_with(WASI)) {
        let ComponentItem::ComponentInstance(instance) = item.ty else { continue };
        let mut world = linker.instance(interface)?;
        for (name, item) in instance.exports(&engine) {
            functions += 1;
            if functions > MAX_FUNCTIONS {
                bail!("it imports more than {MAX_FUNCTIONS} functions of WASI");
            }
            match item.ty {
                ComponentItem::Resource(resource) => {
                    let kind = ResourceType::host_dynamic(kinds.of(resource));
                    world.resource(name, kind, |mut store, _| {
                        store.data_mut().wasi.give_back();
                        Ok(())
                    })?;
                }
                ComponentItem::ComponentFunc(function) => {
                    let answer = Answer::of(interface, name, kinds.made_by(&function));
                    let full = format!("{interface}#{name}");
                    world.func_new(name, move |mut store, ty, arguments, results| {
                        answer
                            .give(&mut store, &ty, arguments, results)
                            .map_err(|why| Refused { function: full.clone(), why: why.to_string() }.into())
                    })?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// The component's resources: two names of one resource are one of these.
#[derive(Default)]
struct Kinds(Vec<ResourceType>);

impl Kinds {
    fn of(&mut self, resource: ResourceType) -> u32 {
        let known = self.0.iter().position(|known| *known == resource);
        let index = known.unwrap_or_else(|| {
            self.0.push(resource);
            self.0.len() - 1
        });
        index as u32
    }

    /// The resource that a function answers.
    fn made_by(&self, function: &ComponentFunc) -> Option<u32> {
        let Some(Type::Own(resource)) = function.results().next() else { return None };
        self.0.iter().position(|known| *known == resource).map(|index| index as u32)
    }
}
