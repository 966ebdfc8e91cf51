// The one line of a log file that says why its process ended.
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

const tailBytes = 16 * 1024;
const lineCharsMax = 300;

export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/**
 * The last fatal line written behind byte `start`, else the last error, else the last line; without the prefix of
 * nats-server. Undefined when nothing was written.
 */
export function lastWords(file: string, start: number): string | undefined {
  const lines = tailOf(file, start)
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '');
  const last = (wanted: RegExp) => lines.findLast(line => wanted.test(line));
  const line = last(/\[FTL\]|^nats-server: |^dynats: /) ?? last(/\[ERR\]|"level":[56]0/) ?? lines.at(-1);
  return line === undefined ? undefined : plain(line).slice(0, lineCharsMax);
}

/** `[pid] date time [FTL] text` -> `text`; of a JSON log line its message. */
function plain(line: string): string {
  if (line.startsWith('{')) {
    try {
      const { msg } = JSON.parse(line) as { msg?: unknown };
      if (typeof msg === 'string') return msg;
    } catch {
      // Cut off when the process died: shown as it is.
    }
  }
  return line.replace(/^\[\d+\] \S+ \S+ \[\w+\] /, '').replace(/^(nats-server|dynats): /, '');
}

function tailOf(file: string, start: number): string {
  let handle: number;
  try {
    handle = openSync(file, 'r');
  } catch {
    return ''; // Deleted with its directory.
  }
  try {
    const { size } = fstatSync(handle);
    const from = Math.max(start, size - tailBytes);
    const buffer = Buffer.alloc(Math.max(0, size - from));
    readSync(handle, buffer, 0, buffer.length, from);
    return buffer.toString('utf8');
  } finally {
    closeSync(handle);
  }
}
