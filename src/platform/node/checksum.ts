// Checksums and hashes as Node has them.
import { createHash } from 'node:crypto';

export { crc32 } from 'node:zlib';

/** SHA-256 of the text's UTF-8, in lower-case hexadecimal digits. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
