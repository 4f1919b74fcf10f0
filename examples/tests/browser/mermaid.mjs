// Draws graphs with the real Mermaid in a real browser, and checks that each shows the expected texts:
//
//     node mermaid.mjs < graphs
//
// Each line of the input is JSON with a graph and the list of the texts that its diagram must show. The tests in
// ../../../tests/tests/graphs.rs write them.

import { createInterface } from "node:readline/promises";
import { chromium } from "playwright-core";

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
let graphs = 0;
let wrong = 0;
try {
  const page = await browser.newPage();
  await page.addScriptTag({ path: "node_modules/mermaid/dist/mermaid.min.js" });
  await page.evaluate(() => globalThis.mermaid.initialize({ startOnLoad: false }));
  const draw = async ([graph, id]) => {
    try {
      const { svg } = await globalThis.mermaid.render(id, graph);
      const drawn = new DOMParser().parseFromString(`<body>${svg}</body>`, "text/html");
      for (const line of drawn.querySelectorAll("br")) line.replaceWith("\n");
      const labels = [...drawn.querySelectorAll(".nodeLabel, .edgeLabel")].map((label) => label.textContent);
      return { labels, styled: drawn.querySelectorAll(".label em, .label strong, .label code, .label b, .label i").length };
    } catch (error) {
      return { error: String(error.message ?? error) };
    }
  };
  // White space at the ends is invisible, and several spaces look like one.
  const seen = (text) => text.trim().replaceAll(/[^\S\n]+/g, " ");
  for await (const line of createInterface({ input: process.stdin })) {
    const [graph, texts] = JSON.parse(line);
    const { labels, styled, error } = await page.evaluate(draw, [graph, `graph${graphs++}`]);
    const shown = new Set(labels?.map(seen));
    const missing = texts.filter((text) => !shown.has(seen(text)));
    if (error || styled || missing.length) {
      wrong++;
      console.log(`${graph}\n${error ?? `not shown: ${JSON.stringify(missing)} in ${JSON.stringify([...shown])}; ${styled} styled`}\n`);
    }
  }
} finally {
  await browser.close();
}
console.log(`${graphs} graphs, ${wrong} of them wrong`);
process.exitCode = wrong || !graphs ? 1 : 0;
