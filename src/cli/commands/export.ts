// dynats export: write every key of a bucket to a file.

import type { Command } from 'commander';
import { during } from '../activity.js';
import { addConnectionFlags, type ConnectionFlags } from '../connection.js';
import { CliError, ExitCode } from '../exit.js';
import { explain } from '../help-text.js';
import { addQuietFlag } from '../quiet.js';
import { defaultBucket } from '../request-flags.js';
import { formatOf } from '../transfer/format.js';

interface ExportFlags extends ConnectionFlags {
  format?: string;
  bucket: string;
  json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('export')
    .description(
      'write every key of a bucket with its newest value and until when it lives, as dynats import reads it',
    )
    .argument('<file>', '.ndjson or .csv; "-" is stdout')
    .option('-f, --format <ndjson|csv>', 'of the file (default: by its name, or ndjson)')
    .option('-b, --bucket <bucket>', 'bucket', defaultBucket)
    .option('-j, --json', 'print the outcome as JSON');
  addConnectionFlags(addQuietFlag(command)).action(exportFile);
  explain(command, {
    notes: 'The file gets its name when it is whole. Ctrl-C leaves nothing behind.',
    examples: [
      'dynats export backup.ndjson',
      'dynats export orders.csv --bucket orders',
      'dynats export - | gzip > backup.ndjson.gz',
    ],
  });
}

async function exportFile(file: string, flags: ExportFlags): Promise<void> {
  const json = flags.json === true;
  if (json && file === '-')
    throw new CliError(ExitCode.Usage, 'the entries go to stdout: --json needs a file to export to');
  const format = formatOf(file, flags.format);
  const [{ withClient }, { runExport }] = await Promise.all([
    import('../open-client.js'),
    import('../transfer/run-export.js'),
  ]);
  // It has a bar of its own.
  await during('connecting', activity =>
    withClient(flags, client => runExport(client, { file, format, json, bucket: flags.bucket }, activity)),
  );
}
