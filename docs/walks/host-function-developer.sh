#!/usr/bin/env bash
# The first half hour of somebody who writes host functions.
set -euo pipefail

# The command. `--debug` builds it in a quarter of the time, and it is as good for trying.
cargo install --quiet --git https://github.com/hostfn/hostfn --locked --debug hostfn
hostfn --version
hostfn --help

# A project, which builds and passes its own tests at once.
hostfn new host logbook
cd logbook
cargo test --quiet
git add --all && git -c user.name=Ada -c user.email=ada@example.com commit --quiet --message 'As it was made'

# It has the same command, for its own functions.
cargo run --quiet -- list

# A function of one's own, beside the others, and as somebody writes it who has written Rust before.
cat >> src/lib.rs <<'RUST'

/// Finds the notes that have a word in them.
#[host_fn(permission = "notes:read", read_only)]
pub fn find_notes(db: &mut SqliteConnection, word: &str) -> Result<Vec<Note>, HostError> {
    let notes = notes::table.filter(notes::text.like(format!("%{word}%"))).order(notes::id);
    Ok(notes.select(Note::as_select()).load(db)?)
}
RUST

# A guest has nothing to lend, and the compiler says what to write.
if cargo check --quiet 2> said.txt; then exit 1; fi
cat said.txt
grep --quiet 'write `word: String`' said.txt
rm said.txt
sed -i 's/word: &str/word: String/' src/lib.rs

# No test shows what it answers yet, and the contract of the project has become another. Both are told.
if cargo test --quiet --test notes > said.txt 2>&1; then exit 1; fi
grep 'find_notes' said.txt
rm said.txt

# So there is a test: the function is called by real WebAssembly, and what was said is a snapshot.
cat >> tests/notes.rs <<'RUST'

#[test]
fn notes_are_found_by_a_word() {
    let host = TestHost::new(host());
    host.call("add_note", json!({"text": "Met Charles."}));
    host.call("add_note", json!({"text": "Numbers of Bernoulli."}));
    host.call("find_notes", json!({"word": "Charles"}));
    assert_transcript!(host);
}
RUST
cargo run --quiet -- compat snapshots/contract.json
cargo run --quiet -- schema > snapshots/contract.json
INSTA_UPDATE=always cargo test --quiet --test notes -- --skip snapshot
git status --short
cat "$(git ls-files --others --exclude-standard snapshots | grep by_a_word)"

# What was accepted is what comes again.
INSTA_UPDATE=no cargo test --quiet

# And a plugin calls it: here one in C, with bindings that have the new function.
cargo run --quiet -- new plugin ../finder --language c --function find_notes
make --directory ../finder CLANG="$(command -v clang || command -v clang-19)"
cargo run --quiet -- trace ../finder/finder.wasm run --grant 'notes:*' --input '{"word": "Charles"}'
