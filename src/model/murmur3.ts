// MurmurHash3 x86 32-bit (Austin Appleby, public domain), over the bytes of a key.

const rotl = (x: number, r: number): number => (x << r) | (x >>> (32 - r));

const utf8 = new TextEncoder();

/** @returns an unsigned 32-bit hash of the key's UTF-8 bytes. */
export function murmur3OfText(text: string): number {
  const { length } = text;
  let h = 0;
  let i = 0;
  // What `all` collects shows whether a character takes more than one byte.
  let all = 0;
  for (; i + 4 <= length; i += 4) {
    const a = text.charCodeAt(i);
    const b = text.charCodeAt(i + 1);
    const c = text.charCodeAt(i + 2);
    const d = text.charCodeAt(i + 3);
    all |= a | b | c | d;
    h = mixed(h, a | (b << 8) | (c << 16) | (d << 24));
  }
  let tail = 0;
  for (let j = length - 1; j >= i; j--) {
    const code = text.charCodeAt(j);
    all |= code;
    tail = (tail << 8) | code;
  }
  if (all >= 0x80) return murmur3(utf8.encode(text));
  return finished(h, length > i ? tail : undefined, length);
}

/** @returns an unsigned 32-bit hash. */
export function murmur3(bytes: Uint8Array, seed = 0): number {
  const length = bytes.length;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  let h = seed;
  let i = 0;
  for (; i + 4 <= length; i += 4) h = mixed(h, view.getUint32(i, true));
  let tail = 0;
  for (let j = length - 1; j >= i; j--) tail = (tail << 8) | view.getUint8(j);
  return finished(h, length > i ? tail : undefined, length);
}

function mixed(h: number, block: number): number {
  return (Math.imul(rotl(h ^ scramble(block), 13), 5) + 0xe6546b64) | 0;
}

function finished(hash: number, tail: number | undefined, length: number): number {
  let h = tail === undefined ? hash : hash ^ scramble(tail);
  h ^= length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

function scramble(k: number): number {
  return Math.imul(rotl(Math.imul(k, 0xcc9e2d51), 15), 0x1b873593);
}
