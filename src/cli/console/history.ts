// The console's history: a file of the user's own, kept short.
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const historyLinesMax = 1000;

export class History {
  private readonly file: string;

  constructor(env: NodeJS.ProcessEnv = process.env) {
    const state = env['XDG_STATE_HOME'] || path.join(env['HOME'] ?? os.homedir(), '.local', 'state');
    this.file = path.join(state, 'dynats', 'history');
  }

  /** Lines of earlier consoles, the oldest first. None when the file cannot be read: history is a convenience. */
  load(): string[] {
    try {
      const lines = readFileSync(this.file, 'utf8')
        .split('\n')
        .filter(line => line !== '');
      const kept = lines.slice(-historyLinesMax);
      if (lines.length > 2 * historyLinesMax)
        writeFileSync(this.file, `${kept.join('\n')}\n`, { mode: 0o600 });
      return kept;
    } catch {
      return [];
    }
  }

  /** A line that begins with a space is not kept, as in a shell. */
  add(line: string): void {
    if (line.trim() === '' || line.startsWith(' ')) return;
    try {
      mkdirSync(path.dirname(this.file), { recursive: true, mode: 0o700 });
      appendFileSync(this.file, `${line}\n`, { mode: 0o600 });
    } catch {
      // A read-only home directory must not disturb the console.
    }
  }
}
