// Ctrl-C on a command that has no end of its own for it: exit code 130, and a line that says what was done.
import { sayingOfInterrupted } from './activity.js';
import { ExitCode } from './exit.js';
import { errorLine } from './output.js';

/** Once, for the whole process. Commands with a listener of their own end by themselves. */
export function endWhenInterrupted(): void {
  process.on('SIGINT', () => {
    if (process.listenerCount('SIGINT') > 1) return;
    const done = sayingOfInterrupted();
    errorLine(done === undefined ? 'interrupted' : `interrupted: ${done}`);
    process.exit(ExitCode.Interrupted);
  });
}
