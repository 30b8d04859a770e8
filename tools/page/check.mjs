// check.mjs PAGE REPORT.json SLIM PACKAGE…: looks at an HTML report in Chromium. It loads without an error and asks for
// nothing, says what report.json and `slim explain` say, and its switches, zoom, search, keys, colours and paper work.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const { chromium } = createRequire(process.env.MODULES + "/")("playwright-core");
const [page_, report_, slim, ...packages] = process.argv.slice(2);
const report = JSON.parse(readFileSync(report_, "utf8"));
const data = JSON.parse(/id="data">(.*?)<\/script>/s.exec(readFileSync(page_, "utf8"))[1]);

const mb = (bytes) => (bytes / 1e6).toFixed(bytes >= 9.95e6 ? 1 : 2) + " MB";
const size = (bytes) => (bytes === 1 ? "1 byte" : bytes < 1000 ? bytes + " bytes" : bytes < 1e6 ? (bytes / 1e3).toFixed(1) + " kB" : mb(bytes));
const paths = [];
data.tail.forEach((tail, i) => paths.push((i ? paths[i - 1].slice(0, data.cut[i]) : "") + tail));
const total = (column) => column.reduce((sum, n) => sum + n, 0);

const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args });
const trouble = [];
const open = async (options) => {
  const page = await (await browser.newContext({ viewport: { width: 1400, height: 900 }, reducedMotion: "reduce", ...options })).newPage();
  page.on("pageerror", (error) => trouble.push(error.message));
  page.on("console", (message) => trouble.push(message.text()));
  page.on("request", (request) => { if (!request.url().startsWith("file:")) trouble.push("asks for " + request.url()); });
  await page.goto(pathToFileURL(page_).href);
  await page.waitForFunction(() => document.documentElement.dataset.ready);
  return page;
};
const page = await open({});
const text = (selector) => page.locator(selector).innerText();
const picture = () => page.evaluate(() => document.getElementById("canvas").toDataURL());
const ended = [];
const holds = (what, condition) => { assert.ok(condition, what); ended.push(what); };

// Loads, soon enough.
const ready = Number(await page.evaluate(() => document.documentElement.dataset.ready));
const loaded = await page.evaluate(() => performance.getEntriesByType("navigation")[0].loadEventEnd);
holds(`${paths.length} files drawn in ${ready} ms, loaded in ${Math.round(loaded)} ms`, ready < 2000 && loaded < 2000);

// The numbers are those of report.json.
assert.equal(await text("#before"), mb(report.before.bytes));
assert.equal(await text("#after"), mb(report.after.bytes));
assert.equal(await text("#zipped"), mb(report.after.zipped_bytes));
const panel = await text("#detail");
holds("the totals of the map are those of report.json", panel.includes(size(report.before.bytes)) && panel.includes(size(report.after.bytes)));
const rows = await page.locator("#distributions tbody tr").evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
assert.equal(rows.length, report.distributions.length);
const several = report.functions.length > 1;
for (const row of report.distributions) {
  const name = ((several ? row.package + ": " : "") + row.name + " " + row.version).trimEnd();
  const after = row.place === "shared" ? "in layer" : mb(row.after.bytes);
  assert.ok(rows.some((cells) => cells[0] === name && cells[1] === mb(row.before.bytes) && cells[2] === after), name);
}
holds("the table of distributions is report.json's", true);
const legend = async () => Object.fromEntries(await page.locator("#legend button").evaluateAll((all) => all.map((one) => [one.dataset.key, one.querySelector("span").textContent])));
await page.getByText("Removed", { exact: true }).click();
const removed = await legend();
for (const rule of report.rules.filter((rule) => rule.bytes > 0)) assert.equal(removed[rule.id], size(rule.bytes), rule.id);
holds("the colours' sums are the rules' of report.json", Object.keys(removed).length > 0);

// The switches draw another map.
const seen = new Set();
for (const view of ["Before", "After", "Removed"]) {
  await page.getByText(view, { exact: true }).click();
  for (const area of ["Unzipped", "Zipped"]) {
    await page.locator("#areas").getByText(area, { exact: true }).click();
    seen.add(await picture());
  }
}
holds("six maps, all different", seen.size === 6);
await page.getByText("Before", { exact: true }).click();
await page.locator("#areas").getByText("Unzipped", { exact: true }).click();

