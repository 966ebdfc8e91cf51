// kill, pause, resume and restart in the console: orders to the emulator of the data directory.
import { control } from '../../emulator/control-client.js';
import { asCliError, endedLine } from '../commands/emulator-command.js';
import { restartedLine } from '../commands/restart.js';
import type { NodeVerb, Statement } from './statement.js';

const past = { kill: 'killed', pause: 'paused', resume: 'resumed' } as const satisfies Partial<
  Record<NodeVerb, string>
>;

/** @returns the line that says what happened. */
export async function orderNode(
  dataDir: string,
  { verb, node, part }: Extract<Statement, { verb: NodeVerb }>,
): Promise<string> {
  try {
    if (verb === 'restart') return restartedLine(node, await control(dataDir, verb, { node }));
    const parts = part === undefined ? {} : { parts: [part] };
    return endedLine(node, past[verb], await control(dataDir, verb, { node, ...parts }));
  } catch (error) {
    throw asCliError(error);
  }
}
