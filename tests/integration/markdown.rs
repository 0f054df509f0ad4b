//! What stands in the repository's documents: each link arrives, and each block of code is tested or says that it is not.

use std::{
    collections::BTreeSet,
    fs,
    path::{Component, Path, PathBuf},
};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::{guide, support::root};

/// Where the repository is, for documents that are read elsewhere too.
const REPOSITORY: &str = "https://github.com/hostfn/hostfn/blob/main/";

/// A block of code.
pub(crate) struct Block {
    /// What stands behind its fence, up to a comma.
    pub(crate) language: String,
    is_ignored: bool,
    pub(crate) text: String,
    line: usize,
    /// What the comment says that stands just before it.
    comment: Option<String>,
}

/// A Markdown file.
pub(crate) struct Document {
    path: PathBuf,
    pub(crate) blocks: Vec<Block>,
    links: Vec<(usize, String)>,
    anchors: BTreeSet<String>,
}

impl Document {
    /// A document, by its path from the root of the repository.
    pub(crate) fn read(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut document =
            Self { path: path.to_owned(), blocks: Vec::new(), links: Vec::new(), anchors: BTreeSet::new() };
        let (mut comment, mut heading) = (None, None::<String>);
        let mut events = Parser::new_ext(&text, Options::ENABLE_TABLES).into_offset_iter();
        while let Some((event, range)) = events.next() {
            let line = text[..range.start].matches('\n').count() + 1;
            match event {
                Event::Html(html) => comment = as_comment(&html).or(comment),
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                    let code = events.by_ref().take_while(|(event, _)| !matches!(event, Event::End(_)));
                    let code = code.map(
                        |(event, _)| if let Event::Text(text) = event { text.into_string() } else { String::new() },
                    );
                    document.blocks.push(Block {
                        language: info.split(',').next().unwrap_or_default().trim().to_owned(),
                        is_ignored: info.contains("ignore"),
                        text: code.collect(),
                        line,
                        comment: comment.take(),
                    });
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    document.links.push((line, dest_url.into_string()));
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    let anchor = anchor(&heading.take().unwrap_or_default());
                    let taken = |anchor: &String| document.anchors.contains(anchor);
                    let mut others = (1..).map(|number| format!("{anchor}-{number}"));
                    let anchor = if taken(&anchor) { others.find(|other| !taken(other)) } else { Some(anchor) };
                    document.anchors.extend(anchor);
                }
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) => {}
                Event::Start(_) => comment = None,
                _ => {}
            }
        }
        document
    }

    /// The blocks of one language, of which there is one at least.
    pub(crate) fn blocks_in(&self, language: &str) -> Vec<String> {
        let run = self.blocks.iter().filter(|block| block.language == language && !block.is_shown_only());
        let run: Vec<_> = run.map(|block| block.text.clone()).collect();
        assert!(!run.is_empty(), "{} shows nothing in {language}", self.path.display());
        run
    }

    /// Why a link leads nowhere.
    fn what_is_wrong_with(&self, link: &str) -> Option<String> {
        let link = link.strip_prefix(REPOSITORY).map_or(link.to_owned(), |path| format!("/{path}"));
        if link.contains("://") || link.starts_with("mailto:") {
            return None;
        }
        let (path, anchor) = link.split_once('#').map_or((&*link, None), |(path, anchor)| (path, Some(anchor)));
        let folder = self.path.parent().unwrap_or(Path::new(""));
        let target = match path.strip_prefix('/') {
            Some(path) => PathBuf::from(path),
            None if path.is_empty() => self.path.clone(),
            None => normalised(&folder.join(path)),
        };
        if !root().join(&target).exists() {
            return Some(format!("{} is not there", target.display()));
        }
        let anchor = anchor?;
        let is_markdown = target.extension().is_some_and(|extension| extension == "md");
        let anchors = if is_markdown { Self::read(&target).anchors } else { BTreeSet::new() };
        (!anchors.contains(anchor)).then(|| format!("{} has no section `{anchor}`, but {anchors:?}", target.display()))
    }
}

