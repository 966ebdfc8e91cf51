// Keys as @nats-io/kv has them: tokens with dots between, and patterns over them.
import { InvalidRequestError } from '../errors.js';

const KEY = /^[-/=.\w]+$/;
const PATTERN = /^[-/=.>*\w]+$/;
const BUCKET = /^[-\w]{1,64}$/;

const ends = (text: string) => text.startsWith('.') || text.endsWith('.');

/** @throws InvalidRequestError */
export function validateKey(key: string): void {
  if (typeof key !== 'string' || ends(key) || !KEY.test(key))
    throw new InvalidRequestError('key', `invalid key: ${String(key)}: letters, digits and - / = . _ only`);
}

/** @throws InvalidRequestError */
export function validateSearchKey(pattern: string): void {
  if (typeof pattern !== 'string' || ends(pattern) || !PATTERN.test(pattern))
    throw new InvalidRequestError('key', `invalid key: ${String(pattern)}`);
}

/** @throws InvalidRequestError */
export function validateBucket(name: string): void {
  if (typeof name !== 'string' || !BUCKET.test(name))
    throw new InvalidRequestError(
      'bucket',
      `invalid bucket name: ${String(name)}: 1 to 64 letters, digits, - and _`,
    );
}

export function isPattern(key: string): boolean {
  return key.split('.').some(token => token === '*' || token === '>');
}

/** Keys that fit one of several patterns. */
export class KeyFilter {
  private readonly patterns: readonly (readonly string[])[];
  /** How every key that fits begins. */
  readonly prefix: string;

  /** @throws InvalidRequestError */
  constructor(filter: string | readonly string[] = '>') {
    const patterns = typeof filter === 'string' ? [filter] : filter.length === 0 ? ['>'] : filter;
    for (const pattern of patterns) validateSearchKey(pattern);
    this.patterns = patterns.map(pattern => pattern.split('.'));
    this.prefix = commonPrefix(patterns.map(literalPrefix));
  }

  matches(key: string): boolean {
    const tokens = key.split('.');
    return this.patterns.some(pattern => matches(pattern, tokens));
  }
}

function matches(pattern: readonly string[], tokens: readonly string[]): boolean {
  const isOpen = pattern.at(-1) === '>';
  const fixed = isOpen ? pattern.slice(0, -1) : pattern;
  if (isOpen ? tokens.length < pattern.length : tokens.length !== pattern.length) return false;
  return fixed.every((part, i) => part === '*' || part === tokens[i]);
}

function literalPrefix(pattern: string): string {
  const tokens = pattern.split('.');
  const at = tokens.findIndex(token => token === '*' || token === '>');
  return at < 0
    ? pattern
    : tokens
        .slice(0, at)
        .map(token => `${token}.`)
        .join('');
}

function commonPrefix([first = '', ...others]: readonly string[]): string {
  let length = first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length--;
  return first.slice(0, length);
}
