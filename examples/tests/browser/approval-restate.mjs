// What a person does with the page of `approval-restate`, in a real browser:
//
//     node approval-restate.mjs http://127.0.0.1:3000 folder-for-the-screenshots
//
// The test in ../../approval-restate/tests/approval_restate.rs starts a worker, the page and the model that this script expects, and
// does what this script asks for in lines that begin with "do: ".

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const [url, folder] = process.argv.slice(2);
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
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.setDefaultTimeout(30_000);

  const shoot = (name) => page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
  const card = (brief) => page.locator("article", { has: page.getByRole("heading", { name: brief, exact: true }) });
  const state = (of, words) => of.locator(".state", { hasText: words }).waitFor();
  const steps = (of) => of.locator(".steps li").evaluateAll((all) => all.map((step) => step.children[1].textContent));
  const approve = (of) => of.getByRole("button", { name: "Approve" });
  const submit = async (brief) => {
    await page.getByLabel("What should be written?").fill(brief);
    await page.getByRole("button", { name: "Write a draft" }).click();
  };
  const published = async (brief, text) => {
    const shown = page.getByRole("region", { name: "Published" }).locator("article", { hasText: brief });
    await state(shown, "Published");
    assert.equal(await shown.locator("blockquote").textContent(), text);
  };

  // A worker writes the text, and the page shows the step and the question.
  await page.goto(url);
  assert.ok(await page.getByText("There are no drafts.").isVisible());
  await submit("Rain");
  const rain = card("Rain");
  await state(rain, "Waits for you");
  assert.deepEqual(await steps(rain), ["write", "await(decision)"]);
  assert.equal(await rain.locator("blockquote").textContent(), "Rain today.");
  await shoot("1-waits");

  // A run that fails says why, and the others go on.
  await submit("This one fails");
  const fails = card("This one fails");
  await state(fails, "Failed");
  assert.deepEqual(await steps(fails), ["write"]);
  assert.ok(await fails.getByText("Approval > write: exec failed at attempt 3 of 3").isVisible());

  // After the rejection, the model writes the text again.
  await rain.getByLabel("Or what should change?").fill("say when");
  await rain.getByRole("button", { name: "Reject" }).click();
  await rain.getByText("Draft 2").waitFor();
  await state(rain, "Waits for you");
  assert.equal(await rain.locator("blockquote").textContent(), "Rain from noon on.");
  assert.ok(await rain.getByText("“say when”").isVisible());

  // The worker is killed while the run waits. The answer stays with the server until another worker is there.
  await elsewhere("kill the worker");
  await approve(rain).click();
  assert.ok(await approve(rain).isDisabled());
  await shoot("2-answered-without-a-worker");
  await elsewhere("start the worker");
  await published("Rain", "Rain from noon on.");
  await elsewhere("look what is published");

  // The worker is killed while it writes, and another one writes the text.
  await submit("Fog");
  await card("Fog").locator(".steps li").waitFor();
  await elsewhere("kill the worker while it writes");
  assert.deepEqual(await steps(card("Fog")), ["write"]);
  await elsewhere("start the worker");
  await state(card("Fog"), "Waits for you");
  assert.deepEqual(await steps(card("Fog")), ["write", "await(decision)"]);
  assert.deepEqual(complaints, []);

  // The page is killed and restarted. It shows what the server has stored.
  const reloaded = page.waitForEvent("load");
  await elsewhere("kill the page and start it again");
  await reloaded;
  await state(card("Fog"), "Waits for you");
  await state(fails, "Failed");
  assert.ok(await fails.getByText("Approval > write: exec failed at attempt 3 of 3").isVisible());
  await published("Rain", "Rain from noon on.");
  await approve(card("Fog")).click();
  await published("Fog", "Rain today.");
  await shoot("3-published");

  // The browser reports the lost connection.
  assert.deepEqual(complaints.filter((one) => !/net::ERR_(CONNECTION|INCOMPLETE)/.test(one)), []);
  console.log(`all is well; the screenshots are in ${folder}`);
} finally {
  process.stdin.destroy();
  await browser.close();
}
