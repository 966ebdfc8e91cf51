// Measurements as lines of text.
import { type Measurement, nameOf } from '../measurement.js';

export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

export function digits(value: number, most = 2): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(value >= 10 ? Math.min(1, most) : most);
}

export function cellText(m: Measurement): string {
  const parts = [`${m.kind} at ${m.concurrency}`];
  if (m.valueBytes !== 100) parts.push(`${m.valueBytes} bytes`);
  if (m.distribution !== 'uniform') parts.push(m.distribution);
  if (m.keys !== 10_000) parts.push(`${count(m.keys)} keys`);
  if (m.processes !== 1) parts.push(`${m.processes} processes`);
  return parts.join(', ');
}

export function measurementLine(m: Measurement): string {
  const { perSecond: rate, p50Ms, p99Ms } = m;
  const bad =
    m.failed + m.wrong > 0 ? `  ${m.failed} FAILED, ${m.wrong} WRONG: ${m.problems.join('; ')}` : '';
  return [
    cellText(m).padEnd(16),
    nameOf(m).padEnd(22),
    `${count(rate.median)}/s`.padStart(10),
    `(${count(rate.min)}-${count(rate.max)})`.padEnd(18),
    `p50 ${digits(p50Ms.median)} ms`.padEnd(13),
    `p99 ${digits(p99Ms.median)} ms`.padEnd(13),
    `CPU ${digits(m.clientCpuMicros, 1)} + ${m.serverCpuMicros === undefined ? '?' : digits(m.serverCpuMicros, 1)} us${bad}`,
  ].join(' ');
}
