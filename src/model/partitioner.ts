// A partitioner maps a key to a token: its place on the ring.
import { murmur3OfText } from './murmur3.js';

export const PartitionerName = { ByteOrdered: 'byte-ordered', Murmur3: 'murmur3' } as const;
export type PartitionerName = (typeof PartitionerName)[keyof typeof PartitionerName];

export interface Partitioner {
  readonly name: PartitionerName;
  /** Tokens are integers, 0 <= token < tokens. */
  readonly tokens: number;
  token(key: string): number;
}

const BYTE = /^(?:0|[1-9][0-9]{0,2})$/;
const utf8 = new TextEncoder();

/** The emulator's default: a decimal integer 0..255 is its own token, any other key's token is its first UTF-8 byte. */
export const byteOrdered: Partitioner = {
  name: PartitionerName.ByteOrdered,
  tokens: 256,
  token(key) {
    if (BYTE.test(key)) {
      const number = Number(key);
      if (number <= 255) return number;
    }
    // The first code point may be a surrogate pair: two UTF-16 units.
    return utf8.encode(key.slice(0, 2))[0] ?? 0;
  },
};

/** For real key sets: spreads keys evenly, whatever they look like. */
export const murmur3Partitioner: Partitioner = {
  name: PartitionerName.Murmur3,
  tokens: 2 ** 32,
  token: murmur3OfText,
};

export function partitionerNamed(name: PartitionerName): Partitioner {
  return name === PartitionerName.ByteOrdered ? byteOrdered : murmur3Partitioner;
}
