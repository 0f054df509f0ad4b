#!/usr/bin/env bash
# Runs the commands of the README's walk, one after another, and compares what each answers with what stands below it
# there, where … is anything. In the folder of a server that runs:
#
#     walk.sh [ADDRESS [ADDRESS OF ITS METRICS]]
set -euo pipefail
readme="$(cd "$(dirname "$0")" && pwd)/README.md"
server=${1:-127.0.0.1:3000}
metrics=${2:-127.0.0.1:3001}

answers=0
file=$(mktemp)
trap 'rm "$file"' EXIT
check() { # the commands, and what they shall answer
    local answer pattern
    printf '%s\n' "$1"
    # In this shell, so that a variable lasts from one block to the next.
    eval "$1" >"$file"
    answer=$(<"$file")
    printf '%s\n' "$answer"
    # A pattern of bash: only … stands for something else than itself.
    pattern=$(sed -e 's/[][\\*?]/\\&/g' -e 's/…/*/g' <<<"$2")
    # shellcheck disable=SC2053
    if [[ $answer != $pattern ]]; then
        printf 'the README says that this answers\n%s\n' "$2" >&2
        exit 1
    fi
    [[ -z $2 ]] || answers=$((answers + 1))
}

# Each block of commands, and the block of an answer behind it if there is one.
fence='' commands='' expected=''
while IFS= read -r line; do
    case $fence:$line in
        ':```sh')
            [[ -z $commands ]] || check "$commands" "$expected"
            fence=sh commands='' expected=''
            ;;
        ':```text') fence=text ;;
        *:'```') fence='' ;;
        sh:*) commands+=${commands:+$'\n'}$line ;;
        text:*) expected+=${expected:+$'\n'}$line ;;
    esac
done < <(sed -n '/^## The walk/,/^## /p' "$readme" | sed -e "s/127\.0\.0\.1:3000/$server/g" -e "s/127\.0\.0\.1:3001/$metrics/g")
check "$commands" "$expected"
printf 'the walk is as the README has it: %d answers\n' "$answers"
