// A run as text: lines for the terminal, tables for the documentation.
import type { Finding } from '../finding.js';
import type { Machine } from '../machine.js';
import { type Measurement, nameOf } from '../measurement.js';
import type { Verdict } from './targets.js';

export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Three digits or so: what a noisy measurement is good for. */
export function digits(value: number): string {
  if (value >= 1000) return count(value);
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function withUnit(value: number, unit: string): string {
  if (unit === '') return count(value);
  return unit === 'x' || unit === '/s' ? `${digits(value)}${unit}` : `${digits(value)} ${unit}`;
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
  const { perSecond: rate, p50Ms, p99Ms, serverCpuMicros: server } = m;
  const cpu = `CPU ${digits(m.clientCpuMicros)} + ${server === undefined ? '?' : digits(server)} us`;
  const bad =
    m.failed + m.wrong > 0 ? `  ${m.failed} FAILED, ${m.wrong} WRONG: ${m.problems.join('; ')}` : '';
  return [
    cellText(m).padEnd(16),
    nameOf(m).padEnd(21),
    `${count(rate.median)}/s`.padStart(10),
    `(${count(rate.min)}-${count(rate.max)})`.padEnd(18),
    `p50 ${digits(p50Ms.median)} ms`.padEnd(13),
    `p99 ${digits(p99Ms.median)} ms`.padEnd(13),
    `${cpu}${bad}`,
  ].join(' ');
}

export function findingLine({ text, value, unit }: Finding): string {
  return `${text}: ${withUnit(value, unit)}`;
}

export function verdictLine({ text, value, bound, target, unit, isMet }: Verdict): string {
  return `${isMet ? 'met   ' : 'missed'} ${text}: ${withUnit(value, unit)} (${bound} ${withUnit(target, unit)})`;
}

export function machineText(m: Machine): string {
  return (
    `${m.cpu}, ${m.cores} cores, ${m.memoryGiB} GiB, ${m.storage}, ${m.os}; Node ${m.node}, nats-server ${m.natsServer}, ` +
    `NATS client ${m.natsClient}, Dynats ${m.dynats}; load ${m.load.toFixed(1)} before the run`
  );
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
}

export function measurementTable(measurements: readonly Measurement[]): string {
  return table(
    ['what', 'who', 'operations/s', 'min to max', 'p50 ms', 'p99 ms', 'CPU us: client + servers'],
    measurements.map(m => [
      cellText(m),
      nameOf(m),
      count(m.perSecond.median),
      `${count(m.perSecond.min)} to ${count(m.perSecond.max)}`,
      digits(m.p50Ms.median),
      digits(m.p99Ms.median),
      `${digits(m.clientCpuMicros)} + ${m.serverCpuMicros === undefined ? '?' : digits(m.serverCpuMicros)}`,
    ]),
  );
}

export function findingTable(findings: readonly Finding[]): string {
  return table(
    ['what', 'found'],
    findings.map(({ text, value, unit }) => [text, withUnit(value, unit)]),
  );
}

export function verdictTable(verdicts: readonly Verdict[]): string {
  return table(
    ['what', 'target', 'this run', ''],
    verdicts.map(({ text, bound, target, unit, value, isMet }) => [
      text,
      `${bound} ${withUnit(target, unit)}`,
      withUnit(value, unit),
      isMet ? 'met' : 'missed',
    ]),
  );
}
