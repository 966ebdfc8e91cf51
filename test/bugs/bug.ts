// A deliberate bug: what to change in one compiled file, and which scenario must notice.

export interface Bug {
  /** A sentence: what the product does wrong. */
  readonly name: string;
  /** The source file; the compiled one below dist/ is what is changed, in memory, as it is loaded. */
  readonly file: string;
  /** Stands in the compiled file exactly once. */
  readonly find: string;
  readonly replace: string;
  /**
   * The scenario that must break, within so many seeds from the first; or, of a guard behind others that random runs hardly ever
   * get past, the test file.
   */
  readonly scenario: string;
  readonly seeds: number;
}

/** Names the bug to a process that is to have it. */
export const BUG_VARIABLE = 'DYNATS_SIM_BUG';

/** The compiled text with the bug in it. @throws when the code has moved on: then the bug must be written anew. */
export function inject({ name, file, find, replace }: Bug, text: string): string {
  const times = text.split(find).length - 1;
  if (times !== 1)
    throw new Error(
      `the deliberate bug "${name}" does not fit: ${JSON.stringify(find)} stands ${times} times in ${file}, not once`,
    );
  return text.replace(find, () => replace);
}

export function isTestFile(scenario: string): boolean {
  return scenario.endsWith('.test.ts');
}

export function compiledName(file: string): string {
  return `dist/${file.replace(/\.ts$/, '.js')}`;
}
