// Text from elsewhere, made safe to show.

/** What a terminal would obey or a reader be misled by: controls, bidirectional overrides, line separators, lone surrogates. */
const unsafe =
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu;
const named: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const name = named[char];
  if (name !== undefined) return name;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/** `text` on one line, with nothing in it that a terminal would obey. For keys and table cells. */
export function visible(text: string): string {
  return text.replace(unsafe, escaped);
}

/** JSON on one line, with nothing in it that a terminal would obey: such characters of its strings are escaped, as JSON may. */
export function jsonLine(value: unknown): string {
  const escapedUnit = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value).replace(unsafe, escapedUnit);
}

/** As `visible`, but line breaks and tabs stay. For values shown on their own. */
export function visibleLines(text: string): string {
  return text.replace(unsafe, char => (char === '\n' || char === '\t' ? char : escaped(char)));
}
