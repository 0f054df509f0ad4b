#!/usr/bin/env bash
# The first half hour of somebody who writes a plugin in C.
set -euo pipefail

# The command of the host that the plugin is for. Here it is hostfn's own, with accounts.
cargo install --quiet --git https://github.com/hostfn/hostfn --locked --debug hostfn
hostfn list

# A project: bindings of these functions, an export that calls one, scenarios, and what to build it with.
hostfn new plugin greeter --language c
cd greeter
find . -type f -not -path './.git/*' | sort
cat src/plugin.c
make CLANG="$(command -v clang || command -v clang-19)"
hostfn test scenarios --plugin greeter.wasm

# What does it ask of its host, and what would it lack?
hostfn trace greeter.wasm run --grant '*' --input '{"email": "ada@example.com"}'
if hostfn check greeter.wasm; then exit 1; fi

# A scenario of one's own: what is done, and nothing of what comes of it. That is written by the command.
cat > scenarios/again.yaml <<'YAML'
name: it is called twice
grants: ["*"]
steps:
  - export: run
    input: {email: ada@example.com}
  - export: run
    input: {email: nobody}
YAML
hostfn test scenarios/again.yaml --plugin greeter.wasm --update
cat scenarios/again.yaml
hostfn test scenarios --plugin greeter.wasm

# For whoever runs the host: which module it is, and what it asks for.
hostfn manifest --update plugin.toml
cat plugin.toml
mkdir ../plugins
cp plugin.toml greeter.wasm ../plugins
hostfn check ../plugins --grant '*'