impl Block {
    /// Whether it says that it is there to be seen, and why it cannot be tested.
    fn is_shown_only(&self) -> bool {
        self.comment
            .as_ref()
            .and_then(|comment| comment.strip_prefix("shown only: "))
            .is_some_and(|why| !why.is_empty())
    }

    /// The file that it shows a part of.
    pub(crate) fn file(&self) -> Option<&str> {
        self.comment.as_deref().filter(|comment| root().join(comment).is_file())
    }

    /// Why nobody would notice if it were wrong.
    fn why_untested(&self, document: &Document) -> Option<String> {
        let path = document.path.to_str().expect("paths are text");
        let is_run = guide::TESTED.contains(&(path, &self.language));
        let is_doctest = self.language == "rust" && !self.is_ignored && is_in_doctests(path);
        // What is text is nothing that could run.
        if self.language == "text" || self.is_shown_only() || is_run || is_doctest {
            return None;
        }
        let Some(file) = self.file() else {
            return Some(format!(
                "no test has this block of `{}`: add it to one, take it from a file and put `<!-- path of the file -->` \
                 before it, or say `<!-- shown only: why -->`",
                self.language
            ));
        };
        let whole = fs::read_to_string(root().join(file)).expect("the file can be read");
        (!whole.contains(&self.text)).then(|| format!("{file} has no such lines"))
    }
}

/// Whether the crate that a document belongs to compiles its Rust.
fn is_in_doctests(path: &str) -> bool {
    let (krate, inner) = match path.split_once('/') {
        Some((krate, inner)) if root().join(krate).join("src/lib.rs").is_file() => (krate, inner),
        _ => ("", path),
    };
    let has = |library: &str, included: String| {
        let library = fs::read_to_string(root().join(krate).join(library));
        library.is_ok_and(|library| library.contains(&format!("include_str!(\"{included}\")")))
    };
    // A macro crate's are compiled by the crate of its tests.
    has("src/lib.rs", format!("../{inner}")) || has("test-suite/src/lib.rs", format!("../../{inner}"))
}

/// What a comment says.
fn as_comment(html: &str) -> Option<String> {
    Some(html.trim().strip_prefix("<!--")?.strip_suffix("-->")?.trim().to_owned())
}

/// As GitHub names the place of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// A path without `..`.
pub(crate) fn normalised(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}

/// All documents, by their paths from the root.
fn documents() -> Vec<PathBuf> {
    fn collect(folder: &Path, documents: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(root().join(folder)).expect("the folder can be read") {
            let name = entry.expect("the folder can be read").file_name().into_string().expect("names are text");
            let path = folder.join(&name);
            // What is made, and the documentation of single items, whose links are rustdoc's.
            let is_other = name.starts_with('.') || ["target", "node_modules", "corpus", "src"].contains(&&*name);
            if root().join(&path).is_dir() && !is_other {
                collect(&path, documents);
            } else if name.ends_with(".md") {
                documents.push(path);
            }
        }
    }
    let mut documents = Vec::new();
    collect(Path::new(""), &mut documents);
    documents.sort();
    documents
}

