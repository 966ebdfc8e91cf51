// Text, bytes and base64 as browsers have them; the same results as ../node/bytes.ts.

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
/** Arguments that one call of String.fromCharCode may have, with room to spare. */
const CHARACTERS_MAX = 8192;

/** Bytes that the text takes as UTF-8; a lone surrogate counts as the replacement character that stands for it. */
export function utf8Length(text: string): number {
  return encoder.encode(text).length;
}

/** The text as UTF-8. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of UTF-8; what is none becomes the replacement character. */
export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Text of the bytes from `start` up to `end`, of which each is a character. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at += CHARACTERS_MAX)
    text += String.fromCharCode(...bytes.subarray(at, Math.min(end, at + CHARACTERS_MAX)));
  return text;
}

/** Standard base64, padded. */
export function base64(bytes: Uint8Array): string {
  return btoa(latin1(bytes, 0, bytes.length));
}

/** Bytes of standard base64. */
export function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), character => character.charCodeAt(0));
}

/** URL-safe base64 of the text's UTF-8, without padding. */
export function base64Url(text: string): string {
  return base64(utf8(text)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Bytes of URL-safe base64; of what is none, any bytes. */
export function fromBase64Url(text: string): Uint8Array {
  try {
    return fromBase64(text.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return new Uint8Array();
  }
}

/** Below 0, 0 or above: the order of the bytes, a prefix first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return Math.sign(a.length - b.length);
}
