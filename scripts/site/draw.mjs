// Draws pictures as SVG that is readable in light and dark: messages between parties over time, and the ring.
import { escapeHtml } from './render.mjs';

const style = `<style>
    .box { fill: #ffffff; stroke: #57606a; stroke-width: 1.5 } .owner { fill: #ddf4ff; stroke: #0969da; stroke-width: 1.5 }
    .life { stroke: #8c959f; stroke-width: 1.2 } .gone { stroke: #8c959f; stroke-width: 1.2; stroke-dasharray: 3 5 }
    .msg { stroke: #57606a } .ack { stroke: #1a7f37 } .hint { stroke: #9a6700 } .late { stroke: #cf222e }
    .line { fill: none; stroke-width: 1.7 } .text { fill: #1f2328 } .soft { fill: #59636e }
    .t-msg { fill: #1f2328 } .t-ack { fill: #1a7f37 } .t-hint { fill: #7d4e00 } .t-late { fill: #cf222e }
    .under { fill: #ffffff } .note { fill: #fff8c5; stroke: #9a6700 } .fainter { fill: #f0f2f5; stroke: #8c959f; stroke-width: 1.5 }
    .key { fill: #cf222e }
    @media (prefers-color-scheme: dark) {
      .box { fill: #161b22; stroke: #8b949e } .owner { fill: #0c2d48; stroke: #58a6ff } .life, .gone { stroke: #6e7681 }
      .msg { stroke: #9198a1 } .ack { stroke: #3fb950 } .hint { stroke: #d29922 } .late { stroke: #ff7b72 }
      .text { fill: #e6edf3 } .soft { fill: #9198a1 } .t-msg { fill: #e6edf3 } .t-ack { fill: #3fb950 } .t-hint { fill: #d29922 }
      .t-late { fill: #ff7b72 } .under { fill: #0d1117 } .note { fill: #3a2d0a; stroke: #d29922 }
      .fainter { fill: #1c232c; stroke: #6e7681 } .key { fill: #ff7b72 }
    }
  </style>`;

