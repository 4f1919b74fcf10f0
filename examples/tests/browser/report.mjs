// What a person does with the report of a run, in a real browser without a network:
//
//     node report.mjs folder-with-the-reports folder-for-the-screenshots
//
// The test `reports_in_a_browser` in ../programs/reports.rs makes the reports that this script expects, from runs of the programs.

import assert from "node:assert/strict";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [reports, folder] = process.argv.slice(2);
await mkdir(folder, { recursive: true });
const file = (name) => `${reports}/${name}.html`;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const DESKTOP = { viewport: { width: 1440, height: 900 } };
const PHONE = { viewport: { width: 375, height: 812 }, deviceScaleFactor: 2 };
const complaints = [];

/** Opens a report from the disk, offline. Whatever it fetches or complains about fails the test. */
async function open(name, { address = "", ...options } = {}) {
  const context = await browser.newContext({ ...DESKTOP, ...options, offline: true });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on("pageerror", (error) => complaints.push(`${name}: ${error.message}`));
  page.on("console", (message) => complaints.push(`${name}: ${message.text()}`));
  page.on("dialog", (dialog) => (complaints.push(`${name}: ${dialog.message()}`), dialog.dismiss()));
  const url = `${pathToFileURL(file(name))}${address}`;
  page.on("request", (request) => request.url().split("#")[0] !== url.split("#")[0] && complaints.push(`${name} fetches ${request.url()}`));
  await page.goto(url);
  await page.locator("html[data-ready]").waitFor();
  return page;
}

const shoot = (page, name) => page.screenshot({ path: `${folder}/report-${name}.png` });
const heading = (page) => page.locator("#side h2").textContent();
const row = (page, label) => page.locator(".row", { has: page.locator(".label", { hasText: new RegExp(`^${label}$`) }) });
const selected = (page) => page.locator(".row[aria-selected=true]").getAttribute("aria-label");
const part = (page, title) => page.locator("#side section", { has: page.getByRole("heading", { name: title, exact: true }) });
/** Waits until the address is this one. The page writes it a moment after a selection. */
const address = (page, hash) => page.waitForFunction((hash) => location.hash === hash, hash);
const fits = async (page) => assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the page scrolls sideways");

