//! The modules of a plugin: the one that is called, and those that are linked with it.

use crate::{
    adapter,
    foreign::{Foreign, shortened},
    host::Host,
    kernel::{self, WASI},
    limits::Limits,
    module::{Link, Module, Size},
    preflight::{Finding, FindingKind},
};

/// Modules that were looked at.
pub(crate) struct Parts {
    pub(crate) main: Module,
    /// Each after those that it imports from.
    pub(crate) linked: Vec<Linked>,
}

/// A module that others import from, by its name.
pub(crate) struct Linked {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) module: Module,
}

impl Parts {
    /// Reads all modules, each as large as the limits allow.
    ///
    /// # Errors
    /// With a sentence, when one is no module.
    pub(crate) fn parse(main: &[u8], linked: &[(String, Vec<u8>)], limits: &Limits) -> Result<Self, String> {
        let names: Vec<_> = linked.iter().map(|(name, _)| name.as_str()).collect();
        let main = Module::parse(main, &names)?;
        let parse = |(name, bytes): &(String, Vec<u8>)| {
            let of_it = |reason: String| format!("its linked module `{name}`: {reason}");
            // Before it is read as a whole, which takes time by its size.
            if bytes.len() > limits.module_bytes || Size::of(bytes).map_err(of_it)?.is_over(limits) {
                return Err(of_it("it is larger than the limits of a module allow".to_owned()));
            }
            let module = Module::parse(bytes, &names).map_err(of_it)?;
            Ok(Linked { name: name.clone(), bytes: bytes.clone(), module })
        };
        let linked = linked.iter().map(parse).collect::<Result<_, _>>()?;
        Ok(Self { main, linked })
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Module> {
        self.linked.iter().map(|linked| &linked.module).chain([&self.main])
    }

    /// The host functions that any of them imports, each once.
    pub(crate) fn links<'a>(&self, host: &'a Host) -> Vec<Link<'a>> {
        let mut links: Vec<Link<'a>> = Vec::new();
        for link in self.all().flat_map(|module| module.links(host)).flatten() {
            if links.iter().all(|known| known.function.import() != link.function.import()) {
                links.push(link);
            }
        }
        links
    }

    /// The host functions that are imported in two ways, of which one instance can have only one.
    pub(crate) fn imported_in_two_ways(&self, host: &Host) -> Vec<Finding> {
        let all: Vec<_> = self.all().flat_map(|module| module.links(host)).flatten().collect();
        let links = self.links(host).into_iter().filter(|link| {
            let of_it = |other: &&Link<'_>| other.function.import() == link.function.import();
            all.iter().filter(of_it).any(|other| other.takes_request != link.takes_request)
        });
        let say = |link: Link<'_>| Finding {
            kind: FindingKind::WrongSignature,
            import: Some((link.function.namespace().to_owned(), link.function.name().to_owned())),
            message: "it is imported with a request and without one: import it one way".to_owned(),
        };
        links.map(say).collect()
    }

    pub(crate) fn needs_wasi(&self) -> bool {
        self.all().any(|module| module.needs_wasi)
    }

    pub(crate) fn imports_exit(&self) -> bool {
        self.all().any(Module::imports_exit)
    }

    /// The memory that they start with, in WebAssembly's pages.
    pub(crate) fn first_pages(&self) -> u64 {
        self.all().fold(0, |sum, module| sum.saturating_add(module.first_pages))
    }

    /// How many elements their tables may come to have, or nothing where one does not say.
    pub(crate) fn table_elements(&self) -> Option<u64> {
        self.all().try_fold(0_u64, |sum, module| Some(sum.saturating_add(module.table_elements?)))
    }

    /// Puts each linked module after those that it imports from, and says what is wrong with them.
    pub(crate) fn put_in_order(&mut self, host: &Host) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut say = |name: &str, what: &str| {
            let message = format!("its linked module `{}`: {what}", Foreign(&shortened(name)));
            found.push(Finding { kind: FindingKind::NotForPlugins, import: None, message });
        };
        for (position, Linked { name, .. }) in self.linked.iter().enumerate() {
            let is_taken = ["main", kernel::NAMESPACE, WASI].contains(&name.as_str())
                || name.starts_with(adapter::RESERVED)
                || host.descriptions().any(|function| function.namespace() == name);
            if is_taken {
                say(name, "the host has this name for something else: choose another one");
            }
            if self.linked[..position].iter().any(|other| other.name == *name) {
                say(name, "there are two of this name");
            }
        }
        let (mut waiting, mut ordered) = (std::mem::take(&mut self.linked), Vec::<Linked>::new());
        while !waiting.is_empty() {
            let is_ready = |linked: &Linked| {
                let mut needs = linked.module.linked_modules();
                needs.all(|need| waiting.iter().all(|other| other.name != need))
            };
            let Some(next) = waiting.iter().position(is_ready) else {
                // Extism would follow the circle until its stack ends.
                say(&waiting[0].name, "it imports from modules that import from it: link them one way");
                ordered.append(&mut waiting);
                break;
            };
            ordered.push(waiting.remove(next));
        }
        self.linked = ordered;
        found
    }
}
