// A key with its value and version, as a client reads it.
import { fromBase64, textOf, utf8 } from '#platform/bytes';
import type { GetReply } from '../wire/generated/types.js';

/** The value of a key at one version. */
export class Entry {
  /** @param text the value as text, @param base64 or as bytes in base64: exactly one of them. */
  constructor(
    readonly bucket: string,
    readonly key: string,
    /** Opaque: equal versions are the same write. */
    readonly version: string,
    private readonly text: string | undefined,
    private readonly base64: string | undefined,
  ) {}

  /** The entry a read found; undefined when it found none. */
  static of(bucket: string, reply: GetReply): Entry | undefined {
    const { found, key, version = '', value, base64 } = reply;
    return found ? new Entry(bucket, key, version, value, base64) : undefined;
  }

  /** The value's bytes; a text value as UTF-8. */
  get value(): Uint8Array {
    return this.text === undefined ? fromBase64(this.base64 ?? '') : utf8(this.text);
  }

  /** Whether the value was stored as text. */
  get isText(): boolean {
    return this.text !== undefined;
  }

  /** The value as it was stored: text, or bytes in base64. */
  get stored(): { value: string } | { base64: string } {
    return this.text === undefined ? { base64: this.base64 ?? '' } : { value: this.text };
  }

  /** The value as text; bytes are decoded as UTF-8. */
  string(): string {
    return this.text ?? textOf(fromBase64(this.base64 ?? ''));
  }

  /** The value parsed as JSON. Throws a SyntaxError when it is none. */
  json<T>(): T {
    return JSON.parse(this.string()) as T;
  }
}
