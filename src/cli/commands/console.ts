// dynats console: the interactive console, or a script of it from stdin.

import type { Command } from 'commander';
import { addConnectionFlags, type ConnectionFlags, connectionOptions } from '../connection.js';
import { resolveDataDir } from '../data-dir.js';
import { explain } from '../help-text.js';
import { defaultBucket, parseLevel } from '../request-flags.js';

interface ConsoleFlags extends ConnectionFlags {
  level?: string;
  bucket: string;
  via?: string;
}

export function register(program: Command): void {
  const command = program
    .command('console')
    .description('put, get, del, inspect, kill... line by line; reads a script from a pipe')
    .option('-l, --level <level>', "consistency level to begin with (default: the bucket's, or quorum)")
    .option('-b, --bucket <bucket>', 'bucket', defaultBucket)
    .option('--via <node>', 'node that coordinates (default: any)');
  addConnectionFlags(command).action(openConsole);
  explain(command, {
    notes:
      'help in the console lists its statements; Tab completes them, the history is kept. A script ends with the exit code of its first line that failed.',
    examples: [
      'dynats console',
      'dynats console --level one --via n3',
      ['printf "put 137 one\\nget 137 all\\n" | dynats console', 'a script'],
    ],
  });
}

async function openConsole(flags: ConsoleFlags): Promise<void> {
  const level = flags.level === undefined ? {} : { level: parseLevel(flags.level, 'write') };
  const connection = await connectionOptions(flags);
  const { runConsole } = await import('../console.js');
  const via = flags.via === undefined ? {} : { via: flags.via };
  const dataDir = resolveDataDir(flags.data);
  const exitCode = await runConsole({ connection, dataDir, ...level, bucket: flags.bucket, ...via });
  // The input may still be open, as after `exit` in the middle of a script.
  process.stdin.destroy();
  if (exitCode !== 0) process.exitCode = exitCode;
}
