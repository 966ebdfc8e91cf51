// Numbers in flags.
import { CliError, ExitCode } from './exit.js';

/** A whole number from 1 to `max`. */
export function parseCount(text: string, flag: string, max: number = Number.MAX_SAFE_INTEGER): number {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (count >= 1 && count <= max) return count;
  const range = max === Number.MAX_SAFE_INTEGER ? '1 or more' : `1 to ${max}`;
  throw new CliError(ExitCode.Usage, `${flag} "${text}" is no whole number of ${range}`);
}
