#!/usr/bin/env bash
# The first half hour of somebody who must keep a build green.
set -euo pipefail

# The command, as a build machine installs it.
cargo install --quiet --git https://github.com/hostfn/hostfn --locked --debug hostfn

# A project of the team's, and what its CI file runs.
hostfn new host logbook
cd logbook
git add --all && git -c user.name=Ada -c user.email=ada@example.com commit --quiet --message 'As it was made'
cat .github/workflows/ci.yml
cargo fmt --check
cargo clippy --quiet --all-targets -- -D warnings
INSTA_UPDATE=no cargo test --quiet

# Somebody renames a member of an answer. Nothing fails to compile: it is the plugins that would break.
sed -i 's/pub text: String,/pub content: String,/; s/pub struct Note {/#[diesel(table_name = notes)]\npub struct Note {/' src/lib.rs
sed -i 's/    pub content/    #[diesel(column_name = text)]\n    pub content/' src/lib.rs
cargo check --quiet

# The build says which plugins would, and why.
if cargo run --quiet -- compat snapshots/contract.json > said.txt 2>&1; then exit 1; fi
cat said.txt
hostfn explain response-field-removed
if cargo run --quiet -- compat snapshots/contract.json --format github > said.txt 2>&1; then exit 1; fi
cat said.txt

# The snapshots say so too, before anybody asks about plugins.
if INSTA_UPDATE=no cargo test --quiet --test notes > said.txt 2>&1; then exit 1; fi
grep --max-count 1 'content' said.txt

# It is undone, and the build is green.
git checkout --quiet src
rm --force said.txt
cargo run --quiet -- compat snapshots/contract.json
INSTA_UPDATE=no cargo test --quiet

# A plugin is judged without running it, for a script: does this host have all that it imports, and is it granted?
git clone --quiet https://github.com/hostfn/hostfn ../hostfn
hostfn check ../hostfn/test-plugins/prebuilt/auth.wasm --grant '*' --json
if hostfn check ../hostfn/test-plugins/prebuilt/auth.wasm --grant 'users:*' > said.txt 2>&1; then exit 1; fi
cat said.txt

# And tested, with a report that a CI server shows.
hostfn test ../hostfn/test-plugins/auth/scenarios --plugin ../hostfn/test-plugins/prebuilt/auth.wasm --junit report.xml
grep --count '<testcase' report.xml
