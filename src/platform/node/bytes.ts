// Text, bytes and base64 as Node has them: straight to Buffer, since every request passes here.

/** Bytes that the text takes as UTF-8; a lone surrogate counts as the replacement character that stands for it. */
export const utf8Length: (text: string) => number = Buffer.byteLength;

/** The text as UTF-8. */
export function utf8(text: string): Uint8Array {
  return Buffer.from(text);
}

/** Text of UTF-8; what is none becomes the replacement character. */
export function textOf(bytes: Uint8Array): string {
  return viewOf(bytes).toString('utf8');
}

/** Text of the bytes from `start` up to `end`, of which each is a character. */
export function latin1({ buffer, byteOffset }: Uint8Array, start: number, end: number): string {
  return Buffer.from(buffer, byteOffset + start, end - start).toString('latin1');
}

/** Standard base64, padded. */
export function base64(bytes: Uint8Array): string {
  return viewOf(bytes).toString('base64');
}

/** Bytes of standard base64. */
export function fromBase64(text: string): Uint8Array {
  return Buffer.from(text, 'base64');
}

/** URL-safe base64 of the text's UTF-8, without padding. */
export function base64Url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

/** Bytes of URL-safe base64; of what is none, any bytes. */
export function fromBase64Url(text: string): Uint8Array {
  return Buffer.from(text, 'base64url');
}

/** Below 0, 0 or above: the order of the bytes, a prefix first. */
export const compareBytes: (a: Uint8Array, b: Uint8Array) => number = Buffer.compare;

function viewOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length);
}
