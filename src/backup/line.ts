// A line of a backup: one JSON object that begins with a checksum of all behind it, by the rule of a log entry.
import { crc32 } from 'node:zlib';
import { parseJson } from '../wire/json.js';

const HEAD = '{"crc32":"';
const COVERED_FROM = HEAD.length + 8 + '",'.length;
const NEWLINE = 0x0a;

/** A checked line, its newline included. @param content has one field at least. */
export function encodeLine(content: object): Uint8Array {
  const bytes = Buffer.from(`${HEAD}00000000",${JSON.stringify(content).slice(1)}\n`);
  bytes.write(checksum(bytes.subarray(COVERED_FROM, -2)), HEAD.length, 'latin1');
  return bytes;
}

/** What a line says, or what is wrong with its bytes. @param bytes without the newline. */
export function decodeLine(bytes: Uint8Array): { json: unknown } | { fault: string } {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const isFramed =
    text.length > COVERED_FROM &&
    text.toString('latin1', 0, HEAD.length) === HEAD &&
    text.toString('latin1', COVERED_FROM - 2, COVERED_FROM) === '",' &&
    text.at(-1) === '}'.charCodeAt(0);
  if (!isFramed) return { fault: 'its frame is broken' };
  const stated = text.toString('latin1', HEAD.length, HEAD.length + 8);
  const actual = checksum(text.subarray(COVERED_FROM, -1));
  if (stated !== actual) return { fault: `its checksum is ${stated}, but its bytes give ${actual}` };
  try {
    return { json: parseJson(text) };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

/** Larger than any line that is written: a file without newlines is not read into memory. */
const LINE_BYTES_MAX = 32 * 1024 * 1024;

/** The lines of a file, without their newlines; of the last whether it had one. */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<{ bytes: Uint8Array; isWhole: boolean }> {
  let parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      yield { bytes: Buffer.concat([...parts, chunk.subarray(from, at)]), isWhole: true };
      [parts, size, from] = [[], 0, at + 1];
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
    size += chunk.length - from;
    if (size > LINE_BYTES_MAX) break;
  }
  if (size > 0) yield { bytes: Buffer.concat(parts), isWhole: false };
}

function checksum(covered: Uint8Array): string {
  return crc32(covered).toString(16).padStart(8, '0');
}
