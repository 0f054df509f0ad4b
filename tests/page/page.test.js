// The reference page in a browser: `node page.test.js PAGE`, with the page that `hostfn docs` wrote.
//
// Each case gets a page of its own. Whatever the case, the page must load nothing and say no error.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { chromium } from "playwright-core";

const [file, screenshots] = process.argv.slice(2);
if (!file) {
  console.error("usage: node page.test.js index.html [FOLDER FOR SCREENSHOTS]");
  process.exit(2);
}
const address = pathToFileURL(path.resolve(file)).href;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const desktop = { width: 1280, height: 900 };
const phone = { width: 390, height: 844 };
const narrow = { width: 360, height: 740 };

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

const tests = [];
const test = (name, options, body) => tests.push({ name, options, body });

const visible = (page, selector) => page.locator(selector).filter({ visible: true });
const status = (page) => page.locator("#search-status").textContent();

/** Waits until scrolling has come to rest, and answers how far from the top an element is. */
async function top(page, id) {
  return page.evaluate(async (id) => {
    let before;
    let now = NaN;
    while (before !== now) {
      before = now;
      await new Promise((done) => setTimeout(done, 120));
      now = document.getElementById(id).getBoundingClientRect().top;
    }
    return now;
  }, id);
}

test("typing finds functions by name, permission and text", {}, async (page) => {
  const count = await visible(page, ".function").count();
  assert.ok(count > 15, `${count} functions`);
  await page.fill("#search-box", "cleanup_exp");
  assert.deepEqual(await visible(page, ".function h3 code").allTextContents(), ["db_cleanup_expired_sessions"]);
  assert.equal(await status(page), "Found 1 function for “cleanup_exp”");
  await page.fill("#search-box", "sessions:read");
  assert.deepEqual(await visible(page, ".function h3 code").allTextContents(), ["db_get_session"]);
  await page.fill("#search-box", "EXPIRED removes");
  const found = await visible(page, ".function h3 code").allTextContents();
  assert.ok(found.includes("db_cleanup_expired_sessions"), found.join());
  // The contents show the same as the page.
  assert.deepEqual(await visible(page, "nav li a[href^='#db_']").allTextContents(), found);
  assert.equal(await visible(page, ".intro").count(), 0);
});

test("a search without hits says so, and one button shows everything", {}, async (page) => {
  const count = await visible(page, "article").count();
  await page.fill("#search-box", "<b>nothing</b>");
  assert.equal(await status(page), "Nothing matches “<b>nothing</b>”");
  assert.equal(await visible(page, "article").count(), 0);
  assert.equal(await visible(page, ".group, .intro, nav p").count(), 0);
  await page.getByRole("button", { name: "Show everything" }).click();
  assert.equal(await visible(page, "article").count(), count);
  assert.equal(await page.locator("#search-box").inputValue(), "");
  assert.ok(await page.locator("#search-box").evaluate((box) => box === document.activeElement));
});

test("/ goes to the search and Escape clears it", {}, async (page) => {
  const isFocused = () => page.locator("#search-box").evaluate((box) => box === document.activeElement);
  await page.keyboard.press("/");
  assert.ok(await isFocused());
  await page.keyboard.type("hash/");
  assert.equal(await page.locator("#search-box").inputValue(), "hash/");
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#search-box").inputValue(), "");
  assert.ok((await visible(page, ".function").count()) > 15);
  await page.keyboard.press("Escape");
  assert.ok(!(await isFocused()));
});

test("the first stop of Tab skips to the functions", {}, async (page) => {
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to the functions" });
  assert.ok(await skip.evaluate((link) => link === document.activeElement));
  await page.waitForTimeout(100);
  assert.ok((await skip.boundingBox()).y >= 0, "it is in sight");
  const outline = await skip.evaluate((link) => getComputedStyle(link).outlineStyle);
  assert.equal(outline, "solid");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main-content");
});

test("every link within the page leads to a place, and each place is there once", {}, async (page) => {
  const wrong = await page.evaluate(() => {
    const links = [...document.querySelectorAll("a[href^='#']")];
    const ids = [...document.querySelectorAll("[id]")].map((part) => part.id);
    const lost = links.map((link) => link.hash.slice(1)).filter((id) => !document.getElementById(id));
    return [...lost, ...ids.filter((id, place) => ids.indexOf(id) !== place)];
  });
  assert.deepEqual(wrong, []);
});

for (const id of ["db_create_user", "type-User", "error-conflict", "section-answers"]) {
  test(`an address with #${id} opens there, under the bar`, { hash: `#${id}` }, async (page) => {
    const place = await top(page, id);
    assert.ok(place >= 56 && place < 120, `it is at ${place}`);
  });
}

test("a link to what the search hides shows it", {}, async (page) => {
  await page.fill("#search-box", "db_create_user");
  assert.equal(await visible(page, "#type-User").count(), 0);
  await page.locator("#db_create_user a[href='#type-User']").first().click();
  assert.ok(page.url().endsWith("#type-User"));
  assert.equal(await visible(page, "#type-User").count(), 1);
  const place = await top(page, "type-User");
  assert.ok(place >= 56 && place < 120, `it is at ${place}`);
  assert.equal(await page.locator("nav a[aria-current]").textContent(), "User");
});

