// dynats import: store the entries of a file.

import type { Command } from 'commander';
import { Mode } from '../../client/options.js';
import { addConnectionFlags, type ConnectionFlags } from '../connection.js';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';
import { parseCount } from '../numbers.js';
import { addQuietFlag } from '../quiet.js';
import { defaultBucket, parseLevel } from '../request-flags.js';
import { formatOf } from '../transfer/format.js';

interface ImportFlags extends ConnectionFlags {
  format?: string;
  keyField?: string;
  valueField?: string;
  level?: string;
  bucket: string;
  zone?: string;
  mode: string;
  concurrency: string;
  resume?: boolean;
  failed?: string;
  show: string;
  json?: boolean;
}

/** Deadline of one entry, in milliseconds: long enough for a node to fail and its successor to answer under load. */
const timeoutMs = 10_000;
const concurrencyMax = 65_536;
const shownMax = 10_000;

export function register(program: Command): void {
  const command = program
    .command('import')
    .description('store the entries of an NDJSON or CSV file; exit code 5 when any failed')
    .argument(
      '<file>',
      'NDJSON: {"key":...,"value":...} or {"key":...,"base64":...}, with "expiresAt" if it expires; CSV with a header row; "-" is stdin',
    )
    .option('-f, --format <ndjson|csv>', 'of the file (default: by its name)')
    .option(
      '--key-field <name>',
      'field or column of the key; the whole object is then the value (default: key)',
    )
    .option('--value-field <name>', 'field or column of the value (default: value)')
    .option('-l, --level <level>', "consistency level (default: the bucket's, or quorum)")
    .option('-b, --bucket <bucket>', 'bucket', defaultBucket)
    .option(
      '--zone <zone>',
      'zone that local_quorum means; with --mode direct there is no other to go by (default: none)',
    )
    .option('--mode <direct|api>', 'direct: this process coordinates; api: a node does', 'direct')
    .option('--concurrency <n>', 'entries in flight', '1024')
    .option('--resume', 'skip what an interrupted import has done (kept in FILE.progress)')
    .option(
      '--failed <file>',
      'write the entries that failed to a file, as NDJSON that can be imported (default: only show them)',
    )
    .option('--show <n>', 'failed lines shown', '20')
    .option('-j, --json', 'print the outcome as JSON');
  addConnectionFlags(addQuietFlag(command)).action(importFile);
  explain(command, {
    notes:
      'Entries that are stored again do no harm. Ctrl-C finishes what is under way and says how many entries are done; --resume goes on from there.\nOf a pipe that stays open, what has come is stored after a second of silence; the last row of a CSV when the next one begins.',
    examples: [
      'dynats import cities.ndjson',
      'dynats import people.csv --key-field id --value-field name --bucket people',
      ['dynats import cities.ndjson --resume --failed failed.ndjson', 'go on, and keep what fails'],
      'zcat cities.ndjson.gz | dynats import - --format ndjson',
    ],
  });
}

async function importFile(file: string, flags: ImportFlags): Promise<void> {
  const { openInput, runImport } = await import('../transfer/run-import.js');
  const mode = modeOf(flags.mode);
  const format = formatOf(file, flags.format);
  const level = flags.level === undefined ? undefined : parseLevel(flags.level, 'write');
  const concurrency = parseCount(flags.concurrency, '--concurrency', concurrencyMax);
  const shown = parseCount(flags.show, '--show', shownMax);
  if (file === '-' && flags.resume === true)
    throw new CliError(ExitCode.Usage, '--resume needs a file: stdin cannot be read again');
  const input = openInput(file);
  const { withClient } = await import('../open-client.js');
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const zone = flags.zone === undefined ? {} : { zone: flags.zone };
  const patient = flags.timeout === undefined && !process.env['NATS_TIMEOUT'] ? { timeoutMs } : {};
  const more = { mode, ...zone, ...patient };
  try {
    await withClient(
      flags,
      client =>
        runImport(client, input, {
          file,
          format,
          level,
          concurrency,
          shownMax: shown,
          json: flags.json === true,
          bucket: flags.bucket,
          resume: flags.resume === true,
          keyField: flags.keyField,
          valueField: flags.valueField,
          failedFile: flags.failed,
          signal: interrupted.signal,
        }),
      more,
    );
  } finally {
    input.stream.destroy();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

function modeOf(text: string): Mode {
  const mode = Object.values(Mode).find(each => each === text);
  if (mode === undefined)
    throw new CliError(ExitCode.Usage, `--mode "${text}" is none of ${Object.values(Mode).join(', ')}`);
  return mode;
}
