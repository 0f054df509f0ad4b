// Shows the contract, and every call of the tests as it went over the wire, to ajv in its strict mode.
//
//   node validate.mjs CONTRACT.json CALLS.jsonl

import { readFileSync } from "node:fs";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const [contractFile, callsFile] = process.argv.slice(2);
const contract = JSON.parse(readFileSync(contractFile, "utf8"));
const calls = readFileSync(callsFile, "utf8").trim().split("\n").map((line) => JSON.parse(line));

const ajv = new Ajv2020({ strict: true, allErrors: true });
addFormats(ajv);
// The one word of the contract that is no JSON Schema's.
ajv.addVocabulary(["x-secret"]);

let passed = 0;
let failed = 0;
function check(what, isFine, why) {
  if (isFine) {
    passed += 1;
  } else {
    failed += 1;
    console.error(`${what}: ${why()}`);
  }
}

function compiled(what, schema) {
  try {
    const validate = ajv.compile({ ...schema, $defs: contract.$defs });
    check(what, true);
    return validate;
  } catch (error) {
    check(what, false, () => error.message);
    return undefined;
  }
}

for (const name of Object.keys(contract.$defs)) {
  compiled(`$defs/${name}`, { $ref: `#/$defs/${name}` });
}
const functions = new Map();
for (const { name, request, response, answer } of contract.functions) {
  functions.set(name, {
    request: compiled(`${name}.request`, request ?? { type: "object", maxProperties: 0 }),
    response: compiled(`${name}.response`, response),
    answer: compiled(`${name}.answer`, answer),
  });
}

const domain = ["not_found", "conflict"];
for (const { function: name, request, answer } of calls) {
  const schemas = functions.get(name);
  const shown = (validate) => () => ajv.errorsText(validate.errors);
  check(`an answer of ${name}`, schemas.answer(answer), shown(schemas.answer));
  if (answer.success) {
    check(`data of ${name}`, schemas.response(answer.data), shown(schemas.response));
  }
  // What was refused need not be as it should.
  if (answer.success || domain.includes(answer.error.code)) {
    check(`a request of ${name}`, schemas.request(request ?? {}), shown(schemas.request));
  }
}

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && calls.length > 0 ? 0 : 1);
