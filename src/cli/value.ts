// Values between bytes and what a person or a file sees. Text stays text; other bytes are base64.
import { visibleLines } from './output.js';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes as text when they are valid UTF-8, else as they are. */
export function textOrBytes(bytes: Uint8Array): string | Uint8Array {
  try {
    return utf8.decode(bytes);
  } catch {
    return bytes;
  }
}

/** A stored value: text, or bytes in base64. */
export interface StoredValue {
  value?: string;
  base64?: string;
}

export function bytesOf({ value, base64 }: StoredValue): Uint8Array {
  return value === undefined ? Buffer.from(base64 ?? '', 'base64') : Buffer.from(value);
}

/** For a terminal: readable bytes as text with escapes made visible, others as base64 with a word on it. */
export function shown(stored: StoredValue): string {
  const text = stored.value ?? textOrBytes(bytesOf(stored));
  if (typeof text === 'string') return visibleLines(text);
  return `${stored.base64 ?? ''} (base64 of ${text.length} bytes)`;
}

/** All of a stream, refused when it is more than `bytesMax`. */
export async function readAll(
  stream: AsyncIterable<Buffer | string>,
  bytesMax: number,
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > bytesMax) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
