// Checksums and hashes where there are none that answer at once: Web Crypto's only promise to.
import { sha256 as digest } from '@noble/hashes/sha2.js';

/** The polynomial of IEEE 802.3, bits reversed. */
const POLYNOMIAL = 0xedb88320;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1;
  return rest;
});

const encoder = new TextEncoder();

/** CRC-32 (IEEE) of bytes, or of a text's UTF-8. */
export function crc32(data: string | Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of typeof data === 'string' ? encoder.encode(data) : data)
    sum = (table[(sum ^ byte) & 0xff] ?? 0) ^ (sum >>> 8);
  return ~sum >>> 0;
}

/** SHA-256 of the text's UTF-8, in lower-case hexadecimal digits. */
export function sha256(text: string): string {
  return Array.from(digest(encoder.encode(text)), byte => byte.toString(16).padStart(2, '0')).join('');
}
