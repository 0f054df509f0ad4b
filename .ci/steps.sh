# What .ci/run and .ci/deep share: steps with their times, and what they need installed. It is sourced.

export CI=true
export CARGO_TERM_COLOR=never
# Nothing is built twice with a change between: what the compiler would keep for that only fills the disk.
export CARGO_INCREMENTAL=0
# A snapshot that changed is a failure, and never a new file.
export INSTA_UPDATE=no

step_names=() step_seconds=() step_started=$SECONDS
# What is printed before and after the table of times.
steps_title=${steps_title:-"Steps"} steps_last=

# Begins a step.
step() {
    end_step
    step_names+=("$*") step_started=$SECONDS
    printf '\n==> [%dm%02ds] %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*"
}

end_step() {
    if ((${#step_names[@]} > ${#step_seconds[@]})); then
        step_seconds+=($((SECONDS - step_started)))
    fi
}

# The table is printed whether all went well or not: a step that fails is the last one in it.
table_of_steps() {
    local outcome=$? i
    end_step
    printf '\n%s\n' "$steps_title"
    for i in "${!step_names[@]}"; do
        printf '%4dm%02ds  %s\n' $((step_seconds[i] / 60)) $((step_seconds[i] % 60)) "${step_names[i]}"
    done
    printf '%4dm%02ds  in all\n' $((SECONDS / 60)) $((SECONDS % 60))
    if ((outcome)); then
        printf '\nFAILED in: %s\n' "${step_names[-1]:-the beginning}"
    elif [[ -n $steps_last ]]; then
        printf '\n%s\n' "$steps_last"
    fi
}
trap table_of_steps EXIT

# Installs Debian's packages that are not there, and asks for nothing when all are.
need_debian() {
    local missing=() package
    for package in "$@"; do
        dpkg-query --show --showformat='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
            missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    # The lists first: the security archive has a newer compiler than the release, which is too old.
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# Installs Python's packages, into a folder of their own.
need_python() {
    need_debian python3-venv
    [[ -x target/python/bin/pip ]] || python3 -m venv target/python
    export PATH="$PWD/target/python/bin:$PATH"
    pip install --quiet --disable-pip-version-check "$@"
}

# npm, which brings compilers and validators, is wherever Node.js is.
need_node() {
    command -v npm >/dev/null || need_debian nodejs npm
}

# The compilers of guests in every language.
need_guests() {
    need_debian clang-19 lld-19
    rustup target list --installed 2>/dev/null | grep -qx wasm32-unknown-unknown ||
        need_debian rustc-web cargo-web rust-web-src
    need_node
    need_python ziglang==0.15.2
}
