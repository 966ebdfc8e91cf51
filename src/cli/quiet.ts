// --quiet: of what a command says beside its data only failures are left.
import type { Command } from 'commander';

let quiet = false;

/** For the rest of this process. */
export function beQuiet(): void {
  quiet = true;
}

export function isQuiet(): boolean {
  return quiet;
}

/** For commands that show progress or end with a line about what they have done. */
export function addQuietFlag(command: Command): Command {
  return command
    .option('-q, --quiet', 'say nothing but what went wrong')
    .hook('preAction', (_, action) => void (action.opts()['quiet'] === true && beQuiet()));
}
