// Counts, durations and sizes in flags: read in one way everywhere, and refused with what to write instead.
import { formatDuration, parseDurationMs } from '../model/duration.js';
import { CliError, ExitCode } from './exit.js';
import { formatBytes, parseBytes } from './size.js';

/** Both ends are allowed. */
interface Range {
  min?: number;
  max?: number;
}

/** A whole number from 1 to `max`. */
export function parseCount(text: string, flag: string, max: number = Number.MAX_SAFE_INTEGER): number {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (count >= 1 && count <= max) return count;
  const range = max === Number.MAX_SAFE_INTEGER ? '1 or more' : `1 to ${max}`;
  throw new CliError(ExitCode.Usage, `${flag} "${text}" is no whole number of ${range}`);
}

/** Whole milliseconds of 500ms, 2s, 5m or 1h30m. */
export function parseDuration(text: string, flag: string, { min = 0, max }: Range = {}): number {
  const ms = parseDurationMs(text);
  if (ms === undefined)
    throw new CliError(ExitCode.Usage, `${flag} "${text}" is no duration: ${durationAdvice(text)}`);
  const whole = Math.round(ms);
  if (whole >= min && (max === undefined || whole <= max)) return whole;
  throw new CliError(
    ExitCode.Usage,
    `${flag} ${text} is ${whole < min ? 'under' : 'over'} the limit of ${formatDuration(whole < min ? min : (max ?? 0))}`,
  );
}

/** A bare number lacks its unit: that is the usual slip. */
function durationAdvice(text: string): string {
  const isBare = /^\d+(\.\d+)?$/.test(text);
  return isBare ? `name its unit, as ${text}s or ${text}ms` : 'write 500ms, 2s, 5m or 1h30m';
}

/** Bytes of 100B, 64KiB, 1.5MiB or "1 MiB". */
export function parseSize(text: string, flag: string, { min = 0, max }: Range = {}): number {
  const bytes = parseBytes(text);
  if (bytes === undefined)
    throw new CliError(ExitCode.Usage, `${flag} "${text}" is no size: write 100B, 64KiB, 1.5MiB or 2GiB`);
  if (bytes >= min && (max === undefined || bytes <= max)) return bytes;
  throw new CliError(
    ExitCode.Usage,
    `${flag} ${text} is ${bytes < min ? 'under' : 'over'} the limit of ${formatBytes(bytes < min ? min : (max ?? 0))}`,
  );
}
