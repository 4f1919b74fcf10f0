// What a person does with the live page, in a real browser:
//
//     node serve.mjs http://127.0.0.1:4477 TOKEN folder-for-the-screenshots
//
// The test `the_live_page_in_a_browser` in pocketflow-serve/tests/live_page.rs starts the server, and does what this script asks for
// in lines that begin with "do: ".

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const [url, token, folder] = process.argv.slice(2);
await mkdir(folder, { recursive: true });

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
async function elsewhere(what) {
  console.log(`do: ${what}`);
  const { value, done } = await answers.next();
  if (done || value !== "done") throw new Error(`nobody did: ${what}`);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const complaints = [];
try {
  const desktop = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  const page = await desktop.newPage();
  const listen = (page) => {

    page.on("pageerror", (error) => complaints.push(error.stack));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    page.setDefaultTimeout(30_000);
  };
  listen(page);
  const shoot = (name, of = page) => of.screenshot({ path: `${folder}/${name}.png` });
  const bar = (of = page) => of.locator("#live");
  const status = (name, of = page) => bar(of).locator(`.status.${name}`).first().waitFor();
  const wide = async (of) => assert.ok(await of.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the page scrolls sideways");

  // Without the token there is nothing; with it, the address forgets it.
  await page.goto(url);
  assert.ok(await page.getByText("The address lacks the token").isVisible());
  complaints.length = 0;
  await page.goto(`${url}/?token=${token}`);
  await page.getByText("There are no runs.").waitFor();
  assert.equal(new URL(page.url()).search, "");
  await page.locator(".connection.live").waitFor();

  // A record that is being written comes in by itself, and so does each step.
  await elsewhere("begin");
  await page.getByRole("link", { name: "agent-7" }).click();
  await page.getByRole("treeitem", { name: /^Step 1, decide/ }).waitFor();
  assert.equal(await page.getByRole("treeitem").count(), 1);
  await elsewhere("go on");
  await page.getByRole("treeitem", { name: /^Step 2, search/ }).waitFor();
  await shoot("1-live");
  await page.getByRole("treeitem").first().click();
  await page.getByRole("heading", { name: "Step 1: decide" }).waitFor();
  await elsewhere("end");
  await page.locator("#head").getByText("finished").waitFor();
  // What a person looks at stays.
  assert.ok(await page.getByRole("heading", { name: "Step 1: decide" }).isVisible());
  assert.ok(await bar().getByText("no database has the run").isVisible());

  // A run that waits, whose store is hostile.
  await elsewhere("order");
  await elsewhere("order without a record");
  await page.getByRole("link", { name: "‹ Runs" }).click();
  const row = (name) => page.locator("tbody tr", { has: page.getByRole("link", { name, exact: true }) });
  await row("<b>order</b>-1").locator(".status.waiting").waitFor();
  assert.match(await row("<b>order</b>-1").locator(".what").textContent(), /waits for decision#1, asked/);
  // Runs whose futures were dropped, one of them by a panic.
  await elsewhere("drop");
  await page.getByRole("button", { name: /dropped/ }).click();
  await row("cancelled").locator(".status.dropped").waitFor();
  assert.match(await row("cancelled").locator(".what").textContent(), /^dropped before its end, /);
  assert.match(await row("panicked").locator(".what").textContent(), /^ended by a panic, /);
  assert.equal(await page.locator("tbody tr").count(), 2);
  assert.match(page.url(), /status=dropped/);
  await page.getByRole("button", { name: /^All/ }).click();
  await row("<b>order</b>-1").waitFor();
  await shoot("2-list");
  await row("<b>order</b>-1").getByRole("link").click();
  await status("waiting");
  await page.getByRole("treeitem").filter({ hasText: "await(decision)" }).waitFor();
  await page.keyboard.press("f");
  await page.getByRole("button", { name: "brief", exact: true }).first().waitFor().catch(() => {});
  assert.equal(await page.locator("img, #content b").count(), 0);
  assert.notEqual(await page.title(), "owned");
  assert.ok(!(await page.content()).includes("4111"), "a confidential value is on the page");

  // The form is made from the type. A wrong value is refused with the reason, and the right one is taken.
  await bar().getByRole("button", { name: "Answer" }).click();
  const dialog = page.locator("#act");
  await dialog.getByText("decision#1").waitFor();
  await dialog.getByRole("button", { name: "Send the answer" }).click();
  await dialog.getByRole("alert").getByText("“limit” is missing").waitFor();
  await dialog.getByLabel("limit").fill("-5");
  await dialog.getByRole("button", { name: "Send the answer" }).click();
  await dialog.getByRole("alert").getByText("the number must be at least 0").waitFor();
  await shoot("3-refused");
  await dialog.getByLabel("limit").fill("5000");
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "hidden" });
  await bar().getByText("decision#1 is filled").waitFor();
  await bar().getByText(/If none is running, start its program|No worker takes up runs/).waitFor();
  await shoot("4-filled");

  // A worker goes on, as far as the next question, which has no description: the run itself refuses what does not fit.
  await elsewhere("worker");
  await bar().getByText("for remark#1").waitFor();
  await bar().getByRole("button", { name: "Answer" }).click();
  await dialog.getByLabel("Value").fill("{ not JSON");
  await dialog.getByRole("button", { name: "Send the answer" }).click();
  await dialog.getByRole("alert").getByText("The value is not JSON").waitFor();
  await dialog.getByLabel("Value").fill("17");
  await dialog.getByRole("button", { name: "Send the answer" }).click();
  await bar().getByText("The last answer was refused").waitFor();
  await shoot("5-refused-by-the-run");
  await bar().getByRole("button", { name: "Answer" }).click();
  await dialog.getByLabel("Text, as it is").check();
  await dialog.getByLabel("Value").fill("17");
  await dialog.getByRole("button", { name: "Send the answer" }).click();
  await status("finished");
  // The worker did not record, so the record stays behind, and the page says where the rest is.
  await bar().getByText("Its record ends with step 1, and the run is after step 5.").waitFor();
  await bar().getByRole("link", { name: "Show the history in the database" }).click();
  await page.getByRole("treeitem", { name: /^Step 5, thank/ }).waitFor();
  assert.ok(!(await page.content()).includes("4111"), "a confidential value is on the page");

  // A run that only the database knows fails, is mended, and a worker finishes it.
  await page.goto(`${url}/run?id=order-2`);
  await status("waiting");
  await bar().getByText("this run has no record").waitFor();
  assert.ok(await page.getByRole("treeitem").filter({ hasText: "check" }).isVisible());
  assert.ok(!(await page.content()).includes("4111"), "a confidential value is on the page");
  await bar().getByRole("button", { name: "Answer" }).click();
  await dialog.getByLabel("limit").fill("100");
  await dialog.getByRole("button", { name: "Send the answer" }).click();
  await status("failed");
  await bar().getByText("the bank is closed").waitFor();
  await page.locator("#head").getByText("failed").waitFor();
  // The step that is still selected has ended in the meantime.
  await page.locator("#content").getByText("done", { exact: true }).waitFor();
  await shoot("6-failed");
  await bar().getByText("More").click();
  await shoot("7-menu");
  await bar().getByRole("button", { name: "Edit the store…" }).click();
  await dialog.getByLabel("Field", { exact: true }).selectOption({ label: "card" });
  await dialog.getByText("The value is confidential").waitFor();
  await dialog.getByLabel("Field", { exact: true }).selectOption({ label: "total_cents" });
  assert.equal(await dialog.getByLabel("Value").inputValue(), "0");
  await dialog.getByLabel("Value").fill("99");
  await dialog.getByRole("button", { name: "Set the field" }).click();
  await page.locator("#toast").getByText("`total_cents` is set").waitFor();
  await bar().getByRole("button", { name: "Retry" }).click();
  await dialog.getByRole("button", { name: "Retry" }).click();
  await bar().getByText("for remark#1").waitFor();
  // A fork stays behind, and the run itself is cancelled.
  await bar().getByText("More").click();
  await bar().getByRole("button", { name: "Fork…" }).click();
  await dialog.getByLabel("Id of the new run").fill("order-2b");
  await dialog.getByRole("button", { name: "Fork" }).click();
  await bar().getByText("More").click();
  await bar().getByRole("button", { name: "Cancel…" }).click();
  await dialog.getByRole("button", { name: "Cancel the run" }).click();
  await status("cancelled");

  // The server goes, and comes back. The page says so, and goes on by itself.
  assert.deepEqual(complaints.filter((one) => !/status of (409|422)/.test(one)), []);
  await elsewhere("stop");
  await bar().getByText("the server has gone").waitFor();
  await shoot("8-gone");
  await elsewhere("start");
  await bar().locator(".connection.live").waitFor();
  await bar().getByRole("button", { name: "Retry" }).click();
  await dialog.getByRole("button", { name: "Retry" }).click();
  await bar().getByText("for remark#1").waitFor();
  complaints.length = 0;

  // Ten thousand runs more are listed and searched.
  await page.getByRole("link", { name: "‹ Runs" }).click();
  await elsewhere("many");
  await page.getByText("10,006 runs").waitFor();
  await page.getByText("Page 1 of 201").waitFor();
  const began = performance.now();
  await page.getByLabel("Search the runs").fill("import-0777");
  await page.getByText("10 of 10,006 runs").waitFor();
  console.log(`a search in 10,000 runs, as the browser sees it: ${Math.round(performance.now() - began)} ms`);
  assert.equal(await page.locator("tbody tr").count(), 10);
  await page.getByLabel("Search the runs").fill("");
  await page.getByText("Page 1 of 201").waitFor();
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByText("Page 2 of 201").waitFor();
  await page.getByRole("button", { name: /waiting/ }).click();
  await page.getByText(/^1 of 10,006 runs/).waitFor();
  await shoot("9-many");
  assert.match(page.url(), /status=waiting/);

  // Dark, and on a phone.
  for (const [name, options] of [["dark", { colorScheme: "dark", viewport: { width: 1400, height: 900 } }], ["phone", { colorScheme: "dark", viewport: { width: 375, height: 812 }, deviceScaleFactor: 2 }], ["phone-light", { viewport: { width: 375, height: 812 }, deviceScaleFactor: 2 }]]) {
    const context = await browser.newContext(options);
    const other = await context.newPage();
    listen(other);
    await other.goto(`${url}/?token=${token}`);
    await other.locator("tbody tr").first().waitFor();
    await wide(other);
    await other.getByLabel("Search the runs").fill("order");
    await other.getByText("3 of 10,006 runs").waitFor();
    await shoot(`10-${name}-list`, other);
    await other.getByRole("link", { name: "order-2", exact: true }).click();
    await bar(other).getByText("for remark#1").waitFor();
    await wide(other);
    await shoot(`11-${name}-run`, other);
    await bar(other).getByRole("button", { name: "Answer" }).click();
    await shoot(`12-${name}-answer`, other);
    await context.close();
  }

  assert.deepEqual(complaints, []);
  console.log(`all is well; the screenshots are in ${folder}`);
} catch (error) {
  console.log(`the pages complained: ${JSON.stringify(complaints)}`);
  throw error;
} finally {
  await browser.close();
}
// The lines of standard input would keep the program alive.
process.exit();
