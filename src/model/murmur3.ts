// MurmurHash3 x86 32-bit (Austin Appleby, public domain), over the bytes of a key.

const rotl = (x: number, r: number): number => (x << r) | (x >>> (32 - r));

/** @returns an unsigned 32-bit hash. */
export function murmur3(bytes: Uint8Array, seed = 0): number {
  const length = bytes.length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  let h = seed;
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    h ^= scramble(view.getUint32(i, true));
    h = (Math.imul(rotl(h, 13), 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let j = length - 1; j >= i; j--) tail = (tail << 8) | view.getUint8(j);
  if (length > i) h ^= scramble(tail);
  h ^= length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function scramble(k: number): number {
  return Math.imul(rotl(Math.imul(k, 0xcc9e2d51), 15), 0x1b873593);
}
