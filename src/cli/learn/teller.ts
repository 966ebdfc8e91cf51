// How the walk speaks: short lines that fit a narrow terminal, coloured where that is wanted.
import { type Colors, colorsFor } from '../output.js';

type Output = NodeJS.WritableStream & { isTTY?: boolean; columns?: number };

const columnsMax = 78;
const columnsMin = 30;

export class Teller {
  private readonly colors: Colors;

  constructor(private readonly out: Output) {
    this.colors = colorsFor(out);
  }

  /** Begins a lesson. */
  heading(text: string): void {
    this.out.write(`\n${this.colors.bold(text)}\n${'-'.repeat(Math.min(text.length, this.columns))}\n`);
  }

  /** Paragraphs, wrapped; line breaks within the text only separate words, an empty line a paragraph. */
  text(text: string): void {
    const paragraphs = text.split(/\n\s*\n/);
    this.out.write(`\n${paragraphs.map(each => wrapped(each, this.columns)).join('\n\n')}\n`);
  }

  /** What the learner is to do. */
  task(text: string): void {
    this.marked('>>', text, this.colors.cyan);
  }

  good(text: string): void {
    this.marked('ok', text, this.colors.green);
  }

  /** Something did not come as wanted. */
  bad(text: string): void {
    this.marked('--', text, this.colors.yellow);
  }

  aside(text: string): void {
    this.out.write(`${this.colors.dim(wrapped(text, this.columns))}\n`);
  }

  /** As it is. */
  lines(lines: readonly string[]): void {
    this.out.write(`${lines.join('\n')}\n`);
  }

  private marked(mark: string, text: string, color: (text: string) => string): void {
    const indent = ' '.repeat(mark.length + 1);
    const lines = wrapped(text, this.columns - indent.length).replaceAll('\n', `\n${indent}`);
    this.out.write(`\n${color(`${mark} ${lines}`)}\n`);
  }

  private get columns(): number {
    // A terminal that does not know its width says 0.
    return Math.max(columnsMin, Math.min(columnsMax, (this.out.columns || columnsMax + 2) - 2));
  }
}

/** @param columns no line is longer, but for a word that is. */
export function wrapped(text: string, columns: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.trim().split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}
