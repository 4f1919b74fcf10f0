// Reads the record from the page, in slices, so that a long one does not freeze the browser.

const SLICE = 40;

function boot() {
  const about = JSON.parse(document.getElementById("about").textContent);
  const source = document.getElementById("record");
  const text = source.textContent;
  source.remove();
  const page = new Page(about);
  let at = 0;
  const slice = () => {
    const until = performance.now() + SLICE;
    while (at < text.length) {
      let end = text.indexOf("\n", at);
      if (end < 0) end = text.length;
      const line = text.slice(at, end);
      if (line.trim()) page.model.line(line);
      at = end + 1;
      if (performance.now() > until) return setTimeout(slice);
    }
    page.start();
    document.documentElement.dataset.ready = Math.round(performance.now());
  };
  slice();
}

boot();
