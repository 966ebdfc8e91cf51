// NDJSON: one JSON object a line. Blank lines count as lines and are skipped.

import { linesOf } from '../lines.js';
import { type Entry, entryOf, type FieldNames, type Parsed, type Problem, problem } from './entry.js';

export async function* ndjsonEntries(
  stream: AsyncIterable<Buffer | string>,
  names: FieldNames,
): AsyncGenerator<Parsed> {
  for await (const line of linesOf(stream)) {
    const { number, bytesRead } = line;
    if ('problem' in line) yield { ...problem(number, line.problem, ''), bytesRead };
    else if (line.text.trim() !== '') yield { ...parseNdjsonLine(line.text, number, names), bytesRead };
  }
}

export function parseNdjsonLine(text: string, line: number, names: FieldNames): Entry | Problem {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const array = line === 1 && text.trimStart().startsWith('[');
    return problem(
      line,
      `not valid JSON${array ? ': a JSON array must become one object a line' : ''}`,
      text,
    );
  }
  if (Array.isArray(value))
    return problem(line, 'a JSON array: one object a line is expected (jq -c ".[]" makes it so)', text);
  if (typeof value !== 'object' || value === null) return problem(line, 'not a JSON object', text);
  return entryOf(value as Record<string, unknown>, line, text, names);
}
