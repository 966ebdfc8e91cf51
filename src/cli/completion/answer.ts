// `dynats __complete WORD...`: what the shells' scripts ask. A first line on file names, then a candidate a line.
import type { Command } from 'commander';
import { complete } from './complete.js';

/** Answers for the words after `dynats`, up to the cursor. A failure answers nothing: a shell has no place for it. */
export async function answerShell(program: Command, words: readonly string[]): Promise<void> {
  const { candidates, paths } = await complete(program, words);
  const lines = candidates.map(({ value, about }) => (about ? `${value}\t${oneLine(about)}` : value));
  process.stdout.write(`${[paths, ...lines].join('\n')}\n`);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ');
}
