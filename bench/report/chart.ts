// The main rows as a picture: operations per second by concurrency, both scales logarithmic, a panel for each kind.
import { type Measurement, nameOf } from '../measurement.js';
import { count } from './text.js';

const panel = { width: 400, height: 260, left: 64, top: 46, gap: 30 } as const;
const legendHeight = 30;
/** Told apart by dashes too, for who does not see the colours. */
const styles: Readonly<Record<string, { color: string; dash: string }>> = {
  'Dynats direct QUORUM': { color: '#0b6e4f', dash: '' },
  'Dynats direct ONE': { color: '#35a77c', dash: '2 3' },
  'Dynats api QUORUM': { color: '#1f5fa8', dash: '8 4' },
  'Dynats api ONE': { color: '#6fa3dc', dash: '8 3 2 3' },
  'KV R3': { color: '#c0392b', dash: '' },
};
const kinds = ['put', 'get', 'mixed'] as const;

export function chart(measurements: readonly Measurement[]): string | undefined {
  const main = measurements.filter(
    m =>
      m.valueBytes === 100 &&
      m.distribution === 'uniform' &&
      m.keys === 10_000 &&
      m.processes === 1 &&
      m.sync === 'always',
  );
  const shown = kinds.filter(
    kind => new Set(main.filter(m => m.kind === kind).map(m => m.concurrency)).size > 1,
  );
  if (shown.length === 0) return undefined;
  const width = panel.left + shown.length * (panel.width + panel.left) + panel.gap - panel.left;
  const height = panel.top + panel.height + 50 + legendHeight;
  const rates = main.map(m => m.perSecond.median);
  const scale: Scale = {
    concurrencies: [...new Set(main.map(m => m.concurrency))].sort((a, b) => a - b),
    lowest: 10 ** Math.floor(Math.log10(Math.min(...rates))),
    highest: 10 ** Math.ceil(Math.log10(Math.max(...rates))),
  };
  const panels = shown.map((kind, i) =>
    drawPanel(
      main.filter(m => m.kind === kind),
      { kind, x: panel.left + i * (panel.width + panel.left), scale },
    ),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    '<title>Operations per second by operations under way, Dynats and JetStream KV</title>',
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<text x="${panel.left}" y="18" font-size="14">Operations per second by operations under way</text>`,
    ...panels,
    legend([...new Set(main.map(nameOf))], height - 14),
    '</svg>',
    '',
  ].join('\n');
}

interface Scale {
  concurrencies: readonly number[];
  lowest: number;
  highest: number;
}

function drawPanel(
  measurements: readonly Measurement[],
  { kind, x, scale }: { kind: string; x: number; scale: Scale },
): string {
  const { concurrencies, lowest, highest } = scale;
  const bottom = panel.top + panel.height;
  const atX = (concurrency: number) =>
    x + (panel.width * concurrencies.indexOf(concurrency)) / Math.max(1, concurrencies.length - 1);
  const atY = (rate: number) =>
    bottom - (panel.height * Math.log10(rate / lowest)) / Math.log10(highest / lowest);
  const lines: string[] = [`<text x="${x}" y="${panel.top - 10}" font-weight="bold">${kind}</text>`];
  for (let rate = lowest; rate <= highest; rate *= 10) {
    const y = atY(rate).toFixed(1);
    lines.push(
      `<line x1="${x}" y1="${y}" x2="${x + panel.width}" y2="${y}" stroke="#ddd"/>`,
      `<text x="${x - 6}" y="${Number(y) + 4}" text-anchor="end" fill="#555">${count(rate)}</text>`,
    );
  }
  for (const concurrency of concurrencies)
    lines.push(
      `<text x="${atX(concurrency)}" y="${bottom + 18}" text-anchor="middle" fill="#555">${concurrency}</text>`,
    );
  for (const name of new Set(measurements.map(nameOf))) {
    const points = measurements
      .filter(m => nameOf(m) === name)
      .map(m => [atX(m.concurrency).toFixed(1), atY(m.perSecond.median).toFixed(1)] as const);
    const { color, dash } = styles[name] ?? { color: '#555', dash: '' };
    lines.push(
      `<polyline points="${points.map(point => point.join(',')).join(' ')}" fill="none" stroke="${color}" stroke-width="2" stroke-dasharray="${dash}"/>`,
      ...points.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${color}"/>`),
    );
  }
  return lines.join('\n');
}

function legend(names: readonly string[], y: number): string {
  return names
    .map((name, i) => {
      const x = panel.left + i * 180;
      const { color, dash } = styles[name] ?? { color: '#555', dash: '' };
      return (
        `<line x1="${x}" y1="${y - 4}" x2="${x + 28}" y2="${y - 4}" stroke="${color}" stroke-width="2" stroke-dasharray="${dash}"/>` +
        `<text x="${x + 34}" y="${y}">${name}</text>`
      );
    })
    .join('\n');
}