const open = (width, height, title, description) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="t d" font-family="system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="14">
  <title id="t">${escapeHtml(title)}</title>
  <desc id="d">${escapeHtml(description)}</desc>
  ${style}
  <rect class="under" width="${width}" height="${height}" rx="8"/>`;

const widthOf = text => 6.6 * text.length + 12;

/**
 * Parties as columns, messages as rows from top to bottom.
 *
 * @param picture.steps a message {from, to, text, kind}, a note {at, text}, or a {divider}. `kind`: ack, hint, late.
 * @param picture.dead first and last row in which a party is away. `marks`: what a party has at the start.
 */
export function sequence({ title, description, actors, steps, dead = {}, marks = {} }) {
  const width = 860;
  const rowHeight = 40;
  const top = 76 + (Object.keys(marks).length > 0 ? 22 : 0);
  const height = top + steps.length * rowHeight + 14;
  const gap = width / actors.length;
  const x = id => gap / 2 + actors.findIndex(each => each.id === id) * gap;
  const y = row => top + row * rowHeight + 18;
  const parts = [open(width, height, title, description)];
  for (const { id, name, isOwner } of actors) {
    const at = x(id);
    const [from, to] = dead[id] ?? [];
    if (from === undefined) parts.push(`<path class="life" d="M${at} 56V${height - 8}"/>`);
    else
      parts.push(
        `<path class="gone" d="M${at} 56V${y(to) - 14}"/><path class="life" d="M${at} ${y(to) - 14}V${height - 8}"/>`,
      );
    parts.push(
      `<rect class="${isOwner ? 'owner' : 'box'}" x="${at - 62}" y="14" width="124" height="42" rx="8"/>`,
      `<text class="text" x="${at}" y="${from === undefined ? 40 : 34}" text-anchor="middle">${escapeHtml(name)}</text>`,
    );
    if (from !== undefined)
      parts.push(
        `<text class="soft" x="${at}" y="49" text-anchor="middle" font-size="11">dead at first</text>`,
      );
    if (marks[id] !== undefined) parts.push(label(at, 78, marks[id], 'soft'));
  }
  steps.forEach((step, row) => {
    parts.push(drawStep(step, y(row), x, width));
  });
  return `${parts.join('\n  ')}\n</svg>\n`;
}

function drawStep({ from, to, at, text, kind = 'msg', divider }, y, x, width) {
  if (divider !== undefined)
    return `<path class="gone" d="M16 ${y}H${width - 16}"/>${label(width / 2, y + 5, divider, 'soft')}`;
  if (at !== undefined) {
    const wide = widthOf(text);
    const left = Math.min(Math.max(x(at) - wide / 2, 8), width - wide - 8);
    return `<rect class="note" x="${left}" y="${y - 13}" width="${wide}" height="26" rx="6"/><text class="text" x="${left + wide / 2}" y="${y + 5}" text-anchor="middle" font-size="13">${escapeHtml(text)}</text>`;
  }
  const right = x(to) > x(from);
  const tip = x(to) + (right ? -3 : 3);
  const back = right ? -9 : 9;
  const head = `M${tip + back} ${y - 5}L${tip} ${y}L${tip + back} ${y + 5}`;
  // Above its line and near the sender, so that it is clear whose word it is.
  const side = right ? 1 : -1;
  const wide = widthOf(text);
  const words = `<rect class="under" x="${x(from) + (right ? 3 : -3 - wide)}" y="${y - 19}" width="${wide}" height="17" rx="4"/><text class="t-${kind}" x="${x(from) + 9 * side}" y="${y - 6}" text-anchor="${right ? 'start' : 'end'}" font-size="13">${escapeHtml(text)}</text>`;
  return `<path class="line ${kind}" d="M${x(from)} ${y}H${tip}"/><path class="line ${kind}" d="${head}"/>${words}`;
}

/** Text with the background behind it, so that lines do not run through it. */
function label(x, y, text, className) {
  const wide = widthOf(text);
  return `<rect class="under" x="${x - wide / 2}" y="${y - 13}" width="${wide}" height="17" rx="4"/><text class="${className}" x="${x}" y="${y}" text-anchor="middle" font-size="13">${escapeHtml(text)}</text>`;
}

/** @param picture.nodes with their ranges of tokens, which are 0 to 255 in all. */
export function ring({ title, description, nodes, owners, key }) {
  const [width, height, cx, cy, outer, inner] = [860, 400, 430, 204, 150, 96];
  const point = (token, radius) => {
    const angle = (token / 256) * 2 * Math.PI - Math.PI / 2;
    return [cx + radius * Math.cos(angle), cy + radius * Math.sin(angle)].map(each => each.toFixed(1));
  };
  const parts = [open(width, height, title, description)];
  for (const { name, from, to, note } of nodes) {
    const isOwner = owners.includes(name);
    const gap = 1.2;
    const [a, b] = [point(from + gap, outer), point(to - gap, outer)];
    const [c, d] = [point(to - gap, inner), point(from + gap, inner)];
    parts.push(
      `<path class="${isOwner ? 'owner' : 'fainter'}" d="M${a}A${outer} ${outer} 0 0 1 ${b}L${c}A${inner} ${inner} 0 0 0 ${d}Z"/>`,
    );
    const [tx, ty] = point((from + to) / 2, (outer + inner) / 2);
    parts.push(
      `<text class="text" x="${tx}" y="${Number(ty) + 6}" text-anchor="middle" font-size="18" font-weight="600">${name}</text>`,
    );
    const [nx, ny] = point((from + to) / 2, outer + 22);
    const anchor = Number(nx) > cx ? 'start' : 'end';
    parts.push(
      `<text class="text" x="${nx}" y="${ny}" text-anchor="${anchor}">${escapeHtml(note)}</text>`,
      `<text class="soft" x="${nx}" y="${Number(ny) + 18}" text-anchor="${anchor}" font-size="12">tokens ${from} to ${to - 1}</text>`,
    );
  }
  const [kx, ky] = point(key, outer + 6);
  const [lx, ly] = point(key, outer + 34);
  parts.push(
    `<circle class="key" cx="${kx}" cy="${ky}" r="7"/>`,
    `<text class="t-late" x="${lx}" y="${Number(ly) + 6}" text-anchor="middle" font-weight="600">key ${key}</text>`,
    `<text class="soft" x="${cx}" y="${cy - 4}" text-anchor="middle">clockwise:</text>`,
    `<text class="text" x="${cx}" y="${cy + 18}" text-anchor="middle" font-weight="600">${owners.join(', ')}</text>`,
  );
  return `${parts.join('\n  ')}\n</svg>\n`;
}