test("the language is chosen for the whole page, and remembered", {}, async (page) => {
  assert.equal(await visible(page, "#db_create_user .snippet").count(), 1);
  assert.equal(await visible(page, "#db_create_user .snippet-rust").count(), 1);
  const radios = page.getByRole("group", { name: "Language" });
  await page.locator("#hash_password").getByRole("radio", { name: "Go" }).check();
  assert.equal(await visible(page, "#db_create_user .snippet-go").count(), 1);
  assert.equal(await visible(page, ".snippet").count(), await visible(page, ".snippet-go").count());
  await page.reload();
  assert.equal(await visible(page, ".snippet").count(), await visible(page, ".snippet-go").count());
  assert.ok(await page.locator("#db_create_user").getByRole("radio", { name: "Go" }).isChecked());
  assert.ok((await radios.count()) > 15);
});

test("the language is chosen with the keyboard", {}, async (page) => {
  await page.locator("#db_create_user input[value=rust]").focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await visible(page, "#db_create_user .snippet-typescript").count(), 1);
  const outline = await page
    .locator("#db_create_user input[value=typescript] + span")
    .evaluate((label) => getComputedStyle(label).outlineStyle);
  assert.equal(outline, "solid");
});

test("what was clicked stays where it is", {}, async (page) => {
  const radio = page.locator("#verify_password input[value=python]");
  await radio.scrollIntoViewIfNeeded();
  await top(page, "verify_password");
  const before = (await radio.boundingBox()).y;
  await radio.check();
  assert.ok(Math.abs((await radio.boundingBox()).y - before) < 3);
});

test("a remembered language that is gone is no trouble", {}, async (page) => {
  await page.evaluate(() => localStorage.setItem("hostfn-language", "cobol"));
  await page.reload();
  assert.equal(await visible(page, "#db_create_user .snippet").count(), 1);
});

test("without storage the page works", { blockStorage: true }, async (page) => {
  await page.locator("#hash_password").getByRole("radio", { name: "Zig" }).check();
  assert.equal(await visible(page, "#hash_password .snippet-zig").count(), 1);
  await page.fill("#search-box", "hash_password");
  assert.ok((await visible(page, ".function").count()) >= 1);
});

test("without JavaScript everything is there", { javaScriptEnabled: false }, async (page) => {
  const snippets = await page.locator("#db_create_user .snippet").count();
  assert.ok(snippets >= 7);
  assert.equal(await visible(page, "#db_create_user .snippet").count(), snippets);
  assert.equal(await visible(page, "#db_create_user .snippet h5").count(), snippets);
  assert.equal(await visible(page, "#search-box, .languages").count(), 0);
  assert.equal(await visible(page, "article").count(), await page.locator("article").count());
  assert.ok((await visible(page, "nav a").count()) > 20);
});

test("on a phone the contents fold", { viewport: phone }, async (page) => {
  assert.equal(await visible(page, "nav li a").count(), 0);
  await page.getByText("Contents", { exact: true }).click();
  await page.locator("nav a[href='#hash_password']").click();
  assert.equal(await visible(page, "nav li a").count(), 0);
  const place = await top(page, "hash_password");
  assert.ok(place >= 56 && place < 120, `it is at ${place}`);
});

for (const viewport of [narrow, phone, desktop]) {
  for (const javaScriptEnabled of [true, false]) {
    const how = javaScriptEnabled ? "" : ", without JavaScript";
    test(`nothing sticks out of the page at ${viewport.width} px${how}`, { viewport, javaScriptEnabled }, async (page) => {
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= viewport.width, `it is ${width} px wide`);
    });
  }
}

for (const colorScheme of ["light", "dark"]) {
  for (const viewport of [desktop, phone]) {
    test(`axe finds nothing serious: ${colorScheme}, ${viewport.width} px`, { viewport, colorScheme }, async (page) => {
      await page.evaluate(axe);
      const { violations, passes } = await page.evaluate(() => window.axe.run());
      assert.ok(passes.length > 20, "it checked something");
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      const told = serious.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0].html} ${nodes[0].failureSummary}`);
      assert.deepEqual(told, []);
      const mild = violations.map(({ id, nodes }) => `${id} (${nodes.length})`);
      if (mild.length) console.log(`     mild: ${mild.join(", ")}`);
    });
  }
}

if (screenshots) {
  for (const colorScheme of ["light", "dark"]) {
    for (const [name, viewport] of Object.entries({ phone, desktop })) {
      for (const hash of ["", "#db_create_user", "#type-ErrorCode"]) {
        test(`screenshot ${name} ${colorScheme} ${hash}`, { viewport, colorScheme, hash }, async (page) => {
          await page.waitForTimeout(300);
          await page.screenshot({ path: path.join(screenshots, `${name}-${colorScheme}${hash.replace("#", "-")}.png`) });
        });
      }
    }
  }
}

let failed = 0;
for (const { name, options, body } of tests) {
  const { hash = "", blockStorage, ...context } = options;
  const session = await browser.newContext({ viewport: desktop, reducedMotion: "reduce", ...context });
  const page = await session.newPage();
  const trouble = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) trouble.push(message.text());
  });
  page.on("pageerror", (error) => trouble.push(String(error)));
  page.on("request", (request) => {
    const url = request.url();
    if (url.split("#")[0] !== address && !url.startsWith("data:")) trouble.push(`it asks for ${url}`);
  });
  if (blockStorage) {
    await page.addInitScript(() => {
      Object.defineProperty(window, "localStorage", {
        get() {
          throw new DOMException("denied", "SecurityError");
        },
      });
    });
  }
  try {
    await page.goto(address + hash);
    await body(page);
    assert.deepEqual(trouble, [], "the page has trouble");
    console.log(`ok   ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL ${name}\n     ${String(error.message ?? error).replaceAll("\n", "\n     ")}`);
  }
  await session.close();
}
await browser.close();
console.log(`${tests.length - failed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
