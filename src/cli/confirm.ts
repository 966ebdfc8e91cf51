// Asks before something is deleted for good.
import { CliError, ExitCode } from './exit.js';

/**
 * Resolves when the person at the terminal says yes.
 *
 * @param what the question, without its mark.
 * @param unasked said where nobody can be asked; `-f` is what confirms there.
 * @throws CliError when the answer is no, or nobody can be asked.
 */
export async function confirm(what: string, unasked: string): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new CliError(ExitCode.Usage, `${unasked}: confirm with -f`);
  const { createInterface } = await import('node:readline/promises');
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await prompt.question(`${what}? [y/N] `);
  prompt.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new CliError(ExitCode.Interrupted, 'nothing was deleted');
}
