// Writes metrics in the text format of Prometheus, version 0.0.4. The values are read off counters that are there anyway, and
// only when somebody asks: a client library would count everything a second time, on every request.

export type Labels = Readonly<Record<string, string>>;

/** One series: its labels and its value now. */
export type Sample = readonly [labels: Labels, value: number];

export interface HistogramSample {
  readonly labels: Labels;
  /** How many were at most so large, by that limit, in rising order; the last limit is infinity and counts all. */
  readonly buckets: readonly (readonly [limit: number, count: number])[];
  readonly sum: number;
}

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export class Exposition {
  private readonly lines: string[] = [];

  /** What goes up and down. Samples that are undefined are not known now, and left out. */
  gauge(name: string, help: string, samples: number | undefined | readonly Sample[]): void {
    this.family(name, help, 'gauge', samples);
  }

  /** What only grows while the process lives; by convention its name ends in `_total`. */
  counter(name: string, help: string, samples: number | undefined | readonly Sample[]): void {
    this.family(name, help, 'counter', samples);
  }

  histogram(name: string, help: string, samples: readonly HistogramSample[]): void {
    if (samples.length === 0) return;
    this.head(name, help, 'histogram');
    for (const { labels, buckets, sum } of samples) {
      for (const [limit, count] of buckets)
        this.line(`${name}_bucket`, { ...labels, le: numberText(limit) }, count);
      this.line(`${name}_sum`, labels, sum);
      this.line(`${name}_count`, labels, buckets.at(-1)?.[1] ?? 0);
    }
  }

  toString(): string {
    return this.lines.join('');
  }

  private family(
    name: string,
    help: string,
    type: 'gauge' | 'counter',
    samples: number | undefined | readonly Sample[],
  ): void {
    const all: readonly Sample[] = typeof samples === 'number' ? [[{}, samples]] : (samples ?? []);
    if (all.length === 0) return;
    this.head(name, help, type);
    for (const [labels, value] of all) this.line(name, labels, value);
  }

  private head(name: string, help: string, type: string): void {
    this.lines.push(
      `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`,
    );
  }

  private line(name: string, labels: Labels, value: number): void {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
    this.lines.push(`${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${numberText(value)}\n`);
  }
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}