#[test]
fn every_link_arrives() {
    let documents = documents();
    for known in ["README.md", "docs/README.md", "docs/operations.md", "host-contract/README.md"] {
        assert!(documents.contains(&PathBuf::from(known)), "{known} is not among {documents:?}");
    }
    let mut wrong = Vec::new();
    for document in documents.iter().map(Document::read) {
        for (line, link) in &document.links {
            let why = document.what_is_wrong_with(link);
            wrong.extend(why.map(|why| format!("{}:{line}: {link}: {why}", document.path.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// In the guides, in what a contributor reads, and in what the project and each crate say of themselves.
#[test]
fn every_block_is_tested_or_says_that_it_is_shown_only() {
    let is_held_to_it = |path: &&PathBuf| {
        path.starts_with("docs")
            || ["README.md", "CONTRIBUTING.md"].iter().any(|name| path.as_path() == Path::new(name))
            || {
                let folder = path.parent().and_then(Path::to_str).unwrap_or_default();
                folder.starts_with("host-") && path.ends_with("README.md")
            }
    };
    let mut untested = Vec::new();
    for document in documents().iter().filter(is_held_to_it).map(Document::read) {
        for block in &document.blocks {
            let why = block.why_untested(&document);
            untested.extend(why.map(|why| format!("{}:{}: {why}", document.path.display(), block.line)));
        }
    }
    assert!(untested.is_empty(), "{}", untested.join("\n"));
}

/// What these two tests are for, on documents that are wrong.
#[test]
fn a_broken_link_and_an_untested_block_are_found() {
    let target = root().join("target");
    fs::create_dir_all(&target).expect("a folder can be made");
    let folder = tempfile::tempdir_in(target).expect("a folder can be made");
    let path = folder.path().join("wrong.md");
    let fence = "```";
    let text = format!(
        "# A `b`: c\n\n[a](#a-b-c) [b](#b) [c](none.md) [d]({REPOSITORY}README.md#use-it) [e]({REPOSITORY}README.md#no)\n\n\
         {fence}sh\nls\n{fence}\n\n<!-- shown only: it is long -->\n{fence}sh\nls\n{fence}\n\n<!-- src/main.rs -->\n\
         {fence}rs\nfn mian\n{fence}\n\n{fence}rust\nfn main() {{}}\n{fence}\n\n<!-- shown only: -->\n{fence}sh\nls\n{fence}\n"
    );
    fs::write(&path, text).expect("it can be written");
    let document = Document::read(path.strip_prefix(root()).expect("it is in the repository"));

    let wrong: Vec<_> = document
        .links
        .iter()
        .map(|(_, link)| link)
        .filter(|link| document.what_is_wrong_with(link).is_some())
        .collect();
    assert_eq!(wrong, ["#b", "none.md", &format!("{REPOSITORY}README.md#no")]);
    let untested = document.blocks.iter().filter(|block| block.why_untested(&document).is_some());
    assert_eq!(untested.map(|block| block.line).collect::<Vec<_>>(), [5, 15, 19, 24]);
}

/// A command of cargo that a document shows names what is there. Most of them take too long to be run.
#[test]
fn the_commands_of_cargo_name_what_is_there() {
    let mut seen = 0;
    for document in documents().iter().map(Document::read) {
        let shell = document.blocks.iter().filter(|block| block.language == "sh");
        for line in shell.flat_map(|block| block.text.lines()) {
            let words: Vec<_> = line.split_whitespace().take_while(|word| *word != "#" && *word != "--").collect();
            let named = |option: &str| words.iter().position(|word| *word == option).and_then(|at| words.get(at + 1));
            let is_there = |what: &str| root().join(what).exists();
            let mut good = true;
            if let ["cargo", "xtask", task, ..] = words[..] {
                let (file, folder) = (format!("xtask/src/{task}.rs"), format!("xtask/src/{task}/mod.rs"));
                good &= is_there(&file) || is_there(&folder);
            }
            for (option, folder) in [("--test", "tests"), ("--bench", "benches")] {
                let packages = ["", "host-runtime/", "host-test/", "soak/"];
                let name = named(option);
                good &= name.is_none_or(|name| {
                    packages.iter().any(|package| {
                        let (file, module) =
                            (format!("{package}{folder}/{name}.rs"), format!("{package}{folder}/{name}/main.rs"));
                        is_there(&file) || is_there(&module)
                    })
                });
            }
            let package = named("--package").or(named("-p")).filter(|_| words.first() == Some(&"cargo"));
            let is_member = |name: &&&str| **name == "hostfn" || is_there(&name.replace("hostfn-", "host-"));
            good &= package.is_none_or(|name| is_member(&name));
            assert!(good, "{}: `{line}` names something that is not there", document.path.display());
            seen += usize::from(words.first() == Some(&"cargo"));
        }
    }
    assert!(seen > 20, "{seen} commands");
}
