// What `hostfn trace --format chrome` writes, in a viewer of traces: `node trace.test.js TRACE.json`.
//
// The viewer is Speedscope, which reads the format as Perfetto and Chromium's own viewer do, and can be had as a
// package. That it shows each call by its name, and as a call of the plugin's, is what is asked of it.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { chromium } from "playwright-core";

const [file, screenshot] = process.argv.slice(2);
if (!file) {
  console.error("usage: node trace.test.js TRACE.json [SCREENSHOT.png]");
  process.exit(2);
}
const text = readFileSync(file);
const expected = JSON.parse(text).traceEvents.filter((event) => event.ph === "X");
assert.ok(expected.length > 1, "there is no host call in the trace");

// As Speedscope's own command hands over a file.
const script = path.join(mkdtempSync(path.join(tmpdir(), "hostfn-trace-")), "trace.js");
writeFileSync(script, `speedscope.loadFileFromBase64("trace.json", ${JSON.stringify(text.toString("base64"))})`);
const viewer = path.join(path.dirname(createRequire(import.meta.url).resolve("speedscope/package.json")), "dist/release");
const address = `${pathToFileURL(path.join(viewer, "index.html"))}#localProfilePath=${encodeURI(script)}`;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  await page.goto(address);
  // The view that lists each function, with the share of the time that it took.
  await page.getByText("Sandwich").click();
  // It tells them apart by what they were called with, too.
  const row = ({ name }) => page.locator("table tr").filter({ hasText: new RegExp(`${name} \\{`) });
  for (const event of expected) {
    await row(event).first().waitFor({ timeout: 30_000 });
  }
  if (screenshot) {
    await page.screenshot({ path: screenshot });
  }
  const outer = await row(expected[0]).first().innerText();
  // The viewer adds the parts up, and may miss the whole by a rounding. That no host call is outside of the plugin call is
  // asked of the numbers themselves, in tests/integration/trace.rs.
  assert.match(outer, /\((100|>99)%\)/, `the plugin call is not all of it: ${outer}`);
  assert.deepEqual(errors, []);
  console.log(`a viewer shows all ${expected.length} calls`);
} finally {
  await browser.close();
}
