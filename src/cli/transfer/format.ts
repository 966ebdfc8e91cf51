// Which format a file has: as told, else by its name.
import path from 'node:path';
import { CliError, ExitCode } from '../exit.js';

export const Format = { Ndjson: 'ndjson', Csv: 'csv' } as const;
export type Format = (typeof Format)[keyof typeof Format];

const byExtension: Record<string, Format> = {
  '.ndjson': Format.Ndjson,
  '.jsonl': Format.Ndjson,
  '.json': Format.Ndjson,
  '.csv': Format.Csv,
};

/** `-` is stdin or stdout: NDJSON unless told otherwise. */
export function formatOf(file: string, flag: string | undefined): Format {
  if (flag !== undefined) {
    const format = Object.values(Format).find(each => each === flag.toLowerCase());
    if (format === undefined)
      throw new CliError(ExitCode.Usage, `--format "${flag}" is none of ${Object.values(Format).join(', ')}`);
    return format;
  }
  if (file === '-') return Format.Ndjson;
  const format = byExtension[path.extname(file).toLowerCase()];
  if (format === undefined)
    throw new CliError(
      ExitCode.Usage,
      `the name of ${file} does not say its format: add --format ndjson or --format csv`,
    );
  return format;
}
