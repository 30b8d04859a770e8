"use strict";
(() => {
  const began = performance.now();
  const $ = (id) => document.getElementById(id);
  const data = JSON.parse($("data").textContent);
  const count = data.tail.length;

  // Six sums of every node: before, before zipped, after, after zipped, saved, saved zipped.
  const BEFORE = 0, AFTER = 2, SAVED = 4;
  const VIEWS = { before: BEFORE, after: AFTER, removed: SAVED };
  const hasZipped = data.before_zipped !== null;

  // ---- Numbers as people read them, as the rest of slim writes them.
  const mb = (bytes) => { const n = bytes / 1e6; return n.toFixed(n >= 9.95 ? 1 : 2) + " MB"; };
  const size = (bytes) =>
    bytes === 1 ? "1 byte" : bytes < 1000 ? bytes + " bytes" : bytes < 1e6 ? (bytes / 1e3).toFixed(1) + " kB" : mb(bytes);
  const amount = (n, what) => n.toLocaleString("en") + " " + what + (n === 1 ? "" : "s");
  const share = (part, whole) => (whole === 0 ? "0%" : (part / whole * 100).toFixed(1) + "%");

  // ---- The tree: packages where there are several, distributions, folders, files.
  const paths = [];
  for (let i = 0, last = ""; i < count; i++) paths.push(last = last.slice(0, data.cut[i]) + data.tail[i]);

  const node = (name, parent) => ({ name, parent, kids: [], file: -1, sums: [0, 0, 0, 0, 0, 0], files: 0, hits: 0, byName: new Map() });
  const under = (parent, name) => {
    let kid = parent.byName.get(name);
    if (!kid) parent.byName.set(name, kid = node(name, parent)), parent.kids.push(kid);
    return kid;
  };
  const root = node("everything", null);
  for (let i = 0; i < count; i++) {
    let at = root;
    if (data.packages.length > 1) at = under(at, data.packages[data.package[i]]);
    const distribution = data.distribution[i];
    at = under(at, distribution < 0 ? "(your code)" : data.distributions[distribution]);
    const parts = paths[i].split("/");
    for (const part of parts.slice(0, -1)) at = under(at, part + "/");
    const leaf = node(parts[parts.length - 1], at);
    leaf.file = i;
    at.kids.push(leaf);
    const before = data.before[i], after = data.after[i], afterZipped = data.after_zipped[i];
    const beforeZipped = hasZipped ? data.before_zipped[i] : 0;
    leaf.sums = [before, beforeZipped, after, afterZipped, Math.max(0, before - after), hasZipped ? Math.max(0, beforeZipped - afterZipped) : 0];
    // What the layer has from elsewhere is not saved but shared; it counts there.
    if (data.fate[i] === "s") leaf.sums[SAVED] = leaf.sums[SAVED + 1] = 0;
  }
  // A folder that holds one folder alone is one step with it.
  const finish = (it) => {
    it.byName = null;
    for (const kid of it.kids) {
      if (kid.file < 0) finish(kid);
      else kid.files = 1;
      kid.sums.forEach((n, k) => { it.sums[k] += n; });
      it.files += kid.files;
    }
    const only = it.kids[0];
    if (it.kids.length === 1 && only.file < 0 && it.parent && it.parent !== root && it.name.endsWith("/")) {
      it.name += only.name;
      it.kids = only.kids;
      it.kids.forEach((kid) => { kid.parent = it; });
    }
  };
  finish(root);

  // ---- Colours: what ships as it is grey, then a colour for each rule, the one that takes most first.
  const HUES = ["#d9603b", "#3f7fbf", "#c9a227", "#8e5bb5", "#2f9e8f", "#c2487e", "#7a9a2f", "#9a6a43", "#5b6fd0", "#d08a2e", "#4f9fd0", "#a34f4f"];
  const OTHERS = "#80808c";
  const saved = data.rules.map(() => [0, 0]);
  for (let i = 0; i < count; i++) if (data.rule[i] >= 0) saved[data.rule[i]][0] += Math.max(0, data.before[i] - data.after[i]);
  const order = data.rules.map((_, rule) => rule).sort((a, b) => saved[b][0] - saved[a][0] || (data.rules[a].id < data.rules[b].id ? -1 : 1));
  const hue = data.rules.map(() => OTHERS);
  order.forEach((rule, place) => { hue[rule] = HUES[place] || OTHERS; });
  let theme = {};
  const readTheme = () => {
    const style = getComputedStyle(document.documentElement);
    const value = (name) => style.getPropertyValue(name).trim();
    theme = { kept: value("--kept"), made: value("--made"), ground: value("--ground"), ink: value("--ink"), page: value("--page"), soft: value("--soft") };
  };
  readTheme();
  // Key of a file's colour: a rule's number, or -1 (ships as it is), -2 (made by slim).
  const keyOf = (i) => {
    const fate = data.fate[i];
    if (fate === "m") return -2;
    return (fate === "c" || fate === "d") && data.rule[i] >= 0 ? data.rule[i] : fate === "d" ? -3 : -1;
  };
  const keys = paths.map((_, i) => keyOf(i));
  const colour = (key) => (key === -1 ? theme.kept : key === -2 ? theme.made : key === -3 ? OTHERS : hue[key]);
  const called = (key) => (key === -1 ? "ships" : key === -2 ? "made by slim" : key === -3 ? "left out" : data.rules[key].id);
  const light = (hex) => {
    const n = parseInt(hex.slice(1), 16);
    return 0.299 * (n >> 16) + 0.587 * ((n >> 8) & 255) + 0.114 * (n & 255) > 140;
  };

  // ---- What is shown.
  const state = { view: "before", area: "unzipped", at: root, chosen: null, query: "", key: null, by: null, up: false };
  const metric = () => VIEWS[state.view] + (state.area === "zipped" ? 1 : 0);
  const canvas = $("canvas"), field = canvas.parentElement, pen = canvas.getContext("2d");
  let rects = [], ratio = 1, width = 0, height = 0;

  // Squarified treemap (Bruls, Huizing, van Wijk 2000): rows of rectangles as square as can be.
  const squarify = (kids, m, x, y, w, h, put) => {
    let rest = 0;
    for (const kid of kids) rest += kid.sums[m];
    let from = 0;
    while (from < kids.length && rest > 0 && w > 0 && h > 0) {
      const side = Math.min(w, h), scale = w * h / rest;
      let to = from, sum = 0, worst = Infinity;
      const most = kids[from].sums[m] * scale;
      while (to < kids.length) {
        const area = kids[to].sums[m] * scale;
        if (area <= 0) break;
        const all = sum + area, square = side * side;
        const next = Math.max(square * most / (all * all), all * all / (square * area));
        if (next > worst) break;
        worst = next; sum = all; to++;
      }
      if (to === from) break;
      const thick = sum / side;
      let along = 0;
      for (let k = from; k < to; k++) {
        const long = kids[k].sums[m] * scale / thick;
        if (w >= h) put(kids[k], x, y + along, thick, long);
        else put(kids[k], x + along, y, long, thick);
        along += long;
        rest -= kids[k].sums[m];
      }
      if (w >= h) { x += thick; w -= thick; } else { y += thick; h -= thick; }
      from = to;
    }
  };

  const sorted = (it, m) => {
    if (it.sortedBy !== m) {
      it.kids.sort((a, b) => b.sums[m] - a.sums[m] || (a.name < b.name ? -1 : 1));
      it.sortedBy = m;
    }
    return it.kids;
  };

  const HEAD = 17;
  const layout = (it, m, x, y, w, h, depth) => {
    rects.push({ it, x, y, w, h, depth, head: 0 });
    const rect = rects[rects.length - 1];
    if (it.file >= 0 || w * h < 24 || w < 3 || h < 3) return;
    if (depth > 0) {
      if (w > 46 && h > 34) { rect.head = HEAD; x += 2; y += HEAD; w -= 4; h -= HEAD + 2; }
      else if (w > 8 && h > 8) { x += 1; y += 1; w -= 2; h -= 2; }
    }
    squarify(sorted(it, m), m, x, y, w, h, (kid, kx, ky, kw, kh) => layout(kid, m, kx, ky, kw, kh, depth + 1));
  };

  // The file that takes most below a node too small for its own.
  const largest = (it, m) => { while (it.file < 0) it = sorted(it, m)[0]; return it.file; };
  const fit = (text, room) => {
    if (pen.measureText(text).width <= room) return text;
    let keep = Math.floor(text.length * room / pen.measureText(text).width) - 1;
    return keep < 3 ? "" : text.slice(0, keep) + "…";
  };

  const draw = () => {
    const m = metric(), picked = state.query !== "" || state.key !== null;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.fillStyle = theme.ground;
    pen.fillRect(0, 0, width, height);
    pen.textBaseline = "middle";
    for (let n = 0; n < rects.length; n++) {
      const { it, x, y, w, h, depth, head } = rects[n];
      const next = rects[n + 1];
      const isLeaf = it.file >= 0 || !next || next.depth <= depth;
      pen.globalAlpha = picked && it.hits === 0 ? 0.13 : 1;
      if (isLeaf) {
        const key = keys[it.file >= 0 ? it.file : largest(it, m)];
        const base = colour(key);
        // Of what ships changed, the colour of its rule has the share that is gone; after, it is pale.
        const changed = it.file >= 0 && data.fate[it.file] === "c" && key >= 0;
        const pale = changed && state.view === "after", split = changed && state.view === "before";
        const gap = w > 4 && h > 4 ? 1 : w > 2 && h > 2 ? 0.5 : 0;
        pen.fillStyle = split ? theme.kept : base;
        if (pale) pen.globalAlpha *= 0.5;
        pen.fillRect(x, y, w - gap, h - gap);
        if (pale) pen.globalAlpha *= 2;
        if (split && it.sums[m] > 0) {
          const gone = Math.min(1, it.sums[m - BEFORE + SAVED] / it.sums[m]) * (h - gap);
          pen.fillStyle = base;
          pen.fillRect(x, y + h - gap - gone, w - gap, gone);
        }
        if (w > 40 && h > 15) {
          pen.font = "11px system-ui, sans-serif";
          pen.fillStyle = pale ? theme.ink : light(split ? theme.kept : base) ? "#14181d" : "#ffffff";
          pen.fillText(fit(it.name, w - 8), x + 4, y + Math.min(h / 2, 10));
        }
      } else if (depth > 0) {
        pen.fillStyle = depth % 2 ? theme.page : theme.ground;
        pen.fillRect(x, y, w - 1, h - 1);
        if (head) {
          pen.font = depth === 1 ? "600 12px system-ui, sans-serif" : "11px system-ui, sans-serif";
          pen.fillStyle = theme.ink;
          const told = size(it.sums[m]);
          const name = fit(it.name, w - 10);
          pen.fillText(name, x + 4, y + head / 2 + 1);
          const end = pen.measureText(name).width, room = w - end - 18;
          if (pen.measureText(told).width < room) {
            pen.fillStyle = theme.soft;
            pen.fillText(told, x + 10 + end, y + head / 2 + 1);
          }
        }
      }
    }
    pen.globalAlpha = 1;
  };

  const place = (ring, it) => {
    const rect = it && it !== state.at && rects.find((one) => one.it === it);
    ring.style.display = rect ? "block" : "none";
    if (rect) Object.assign(ring.style, { left: rect.x + "px", top: rect.y + "px", width: rect.w + "px", height: rect.h + "px" });
  };

  // ---- What a node is, in words.
  const FATES = { k: "ships as it is", c: "ships changed", d: "left out", s: "the layer has it from another package", m: "made by slim" };
  const make = (name, text, ...kids) => {
    const it = document.createElement(name);
    if (text) it.textContent = text;
    it.append(...kids);
    return it;
  };
  const lineage = (it) => { const all = []; for (; it; it = it.parent) all.unshift(it); return all; };
  const pathOf = (it) => lineage(it).slice(1).map((one) => one.name.replace(/\/$/, "")).join("/");
  const sums = (it) => {
    const list = make("dl"), s = it.sums;
    const row = (name, value) => list.append(make("dt", name), make("dd", value));
    row("before", size(s[0]) + (hasZipped ? ", " + size(s[1]) + " zipped" : ""));
    row("after", size(s[2]) + ", " + size(s[3]) + " zipped");
    if (s[4] > 0) row("saved", size(s[4]) + " (" + share(s[4], s[0]) + ")");
    if (it.file < 0) row("holds", amount(it.files, "file"));
    if (it === root) row("", "headers of the zips not counted");
    return list;
  };
  const takers = (it) => {
    const by = new Map();
    const walk = (one) => {
      if (one.file < 0) return one.kids.forEach(walk);
      if (one.sums[SAVED] > 0 || one.sums[SAVED + 1] > 0) {
        const sum = by.get(keys[one.file]) || [0, 0];
        by.set(keys[one.file], [sum[0] + one.sums[SAVED], sum[1] + one.sums[SAVED + 1]]);
      }
    };
    walk(it);
    const rows = [...by].sort((a, b) => b[1][0] - a[1][0]).map(([key, sum]) => make("li", called(key) + ": " + (sum[0] > 0 ? size(sum[0]) : size(sum[1]) + " zipped")));
    return make("ul", "", ...rows);
  };
  const reasons = (i) => {
    const list = make("ul");
    for (const text of data.because[i]) list.append(make("li", data.texts[text]));
    if (data.chain[i] === "n") return [list];
    const chain = make("ol"), seen = new Set([i]);
    for (let at = i, first = data.chain[i] === "a"; data.by[at] >= 0; first = false) {
      if (!first) chain.append(make("li", data.led[at]));
      at = data.by[at];
      if (seen.has(at)) break;
      seen.add(at);
    }
    return chain.children.length ? [list, chain] : [list];
  };
  const tell = (it) => {
    const panel = $("detail"), i = it.file;
    const title = i >= 0 ? paths[i] : it === root ? "everything" : pathOf(it);
    const parts = [make("h3", title), sums(it)];
    if (i >= 0) {
      const rule = data.rule[i] >= 0 ? " [" + data.rules[data.rule[i]].id + "]" : "";
      const zip = data.zip[i] >= 0 ? ", in " + data.zips[data.zip[i]] : "";
      parts.push(make("p", FATES[data.fate[i]] + rule + zip), ...reasons(i));
    } else if (it.sums[SAVED] > 0) {
      parts.push(make("p", "What takes it:"), takers(it));
    }
    panel.replaceChildren(...parts);
  };

  // ---- The parts around the map.
  const crumbs = () => {
    const all = lineage(state.at);
    $("path").replaceChildren(...all.slice(0, -1).map((it) => {
      const button = make("button", it.name.replace(/\/$/, ""));
      button.onclick = () => go(it);
      return button;
    }), make("b", all[all.length - 1].name.replace(/\/$/, "")));
  };
  const legend = () => {
    const m = metric(), by = new Map();
    const add = (key, bytes) => by.set(key, (by.get(key) || 0) + bytes);
    for (let i = 0; i < count; i++) {
      const all = leaves[i].sums[m], gone = state.view === "before" && data.fate[i] === "c" ? leaves[i].sums[m + SAVED] : all;
      add(keys[i], gone);
      if (gone < all) add(-1, all - gone);
    }
    const rows = [...by].filter(([key, sum]) => sum > 0 || key === state.key).sort((a, b) => b[1] - a[1]);
    $("legend").replaceChildren(...rows.map(([key, sum]) => {
      const swatch = make("i");
      swatch.style.background = colour(key);
      const button = make("button", "", swatch, called(key) + " ", make("span", size(sum)));
      button.dataset.key = key >= 0 ? data.rules[key].id : called(key);
      button.setAttribute("aria-pressed", state.key === key);
      if (key >= 0) button.title = data.rules[key].what;
      button.onclick = () => { state.key = state.key === key ? null : key; search(); refresh(); };
      return button;
    }));
  };
  const ROWS = 300;
  const list = () => {
    const body = $("list").tBodies[0], by = state.by === null ? metric() : state.by;
    const value = (it) => it.sums[by];
    const rows = state.at.kids.filter((it) => it.sums[BEFORE] + it.sums[AFTER] > 0);
    rows.sort(by === "name" ? (a, b) => (a.name < b.name ? -1 : 1) : (a, b) => value(b) - value(a) || (a.name < b.name ? -1 : 1));
    if (state.up) rows.reverse();
    body.replaceChildren(...rows.slice(0, ROWS).map((it) => {
      const button = make("button", it.name), row = make("tr", "", make("th", "", button));
      row.firstChild.scope = "row";
      button.onclick = () => open(it);
      for (const told of [size(it.sums[0]), size(it.sums[2]), share(it.sums[4], it.sums[0]), size(it.sums[3])]) {
        const cell = make("td", told);
        cell.className = "n";
        row.append(cell);
      }
      return row;
    }));
    if (rows.length > ROWS) body.append(make("tr", "", make("td", amount(rows.length - ROWS, "more row"))));
    $("inside").textContent = "In " + (state.at === root ? "all" : pathOf(state.at));
    for (const head of $("list").tHead.querySelectorAll("th")) {
      const own = head.firstChild.dataset.by;
      if (String(by) === own) head.setAttribute("aria-sort", (by === "name") === state.up ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  };

  const leaves = new Array(count);
  (function gather(it) { if (it.file >= 0) leaves[it.file] = it; else it.kids.forEach(gather); })(root);

  // Counts what the search and the chosen colour leave, at every node.
  const search = () => {
    const query = state.query.toLowerCase();
    let found = 0, bytes = 0;
    const m = metric();
    const fits = (it) => {
      const i = it.file, key = keys[i];
      if (state.key !== null && key !== state.key) return false;
      if (query === "") return true;
      const distribution = data.distribution[i];
      return paths[i].toLowerCase().includes(query)
        || (data.rule[i] >= 0 && data.rules[data.rule[i]].id.includes(query))
        || (distribution >= 0 && data.distributions[distribution].toLowerCase().includes(query));
    };
    const walk = (it) => {
      if (it.file < 0) return it.hits = it.kids.reduce((sum, kid) => sum + walk(kid), 0);
      it.hits = fits(it) ? 1 : 0;
      if (it.hits) { found++; bytes += it.sums[m]; }
      return it.hits;
    };
    walk(root);
    $("found").textContent = state.query === "" && state.key === null ? "" : amount(found, "file") + ", " + size(bytes);
  };
  // The smallest folder that holds all that was found.
  const toFound = () => {
    let it = root;
    for (;;) {
      const inside = it.kids.filter((kid) => kid.hits > 0);
      if (inside.length !== 1) return it;
      if (inside[0].file >= 0) { state.chosen = inside[0]; return it; }
      it = inside[0];
    }
  };

  const remember = () => {
    const parts = new URLSearchParams();
    if (state.view !== "before") parts.set("show", state.view);
    if (state.area !== "unzipped") parts.set("area", state.area);
    if (state.query) parts.set("find", state.query);
    if (state.at !== root) parts.set("at", pathOf(state.at));
    try { history.replaceState(null, "", "#" + parts); } catch { /* a page without an address of its own */ }
  };
  const recall = () => {
    const parts = new URLSearchParams(location.hash.slice(1));
    if (parts.get("show") in VIEWS) state.view = parts.get("show");
    if (parts.get("area") === "zipped") state.area = "zipped";
    state.query = parts.get("find") || "";
    const path = parts.get("at") || "";
    const find = (it) => (pathOf(it) === path ? it : it.kids.filter((kid) => kid.file < 0 && (path + "/").startsWith(pathOf(kid) + "/")).map(find).find(Boolean));
    state.at = (path && find(root)) || root;
    document.querySelector(`[name=view][value=${state.view}]`).checked = true;
    document.querySelector(`[name=area][value=${state.area}]`).checked = true;
    $("query").value = state.query;
  };

  const refresh = () => {
    const zipped = document.querySelector("[name=area][value=zipped]");
    zipped.disabled = !hasZipped && state.view !== "after";
    if (zipped.disabled && state.area === "zipped") {
      state.area = "unzipped";
      document.querySelector("[name=area][value=unzipped]").checked = true;
    }
    const m = metric();
    rects = [];
    if (state.at.sums[m] > 0) layout(state.at, m, 0, 0, width, height, 0);
    draw();
    $("empty").hidden = rects.length > 0;
    $("empty").textContent = state.view === "removed" ? "nothing was taken from here" : "nothing ships from here";
    place($("hover"), null);
    place($("chosen"), state.chosen);
    crumbs();
    legend();
    list();
    tell(state.chosen || state.at);
    remember();
  };

  // Grows the picture from where the node was, or shrinks it to there.
  let moving = 0;
  const glide = (from, to, picture, over) => {
    cancelAnimationFrame(moving);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return over();
    const start = performance.now();
    const step = (now) => {
      const t = Math.min(1, (now - start) / 170), ease = 1 - (1 - t) ** 3;
      const at = from.map((n, k) => n + (to[k] - n) * ease);
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.drawImage(picture, ...at);
      if (t < 1) moving = requestAnimationFrame(step);
      else over();
    };
    moving = requestAnimationFrame(step);
  };
  const copy = () => {
    const it = document.createElement("canvas");
    it.width = canvas.width; it.height = canvas.height;
    it.getContext("2d").drawImage(canvas, 0, 0);
    return it;
  };
  const go = (it) => {
    if (it === state.at || it.file >= 0) return;
    const inward = rects.find((one) => one.it === it), outer = state.at, old = copy();
    state.at = it;
    state.chosen = null;
    refresh();
    const whole = [0, 0, width, height];
    if (inward) {
      const fresh = copy();
      glide([inward.x, inward.y, inward.w, inward.h], whole, fresh, draw);
    } else {
      const was = rects.find((one) => one.it === outer);
      if (was) glide(whole, [was.x, was.y, was.w, was.h], old, draw);
    }
  };
  // A file is chosen, a folder gone into.
  const open = (it) => {
    if (it.file < 0) return go(it);
    state.chosen = it;
    place($("chosen"), it);
    tell(it);
  };

  // ---- Pointer.
  const hit = (event) => {
    const box = canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    for (let n = rects.length - 1; n >= 0; n--) {
      const one = rects[n];
      if (x >= one.x && x < one.x + one.w && y >= one.y && y < one.y + one.h) return one.it;
    }
    return null;
  };
  // The step from what is shown towards a node.
  const towards = (it) => { while (it.parent && it.parent !== state.at) it = it.parent; return it; };
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    const it = hit(event);
    place($("hover"), it);
    tell(it || state.chosen || state.at);
  });
  canvas.addEventListener("pointerleave", () => { place($("hover"), null); tell(state.chosen || state.at); });
  let touched = null;
  canvas.addEventListener("pointerdown", (event) => { touched = event.pointerType === "touch" ? state.chosen : undefined; });
  canvas.addEventListener("click", (event) => {
    const it = hit(event);
    if (!it || it === state.at) return;
    const step = towards(it);
    // A finger cannot hover: the first touch tells, the second goes in.
    if (touched !== undefined && touched !== it) { state.chosen = it; place($("chosen"), it); tell(it); return; }
    open(step.file >= 0 ? step : step === it || event.altKey ? it : step);
  });

  // ---- Keys.
  const choose = (it) => { state.chosen = it; place($("chosen"), it); tell(it); };
  const visible = (it) => it && sorted(it, metric()).filter((kid) => kid.sums[metric()] > 0);
  const out = () => { if (state.at.parent) { const was = state.at; go(was.parent); choose(was); } };
  const pressed = (key) => {
    const chosen = state.chosen, around = visible(chosen && chosen !== state.at ? chosen.parent : state.at);
    if (key === "Enter") { if (chosen && chosen.file < 0) go(chosen); return true; }
    if (key === "Escape" || key === "Backspace") { out(); return true; }
    if (key === "Home") { go(root); return true; }
    if (!key.startsWith("Arrow") || !around.length) return false;
    if (!chosen || chosen === state.at) { choose(around[0]); return true; }
    const index = around.indexOf(chosen);
    if (key === "ArrowRight") choose(around[Math.min(index + 1, around.length - 1)]);
    else if (key === "ArrowLeft") choose(around[Math.max(index - 1, 0)]);
    else if (key === "ArrowDown" && chosen.file < 0 && visible(chosen).length) choose(visible(chosen)[0]);
    else if (key === "ArrowUp" && chosen.parent !== state.at) choose(chosen.parent);
    return true;
  };
  canvas.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey && pressed(event.key)) event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== $("query")) { event.preventDefault(); $("query").focus(); }
  });

  // ---- Controls.
  for (const input of document.querySelectorAll("[name=view], [name=area]")) {
    input.addEventListener("change", () => { state[input.name] = input.value; search(); refresh(); });
  }
  $("query").addEventListener("input", () => { state.query = $("query").value.trim(); search(); refresh(); });
  $("query").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && root.hits > 0) { const to = toFound(), chosen = state.chosen; go(to); if (chosen) choose(chosen); }
    if (event.key === "Escape") { $("query").value = state.query = ""; search(); refresh(); }
  });
  $("list").tHead.addEventListener("click", (event) => {
    const own = event.target.dataset.by;
    if (own === undefined) return;
    const by = own === "name" ? own : Number(own);
    state.up = state.by === by ? !state.up : false;
    state.by = by;
    list();
  });

  const resize = () => {
    const box = field.getBoundingClientRect();
    if (box.width === width && box.height === height && devicePixelRatio === ratio) return;
    width = box.width; height = box.height; ratio = devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
    refresh();
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readTheme(); refresh(); });
  $("map").hidden = false;
  recall();
  search();
  resize();
  new ResizeObserver(resize).observe(field);
  if (!data.whole) $("keys").textContent += " This report knows distributions and rules, no single files.";
  document.documentElement.dataset.ready = Math.round(performance.now() - began);
})();
