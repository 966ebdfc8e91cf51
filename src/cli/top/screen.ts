// A terminal taken over for frames: drawn in place, given back as it was, whatever ends the command.
import { type Colors, visible } from '../output.js';
import type { Line } from './frame.js';

const enter = '\u001b[?1049h\u001b[?25l';
const leave = '\u001b[?25h\u001b[?1049l';
const home = '\u001b[H';
const clearLine = '\u001b[K';
const clearBelow = '\u001b[J';

export class Screen {
  /** Resolves when the person wants to leave: q, Ctrl-C, or a signal. */
  readonly left: Promise<void>;
  private lines: readonly Line[] = [];
  private readonly redraw = () => this.draw(this.lines);
  private readonly restore = () => void process.stdout.write(leave);

  constructor(private readonly colors: Colors) {
    process.stdout.write(enter);
    process.once('exit', this.restore);
    process.stdout.on('resize', this.redraw);
    const { stdin } = process;
    this.left = new Promise(resolve => {
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => resolve());
      if (!stdin.isTTY) return;
      // Keys come one by one and are not shown; Ctrl-C is then a key like any other.
      stdin.setRawMode(true);
      stdin.on('data', (keys: Buffer) => {
        if (/[qQ\u0003\u0004\u001b]/.test(keys.toString('latin1'))) resolve();
      });
      stdin.once('end', () => resolve());
    });
  }

  draw(lines: readonly Line[]): void {
    this.lines = lines;
    const { columns = 80, rows = 24 } = process.stdout;
    const shown = lines.slice(0, rows - 1).map(line => `${painted(line, columns, this.colors)}${clearLine}`);
    const foot = this.colors.dim('q: quit'.slice(0, columns));
    process.stdout.write(`${home}${shown.join('\r\n')}\r\n${clearBelow}\u001b[${rows};1H${foot}${clearLine}`);
  }

  close(): void {
    process.stdout.off('resize', this.redraw);
    process.off('exit', this.restore);
    if (process.stdin.isTTY) process.stdin.setRawMode(false);
    process.stdin.pause();
    this.restore();
  }
}

export function painted({ text, tone }: Line, columns: number, colors: Colors): string {
  // Nodes say why they are as they are.
  const cut = visible(text).slice(0, columns);
  switch (tone) {
    case 'plain':
      return cut;
    case 'head':
      return colors.inverse(cut.padEnd(Math.min(columns, text.length)));
    case 'warn':
      return colors.yellow(cut);
    case 'bad':
      return colors.red(cut);
    case 'dim':
      return colors.dim(cut);
  }
}
