/* plot: small panels of curves as one SVG file, readable on light and dark ground. */

const WIDTH = 400, HEIGHT = 260, LEFT = 52, RIGHT = 16, TOP = 40, BOTTOM = 44;

const STYLE = `
    .ground { fill: #ffffff; } text { font: 12px system-ui, sans-serif; fill: #24292f; } .title { font-weight: 600; font-size: 13px; }
    .soft { fill: #57606a; } .grid { stroke: #d0d7de; stroke-width: 1; } .line { fill: none; stroke-width: 2; }
    .c0 { stroke: #0969da; } .c1 { stroke: #bc4c00; } .d0 { fill: #0969da; } .d1 { fill: #bc4c00; }
    @media (prefers-color-scheme: dark) {
      .ground { fill: #0d1117; } text { fill: #e6edf3; } .soft { fill: #9198a1; } .grid { stroke: #30363d; }
      .c0 { stroke: #4493f8; } .c1 { stroke: #f0883e; } .d0 { fill: #4493f8; } .d1 { fill: #f0883e; }
    }`;

const escaped = (s) => String(s).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const short = (n) => (n >= 1024 && n % 1024 === 0 ? `${n / 1024}k` : String(n));

/* The least of 1, 2, 2.5, 5 times a power of ten that four steps of cover everything. */
function stepFor(most) {
  const power = 10 ** Math.floor(Math.log10(most / 4));
  return [1, 2, 2.5, 5, 10].map((f) => f * power).find((s) => 4 * s >= most);
}

/* panel: {title, x, series: [{name, points: [[x, y]…]}]}; x is drawn by its logarithm, y from 0 on. */
function panel({ title, x: label, series }, left, top) {
  const points = series.flatMap((s) => s.points), xs = [...new Set(points.map(([x]) => x))].sort((a, b) => a - b);
  const step = stepFor(Math.max(...points.map(([, y]) => y), 1e-9));
  const log = (x) => Math.log2(x + (xs[0] === 0 ? 1 : 0)), [low, high] = [log(xs[0]), log(xs.at(-1))];
  const atX = (x) => left + LEFT + ((log(x) - low) / (high - low || 1)) * (WIDTH - LEFT - RIGHT);
  const atY = (y) => top + HEIGHT - BOTTOM - (y / (4 * step)) * (HEIGHT - TOP - BOTTOM);
  const n = (v) => v.toFixed(1), out = [`<text class="title" x="${left + LEFT}" y="${top + 20}">${escaped(title)}</text>`];
  for (let i = 0; i <= 4; i++) {
    const y = atY(i * step);
    out.push(`<line class="grid" x1="${left + LEFT}" x2="${left + WIDTH - RIGHT}" y1="${n(y)}" y2="${n(y)}"/>`,
             `<text class="soft" x="${left + LEFT - 6}" y="${n(y + 4)}" text-anchor="end">${+(i * step).toPrecision(6)}</text>`);
  }
  for (const x of xs)
    out.push(`<text class="soft" x="${n(atX(x))}" y="${top + HEIGHT - BOTTOM + 18}" text-anchor="middle">${short(x)}</text>`);
  out.push(`<text class="soft" x="${left + (LEFT + WIDTH - RIGHT) / 2}" y="${top + HEIGHT - 8}" text-anchor="middle">${escaped(label)}</text>`);
  series.forEach((s, k) => out.push(...curve(s, k, atX, atY, series.length > 1)));
  return out.join("\n  ");
}

function curve({ name, points }, k, atX, atY, named) {
  const at = points.map(([x, y]) => [atX(x).toFixed(1), atY(y).toFixed(1)]), [x, y] = at[0];
  const dots = at.map(([cx, cy], i) => `<circle class="d${k}" cx="${cx}" cy="${cy}" r="3"><title>${points[i].map(String).map(escaped).join(": ")}</title></circle>`);
  return [`<polyline class="line c${k}" points="${at.map((p) => p.join(",")).join(" ")}"/>`, ...dots,
          ...(named ? [`<text class="d${k}" x="${+x + 8}" y="${+y - 10}">${escaped(name)}</text>`] : [])];
}

/* Panels in rows of two. */
export function plot(title, panels) {
  const height = Math.ceil(panels.length / 2) * HEIGHT;
  const drawn = panels.map((p, i) => panel(p, (i % 2) * WIDTH, Math.floor(i / 2) * HEIGHT));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${2 * WIDTH} ${height}" role="img" aria-label="${escaped(title)}">
  <title>${escaped(title)}</title>
  <style>${STYLE}
  </style>
  <rect class="ground" width="100%" height="100%"/>
  ${drawn.join("\n  ")}
</svg>
`;
}
