// Splits a console line into words. A quote counts at the start of a word only, so that JSON needs no quoting.
import { CliError, ExitCode } from '../exit.js';

const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', '0': '\0' };

/**
 * `put 137 "two words" one` has four words; `put 137 {"a":1}` has three. Within double quotes \n, \t, \r, \0, \" and \\
 * are escapes; within single quotes nothing is.
 *
 * @throws CliError when a quote is not closed, or is closed in the middle of a word.
 */
export function wordsOf(line: string): string[] {
  const words: string[] = [];
  let rest = line.trimStart();
  while (rest !== '') {
    const quote = rest[0];
    const { word, length } = quote === '"' || quote === "'" ? quoted(rest, quote) : plain(rest);
    words.push(word);
    rest = rest.slice(length).trimStart();
  }
  return words;
}

function plain(text: string): { word: string; length: number } {
  const length = text.search(/\s/);
  return length === -1 ? { word: text, length: text.length } : { word: text.slice(0, length), length };
}

function quoted(text: string, quote: string): { word: string; length: number } {
  let word = '';
  for (let i = 1; i < text.length; i++) {
    const char = text[i] ?? '';
    if (char === quote) {
      if (/\S/.test(text[i + 1] ?? ''))
        throw new CliError(ExitCode.Usage, `a closing ${quote} must be followed by a space`);
      return { word, length: i + 1 };
    }
    if (char === '\\' && quote === '"') {
      const next = text[++i] ?? '';
      word += escapes[next] ?? next;
    } else word += char;
  }
  throw new CliError(ExitCode.Usage, `a ${quote} is not closed`);
}
