// emulator.json: what a data directory was made with, and which processes run on it. Written whole, by rename.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import * as validators from '../wire/generated/validators.js';
import { failed, messageOf } from './emulator-error.js';
import { BrokerMode, SyncMode } from './options.js';
import type { Plan } from './plan.js';

const format = 'dynats-emulator/1';

/** A process of the emulator. With the file it was started with, which its command line names, the pid is proof. */
export interface RecordedProcess {
  readonly pid: number;
  readonly config: string;
}

export interface EmulatorState extends Plan {
  readonly format: typeof format;
  /** The process that owns the emulator, or null after a clean stop. */
  readonly pid: number | null;
  /** URLs of the bus. */
  readonly urls: readonly string[];
  /** URLs of the log brokers, by node. */
  readonly logs: Readonly<Record<string, string>>;
  /** Every process that may still run, by its name. */
  readonly processes: Readonly<Record<string, RecordedProcess>>;
}

export function stateOf(content: Omit<EmulatorState, 'format'>): EmulatorState {
  return { format, ...content };
}

export function writeState(file: string, state: EmulatorState): void {
  const fresh = `${file}.${process.pid}`;
  try {
    writeFileSync(fresh, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
    renameSync(fresh, file);
  } catch (error) {
    throw failed(`cannot write ${file}: ${messageOf(error)}`, error);
  }
}

/** Undefined when the directory holds none. @throws EmulatorError when the file is none of ours or damaged. */
export function readState(file: string): EmulatorState | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw failed(`cannot read ${file}: ${messageOf(error)}`, error);
  }
  try {
    const state: unknown = JSON.parse(text);
    if (isState(state)) return state;
  } catch {
    // Not JSON: reported below, as any other file that is none of ours.
  }
  throw failed(`${file} is not the state of an emulator: choose another --data, or move the file away`);
}

function isState(value: unknown): value is EmulatorState {
  if (typeof value !== 'object' || value === null) return false;
  const state = value as { readonly [F in keyof EmulatorState]?: unknown };
  return (
    state.format === format &&
    validators.cluster(state.cluster) &&
    Object.values<unknown>(BrokerMode).includes(state.broker) &&
    Object.values<unknown>(SyncMode).includes(state.sync) &&
    Number.isInteger(state.port) &&
    ['undefined', 'string'].includes(typeof state.listen) &&
    ['undefined', 'boolean'].includes(typeof state.secure) &&
    (state.metricsPort === undefined || Number.isInteger(state.metricsPort)) &&
    (state.pid === null || Number.isInteger(state.pid)) &&
    Array.isArray(state.urls) &&
    isRecordOf(state.logs, url => typeof url === 'string') &&
    isRecordOf(state.processes, isRecordedProcess)
  );
}

function isRecordOf(value: unknown, check: (item: unknown) => boolean): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every(check);
}

function isRecordedProcess(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, config } = value as { readonly [F in keyof RecordedProcess]?: unknown };
  return Number.isInteger(pid) && Number(pid) > 0 && typeof config === 'string' && config !== '';
}
