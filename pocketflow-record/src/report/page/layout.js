// Where everything stands in the drawing of a graph. Each flow is laid out by itself with dagre, and then stands in the
// drawing around it as one large box. It does not depend on a run, so it is computed once.

const FONT = "13px system-ui, sans-serif";
/** The height of a place, the room for a cluster's title, and the room around what is inside. */
const PLACE = 42,
  TITLE = 24,
  ROOM = 12;

let measuring = null;

/** The width of a text in the drawing. */
function widthOf(text, font = FONT) {
  measuring ??= document.createElement("canvas").getContext("2d");
  measuring.font = font;
  return measuring.measureText(text).width;
}

/** At most this many characters of a name are drawn. */
const shortName = (name) => (name.length > 34 ? `${name.slice(0, 33)}…` : name);

/**
 * Lays out a graph. `key` is the key of the visits that are counted in it, and `closed` the keys of clusters that a person
 * has closed. The result has `width`, `height`, `boxes` and `lines`, with coordinates from its corner.
 */
function layout(graphs, graph, key, closed, depth = 0) {
  const drawing = new dagre.graphlib.Graph({ multigraph: true });
  drawing.setGraph({ rankdir: "TB", nodesep: 20, ranksep: 34, edgesep: 14, marginx: 2, marginy: 2 });
  drawing.setDefaultEdgeLabel(() => ({}));
  const boxes = graph.places.map((place, index) => boxOf(graphs, place, `${index}`, key, closed, depth));
  for (const box of boxes) drawing.setNode(`p${box.place}`, { width: box.width, height: box.height });
  if (graph.places.length) {
    drawing.setNode("start", { width: 10, height: 10 });
    drawing.setEdge("start", "p0", { weight: 2 }, "start");
  }
  for (const exit of new Set(
    graph.edges.flatMap((edge) => [edge.to, edge.bound?.otherwise]).map((target) => target?.exit),
  )) {
    if (exit === undefined) continue;
    const name = shortName(endName(graph.exits[exit]));
    drawing.setNode(`e${exit}`, { width: Math.max(widthOf(name) + 24, 44), height: 24 });
    boxes.push({ kind: "exit", exit, name });
  }
  const lines = [];
  const line = (edge, index, kind, target) => {
    const from = `p${edge.from}`,
      to = target.place === undefined ? `e${target.exit}` : `p${target.place}`;
    if (!drawing.hasNode(from) || !drawing.hasNode(to)) return;
    const label = edgeName(edge, kind);
    const size = edge.bound && kind === "to" ? `${label} ${edge.bound.max}/${edge.bound.max}` : `${label} 888×`;
    drawing.setEdge(
      from,
      to,
      {
        width: widthOf(size, "12px system-ui, sans-serif") + 8,
        height: 16,
        labelpos: "c",
        weight: index === 0 ? 2 : 1,
      },
      `${index}${kind}`,
    );
    lines.push({ edge, index, kind, label, from, to, name: `${index}${kind}` });
  };
  for (const [index, edge] of graph.edges.entries()) {
    line(edge, index, "to", edge.to);
    if (edge.bound) line(edge, index, "otherwise", edge.bound.otherwise);
  }
  dagre.layout(drawing);
  for (const box of boxes) {
    const at = drawing.node(box.kind === "exit" ? `e${box.exit}` : `p${box.place}`);
    Object.assign(box, { x: at.x - at.width / 2, y: at.y - at.height / 2, width: at.width, height: at.height });
  }
  for (const line of lines) {
    const at = drawing.edge(line.from, line.to, line.name);
    Object.assign(line, { points: line.from === line.to ? null : at.points, x: at.x, y: at.y });
    if (line.points) continue;
    // A loop at one place: dagre keeps room for it, and only that.
    const box = drawing.node(line.from);
    Object.assign(line, { loop: { x: box.x + box.width / 2, y: box.y, far: at.x - at.width / 2 } });
  }
  const start = drawing.hasNode("start")
    ? { ...drawing.node("start"), points: drawing.edge("start", "p0", "start").points }
    : null;
  const { width = 0, height = 0 } = drawing.graph();
  return { graph, key, start, boxes, lines, width: Math.max(width, 0), height: Math.max(height, 0) };
}

