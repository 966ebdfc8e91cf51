// Durations as the nats CLI and Go write them: 500ms, 2s, 1m30s, 1.5h.

const unitMs: Record<string, number> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const part = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy;

/** Milliseconds of a Go duration, or undefined when the text is none. A bare number has no unit and is none, except 0. */
export function parseDurationMs(text: string): number | undefined {
  if (text === '0') return 0;
  part.lastIndex = 0;
  let total = 0;
  let end = 0;
  for (let match = part.exec(text); match !== null; match = part.exec(text)) {
    total += Number(match[1]) * (unitMs[match[2] ?? ''] ?? 0);
    end = part.lastIndex;
  }
  return end > 0 && end === text.length ? total : undefined;
}

/** Below this seconds read better than minutes: 90s, but 2m. */
const secondsShownBelowMs = 120_000;

/** The shortest text that is read back as the same duration, to the millisecond: 500ms, 1.5s, 90s, 1h, 1h30m. A difference may be negative: -1h. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  const whole = Math.round(ms);
  if (whole < 1000) return `${whole}ms`;
  const isShort = whole < secondsShownBelowMs && whole % 60_000 !== 0;
  if (isShort) return `${whole / 1000}s`;
  const parts = [
    [Math.floor(whole / 3_600_000), 'h'],
    [Math.floor((whole % 3_600_000) / 60_000), 'm'],
    [(whole % 60_000) / 1000, 's'],
  ] as const;
  return parts.map(([count, unit]) => (count === 0 ? '' : `${count}${unit}`)).join('');
}

/** The same of a time that was measured, as fine as a person cares: 850ms, 12.3s, 4m5s. Never shown as nothing. */
export function formatElapsed(ms: number): string {
  const grain = ms < 1000 ? 1 : ms < 60_000 ? 100 : 1000;
  return formatDuration(Math.max(1, Math.round(ms / grain) * grain));
}

/** The same of a latency, to a hundredth of a millisecond below one second: 0.85ms, 12.3ms, 1.5s. */
export function formatLatency(ms: number): string {
  return ms < 1000 ? `${Math.round(ms * 100) / 100}ms` : formatElapsed(ms);
}