try {
  // The run of an agent: the head, the graph and the run as a whole.
  const agent = await open("agent");
  assert.match(await agent.title(), /^Agent: finished$/);
  const head = await agent.locator("#head").textContent();
  assert.match(head, /Steps\s*6 of at most 12/);
  assert.match(head, /Failed attempts\s*1 of 7/);
  assert.match(head, /Graph\s*[0-9a-f]{8}/);
  const edges = await agent.locator(".drawing text.edge").allTextContents();
  assert.ok(edges.some((edge) => edge.startsWith("search 2/5")), edges.join());
  assert.ok(await agent.locator(".drawing text.edge.pale", { hasText: "search, then" }).isVisible());
  assert.match(await part(agent, "Bounds").textContent(), /2 of 5/);
  assert.match(await part(agent, "Where the time went").textContent(), /decide/);
  await shoot(agent, "agent");

  // J and K move through the steps, and the selection is in the address.
  await agent.keyboard.press("j");
  await agent.keyboard.press("j");
  await agent.keyboard.press("j");
  await agent.keyboard.press("k");
  await address(agent, "#run=0&step=2");
  assert.equal(await heading(agent), "Step 2: search");
  await agent.keyboard.press("ArrowDown");
  await address(agent, "#run=0&step=3");
  assert.match(await selected(agent), /^Step 3, decide, retried, then search, 2 attempts/);
  assert.match(await agent.locator("#news").textContent(), /^Step 3, decide/);
  assert.equal(await agent.locator(".drawing [aria-current=step]").getAttribute("data-box"), ":0");

  // Which attempt failed and why, what the model said, and why this edge was taken.
  assert.match(await part(agent, "Attempts").textContent(), /Attempt 1 of 3 failed.*unknown variant `dance`.*Attempt 2 of 3 succeeded/s);
  assert.match(await part(agent, "Model").textContent(), /test-model.*attempt 1.*action: dance/s);
  assert.match(await part(agent, "Action").textContent(), /decide returned "search", and the flow went to search: time 2 of at most 5/);
  assert.match(await part(agent, "Changed").textContent(), /search_query.*before.*after/s);
  await shoot(agent, "agent-step");

  // Who filled a field. A step that wrote it is a link.
  await part(agent, "Read").getByRole("button", { name: "found" }).click();
  await address(agent, "#run=0&step=3&field=found");
  assert.match(await part(agent, "History").textContent(), /At the start.*step 2, search.*step 4, search/s);
  await shoot(agent, "agent-field");
  await part(agent, "History").getByRole("button", { name: "step 4, search" }).click();
  await address(agent, "#run=0&step=4&field=found");

  // A link that is pressed is drawn anew, and the keyboard goes on from the title of the pane.
  await agent.keyboard.press("s");
  await agent.getByRole("button", { name: "next visit of search" }).or(agent.getByRole("button", { name: "previous visit of search" })).focus();
  await agent.keyboard.press("Enter");
  await agent.locator("#side h2", { hasText: "Step 2: search" }).waitFor();
  assert.equal(await agent.evaluate(() => document.activeElement.tagName), "H2");
  await agent.keyboard.press("f");
  await agent.keyboard.press("j");
  await agent.keyboard.press("j");
  await address(agent, "#run=0&step=4&field=found");

  // An address leads to the same place, in a new window and in this one.
  const again = await open("agent", { address: "#run=0&step=4&field=found" });
  assert.match(await selected(again), /^Step 4, search/);
  assert.match(await heading(again), /^Fields/);
  await again.evaluate(() => (location.hash = "#run=0&step=1"));
  await again.locator("#side h2", { hasText: "Step 1: decide" }).waitFor();

  // The filter for errors, and the search.
  await agent.keyboard.press("e");
  assert.deepEqual(await agent.locator(".row .label").allTextContents(), ["decide"]);
  await agent.keyboard.press("Escape");
  assert.equal(await agent.locator(".row").count(), 6);
  await agent.keyboard.press("/");
  await agent.keyboard.type("DANCE");
  await agent.locator(".found", { hasText: "1 row of 6" }).waitFor();
  await address(agent, "#run=0&step=4&field=found&q=DANCE");
  await agent.keyboard.press("Escape");

  // The graph, the theme and the help by keyboard, and the command for a test.
  await agent.keyboard.press("g");
  await agent.keyboard.press("Home");
  await agent.keyboard.press("ArrowDown");
  await agent.keyboard.press("Enter");
  assert.match(await heading(agent), /^Step \d: (search|answer)$/);
  const ground = () => agent.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await agent.keyboard.press("t");
  await agent.keyboard.press("t");
  assert.notEqual(await ground(), light);
  await shoot(agent, "agent-dark");
  await agent.keyboard.press("?");
  assert.ok(await agent.getByRole("dialog").isVisible());
  await agent.keyboard.press("Escape");
  await agent.keyboard.press("c");
  await agent.locator("#toast", { hasText: "Copied" }).waitFor();
  assert.equal(await agent.evaluate(() => navigator.clipboard.readText()), "pocketflow test agent.jsonl");

  // A run that failed opens at the failure.
  const failed = await open("failed", { colorScheme: "dark" });
  assert.match(await heading(failed), /^Step \d: answer$/);
  assert.match(await part(failed, "Error").textContent(), /503|overloaded/);
  assert.equal(await part(failed, "Attempts").locator("li", { hasText: /^Attempt/ }).count(), 3);
  assert.match(await failed.locator("#head").textContent(), /failed at Agent > answer/);
  await shoot(failed, "failed-dark");
  await failed.keyboard.press("r");
  assert.match(await part(failed, "Go on from here").textContent(), /cannot be resumed/);

  // Inner runs are lanes, with the counts of the selected one in the graph.
  const newsroom = await open("newsroom");
  assert.deepEqual(await newsroom.locator(".row.run .label").allTextContents(), ["desks[0]", "desks[1]", "desks[2]"]);
  await shoot(newsroom, "newsroom");
  await row(newsroom, "desks\\[1\\]").click();
  await address(newsroom, "#run=2");
  assert.match(await newsroom.locator(".scope").textContent(), /desks\[1\]/);
  await newsroom.keyboard.press("ArrowDown");
  await address(newsroom, "#run=2&step=1");
  assert.match(await newsroom.locator("#side .path").textContent(), /^Newsroom › desks\[1\] › decide$/);
  await newsroom.getByText("Edges as a table").click();
  assert.match(await newsroom.getByRole("region", { name: "Edges" }).textContent(), /Reporter\.each\(desks\) › decide/);

  // The same flow at three places of a graph has counts of its own at each, and a failure that the flow keeps is found.
  const digest = await open("digest");
  const bounds = await part(digest, "Bounds").locator("tbody tr").allTextContents();
  assert.deepEqual(bounds, ['one › search - "again" >> search0 of 2', 'two › search - "again" >> search2 of 2used up; then 1× conclude', 'three › search - "again" >> search1 of 2']);
  assert.deepEqual(await digest.locator(".drawing .title").allTextContents(), ["at the same time", "▾ one: Investigate on facts", "▾ two: Investigate on figures", "▾ three: Investigate each of desks"]);
  await digest.keyboard.press("n");
  await digest.keyboard.press("n");
  assert.equal(await digest.locator("#side .path").textContent(), "Digest › desks[1] › conclude");
  assert.match(await part(digest, "Error").textContent(), /there is no topic/);
  await row(digest, "figures").click();
  await digest.keyboard.press("j");
  assert.equal(await digest.locator(".drawing [aria-current=step]").getAttribute("data-box"), "/0.1:0");
  await digest.getByRole("button", { name: "▾ two: Investigate on figures" }).locator(".title").click();
  await digest.getByRole("button", { name: "▸ two: Investigate on figures" }).waitFor();
  await shoot(digest, "digest");

  // A run that waits says for what, and how to go on. Its record goes on when the run does.
  const waits = await open("waits");
  assert.match(await waits.locator("#head").textContent(), /waits for approval.*Graph\s*as recorded/s);
  assert.match(await part(waits, "Go on from here").textContent(), /pocketflow runs fill order-17 approval VALUE.*pocketflow runs fork order-17 1 order-17-from-2/s);
  await shoot(waits, "waits");
  const shop = await open("shop");
  assert.deepEqual(await shop.locator(".row .label").allTextContents(), ["review", "await(approval)", "resumed", "await(approval)", "Payment", "authorize", "capture", "(pack, notify)", "pack", "notify", "ship", "refund"]);
  assert.ok(await shop.locator(".drawing .line.failed.dashed").isVisible());
  await shop.keyboard.press("n");
  assert.equal(await heading(shop), "Step 6: ship");
  assert.match(await part(shop, "Action").textContent(), /has an edge for that: the flow went to refund/);
  await shop.keyboard.press("f");
  await shop.getByLabel("History of").selectOption("approval");
  assert.match(await part(shop, "History").textContent(), /step 2, await\(approval\), filled from outside/);
  await shop.getByLabel("History of").selectOption("card");
  assert.match(await part(shop, "History").textContent(), /redacted/);
  assert.doesNotMatch(await shop.content(), /4111/);
  await shoot(shop, "shop");

  // A step in which a process was killed ends at the last event of that process, and not an hour later.
  const killed = await open("killed", { address: "#run=0" });
  const [stopped, gap] = [row(killed, "await\\(approval\\)").first(), row(killed, "resumed")];
  assert.match(await stopped.getAttribute("aria-label"), /not finished, not ended$/);
  assert.match(await gap.getAttribute("aria-label"), /1 h$/);
  const [bar, before] = [await stopped.locator(".whole").boundingBox(), await gap.locator(".whole").boundingBox()];
  assert.ok(bar.x + bar.width <= before.x + 3, "the bar of a killed step goes on after its process");
  await killed.keyboard.press("r");
  assert.doesNotMatch(await part(killed, "Where the time went").textContent(), /\d (h|min)\b/);
  await shoot(killed, "killed");

  // Of what has not ended, nobody knows how long it took.
  const hangs = await open("hangs");
  assert.match(await hangs.locator("#head").textContent(), /not finished.*Time\s*not ended/s);
  assert.match(await hangs.locator(".row").last().getAttribute("aria-label"), /not finished, not ended$/);
  await hangs.keyboard.press("r");
  assert.match(await hangs.locator("#content").textContent(), /not ended; the last event is at \+/);
  assert.match(await part(hangs, "Where the time went").locator("tr", { hasText: "answer" }).textContent(), /answer100not endednot ended/);
  await shoot(hangs, "hangs");
  assert.match(await (await open("dropped")).locator("#head").textContent(), /dropped before its end/);
  assert.match(await (await open("panicked")).locator("#head").textContent(), /ended by a panic/);

  // A fork of batches has as many branches as nodes, and the items are counted alone.
  const shelves = await open("shelves", { address: "#run=0&step=1" });
  assert.match(await selected(shelves), /2 branches/);
  assert.deepEqual(await shelves.locator(".row .label").allTextContents(), ["(weigh, gauge)", "weigh", "weigh item 0", "weigh item 1", "gauge", "gauge item 0", "gauge item 1", "gauge item 2"]);
  assert.match(await part(shelves, "Branches").textContent(), /weigh.*2 items.*gauge.*3 items/s);
  assert.match(await part(shelves, "Items").textContent(), /5 in all\. Median [^,]*, longest/);
  assert.match(await part(shelves, "Changed").textContent(), /redsfilled, was empty2 items \[4, 3\]0 41 3/);
  await shelves.getByLabel("Order of items").selectOption("slow");
  await row(shelves, "gauge").click();
  await address(shelves, "#run=0&step=1&branch=1");
  assert.match(await part(shelves, "Items").textContent(), /3 in all/);
  assert.deepEqual(await shelves.locator("header option").allTextContents(), ["1: Sort, finished", "2: Counting, finished", "3: Sort, finished"].map((name) => `\u2068${name}\u2069`));
  await shoot(shelves, "shelves");
  await shelves.keyboard.press("r");
  assert.match(await part(shelves, "Keep it as a test").textContent(), /pocketflow test FILE --run/);

  // The items of a durable run wait, and are answered one after the other: three runs of the record are one run.
  const documents = await open("documents");
  assert.equal(await documents.locator(".row .label", { hasText: /^resumed$/ }).count(), 2);
  assert.equal(await documents.locator("header select").count(), 0);
  assert.match(await part(documents, "Where the time went").textContent(), /Approve\.each\(documents\) › draft220/);
  assert.match(await documents.getByRole("button", { name: /^await approval/ }).getAttribute("aria-label"), /^await approval 2×/);
  const item = documents.locator(".row[aria-label*='waits for approval'][aria-level='3']").first();
  await item.click();
  assert.match(await part(documents, "Go on from here").textContent(), /pocketflow runs fill 'folder-1\/1\/documents\[0\]' approval VALUE/);

  // A phone shows one pane at a time.
  const phone = await open("failed", { ...PHONE });
  await fits(phone);
  await shoot(phone, "phone-steps");
  await row(phone, "search").first().click();
  assert.match(await heading(phone), /^Step 2: search$/);
  await fits(phone);
  await shoot(phone, "phone-step");
  for (const pane of ["Graph", "Fields", "Run", "Steps"]) {
    await phone.getByRole("navigation").getByRole("button", { name: pane, exact: true }).click();
    await fits(phone);
  }
  const dark = await open("newsroom", { ...PHONE, colorScheme: "dark", address: "#run=0&pane=graph" });
  await fits(dark);
  await shoot(dark, "phone-graph-dark");

  // Nothing of a record is obeyed: not in fields, not in errors, not in the reply of a model.
  const hostile = await open("hostile");
  assert.match(await hostile.locator("#content").textContent(), /<\/script><img src=x onerror=/);
  for (let step = 1; step <= 2; step++) {
    for (const key of ["s", "f", "r", "j"]) {
      await hostile.keyboard.press(key);
      assert.equal(await hostile.locator("img, iframe, link, object, #content script, #content style").count(), 0);
    }
  }
  assert.match(await hostile.title(), /^Hostile: failed/);
  assert.equal(await hostile.evaluate(() => globalThis.owned), undefined);
  const spoken = await hostile.evaluate(() => [document.title, ...[...document.querySelectorAll("[aria-label], [title]")].flatMap((one) => [one.ariaLabel, one.title])].join());
  assert.doesNotMatch(spoken, /[\u202e\u0007]/);
  await hostile.evaluate(() => (location.hash = "#run=0&field=text"));
  await hostile.locator(".escape", { hasText: "\\u202e" }).first().waitFor();
  const long = await hostile.locator("#content").textContent();
  assert.ok(long.length < 20_000, `${long.length} characters of a long text are shown at once`);
  await shoot(hostile, "hostile");

  // Even if a text were read as HTML, the policy of the page would not let it run.
  await hostile.evaluate(() => {
    const box = document.createElement("div");
    box.innerHTML = "<img src=x onerror='globalThis.owned = true'>";
    document.body.append(box);
    const script = document.createElement("script");
    script.textContent = "globalThis.owned = true";
    document.body.append(script);
  });
  await hostile.waitForTimeout(200);
  assert.equal(await hostile.evaluate(() => globalThis.owned), undefined);
  const refused = complaints.splice(0).filter((complaint) => !/Content Security Policy|fetches .*\/x$/.test(complaint));
  assert.deepEqual(refused, []);

  // A record that is cut off, and one without a run.
  assert.match(await (await open("cut-off")).locator("#head").textContent(), /not finished.*its last line is not whole/s);
  assert.match(await (await open("empty")).locator("#head").textContent(), /no run yet/);

  // A record that stops anywhere is shown as far as it goes: a run may still be going on, or its process may have died.
  const whole = await readFile(file("shop"), "utf8");
  const begin = whole.indexOf(">", whole.indexOf('id="record"')) + 1;
  const lines = whole.slice(begin, whole.indexOf("</script>", begin)).trim().split("\n");
  let stops;
  for (let length = 4; length < lines.length; length++) {
    await writeFile(file("stops"), whole.slice(0, begin) + lines.slice(0, length).join("\n") + whole.slice(whole.indexOf("</script>", begin)));
    stops ??= await open("stops");
    await stops.goto(pathToFileURL(file("stops")).href);
    await stops.locator("html[data-ready]").waitFor();
    for (const key of ["r", "f", "s", "j"]) await stops.keyboard.press(key);
    assert.match(await stops.locator("#head").textContent(), /not finished|waits for approval|ended with refunded/);
  }

  // Long runs open quickly.
  for (const name of ["steps-10", "steps-1000", "steps-10000", "items-10000", "runs-10000"]) {
    const page = await open(name);
    const ready = Number(await page.locator("html").getAttribute("data-ready"));
    const { size } = await stat(file(name));
    console.log(`${name}: ${(size / 1024).toFixed(0)} KiB, shown after ${ready} ms`);
    assert.ok(ready < 10_000, `${name} takes ${ready} ms`);
    assert.ok((await page.locator(".row").count()) < 100, "rows out of view are in the document");
    await page.locator("#rows").focus();
    await page.keyboard.press("End");
    assert.ok(await page.locator(".row[aria-selected=true]").isVisible());
    if (name === "items-10000") {
      assert.match(await page.locator("#content").textContent(), /item 9999/);
      await page.keyboard.press("Home");
      assert.match(await part(page, "Items").textContent(), /10,000 in all\. Median .*Slowest/s);
      await shoot(page, "items-10000");
    }
    await page.context().close();
  }

  assert.deepEqual(complaints, []);
  console.log(`all is well; the screenshots are in ${folder}`);
} finally {
  await browser.close();
}
