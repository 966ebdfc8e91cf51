// What an answer may be: of its schema, or an error with a code that says what was wrong; never an internal one.
import * as validators from '../../src/wire/generated/validators.js';

const byName: ReadonlyMap<string, validators.Validator<unknown>> = new Map(
  Object.entries(validators).map(([name, validator]) => [name, validator as validators.Validator<unknown>]),
);

/** @param schema of a good answer, as its file is named. @returns what is wrong with the answer, or undefined. */
export function faultOf(schema: string, data: Uint8Array): string | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(Buffer.from(data).toString('utf8'));
  } catch {
    return 'the answer is not JSON';
  }
  if (validators.errorReply(answer)) {
    const { code, message } = answer.error;
    if (code === 'INTERNAL') return `an internal error: ${message}`;
    return message === '' ? `an error ${code} without a word` : undefined;
  }
  const validator = byName.get(schema.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase()));
  if (validator === undefined) throw new TypeError(`no validator of ${schema}`);
  return validator(answer)
    ? undefined
    : `the answer is no ${schema}: ${JSON.stringify(validator.errors?.[0])}`;
}
