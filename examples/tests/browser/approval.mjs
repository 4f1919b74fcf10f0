// What a person does with the page of `approval`, in a real browser:
//
//     node approval.mjs http://127.0.0.1:3000 folder-for-the-screenshots
//
// The test `the_page_in_a_browser` in ../programs/approval.rs starts the server and the model that this script expects. When the
// script prints "kill the server", the test kills it, starts it again, and says so in a line of standard input.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { chromium } from "playwright-core";

const [url, folder] = process.argv.slice(2);
await mkdir(folder, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
try {
  const desktop = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await desktop.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.setDefaultTimeout(20_000);

  const shoot = (name, of = page) => of.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
  const card = (brief, of = page) => of.locator("article", { has: of.getByRole("heading", { name: brief }) });
  const state = (of, words) => of.locator(".state", { hasText: words }).waitFor();
  const steps = (of) => of.locator(".steps li").evaluateAll((all) => all.map((step) => step.children[1].textContent));
  const submit = async (brief) => {
    await page.getByLabel("What should be written?").fill(brief);
    await page.getByRole("button", { name: "Write a draft" }).click();
  };

  // An empty page says what to do.
  await page.goto(url);
  assert.ok(await page.getByText("There are no drafts.").isVisible());
  assert.ok(await page.getByText("The texts that you approve appear here").isVisible());
  await shoot("1-empty");

  // The steps appear, and the draft is shown as plain text. The keyboard is used as far as possible.
  await page.getByLabel("What should be written?").fill("<b>Rain</b> & umbrellas");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const rain = card("<b>Rain</b> & umbrellas");
  await state(rain, "Waits for you");
  assert.deepEqual(await steps(rain), ["write", "await(decision)"]);
  assert.equal(await page.getByLabel("What should be written?").inputValue(), "");
  assert.match(await rain.locator("blockquote").textContent(), /<img src=x onerror="document.title='owned'">/);
  assert.equal(await page.locator("img, article b").count(), 0);
  assert.equal(await page.title(), "Approval");
  await shoot("2-waits");

  // The page asks for a remark, and keeps what is typed when something happens to another draft.
  await rain.getByRole("button", { name: "Reject" }).click();
  await state(rain, "Waits for you");
  await rain.getByLabel("Or what should change?").fill("say when");
  await submit("This one fails");
  const fails = card("This one fails");
  await state(fails, "Failed");
  assert.equal(await fails.getByText(/^attempt \d failed: /).count(), 3);
  assert.ok(await fails.getByText("exec failed at attempt 3 of 3").isVisible());
  assert.equal(await rain.getByLabel("Or what should change?").inputValue(), "say when");

  // After the rejection, the model writes the text again.
  await rain.getByRole("button", { name: "Reject" }).click();
  await rain.getByText("Draft 2").waitFor();
  assert.deepEqual(await steps(rain), ["write", "await(decision)", "decide", "write", "await(decision)"]);
  assert.match(await rain.locator("blockquote").textContent(), /^Rain from noon on\./);
  assert.ok(await rain.getByText("“say when”").isVisible());
  await shoot("3-again");

  // The server is killed and restarted. The page notices by itself, and shows the stored state.
  assert.deepEqual(complaints, []);
  console.log("kill the server");
  const reloaded = page.waitForEvent("load");
  const test = createInterface({ input: process.stdin });
  await test.question("");
  test.close();
  await reloaded;
  await state(rain, "Waits for you");
  await state(fails, "Failed");
  assert.equal(await rain.locator("figcaption").textContent(), "Draft 2");
  assert.match(await rain.locator("blockquote").textContent(), /^Rain from noon on\./);
  assert.ok(await fails.getByText("exec failed at attempt 3 of 3").isVisible());
  await shoot("4-killed-and-started");
  // The browser reports the lost connection.
  complaints.splice(0, complaints.length, ...complaints.filter((one) => !/net::ERR_(CONNECTION|INCOMPLETE)/.test(one)));

  // A phone that loads the page in the middle of the run shows the same.
  const phone = await browser.newContext({ viewport: { width: 375, height: 812 }, deviceScaleFactor: 2, colorScheme: "dark" });
  const small = await phone.newPage();
  await small.goto(url);
  await state(card("<b>Rain</b> & umbrellas", small), "Waits for you");
  assert.deepEqual(await steps(card("<b>Rain</b> & umbrellas", small)), ["await(decision)"]);
  assert.ok(await small.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the phone scrolls sideways");
  await shoot("5-phone", small);

  // A text that is approved on the phone is published on this page as well.
  await card("<b>Rain</b> & umbrellas", small).getByRole("button", { name: "Approve" }).click();
  for (const one of [page, small]) {
    const published = one.getByRole("region", { name: "Published" }).locator("article");
    await state(published, "Published");
    assert.match(await published.locator("blockquote").textContent(), /^Rain from noon on\./);
    assert.equal(await published.getByRole("button").count(), 0);
  }
  await shoot("6-published");
  await shoot("7-phone-published", small);

  assert.deepEqual(complaints, []);
  console.log(`all is well; the screenshots are in ${folder}`);
} finally {
  await browser.close();
}