// Zoom by click and by key; the address remembers it.
const where = () => text("#path");
const box = await page.locator("#canvas").boundingBox();
const top = await picture();
assert.equal(await where(), "everything");
await page.mouse.click(box.x + 60, box.y + 60);
const inside = await where();
assert.notEqual(inside, "everything");
assert.notEqual(await picture(), top);
const first = await page.locator("#list tbody th").first().innerText();
await page.keyboard.press("Escape");
assert.equal(await where(), "everything");
assert.equal(await picture(), top);
await page.keyboard.press("ArrowRight");
await page.keyboard.press("Enter");
assert.notEqual(await where(), "everything");
await page.reload();
await page.waitForFunction(() => document.documentElement.dataset.ready);
assert.notEqual(await where(), "everything");
await page.locator("#path button").first().click();
assert.equal(await where(), "everything");
holds(`zoom in (to ${inside.replaceAll("\n", "")}, with ${first}) and out by click and key, and after a reload`, first.length > 0);

// The reason under the pointer is that of `slim explain`.
let compared = 0;
for (let step = 0; step < 40 && compared < 5; step++) {
  await page.mouse.move(box.x + 20 + (step * 97) % (box.width - 40), box.y + 30 + (step * 61) % (box.height - 50));
  const path = await text("#detail h3");
  if (!paths.includes(path) || several) continue;
  const told = await page.locator("#detail li").allInnerTexts();
  const answers = JSON.parse(execFileSync(slim, ["explain", packages[0], path, "--no-config", "--format", "json"], { encoding: "utf8", maxBuffer: 1 << 28 }));
  const because = answers.find((one) => one.path === path).because.map((line) => line.replace(/\s+/g, " "));
  for (const line of told) assert.ok(because.includes(line.replace(/\s+/g, " ")) , `${path}: ${line}\n${because.join("\n")}`);
  assert.ok(told.length > 0, path);
  compared++;
}
holds(`${compared} reasons under the pointer are those of slim explain`, several || compared === 5);

// Search.
await page.keyboard.press("/");
await page.keyboard.type("TEST");
const found = paths.filter((path, i) => path.toLowerCase().includes("test")
  || (data.rule[i] >= 0 && data.rules[data.rule[i]].id.includes("test"))
  || (data.distribution[i] >= 0 && data.distributions[data.distribution[i]].toLowerCase().includes("test")));
holds(`search finds ${found.length} files`, (await text("#found")).startsWith(found.length.toLocaleString("en") + " file") && found.length > 0);
assert.notEqual(await picture(), top);
await page.keyboard.press("Escape");
assert.equal(await picture(), top);

// One colour alone.
await page.locator("#legend button").first().click();
assert.notEqual(await picture(), top);
await page.locator("#legend button").first().click();
holds("a colour alone, and all again", (await picture()) === top);
await page.screenshot({ path: page_.replace(".html", ".png") });

// Sorted by another column.
await page.getByRole("button", { name: "name", exact: true }).click();
const names = await page.locator("#list tbody th").allInnerTexts();
holds("the table sorts", names.length > 1 && [...names].sort().join() === names.join());

// Dark, narrow, on paper.
const dark = await open({ colorScheme: "dark" });
await dark.screenshot({ path: page_.replace(".html", "-dark.png") });
const ground = await dark.evaluate(() => getComputedStyle(document.body).backgroundColor);
holds("dark mode", ground !== (await page.evaluate(() => getComputedStyle(document.body).backgroundColor)));
const phone = await open({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
await phone.screenshot({ path: page_.replace(".html", "-phone.png") });
const wide = await phone.evaluate(() => document.documentElement.scrollWidth);
assert.ok(wide <= 390, `the page is ${wide} wide on a phone`);
const small = await phone.locator("#canvas").boundingBox();
await phone.touchscreen.tap(small.x + 60, small.y + 60);
const chosen = await phone.locator("#detail h3").innerText();
assert.notEqual(chosen, "everything");
assert.equal(await phone.locator("#path").innerText(), "everything", "the first touch only tells");
await phone.touchscreen.tap(small.x + 60, small.y + 60);
holds(`a phone: one touch tells of ${chosen}, the second goes in`, (await phone.locator("#path").innerText()) !== "everything" || paths.includes(chosen));
await page.emulateMedia({ media: "print" });
const shown = await page.evaluate(() => [document.getElementById("map"), document.querySelector("#distributions tbody tr")].map((it) => it.getBoundingClientRect().height > 0));
assert.deepEqual(shown, [false, true], "on paper: no map, the table of distributions");
const bytes = (await page.pdf({ format: "A4" })).length;
holds("paper holds the tables", bytes > 10_000);
const plain = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
await plain.goto(pathToFileURL(page_).href);
holds("without scripts the tables are there", (await plain.locator("#distributions tbody tr").count()) === rows.length);

assert.deepEqual(trouble, []);
assert.equal(total(data.after), report.after.bytes);
await browser.close();
console.log(`ok: ${page_.replace(/.*\//, "")}\n  ${ended.join("\n  ")}`);