/** A place as a box with its size: a node, or a cluster with a layout of its own inside. */
function boxOf(graphs, place, index, key, closed, depth) {
  const box = {
    kind: place.kind,
    place: parseInt(index, 10),
    index,
    spec: place,
    title: titleOf(place, graphs.get(place.flow)),
    key,
    inner: [],
    closed: false,
  };
  box.name = shortName(box.title);
  const inside = graphs.get(place.flow);
  if (place.fork) {
    box.cluster = `${key}/${index}`;
    const branches = place.fork.map((branch, number) => ({
      ...boxOf(graphs, branch, `${index}.${number}`, key, closed, depth),
      branch: true,
    }));
    besideEachOther(box, branches);
  } else if (inside) {
    box.cluster = `${key}/${index}`;
    box.flow = inside;
    box.closed = closed.has(box.cluster) || depth > 4;
    if (!box.closed) {
      const inner = layout(graphs, inside, box.cluster, closed, depth + 1);
      Object.assign(box, {
        inner: [{ drawing: inner, x: ROOM, y: TITLE }],
        width: inner.width + 2 * ROOM,
        height: inner.height + TITLE + ROOM,
      });
    }
  }
  const title = widthOf(box.name, box.cluster ? `600 12px system-ui, sans-serif` : FONT) + (box.cluster ? 110 : 28);
  box.width = Math.max(box.width ?? 0, title, 116);
  box.height = Math.max(box.height ?? 0, PLACE);
  return box;
}

/** The branches of a fork in rows. */
function besideEachOther(box, branches) {
  let x = ROOM,
    y = TITLE,
    high = 0,
    wide = 0;
  for (const branch of branches) {
    if (x > ROOM && x + branch.width > 560) {
      x = ROOM;
      y += high + ROOM;
      high = 0;
    }
    Object.assign(branch, { x, y });
    x += branch.width + ROOM;
    wide = Math.max(wide, x);
    high = Math.max(high, branch.height);
  }
  Object.assign(box, { branches, width: wide, height: y + high + ROOM });
}

/** What a box is called. */
function titleOf(place, graph) {
  const flow = graph?.title ?? place.name;
  switch (place.kind) {
    case "await":
      return `await ${place.waits ?? ""}`;
    case "sleep":
      return `sleep ${place.sleeps_ms == null ? "" : duration(place.sleeps_ms * 1000)}`;
    case "fork":
      return "at the same time";
    case "on":
      return place.name.includes("(") ? place.name : `${place.name}: ${flow} on ${place.field}`;
    case "each":
      return place.name.includes("(") ? place.name : `${place.name}: ${flow} each of ${place.field}`;
    default:
      return place.name;
  }
}

/** The names of the places down to a flow inside this graph, from its key. */
function namesDown(graphs, graph, key) {
  const names = [];
  for (const index of key.split("/").slice(1)) {
    const [place, branch] = index.split(".").map(Number);
    const spec = branch === undefined ? graph?.places[place] : graph?.places[place]?.fork?.[branch];
    names.push(spec?.name ?? "?");
    graph = graphs.get(spec?.flow);
  }
  return { names, graph };
}

/** What is written at an edge. */
function edgeName(edge, kind) {
  const action = edge.error
    ? edge.error.field
      ? `error(${edge.error.field})`
      : "error"
    : edge.action === "default"
      ? ""
      : edge.action;
  return kind === "otherwise" ? (action ? `${action}, then` : "then") : action;
}

/** A line from the right side of a box back to it. */
function loop({ x, y, far }) {
  return `M${x},${y - 9}C${far},${y - 22} ${far},${y + 22} ${x},${y + 9}`;
}

/** A line through points, with round corners. */
function curve(points) {
  const [first, ...rest] = points;
  if (!first || !rest.length) return "";
  const last = rest.at(-1);
  let path = `M${first.x},${first.y}`;
  for (let i = 0; i < rest.length - 1; i++) {
    const corner = rest[i],
      next = rest[i + 1];
    const end = i === rest.length - 2 ? last : { x: (corner.x + next.x) / 2, y: (corner.y + next.y) / 2 };
    path += `Q${corner.x},${corner.y} ${end.x},${end.y}`;
  }
  if (rest.length === 1) path += `L${last.x},${last.y}`;
  return path;
}
