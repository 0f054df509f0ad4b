"""Shows the contract, and every call of the tests as it went over the wire, to Python's jsonschema.

python validate.py CONTRACT.json CALLS.jsonl
"""

import json
import sys

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError

contract_file, calls_file = sys.argv[1:]
with open(contract_file, encoding="utf-8") as file:
    contract = json.load(file)
with open(calls_file, encoding="utf-8") as file:
    calls = [json.loads(line) for line in file]

passed = failed = 0
# A format that nothing is installed for would pass whatever stands there.
checker = FormatChecker(formats=["uuid", "date-time", "email"])


def check(what: str, errors: list[str]) -> None:
    global passed, failed
    if errors:
        failed += 1
        print(f"{what}: {'; '.join(errors)}", file=sys.stderr)
    else:
        passed += 1


def compiled(what: str, schema: dict) -> Draft202012Validator:
    schema = {**schema, "$schema": Draft202012Validator.META_SCHEMA["$id"], "$defs": contract["$defs"]}
    try:
        Draft202012Validator.check_schema(schema)
        check(what, [])
    except SchemaError as error:
        check(what, [error.message])
    return Draft202012Validator(schema, format_checker=checker)


def errors(validator: Draft202012Validator, value: object) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]


functions = {}
for function in contract["functions"]:
    name = function["name"]
    request = function["request"] or {"type": "object", "maxProperties": 0}
    functions[name] = {
        "request": compiled(f"{name}.request", request),
        "response": compiled(f"{name}.response", function["response"]),
        "answer": compiled(f"{name}.answer", function["answer"]),
    }

for call in calls:
    name, answer = call["function"], call["answer"]
    schemas = functions[name]
    check(f"an answer of {name}", errors(schemas["answer"], answer))
    if answer["success"]:
        check(f"data of {name}", errors(schemas["response"], answer["data"]))
    # What was refused need not be as it should.
    if answer["success"] or answer["error"]["code"] in ("not_found", "conflict"):
        check(f"a request of {name}", errors(schemas["request"], call["request"] or {}))

print(f"{passed} passed, {failed} failed")
sys.exit(0 if failed == 0 and calls else 1)
