// Price rules: what a basket costs in a country and a currency.
//
// Whole numbers all the way, in hundredths: money is no fraction of two. Rates of today are the host's, through `hostfn.ts`,
// which `hostfn bindings` wrote from its functions.

import { Host, Memory } from "@extism/as-pdk";
import { error_set } from "@extism/as-pdk/lib/env";
import { ExchangeRateRequest, HostError, Json, JsonWriter, TaxRateRequest, exchangeRate, taxRate } from "./hostfn";

/** From so many of a line on, each is a tenth cheaper. */
const MANY: i64 = 10;

/** The most of a line, and the most that one of it costs, in cents. */
const MOST: i64 = 1_000_000;

/** The most that a basket costs, in cents: with any rate, which has 32 bits, it is no more than 64 bits have room for. */
const MOST_NET: i64 = 4_000_000_000;

/** What the runtime calls when it gives up: AssemblyScript's own would need an import from JavaScript. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  unreachable();
}

/**
 * Prices a basket.
 *
 * `{country, currency, lines: [{name, quantity, cents}]}` -> `{discount, net, tax, total}`, in hundredths of the currency.
 * Fails with `invalid_input`, and with what the host says of a country or a currency.
 */
export function price(): i32 {
  const basket = Json.parse(String.UTF8.decode(Host.input().buffer));
  const country = basket.get("country").string();
  const currency = basket.get("currency").string();
  let net: i64 = 0;
  let discount: i64 = 0;
  const lines = basket.get("lines").list<Json>((line) => line);
  for (let at = 0; at < lines.length; at++) {
    const quantity = lines[at].get("quantity").integer();
    const cents = lines[at].get("cents").integer();
    if (Json.problem() == "" && (!isWithin(quantity, MOST) || !isWithin(cents, MOST))) {
      return failed("invalid_input", "a quantity or a price is negative or too large", "lines");
    }
    const sum = quantity * cents;
    const off = quantity >= MANY ? share(sum, 1, 10) : 0;
    net += sum - off;
    discount += off;
    if (net > MOST_NET) return failed("invalid_input", "the basket is too dear to be added up", "lines");
  }
  if (Json.problem() != "") return failed("invalid_input", Json.problem(), null);

  const tax = taxRate(new TaxRateRequest(country));
  if (tax.error !== null) return refused(tax.error!);
  const rate = exchangeRate(new ExchangeRateRequest(currency));
  if (rate.error !== null) return refused(rate.error!);

  // Each part is rounded once, in the currency, and the total is their sum.
  const worth = i64(rate.data);
  const netThere = share(net, worth, 1_000_000);
  const taxThere = share(share(net, i64(tax.data), 10_000), worth, 1_000_000);
  const json = new JsonWriter();
  json.open("{");
  json.key("discount");
  json.integer(share(discount, worth, 1_000_000));
  json.key("net");
  json.integer(netThere);
  json.key("tax");
  json.integer(taxThere);
  json.key("total");
  json.integer(netThere + taxThere);
  json.close("}");
  Host.outputMemory(Memory.allocateString(json.toString()));
  return 0;
}

/** A part of an amount, with a half rounded up. */
function share(amount: i64, part: i64, whole: i64): i64 {
  return (amount * part + whole / 2) / whole;
}

function isWithin(value: i64, most: i64): bool {
  return value >= 0 && value <= most;
}

/** What the host said, without its `call_id`, which is for the host's log. */
function refused(error: HostError): i32 {
  return failed(error.code, error.message, error.field);
}

/** Extism's error, as JSON: whoever called decides by its code. */
function failed(code: string, message: string, field: string | null): i32 {
  const json = new JsonWriter();
  json.open("{");
  json.key("code");
  json.string(code);
  json.key("message");
  json.string(message);
  json.key("field");
  if (field === null) json.null();
  else json.string(field);
  json.close("}");
  error_set(Memory.allocateString(json.toString()).offset);
  return 1;
}
